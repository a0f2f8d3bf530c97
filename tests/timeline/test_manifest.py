"""Stimulus manifests."""

import copy
import hashlib
import json
import math
from pathlib import Path
from typing import Any

import pytest

from mimicry.errors import StimulusError
from mimicry.timeline import read_manifest
from mimicry.timeline.manifest import choose_manifest, shipped_manifest

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


@pytest.mark.parametrize(
    ("path", "value", "key", "part"),
    [
        (("onset_s",), "gone", "onset_s", "has no 'onset_s'"),
        (("id",), "gone", "id", "has no 'id'"),
        (("apex_s",), "gone", "apex_s", "has no 'apex_s'"),
        (("times_s",), "gone", "times_s", "has no 'times_s'"),
        (("intensity",), "gone", "intensity", "has no 'intensity'"),
        (("onset_s",), None, "onset_s", "onset_s is None, expected seconds"),
        (("onset_s",), True, "onset_s", "onset_s is True, expected seconds"),
        (("offset_s",), "end", "offset_s", "offset_s is 'end', expected seconds"),
        (("id",), "", "id", "id is '', expected a name"),
        (("id",), "  ", "id", "id is '  ', expected a name"),
        (("id",), None, "id", "id is None, expected a name"),
        (("identity",), 3, "identity", "identity is 3, expected a name"),
        (("emotion",), ["x"], "emotion", r"emotion is \['x'\], expected a name"),
        (("sha256",), 5, "sha256", "sha256 is 5, expected a name"),
        (("intensity", "AU06"), [0, 0, "1"], "intensity.AU06", "no list of numbers as long as"),
        (("intensity", "AU06"), 7, "intensity.AU06", "no list of numbers as long as"),
    ],
)
def test_the_key_of_what_is_wrong_is_named(
    tmp_path: Path, path: tuple[str, ...], value: Any, key: str, part: str
) -> None:
    content = copy.deepcopy(MANIFEST)
    entry = content["stimuli"][0]
    for name in path[:-1]:
        entry = entry[name]
    entry[path[-1]] = value
    if value == "gone":
        del entry[path[-1]]
    with pytest.raises(StimulusError, match=part) as caught:
        read_manifest(written(tmp_path, content))
    assert caught.value.key == f"stimuli[0].{key}"


@pytest.mark.parametrize(
    ("content", "key", "part"),
    [
        ([], "stimuli", "found no list of stimuli"),
        ({"stimuli": []}, "stimuli", "found no list of stimuli"),
        ({"stimuli": {"a": 1}}, "stimuli", "found no list of stimuli"),
        ({"stimuli": [*MANIFEST["stimuli"], 5]}, "stimuli[1]", r"stimuli\[1\] is no object"),
        ({"stimuli": MANIFEST["stimuli"] * 2}, "stimuli[1].id", "the id 'happy-m01' stands twice"),
    ],
)
def test_a_list_of_stimuli_holds_objects(tmp_path: Path, content: Any, key: str, part: str) -> None:
    with pytest.raises(StimulusError, match=part) as caught:
        read_manifest(written(tmp_path, content))
    assert caught.value.key == key


def test_what_an_entry_may_leave_out_and_what_it_may_say(tmp_path: Path) -> None:
    first = MANIFEST["stimuli"][0] | {
        "id": "full", "offset_s": 2.25, "emotion": "happiness", "apex_s": 0.5, "file": "a.webm"
    }  # fmt: skip
    second = {
        "id": "still", "onset_s": 0, "apex_s": 0, "times_s": [0.0], "intensity": {},
        "identity": "", "emotion": None,
    }  # fmt: skip
    found = read_manifest(written(tmp_path, {"stimuli": [first, second]}))
    assert list(found) == ["full", "still"]
    full, still = found.values()
    assert (full.onset_s, full.apex_s, full.offset_s, full.emotion) == (0.5, 0.5, 2.25, "happiness")
    assert full.names == ("AU12", "AU06")
    assert full.intensity.tolist() == [[0, 0], [0, 0], [1.0, 0.6]]
    assert (still.identity, still.emotion, still.names) == ("", "", ())
    assert still.intensity.shape == (1, 0)
    assert math.isnan(still.offset_s)


def test_the_manifest_of_the_caller_goes_first_then_the_copy_then_the_protocol(
    tmp_path: Path,
) -> None:
    files = {}
    for name in ("option", "study", "protocol"):
        (tmp_path / name).mkdir()
        content = {"stimuli": [MANIFEST["stimuli"][0] | {"id": name}]}
        files[name] = written(tmp_path / name, content)
    option, study, protocol = files.values()
    for given, source in (
        ((option, study, protocol), "option"),
        ((None, study, protocol), "study"),
        ((None, tmp_path / "none.json", protocol), "protocol"),
        ((None, None, protocol), "protocol"),
    ):
        chosen = choose_manifest(*given)
        assert (chosen.source, list(chosen), len(chosen)) == (source, [source], 1)
        assert chosen[source].stimulus_id == source
        assert chosen.path == files[source]
        digest = hashlib.sha256(files[source].read_bytes()).hexdigest()
        assert chosen.to_json() == {"source": source, "name": "manifest.json", "sha256": digest}
    words = [str(choose_manifest(*pair)) for pair in ((option, None, None), (None, study, None))]
    assert words == [f"{option} (named with `stimuli`)", f"{study} (the study's own copy)"]
    assert str(choose_manifest(None, None, protocol)).endswith("(named by the protocol)")
    shipped = choose_manifest(None, None, None)
    assert (shipped.source, shipped.path) == ("shipped", shipped_manifest())
    assert str(shipped).endswith("manifest.json (shipped with the package)")
    assert list(read_manifest()) == list(shipped)
    with pytest.raises(StimulusError, match="not found"):
        choose_manifest(tmp_path / "none.json", study, protocol)
