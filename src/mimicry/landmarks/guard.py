"""The network guard: what every process that loads the landmark library has in its environment.

Some versions of MediaPipe report usage to a server while a landmarker runs, and have no switch
for it. Landmarks are therefore computed in processes of their own, in which every address is
sent to a proxy that does not exist. Nothing else of the user's environment is touched.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["GUARD", "child_environment", "guarded_environment", "guarded_process", "is_guarded"]

_NOWHERE = "http://127.0.0.1:9"
_PROXIES = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy")

GUARD: Mapping[str, str] = {
    **dict.fromkeys(_PROXIES, _NOWHERE),
    **{name.upper(): _NOWHERE for name in _PROXIES},
    # An exception for every host ("*") in the user's own setting would undo the guard; both
    # spellings are read by different libraries.
    "no_proxy": "",
    "NO_PROXY": "",
}

# One thread a library: the cores are shared out by processes.
_THREADS = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}

# Memory in large pages that is kept between frames instead of handed back and asked for again:
# fewer page faults and address look-ups in the networks. Read by glibc only; a user's own
# setting goes first. No number depends on it.
_MB = 2**20
_HEAP = {"hugetlb": 1, "top_pad": 64 * _MB, "trim_threshold": 256 * _MB, "mmap_threshold": 32 * _MB}
_MEMORY = {"GLIBC_TUNABLES": ":".join(f"glibc.malloc.{k}={v}" for k, v in _HEAP.items())}


def child_environment() -> dict[str, str]:
    """Return the environment of a process of this package: the present one, one thread each."""
    here = str(Path(__file__).resolve().parents[2])
    search = [here, *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, **_THREADS, "PYTHONPATH": os.pathsep.join(search)}


def guarded_environment() -> dict[str, str]:
    """Return the environment for a landmark process: that of a child, guarded."""
    return {**_MEMORY, **child_environment(), **GUARD}


def guarded_process(module: str, *arguments: object, **pipes: Any) -> "subprocess.Popen[bytes]":
    """Start a module of the package behind the guard; its answers are read from a pipe."""
    command = [sys.executable, "-P", "-m", module, *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, env=guarded_environment(), **pipes)


def is_guarded(environment: Mapping[str, str] | None = None) -> bool:
    """Tell whether a process (default: this one) runs behind the guard."""
    variables = os.environ if environment is None else environment
    return all(variables.get(name) == value for name, value in GUARD.items())
