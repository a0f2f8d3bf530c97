"""Stimulus manifests."""

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest

from mimicry.errors import StimulusError
from mimicry.timeline import read_manifest

MANIFEST: dict[str, Any] = {
    "version": 1,
    "stimuli": [
        {
            "id": "happy-m01",
            "identity": "m01",
            "onset_s": 0.5,
            "apex_s": 1.25,
            "offset_s": None,
            "times_s": [0.0, 0.5, 1.25],
            "intensity": {"AU12": [0, 0, 1.0], "AU06": [0, 0, 0.6]},
        }
    ],
}


def written(tmp_path: Path, content: Any) -> Path:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(content))
    return path


def test_a_stimulus_moves_between_its_samples_on_a_straight_line(tmp_path: Path) -> None:
    stimulus = read_manifest(written(tmp_path, MANIFEST))["happy-m01"]
    assert stimulus.at([0.875], "AU12").item() == pytest.approx(0.5)
    assert stimulus.at([9.0], "AU06").item() == pytest.approx(0.6)
    assert stimulus.at([9.0], "AU04").item() == 0
    assert stimulus.identity == "m01"
    assert math.isnan(stimulus.offset_s)


@pytest.mark.parametrize(
    ("path", "value", "part"),
    [
        (("onset_s",), None, r"stimuli\[0\]"),
        (("times_s",), [0.0, 0.5, 0.5], "does not increase"),
        (("times_s",), "now", "as long as times_s"),
        (("intensity", "AU12"), [0, 1], r"intensity\.AU12"),
        (("intensity",), [], "no object"),
        (("intensity", "AU12"), [0, 0, float("nan")], r"intensity\.AU12|JSON"),
        (("intensity", "AU12"), [0, 0, True], r"intensity\.AU12"),
        (("apex_s",), 0.25, "apex at 0.25 s, before its onset at 0.5 s"),
        (("apex_s",), "soon", r"apex_s is 'soon', expected seconds"),
        (("id",), ["happy"], r"id is \['happy'\], expected a name"),
        (("file",), 5, r"file is 5, expected a name"),
    ],
)
def test_a_wrong_entry_is_named(
    tmp_path: Path, path: tuple[str, ...], value: Any, part: str
) -> None:
    content = copy.deepcopy(MANIFEST)
    entry = content["stimuli"][0]
    for key in path[:-1]:
        entry = entry[key]
    if value is None:
        del entry[path[-1]]
    else:
        entry[path[-1]] = value
    with pytest.raises(StimulusError, match=part) as caught:
        read_manifest(written(tmp_path, content))
    assert "manifest.json" in str(caught.value)


def test_an_id_may_not_stand_twice(tmp_path: Path) -> None:
    content = {"stimuli": MANIFEST["stimuli"] * 2}
    with pytest.raises(StimulusError, match="twice"):
        read_manifest(written(tmp_path, content))


def test_a_missing_manifest_is_a_stimulus_error(tmp_path: Path) -> None:
    with pytest.raises(StimulusError, match="not found"):
        read_manifest(tmp_path / "manifest.json")
