"""Mistakes in an events table are found before a recording is read."""

from pathlib import Path

import pytest

from mimicry.errors import EventsError, StimulusError
from mimicry.pipeline.plan import make_plan
from mimicry.records import ExtractionOptions, ScoringInputs


def plan_of(folder: Path, row: str, protocol: str = "dynamic-happy-angry") -> None:
    recording = folder / "face_au.csv"
    recording.write_text("timestamp,AU12\n0,0\n", encoding="utf-8")
    events = folder / "events.tsv"
    head = "onset\tduration\ttrial_type\tstimulus\n"
    events.write_text(f"{head}3\t2.5\tneutral\tneutral-m01-dynamic\n{row}\n", encoding="utf-8")
    make_plan(recording, ScoringInputs(events, protocol), ExtractionOptions())


def test_a_condition_that_the_protocol_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match="no condition 'hapy'; did you mean 'happy'\\?"):
        plan_of(tmp_path, "9\t2.5\thapy\thappy-m01-dynamic")


def test_an_unknown_stimulus_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(StimulusError, match="did you mean 'happy-m01-dynamic'\\?"):
        plan_of(tmp_path, "9\t2.5\thappy\thappy-m01-dynamik")


def test_durations_in_milliseconds_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match="Durations are seconds"):
        plan_of(tmp_path, "9\tn/a\thappy\thappy-m01-dynamic\n15\t2500\thappy\thappy-m01-dynamic")


def test_one_odd_duration_is_none_of_our_business(tmp_path: Path) -> None:
    plan_of(tmp_path, "9\tn/a\thappy\thappy-m01-dynamic")


def test_clips_of_another_emotion_than_their_condition_are_refused(tmp_path: Path) -> None:
    with pytest.raises(EventsError, match=r"1 of 2 trials .*trial 2 is 'happy' but its clip"):
        plan_of(tmp_path, "9\t2.5\thappy\tangry-m01-dynamic")


def test_a_protocol_may_allow_them(tmp_path: Path) -> None:
    row = "9\t2.5\thappy\tangry-m01-dynamic"
    protocol = tmp_path / "mixed.yaml"
    protocol.write_text(
        "name: mixed\nextends: dynamic-happy-angry\ntitle: Mixed\n"
        "conditions: {happy: {any_emotion: true}}\nprovenance: {'*': default}\n"
    )
    plan_of(tmp_path, row, str(protocol))


def test_folder_and_ending_of_a_stimulus_do_not_matter(tmp_path: Path) -> None:
    plan_of(tmp_path, "9\t2.5\thappy\tclips/happy-m01-dynamic.webm")
