"""Shared fixtures. Real clips and reference numbers are found through MIMICRY_TEST_DATA."""

import os
from pathlib import Path

import pytest


def _without(what: str) -> None:
    """Skip for want of something, or fail where nothing may be skipped."""
    if os.environ.get("MIMICRY_TEST_STRICT"):
        pytest.fail(f"needs {what}, and MIMICRY_TEST_STRICT is set")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The folder with real clips and reference numbers."""
    folder = os.environ.get("MIMICRY_TEST_DATA", "")
    if not folder or not Path(folder).is_dir():
        _without("the folder named by MIMICRY_TEST_DATA")
    return Path(folder)


@pytest.fixture(scope="session")
def clips(test_data: Path) -> Path:
    """The folder of real clips."""
    return test_data / "clips"
