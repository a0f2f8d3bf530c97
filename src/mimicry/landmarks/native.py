"""Shared libraries of the system that the wheels of OpenCV and MediaPipe load."""

import ctypes
import platform
import re

__all__ = ["DEBIAN_PACKAGES", "install_command", "missing_libraries", "named_in"]

DEBIAN_PACKAGES = {
    "libGL.so.1": "libgl1",
    "libEGL.so.1": "libegl1",
    "libGLESv2.so.2": "libgles2",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
}


def missing_libraries() -> list[str]:
    """Return the shared libraries (Linux) that cannot be loaded, by file name."""
    if platform.system() != "Linux":
        return []
    return [name for name in DEBIAN_PACKAGES if not _loads(name)]


def install_command(names: list[str]) -> str:
    """Return the Debian command that installs shared libraries."""
    packages = sorted({DEBIAN_PACKAGES.get(name, "") for name in names} - {""})
    return "sudo apt-get install -y " + " ".join(packages or sorted(set(DEBIAN_PACKAGES.values())))


def named_in(text: str) -> str | None:
    """Return the shared library that a loader's error message names, if it names one."""
    match = re.search(r"(lib[\w.+-]+\.so[\w.]*): cannot open shared object file", text)
    return match.group(1) if match else None


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
