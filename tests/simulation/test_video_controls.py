"""Negative controls, from picture to score: a face that stays still, one that answers wrongly."""

import pandas as pd
import pytest

from mimicry.pipeline import score_recording
from mimicry.protocol import load_protocol
from mimicry.records import ExtractionOptions, ScoringInputs
from mimicry.simulation.effects import Effect, Group
from mimicry.simulation.study import Scenario, simulate_study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PREFIX = "sub-01_task-short"
PROTOCOL = """
name: short
extends: dynamic-happy-angry
title: Three looks of each of three models
stimuli: {identities: [m01, f01, m02]}
timing: {fixation_s: 0.0, blank_s: 0.5, iti_s: [0.6, 1.0]}
blocks:
  watch: {repeats: 3, practice: 0}
  imitate: null
  inhibit: null
scoring: {swap: clip}
provenance: {"*": default (for a test)}
"""


@pytest.fixture
def summary(tmp_path):
    """What a rendered person is scored as, from the video: condition -> row of the summary."""

    def scored(amplitude, *, gain):
        (tmp_path / "short.yaml").write_text(PROTOCOL, encoding="utf-8")
        study = tmp_path / "study"
        simulate_study(
            load_protocol(tmp_path / "short.yaml"),
            study,
            Scenario([Group("one", gain=gain, gain_sd=0.0)], Effect(amplitude=amplitude)),
            participants=1,
            seed=3,
            video=True,
        )
        beh = study / "sub-01" / "beh"
        score_recording(
            beh / f"{PREFIX}_video.mp4",
            ScoringInputs(
                beh / f"{PREFIX}_events.tsv", study / "protocol.yaml", study / "stimuli.json"
            ),
            tmp_path / "scores",
            options=ExtractionOptions(jobs=2),
        )
        table = pd.read_csv(tmp_path / "scores" / f"{PREFIX}_summary.tsv", sep="\t")
        return table.set_index("condition")

    return scored


def test_a_face_that_does_not_follow_scores_zero(summary):
    found = summary({"happy": {"AU12": 0.3}, "angry": {"AU04": 0.35}}, gain=0.0)
    for emotion in ("happy", "angry"):
        assert abs(found.loc[emotion, "contrast_raw"]) < 0.1
        assert abs(found.loc[emotion, "t"]) < 2


def test_a_face_that_answers_wrongly_is_not_congruent(summary):
    found = summary({"happy": {"AU04": 0.35}, "angry": {"AU12": 0.3}}, gain=1.0)
    assert (found.loc[["happy", "angry"], "contrast_raw"] < -0.03).all()
    assert found.loc["angry", "t"] < -2  # a smile stands out more than a frown
