"""Timing of this computer in its own browser: an audit of the camera, and flash calibration."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import RecordingError
from mimicry.files import scratch, sha256_of
from mimicry.kernels.chance import generator
from mimicry.runner.app import RunnerState
from mimicry.runner.browser import find_browser, open_browser
from mimicry.runner.calibration import store
from mimicry.runner.flash import (
    LIGHT_AFTER_S,
    flash_offsets,
    summarise_flashes,
    write_flash_image,
    write_flash_video,
)
from mimicry.runner.plan import CameraSettings, Stimulus, numbered
from mimicry.runner.serve import serving

__all__ = ["calibrate", "measure", "summarise_frames", "timing_audit"]

Show = Callable[[str], Mapping[str, Any]]


def timing_audit(
    *, seconds: float = 5.0, camera: CameraSettings | None = None, browser: str | None = None
) -> dict[str, Any]:
    """Return how evenly this computer's camera delivers frames and its screen refreshes.

    A window opens for a few seconds; nothing is stored.

    Parameters
    ----------
    seconds, camera
        How long to look; picture size and frame rate asked for.
    browser
        Program of the browser; None finds one.

    Returns
    -------
    dict
        ``frames, fps, interval_median_s, interval_sd_s, interval_max_s, dropped, drift_ppm,
        delivery_median_s, clock_source, refresh_hz, late_refreshes, camera, settings``.

    Raises
    ------
    InputError, RecordingError
        When there is no browser, or the camera gives nothing.
    """
    measured = measure({"flashes": False, "seconds": seconds}, [], camera=camera, browser=browser)
    return summarise_frames(measured)


def summarise_frames(measured: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figures of :func:`timing_audit` from what the page measured."""
    rows = np.asarray(measured["frames"], dtype=object)
    if len(rows) < 5:
        raise RecordingError(
            f"the camera gave {len(rows)} frames", hint="Close other programs that use it."
        )
    times = rows[:, 0].astype(np.float64) * 1e-6
    arrival = rows[:, 2].astype(np.float64) * 1e-3
    steps = np.diff(times)
    usual = float(np.median(steps))
    drift = np.polyfit(times - times[0], arrival - times, 1)[0]
    constant = measured["clock"]["constant_ms"]
    return {
        "frames": len(times),
        "fps": 1 / usual,
        "interval_median_s": usual,
        "interval_sd_s": float(steps.std(ddof=1)),
        "interval_max_s": float(steps.max()),
        "dropped": int(np.maximum(np.round(steps / usual) - 1, 0).sum()),
        "drift_ppm": float(drift * 1e6),
        "delivery_median_s": float(np.median(arrival - times) - constant * 1e-3),
        "clock_source": measured["clock"]["source"],
        "refresh_hz": measured["refresh"]["hz"],
        "late_refreshes": measured["refresh"]["late"],
        "camera": measured["setup"]["camera"]["label"],
        "settings": measured["setup"]["camera"]["settings"],
    }


def calibrate(
    *,
    flashes: int = 100,
    camera: CameraSettings | None = None,
    browser: str | None = None,
    seed: int = 0,
    keep: bool = True,
    kiosk: bool = True,
    show: Show | None = None,
) -> dict[str, Any]:
    """Measure the constant between reported onsets and what the camera sees.

    Half of the flashes are frames of a video, half are images: the two ways in which stimuli
    are shown have constants of their own.

    Parameters
    ----------
    flashes, seed
        How many in all, and the seed of the pauses between them.
    camera
        Picture size and frame rate; calibrate with those of your protocol.
    browser, kiosk
        Program of the browser (None finds one), in full screen or not.
    keep
        Store the result for later recordings on this computer.
    show
        For tests: shows the page at an address and returns when it is closed.

    Returns
    -------
    dict
        ``setup`` and, for ``video`` and ``image``, ``offset_s, standard_error_s, sd_s,
        flashes, seen, used``.

    Raises
    ------
    RecordingError
        When the camera did not see enough of the flashes.
    """
    rng = generator(seed)
    waits = rng.uniform(0.3, 0.7, flashes).round(4).tolist()
    with scratch() as folder:
        video = write_flash_video(folder / "flash.mp4")
        image = write_flash_image(folder / "flash.png")
        stimuli = [Stimulus("video", video, sha256_of(video))]
        stimuli.append(Stimulus("image", image, sha256_of(image)))
        plan = {"flashes": True, "waits_s": waits}
        measured = measure(plan, stimuli, camera=camera, browser=browser, kiosk=kiosk, show=show)
    kinds = offsets_by_kind(measured)
    if keep:
        return store(measured["setup"], kinds)
    return {"setup": measured["setup"], **kinds}


def offsets_by_kind(measured: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the constant of video and of image onsets from what the page measured."""
    rows = np.asarray(measured["frames"], dtype=np.float64)
    constant = measured["clock"]["constant_ms"]
    if not len(rows) or constant is None:
        raise RecordingError("the camera gave no frames")
    times = rows[:, 0] * 1e-6 + constant * 1e-3
    kinds: dict[str, dict[str, Any]] = {}
    for kind in ("video", "image"):
        mine = [f for f in measured["flashes"] if f["kind"] == kind and _confirmed(f)]
        onsets: NDArray[np.float64] = np.array([f["onset_ms"] * 1e-3 for f in mine])
        offsets = flash_offsets(times, rows[:, 1], onsets)
        kinds[kind] = summarise_flashes(offsets, minimum=max(len(measured["flashes"]) // 5, 5))
    return kinds


def _confirmed(flash: Mapping[str, Any]) -> bool:
    """Leave out flashes whose onset is not known to a fraction of a screen frame."""
    spread = flash["spread_ms"]
    return flash["source"] != "raf" and (spread is None or spread < 8)


def measure(
    plan: Mapping[str, Any],
    stimuli: Sequence[Stimulus],
    *,
    camera: CameraSettings | None = None,
    browser: str | None = None,
    kiosk: bool = False,
    show: Show | None = None,
    limit_s: float = 900.0,
) -> dict[str, Any]:
    """Open the measurement page and return what it reports."""
    asked = camera or CameraSettings()
    page = {
        **plan,
        "camera": {"width": asked.width, "height": asked.height, "fps": asked.fps},
        "stimuli": [{**entry, "light_s": LIGHT_AFTER_S} for entry in numbered(stimuli)],
    }
    state = RunnerState(
        home="/measure", measure=page, stimuli=tuple((s.path, s.mime) for s in stimuli)
    )
    with serving(state) as server:
        if show is not None:
            show(server.link())
        else:
            program = find_browser(browser)
            with open_browser(server.link(), program=program, kiosk=kiosk) as process:
                end = time.monotonic() + limit_s
                while state.result is None and process.poll() is None and time.monotonic() < end:
                    time.sleep(0.1)
                time.sleep(0.5)
    result = state.result
    if result is None:
        raise RecordingError("the window was closed before the measurement was complete")
    if result.get("problem"):
        raise RecordingError(f"the measurement failed: {result['problem']}")
    return result
