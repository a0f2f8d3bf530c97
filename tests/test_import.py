"""Importing the package is quiet and quick."""

import subprocess
import sys

import pytest

import mimicry

HEAVY = ("mediapipe", "cv2", "av", "pandas", "matplotlib", "scipy.signal", "pyarrow", "pydantic")
CORE = ("records", "kernels", "action_units", "timeline", "scoring")


def _loaded_after(code: str) -> set[str]:
    script = f"{code}\nimport sys; print('\\n'.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_no_heavy_library() -> None:
    assert not _loaded_after("import mimicry") & set(HEAVY)


@pytest.mark.parametrize("layer", CORE)
def test_the_core_needs_neither_detector_nor_table_library(layer: str) -> None:
    assert not _loaded_after(f"import mimicry.{layer}") & set(HEAVY)


def test_every_public_name_resolves() -> None:
    for name in mimicry.__all__:
        assert getattr(mimicry, name) is not None


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = mimicry.nonsense  # type: ignore[attr-defined]  # asked for on purpose
