"""The choices of a reading travel as plain values and refuse what cannot be."""

import json
from pathlib import Path

import pytest

from mimicry.cli._options import reading_options
from mimicry.errors import InputError
from mimicry.records import ExtractionOptions, ReadingOptions, ScoringInputs
from mimicry.study.recordings import Task


def test_only_what_differs_from_the_defaults_is_part_of_a_digest():
    assert ReadingOptions().to_json() == {}
    assert ReadingOptions(face="2", clock="start").to_json() == {"face": "2", "clock": "start"}


def test_a_task_keeps_its_choices_on_the_way_to_another_machine():
    reading = ReadingOptions(roi_px=(1, 2, 30, 40), min_confidence=0.5)
    options = ExtractionOptions(
        reading, neutral=[(0, 2)], exclude_from_pose_fit=[(3, 4)], model=Path("m"), jobs=3
    )
    task = Task("/a", "/b", "a", "a", ScoringInputs(Path("e.tsv"), "p", study="/s"), options)
    assert Task.from_json(json.loads(json.dumps(task.to_json()))) == task


def test_a_task_without_events_stays_one():
    assert (
        Task.from_json(json.loads(json.dumps(Task("/a", "/b", "a", "a").to_json()))).inputs is None
    )


def test_options_are_plain_values_whatever_they_were_given_as():
    options = ExtractionOptions(neutral=[[0, 2]], model=Path("a/b"))
    assert options.to_json() == {"neutral": [[0.0, 2.0]], "model": "a/b"}
    assert ExtractionOptions().to_json() == {}
    assert ExtractionOptions(ReadingOptions(face="left")).to_json() == {"reading": {"face": "left"}}
    assert options == ExtractionOptions(neutral=((0.0, 2.0),), model="a/b")


def test_the_table_settings_name_every_choice_that_decides_it():
    settings = ExtractionOptions(exclude_from_pose_fit=[(1, 2)]).table_settings
    assert settings == {
        "neutral": None,
        "exclude_from_pose_fit": [[1.0, 2.0]],
        "format": "parquet",
    }


def test_the_face_that_is_taken_anyway_is_no_choice_of_the_picture():
    assert ReadingOptions(face="largest", clock="start", fps=25).picture() == {}
    chosen = ReadingOptions(face="left", roi_px=(1, 2, 3, 4)).picture()
    assert chosen == {"face": "left", "roi_px": [1, 2, 3, 4]}


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="expected one of parquet, csv, openface"):
        ExtractionOptions(format="tsv")


@pytest.mark.parametrize(
    ("given", "key"),
    [
        ({"roi": "1,2,3"}, "--roi"),
        ({"roi": "1,2,0,4"}, "--roi"),
        ({"min_confidence": 80.0}, "--min-confidence"),
        ({"clock": "wall"}, "--clock"),
        ({"fps": -1.0}, "--fps"),
    ],
)
def test_an_impossible_choice_names_its_option(given, key):
    with pytest.raises(InputError) as caught:
        reading_options(**given)
    assert caught.value.key == key
