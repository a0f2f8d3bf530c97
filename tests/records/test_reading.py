"""The choices of a reading travel as plain values and refuse what cannot be."""

import json

import pytest

from mimicry.cli._options import reading_options
from mimicry.errors import InputError
from mimicry.records import ReadingOptions
from mimicry.study.recordings import Task


def test_only_what_differs_from_the_defaults_is_part_of_a_digest():
    assert ReadingOptions().to_json() == {}
    assert ReadingOptions(face="2", clock="start").to_json() == {"face": "2", "clock": "start"}


def test_a_task_keeps_its_choices_on_the_way_to_another_machine():
    chosen = ReadingOptions(roi_px=(1, 2, 30, 40), min_confidence=0.5)
    task = Task("/a", "/b", "a", "a", reading=chosen)
    assert Task.from_json(json.loads(json.dumps(task.to_json()))) == task


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
