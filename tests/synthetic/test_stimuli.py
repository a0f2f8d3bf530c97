"""The stimulus set: ids, exact envelopes, clips that match their manifest."""

import numpy as np
import pytest

from mimicry.errors import InputError, StimulusError
from mimicry.files import asset_folder, sha256_of
from mimicry.records import ActionUnitTrack
from mimicry.synthetic.recipes import MODELS, RECIPES
from mimicry.synthetic.stimuli import (
    MeasuredClip,
    manifest_entry,
    measured_entry,
    parse_id,
    read_entries,
    stimulus_ids,
)
from mimicry.timeline import read_manifest


def test_every_id_of_the_set_is_in_the_bundled_manifest() -> None:
    note, entries = read_entries()
    assert {e["id"] for e in entries} == set(stimulus_ids())
    assert "not validated on humans" in note.lower()


def test_bundled_clips_have_the_bytes_that_the_manifest_promises() -> None:
    folder = asset_folder("stimuli")
    clips = [e for e in read_entries()[1] if e["file"]]
    assert {e["sha256"] for e in clips} == {sha256_of(folder / e["file"]) for e in clips}
    assert sum((folder / e["file"]).stat().st_size for e in clips) < 15e6
    house = {f"{e}-{m}-dynamic" for e in ("happy", "angry", "neutral") for m in MODELS}
    assert house <= {e["id"] for e in clips}


def test_the_timeline_reader_takes_the_bundled_manifest() -> None:
    timeline = read_manifest()["happy-m01-dynamic"]
    assert (timeline.onset_s, timeline.apex_s) == (0.5, 1.25)
    smile = timeline.at(np.array([0.4, 0.875, 1.3, 2.4]), "AU12")
    np.testing.assert_allclose(
        smile, np.array([0, 0.5, 1, 1]) * RECIPES["happy"].apex["AU12"], atol=1e-3
    )


def test_models_are_balanced() -> None:
    assert len(MODELS) >= 8
    assert sum(m.sex == "female" for m in MODELS.values()) * 2 == len(MODELS)


@pytest.mark.parametrize("emotion", sorted(RECIPES))
def test_an_envelope_is_exact_at_every_frame(emotion: str) -> None:
    spec = parse_id(f"{emotion}-f02-dynamic")
    entry = manifest_entry(spec)
    times = np.arange(0, spec.seconds, 1 / 30)
    play = spec.performance(times)
    for name in play.names:
        kept = np.interp(times, entry["times_s"], entry["intensity"][name])
        np.testing.assert_allclose(kept, play.of(name), atol=1e-5)


def test_intensity_and_duration_stand_in_the_id() -> None:
    spec = parse_id("sad-m02-static-i50-d4")
    assert (spec.intensity, spec.seconds, spec.apex_s) == (0.5, 4.0, 0.0)
    assert spec.stimulus_id == "sad-m02-static-i50-d4"
    assert spec.performance(np.array([0.0])).of("AU15")[0] == RECIPES["sad"].apex["AU15"] / 2


@pytest.mark.parametrize(
    "wrong",
    [
        "happy",
        "glee-f01-dynamic",
        "happy-x09-dynamic",
        "happy-f01-dynamic-d1",
        "happy-f01-dynamic-i900",
    ],
)
def test_an_id_outside_the_set_is_refused(wrong: str) -> None:
    with pytest.raises(StimulusError):
        parse_id(wrong)


CLIP = MeasuredClip("smile-own", "own.mp4", "ab12", "happy", "k7", "of the laboratory")


def measured(columns: dict[str, list[float]], **given: object) -> dict[str, object]:
    values = np.column_stack(list(columns.values()))
    n = len(values)
    track = ActionUnitTrack(
        3.0 + np.arange(n) / 10, values, tuple(columns),
        pose_deg=np.zeros((n, 3)), quality={}, blendshapes=np.empty((n, 0)),
    )  # fmt: skip
    return measured_entry(track, values, CLIP, **given)


def test_a_clip_of_ones_own_is_described_by_what_moves_in_it() -> None:
    """A smile rises from .4 to .9 in ten steps; a brow that stays high has no place."""
    ramp = [0.5, 0.4, *np.linspace(0.4, 0.9, 11), 0.8]
    n = len(ramp)
    columns = {
        "AU04": [0.7 + 0.09 * (k % 2) for k in range(n)], "AU06": [0.1 * (k > 9) for k in range(n)],
        "AU12": ramp, "AU12_L": ramp,
    }  # fmt: skip
    columns["AU06"][4] = np.nan
    entry = measured(columns)
    times, curves = entry.pop("times_s"), entry.pop("intensity")
    assert entry == {
        "id": "smile-own", "file": "own.mp4", "sha256": "ab12", "license": "of the laboratory",
        "emotion": "happy", "identity": "k7", "kind": "dynamic", "measured": True,
        "duration_s": 1.4, "onset_s": 0.4, "apex_s": 1.1, "offset_s": None,
    }  # fmt: skip
    assert times == [k / 10 for k in range(n)]
    assert curves == {"AU06": [0.0] * 10 + [0.1] * 4, "AU12": [round(v, 5) for v in ramp]}


def test_of_a_clip_of_ones_own_names_and_times_can_be_given() -> None:
    columns = {"AU04": [0.1, 0.1, 0.1], "AU12": [0.0, 0.5, 0.5]}
    entry = measured(columns, names=("AU04",))
    assert (entry["intensity"], entry["kind"]) == ({"AU04": [0.1, 0.1, 0.1]}, "static")
    assert (entry["onset_s"], entry["apex_s"]) == (0.0, 0.0)
    entry = measured(columns, onset_s=0.05, apex_s=0.15)
    assert (entry["onset_s"], entry["apex_s"], entry["kind"]) == (0.05, 0.15, "dynamic")
    entry = measured({"AU12": [0.0, 1.0, 5.0, 9.0, 10.0]})  # above 10 %, and 90 %
    assert (entry["onset_s"], entry["apex_s"]) == (0.2, 0.3)
    entry = measured(columns, names=())
    assert (entry["onset_s"], entry["apex_s"], entry["kind"]) == (0.0, 0.0, "static")
    with pytest.raises(InputError, match="the track holds no AU05"):
        measured(columns, names=("AU05",))
    with pytest.raises(InputError, match=r"fewer than two frames .*"):
        measured({"AU12": [np.nan, 0.5, np.nan]})
