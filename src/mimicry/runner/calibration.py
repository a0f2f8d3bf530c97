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

from mimicry.errors import InputError
from mimicry.files import digest, read_json_object, write_json
from mimicry.runner.stored import CALIBRATION

__all__ = ["keep_with_session", "read_calibrations", "store", "store_path"]


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
    return read_calibrations(path) if path.exists() else []


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
