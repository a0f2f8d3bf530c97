"""The constant delay of screen and camera: measured with flashes, kept per computer and camera.

What the browser reports as the onset of a stimulus lacks the screen's own delay, and what it
reports as the capture time of a frame lacks the camera's. A flash that the camera sees shows
the sum of both. It is added to every onset of a recording made with the same camera, picture
size, frame rate and screen; without it latencies are marked as uncalibrated.
"""

import platform
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import InputError, RecordingError
from mimicry.files import digest, read_json_object, write_json
from mimicry.runner.stored import CALIBRATION

__all__ = [
    "flash_offsets",
    "keep_with_session",
    "read_calibrations",
    "store",
    "store_path",
    "summarise_flashes",
]

MIN_CONTRAST = 6.0
SEARCH_S = (-0.05, 0.4)


def flash_offsets(
    times_s: NDArray[np.float64], light: NDArray[np.float64], onsets_s: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return, for every flash, when the camera saw it minus when it was reported.

    Parameters
    ----------
    times_s, light : (T,)
        Capture times and mean brightness of the camera frames.
    onsets_s : (K,)
        Reported onsets on the same clock.

    Returns
    -------
    (K,) NDArray[np.float64]
        Midpoint between the last dark and the first lit frame, minus the onset, in s; NaN
        where no clear rise was seen. The midpoint is right on average over many flashes.
    """
    offsets = np.full(len(onsets_s), np.nan)
    for k, onset in enumerate(onsets_s):
        before = light[(times_s > onset - 0.25) & (times_s < onset + SEARCH_S[0])]
        near = np.flatnonzero((times_s >= onset + SEARCH_S[0]) & (times_s <= onset + SEARCH_S[1]))
        if len(before) < 2 or len(near) < 3 or near[0] == 0:
            continue
        dark, lit = float(np.median(before)), float(np.max(light[near]))
        if lit - dark < MIN_CONTRAST:
            continue
        above = near[light[near] > (dark + lit) / 2]
        first = int(above[0])
        offsets[k] = (times_s[first] + times_s[first - 1]) / 2 - onset
    return offsets


def summarise_flashes(offsets: NDArray[np.float64], *, minimum: int = 20) -> dict[str, Any]:
    """Return mean offset, its standard error, the SD of single flashes and how many counted.

    Flashes beyond 5 robust SD of the median are left out and counted.

    Raises
    ------
    RecordingError
        When fewer than `minimum` flashes were seen.
    """
    seen = offsets[np.isfinite(offsets)]
    if len(seen) >= minimum:
        middle = np.median(seen)
        width = 5 * max(1.4826 * float(np.median(np.abs(seen - middle))), 0.005)
        used = seen[np.abs(seen - middle) <= width]
    else:
        used = seen
    if len(used) < minimum:
        raise RecordingError(
            f"the camera saw {len(seen)} of {len(offsets)} flashes, expected at least {minimum}",
            hint="Point the camera at the screen (or hold a mirror before it) and dim the room.",
        )
    return {
        "offset_s": float(used.mean()),
        "standard_error_s": float(used.std(ddof=1) / np.sqrt(len(used))),
        "sd_s": float(used.std(ddof=1)),
        "flashes": len(offsets),
        "seen": len(seen),
        "used": len(used),
    }


def store_path() -> Path:
    """Return where this computer's calibrations are kept."""
    from platformdirs import user_data_path

    return user_data_path("mimicry", appauthor=False) / "calibrations.json"


SETUP = {
    "camera": {"label": str, "settings": {"frameRate?": (float, None)}},
    "screen": list,
    "refresh_hz": float,
    "ua": str,
}


def setup_key(setup: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a calibration holds for: camera, mode, screen and computer."""
    camera = setup["camera"]
    settings = camera["settings"]
    return {
        "computer": digest([platform.node(), platform.system(), platform.release()])[:16],
        "camera": camera["label"],
        "width": settings.get("width"),
        "height": settings.get("height"),
        "fps": settings.get("frameRate") and round(settings["frameRate"]),
        "exposure": settings.get("exposureMode"),
        "screen": list(setup["screen"]),
        "refresh_hz": round(setup["refresh_hz"]),
        "browser": _major(setup["ua"]),
    }


def _major(agent: str) -> str:
    for name in ("Edg/", "Chrome/"):
        if name in agent:
            return name + agent.split(name)[1].split(".")[0]
    return agent[:40]


def store(setup: Mapping[str, Any], kinds: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Keep a calibration for later recordings; an older one of the same set-up is replaced."""
    path = store_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    entry = {
        "setup": setup_key(setup),
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        **{kind: dict(values) for kind, values in kinds.items()},
    }
    others = [e for e in _all() if e["setup"] != entry["setup"]]
    write_json(path, {"version": 1, "calibrations": [*others, entry]})
    return entry


def _all() -> list[dict[str, Any]]:
    path = store_path()
    if not path.exists():
        return []
    return read_calibrations(path)


_OFFSET = {"offset_s?": (float, None)}
_SHAPE = {"calibrations": [{"setup": dict, "video?": _OFFSET, "image?": _OFFSET}]}


def read_calibrations(path: Path) -> list[dict[str, Any]]:
    """Return the calibrations of a file.

    Raises
    ------
    InputError
        When it is damaged.
    """
    try:
        calibrations: list[dict[str, Any]] = read_json_object(path, _SHAPE)["calibrations"]
    except InputError as error:
        hint = "Move the file away; mimicry calibrate measures anew."
        raise InputError(error.message, path=path, key=error.key, hint=hint) from error
    return calibrations


def keep_with_session(folder: Path) -> None:
    """Copy this computer's calibrations into a session; conversion takes the fitting one."""
    known = _all()
    if known:
        write_json(folder / CALIBRATION, {"version": 1, "calibrations": known})


def fitting(known: Sequence[Mapping[str, Any]], setup: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the calibration of exactly this set-up, or an empty mapping."""
    wanted = setup_key(setup)
    return next((e for e in known if e["setup"] == wanted), {})
