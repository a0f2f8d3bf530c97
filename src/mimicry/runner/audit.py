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
        found = timing_audit(seconds=seconds, browser=browser)
    except MimicryError as problem:
        return Check("browser timing", "warning", str(problem))
    text = (
        f"{found['frames']} frames at {found['fps']:.2f} a second, intervals "
        f"{1000 * found['interval_median_s']:.1f} +- {1000 * found['interval_sd_s']:.1f} ms "
        f"(longest {1000 * found['interval_max_s']:.0f}), {found['dropped']} lost, drift "
        f"{found['drift_ppm']:.0f} ppm, capture times from {found['clock_source']}; screen "
        f"{found['refresh_hz']:.1f} Hz, {found['late_refreshes']} late"
    )
    good = (
        found["dropped"] == 0
        and found["clock_source"] == "capture_time"
        and abs(found["drift_ppm"]) < MAX_DRIFT_PPM
        and found["late_refreshes"] == 0
    )
    return Check("browser timing", "ok" if good else "warning", text, found)
