"""The built wheel carries everything that the commands need."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    command = ["build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", *command], check=True, capture_output=True)
    (wheel,) = folder.glob("facial_mimicry-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def _run(unpacked: Path, code: str, cwd: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(unpacked)!r})\n{code}"],
        capture_output=True, text=True, check=True, cwd=cwd,
    )  # fmt: skip
    return done.stdout


def test_protocols_stimuli_sample_and_model_are_inside(unpacked: Path, tmp_path: Path) -> None:
    out = _run(
        unpacked,
        "from mimicry.files import asset_folder\n"
        "from mimicry.landmarks import checked_model\n"
        "from mimicry.protocol import list_protocols\n"
        "from mimicry.timeline import read_manifest\n"
        "assert len(list_protocols()) >= 24\n"
        "assert 'happy-m01-dynamic' in read_manifest()\n"
        "assert (asset_folder('sample_data') / 'protocol.yaml').is_file()\n"
        "print(checked_model(None))",
        tmp_path,
    )
    assert Path(out.strip()).is_relative_to(unpacked)


@pytest.mark.parametrize("name", ["LICENSE", "face_landmarker.task", "NOTICE", "py.typed"])
def test_licences_and_notices_travel_along(unpacked: Path, name: str) -> None:
    assert list(unpacked.rglob(name))


def test_no_test_or_benchmark_is_installed(unpacked: Path) -> None:
    top = {p.name for p in unpacked.iterdir()}
    assert top == {"mimicry", next(n for n in top if n.endswith(".dist-info"))}
