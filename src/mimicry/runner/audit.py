"""The timing of camera and screen in the browser, as a finding of ``mimicry doctor``."""

from mimicry.errors import MimicryError
from mimicry.pipeline.doctor import Check
from mimicry.runner.measure import timing_audit
from mimicry.runner.serve import need_extra

__all__ = ["check_timing"]

MAX_DRIFT_PPM = 200.0


def check_timing(browser: str | None = None, *, seconds: float = 5.0) -> Check:
    """Open a window for some seconds and judge frame intervals, drift, losses and refresh rate.

    A browser or camera that is missing is a finding, not an error.
    """
    need_extra()
    try:
        timing = timing_audit(seconds=seconds, browser=browser)
    except MimicryError as problem:
        return Check("browser timing", "warning", str(problem))
    text = (
        f"{timing['frames']} frames at {timing['fps']:.2f} a second, intervals "
        f"{1000 * timing['interval_median_s']:.1f} +- {1000 * timing['interval_sd_s']:.1f} ms "
        f"(longest {1000 * timing['interval_max_s']:.0f}), {timing['dropped']} lost, drift "
        f"{timing['drift_ppm']:.0f} ppm, capture times from {timing['clock_source']}; screen "
        f"{timing['refresh_hz']:.1f} Hz, {timing['late_refreshes']} late"
    )
    good = (
        timing["dropped"] == 0
        and timing["clock_source"] == "capture_time"
        and abs(timing["drift_ppm"]) < MAX_DRIFT_PPM
        and timing["late_refreshes"] == 0
    )
    return Check("browser timing", "ok" if good else "warning", text, timing)
