"""Every shipped protocol: loads, plays, is scored, previews, says what it may say."""

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from mimicry.analyses.power import planned_power
from mimicry.kernels.orders import longest_run
from mimicry.protocol import Protocol, list_protocols, load_protocol
from mimicry.protocol.origins import parse_entry
from mimicry.protocol.preview import preview_figure, session_of
from mimicry.protocol.show import resolved_rows
from mimicry.scoring import score
from mimicry.scoring.pattern import pattern_score
from mimicry.simulation.nuisance import NUISANCE
from mimicry.simulation.population import SimulatedCamera
from mimicry.simulation.recordings import predicted, simulate_recordings
from mimicry.timeline import align

NAMES = list_protocols()
EVERY = pytest.mark.parametrize("name", NAMES)
STIMULI = [n for n in NAMES if not load_protocol(n).face_to_face()]

# What the measure cannot show must not be said. Each is a pattern in lower case.
UNSAID = (
    r"mirror[- ]?neuron",
    r"resonan",
    r"empathy level",
    r"no mimicry",
    r"\babsent",
    r"deficit",
    r"impair",
    r"\bbroken",
    r"biomarker",
    r"diagnos",
    r"certified",
    r"one-sided",
    r"\bcaus(e|es|ed)\b",
    r"\bproves?\b",
)


def texts_of(protocol: Protocol) -> list[str]:
    """All words of a protocol for people; what participants read and references left out."""
    content = protocol.content()
    content.pop("references")
    return [str(value) for _, value in _leaves(content) if isinstance(value, str)]


def _leaves(value: object, key: str = "") -> list[tuple[str, object]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(v, f"{key}.{k}")]
    if isinstance(value, list):
        return [leaf for v in value for leaf in _leaves(v, key)]
    return [(key, value)]


def test_there_are_at_least_24_protocols_with_different_contents() -> None:
    digests = {load_protocol(name).digest for name in NAMES}
    assert len(digests) == len(NAMES) >= 24


@EVERY
def test_it_states_hypothesis_counter_evidence_analysis_and_power(name: str) -> None:
    file = load_protocol(name).file
    for text in (file.purpose, *file.hypothesis.model_dump().values(), file.power.note):
        assert len(text.split()) >= 3
    assert file.hypothesis.supports != file.hypothesis.against
    assert file.analysis.exclusions or load_protocol(name).face_to_face()


@EVERY
def test_every_value_has_an_origin_and_every_source_a_reference(name: str) -> None:
    protocol = load_protocol(name)
    for row in resolved_rows(protocol):
        if row["provenance"]:
            parsed = parse_entry(row["provenance"])
            assert parsed is not None
            assert set(parsed[1]) <= set(protocol.file.references)
            assert (parsed[0] == "source") == bool(parsed[1])


@EVERY
def test_its_wording_claims_no_more_than_a_face_can_show(name: str) -> None:
    for text in texts_of(load_protocol(name)):
        for pattern in UNSAID:
            assert not re.search(pattern, text.lower()), (pattern, text)


@EVERY
def test_its_sessions_are_complete_and_keep_their_limits(name: str) -> None:
    protocol = load_protocol(name)
    limits = protocol.file.design.randomisation
    for participant in ("01", "02", "pilot"):
        session = session_of(protocol, participant)
        for block in protocol.file.blocks:
            trials = [t for t in session.scored if t.block == block]
            expected = protocol.trials_per_condition(block)
            found = {c: sum(t.condition == c for t in trials) for c in expected}
            assert found == expected
            if limits.max_same_condition is not None:
                assert longest_run([t.condition for t in trials]) <= limits.max_same_condition
            if limits.max_same_identity is not None:
                assert longest_run([t.identity for t in trials]) <= limits.max_same_identity
        table = session.trial_table()
        assert (np.diff(np.sort(table.onset_s)) > 0).all()


def bars(axes: Any) -> np.ndarray:
    """Left, right, bottom and height of every bar."""
    boxes = [path.get_extents() for c in axes.collections for path in c.get_paths()]
    return np.array([(b.x0, b.x1, b.y0, b.height) for b in boxes])


@EVERY
def test_its_preview_draws_phases_in_a_row_and_every_trial_at_its_time(name: str) -> None:
    protocol = load_protocol(name)
    session = session_of(protocol, "01")
    above, below = preview_figure(protocol, session).axes
    drawn = bars(above)
    for bottom in np.unique(drawn[:, 2].round(6)):
        row = drawn[np.isclose(drawn[:, 2], bottom)]
        row = row[row[:, 0].argsort()]
        if bottom % 2 == 0:  # phases and the least pause follow each other
            np.testing.assert_allclose(row[:, 3], 0.8)
            np.testing.assert_allclose(row[1:, 0], row[:-1, 1])
        else:  # the rest of the pause
            assert (row[:, 3].tolist(), bottom % 2) == ([pytest.approx(0.4)], pytest.approx(0.2))
    trials, height = session.trials, {True: 0.35, False: 0.7}
    expected = [(t.start_s, t.start_s + t.duration_s, height[t.practice]) for t in trials]
    np.testing.assert_allclose(bars(below)[:, [0, 1, 3]] * [60, 60, 1], expected)
    lengths = [a.xaxis.get_major_ticks()[0].tick1line.get_markersize() for a in (above, below)]
    assert lengths == [0, 3]


@pytest.mark.parametrize("name", STIMULI)
def test_the_response_of_a_simulated_person_is_recovered(name: str) -> None:
    """The score equals the response that was put in, through timeline and scoring."""
    protocol = load_protocol(name)
    primary, settings = protocol.file.analysis.primary, protocol.scoring_settings()
    emotion = settings.emotions[primary.condition]
    effect, groups = predicted(protocol)
    size = 0.5
    effect = replace(
        effect,
        amplitude={primary.condition: dict.fromkeys(emotion.targets, size)},
        person_sd={"*": 0.0},
        trial_sd={"*": 0.0},
    )
    group = replace(groups[0], changes=(), latency_s=0.3, latency_sd=0.0, trial_latency_sd=0.0)
    recording = simulate_recordings(
        protocol,
        "01",
        group,
        effect,
        seed=1,
        known={},
        camera=SimulatedCamera(NUISANCE["none"], settings.scored),
    )[0]
    track = recording.simulated.track
    scores = score(align(track, recording.trials, recording.timelines, settings), settings)
    assert scores.valid.all(), sorted(set(scores.reason))
    index = pattern_score(
        scores.delta[:, list(scores.windows).index(settings.primary_window)],
        scores.names,
        emotion,
    )
    block = np.array(recording.trials.columns["block"]) == primary.block
    condition = np.array(recording.trials.condition)
    reference = settings.neutral_condition
    shown = float(
        index[block & (condition == primary.condition)].mean()
        - index[block & (condition == reference)].mean()
    )
    start, end = settings.windows[settings.primary_window]
    rise = protocol.file.timing.rise_s
    held = min(end, _stop(protocol) + 0.3) - max(start, 0.3 + rise / 2)
    expected = size * held / (end - start)
    assert shown == pytest.approx(expected, rel=0.15)


def _stop(protocol: Protocol) -> float:
    """When the shortest clip of the protocol ends, from its dynamic onset."""
    ends = []
    for levels in protocol.level_combinations():
        timing = protocol.timing(levels)
        ends.append(timing["rise"] + timing["apex"] + timing["fall"])
    return float(np.mean(ends))


@pytest.mark.slow
@EVERY
def test_without_an_effect_it_is_found_no_more_often_than_alpha_allows(name: str) -> None:
    """500 studies without the effect; .085 is alpha plus more than three standard errors."""
    protocol = load_protocol(name)
    found = planned_power(protocol, participants=10, studies=500, without_effect=True, seed=11)
    assert found.power + found.wrong_way <= 0.085


@pytest.mark.slow
@EVERY
def test_the_effect_it_predicts_is_recovered(name: str) -> None:
    """Over 12 studies of 30 people the mean estimate lies clearly on the predicted side."""
    found = planned_power(load_protocol(name), participants=30, studies=12, seed=12)
    assert found.right_sign > 0.5
    assert abs(found.estimate) > 3 * found.estimate_sd / np.sqrt(found.studies)
