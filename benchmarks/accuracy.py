"""How well are rendered movements measured? Writes the table and the figure of docs/accuracy.md.

    python -m benchmarks.accuracy [--quick | --check]

Every video is rendered with known truth, read back through the package's own chain (video
reader, landmarks, action units) and compared. Identities and movements are not those that the
unmixing was fitted on. **All figures are upper bounds on rendered faces.** Videos and landmarks
are cached in benchmarks/.cache/accuracy.
"""

import argparse
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.accuracy_videos import (
    AU04_SIZE,
    DOSE_UNITS,
    SHAPES,
    SIZES,
    Trial,
    Video,
    degraded_video,
    main_video,
    no_face_video,
    pose_video,
    sway_video,
    tracked,
    video_mode,
)
from mimicry.action_units import measure
from mimicry.errors import NoFaceError
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack, LandmarkTrack
from mimicry.synthetic import Identity, identities, minimum_jerk

SEED = 2026  # identities that no part of the package was tuned on
DOCS = Path(__file__).resolve().parents[1] / "docs"
F = NDArray[np.float64]
NEUTRAL_S = 0.5
# Beginnings of lines that do not hold and that the docs explain. A test fails on any other.
KNOWN_MISSES: tuple[str, ...] = (
    "AU15 dose-response, r², lowest",
    "AU02 slope",
    "AU15 slope",
    "AU12 latency, size .2 and .5: largest error of a trial",
    "degraded video, dark skin",
    "degraded video, H.264 at CRF 35",
    "second rig: AU01",
    "control: AU04, which is still",
)


@dataclass
class Row:
    """One line of the table: a figure, its threshold and whether it holds."""

    what: str
    value: str
    threshold: str
    holds: bool | None


@dataclass
class Findings:
    """Everything measured, gathered over identities."""

    seen: list[tuple[int, int]] = field(default_factory=list)
    slopes: dict[str, list[float]] = field(default_factory=dict)
    r2: dict[str, list[float]] = field(default_factory=dict)
    latency_s: dict[tuple[str, float], list[float]] = field(default_factory=dict)
    amplitude: list[tuple[float, float]] = field(default_factory=list)
    opponent: list[float] = field(default_factory=list)


def units_of(
    track: LandmarkTrack, responses: Iterable[tuple[float, float]] = ()
) -> ActionUnitTrack:
    """Action units with the first half second as neutral."""
    first = float(track.times_s[0])
    return measure(
        track,
        neutral=[(first, first + NEUTRAL_S)],
        exclude_from_pose_fit=[(first + a, first + b) for a, b in responses],
    )


def latency(times_s: F, values: F, start_s: float) -> float:
    """Shift in s at which a standard rise fits a trial best, relative to `start_s`.

    The template rises for 0.5 s along a minimum-jerk curve, whatever shape was injected.
    """
    shifts = np.arange(-0.3, 0.3, 0.002)
    use = np.isfinite(values)
    t, y = times_s[use], values[use] - values[use].mean()
    templates = minimum_jerk((t[None, :] - start_s - shifts[:, None]) / 0.5)
    templates = templates - templates.mean(axis=1, keepdims=True)
    fit = templates @ y / np.linalg.norm(templates, axis=1)
    return float(shifts[fit.argmax()])


def judge_trial(
    track: ActionUnitTrack, trial: Trial, truth: pd.DataFrame
) -> tuple[float, float, float]:
    """Latency error in s, measured amplitude, and the amplitude of the opponent unit."""
    inside = (track.times_s >= trial.start_s) & (track.times_s < trial.end_s)
    times = track.times_s[inside]
    smooth = gaussian_smooth(times, track.intensity[inside], 0.05)
    value = smooth[:, track.names.index(trial.unit)]
    other = smooth[:, track.names.index("AU04" if trial.unit == "AU12" else "AU12")]
    real = np.interp(times, truth["timestamp"], truth[trial.unit])
    error = latency(times, value, trial.onset_s) - latency(times, real, trial.onset_s)
    before, after = times < trial.onset_s - 0.03, times > trial.end_s - 0.25
    rise = np.nanmean(value[after]) - np.nanmean(value[before])
    return error, float(rise), float(np.nanmean(other[after]) - np.nanmean(other[before]))


def add_main(found: Findings, identity: Identity, rig: str, *, mode: str = "image") -> None:
    """Dose-response and single rises of one identity."""
    video = main_video(identity, rig)
    raw = tracked(video) if mode == "image" else video_mode(video)
    track = units_of(raw, [(video.doses_from_s, float(raw.times_s[-1]) + 1)])
    found.seen.append((int(track.tracked.sum()), len(track)))
    for unit in DOSE_UNITS:
        at = [k for k, (u, _) in enumerate(video.doses) if u == unit]
        if not at:
            continue
        rows = np.array([video.first_dose + k for k in at])
        x = np.array([0.0] + [video.doses[k][1] for k in at])
        y = np.r_[np.nanmedian(track.of(unit)[: video.first_dose]), track.of(unit)[rows]]
        found.slopes.setdefault(unit, []).append(float(np.polyfit(x, y, 1)[0]))
        found.r2.setdefault(unit, []).append(float(np.corrcoef(x, y)[0, 1] ** 2))
    for trial in video.trials:
        error, size, other = judge_trial(track, trial, video.truth)
        key = trial.unit if trial.shape == SHAPES[0] else trial.shape
        found.latency_s.setdefault((key, trial.size), []).append(error)
        if trial.unit == "AU12":
            found.amplitude.append((trial.size, size))
        else:
            found.opponent.append(other / trial.size)


def followed(
    track: ActionUnitTrack,
    truth: pd.DataFrame,
    unit: str,
    times_s: F | None = None,
    *,
    smooth_s: float = 0.05,
) -> float:
    """Correlation of a smoothed action unit with its truth; blinks masked."""
    times = track.times_s if times_s is None else times_s
    value = gaussian_smooth(track.times_s, track.of(unit), smooth_s)
    keep = np.isfinite(value) & (track.quality["blink"] == 0)
    real = np.interp(times[keep], truth["timestamp"], truth[unit])
    return float(np.corrcoef(value[keep], real)[0, 1])


def unmoved(track: ActionUnitTrack, video: Video) -> float:
    """Largest mean change of AU04, which never moves, from before to during a smile."""
    value, t = track.of("AU04"), track.times_s - track.times_s[0]
    open_ = track.quality["blink"] == 0
    found = []
    for start, _ in video.responses:
        before = open_ & (t >= start - 0.5) & (t < start)
        during = open_ & (t >= start + 0.7) & (t < start + 1.5)
        found.append(abs(np.nanmean(value[during]) - np.nanmean(value[before])))
    return float(max(found))


def cast_of(people: int) -> list[Identity]:
    """The people: drawn at random, without glasses and beards."""
    return [replace(w, glasses=False, beard=False) for w in identities(SEED, people)]


def collect(people: int) -> tuple[Findings, Findings, Findings, dict[str, list[float]]]:
    """Render and measure everything: usual rig, second rig, glasses, longer videos."""
    cast = cast_of(people)
    found, second, glasses = Findings(), Findings(), Findings()
    more: dict[str, list[float]] = {}

    def follow(key: str, video: Video) -> ActionUnitTrack:
        track = units_of(tracked(video), video.responses)
        found.seen.append((int(track.tracked.sum()), len(track)))
        more.setdefault(key, []).append(followed(track, video.truth, "AU12"))
        return track

    for who in cast:
        add_main(found, who, "faceunits01")
        raw = tracked(pose_video(who))
        found.seen.append((int(raw.tracked.sum()), len(raw)))
        print(f"{who.name}: rises and poses", file=sys.stderr, flush=True)
    add_main(glasses, replace(cast[-1], glasses=True), "faceunits01")
    by_skin = sorted(cast, key=lambda w: w.skin)
    for who in by_skin[:2]:
        video = degraded_video(who)
        track = follow("degraded", video)
        follow("degraded_h264", degraded_video(who, "libx264"))
        follow("degraded_h264_28", degraded_video(who, "libx264", 28))
        even = np.arange(len(track)) / 30 + float(track.times_s[0])
        more.setdefault("nominal_fps", []).append(followed(track, video.truth, "AU12", even))
    for who in by_skin[-2:]:
        dark = degraded_video(who)
        slow = followed(follow("degraded_dark", dark), dark.truth, "AU12", smooth_s=0.1)
        more.setdefault("degraded_dark_slow", []).append(slow)
        sway = sway_video(who)
        more.setdefault("still", []).append(unmoved(follow("sway", sway), sway))
        add_main(second, who, "second")
        print(f"{who.name}: second rig, sway, degraded", file=sys.stderr, flush=True)
    return found, second, glasses, more


def _ms(values: list[float]) -> float:
    return 1000 * float(np.mean(values))


def rows_of(
    found: Findings, second: Findings, glasses: Findings, more: dict[str, list[float]]
) -> list[Row]:
    """The table."""
    out: list[Row] = []

    def at_least(what: str, value: float, limit: float | None, unit: str = "") -> None:
        out.append(_row(what, value, limit, unit, "≥"))

    def at_most(what: str, value: float, limit: float | None, unit: str = " ms") -> None:
        out.append(_row(what, value, limit, unit, "≤"))

    people = len(found.slopes["AU12"])
    seen = np.array(found.seen).sum(axis=0)
    text = f"frames tracked, of {seen[1]} over {people} people, head angles up to 20°"
    at_least(text, 100 * seen[0] / seen[1], 99.5, " %")
    for unit in DOSE_UNITS:
        limit = 0.98 if unit == "AU12" else 0.93
        at_least(f"{unit} dose-response, r², median of people", np.median(found.r2[unit]), limit)
        at_least(f"{unit} dose-response, r², lowest of people", min(found.r2[unit]), limit)
    for unit in DOSE_UNITS:
        slopes = found.slopes[unit]
        mean = float(np.mean(slopes))
        spread = 100 * float(np.std(slopes, ddof=1)) / mean
        at_most(f"{unit} slope, CV over people (mean {mean:.2f})", spread, 20, " %")
    delay = found.latency_s
    large = [e for s in (0.2, 0.5) for e in delay["AU12", s]]
    small = [e for s in (0.05, 0.1) for e in delay["AU12", s]]
    at_most("AU12 latency, size .2 and .5: size of the mean error", abs(_ms(large)), 10)
    at_most(
        "AU12 latency, size .2 and .5: largest error of a trial", _ms([max(map(abs, large))]), 33
    )
    at_most("AU12 latency, size .05 and .1: size of the mean error", abs(_ms(small)), 20)
    at_most("AU12 latency, size .05 and .1: SD of a trial", 1000 * float(np.std(small)), None)
    change = abs(_ms(delay["AU12", 0.1]) - _ms(delay["AU12", 0.5]))
    at_most("AU12 latency(.1) minus latency(.5)", change, 20)
    at_most("AU04 latency, size .5: size of the mean error", abs(_ms(delay["AU04", AU04_SIZE])), 30)
    other = [e for shape in SHAPES[1:] for e in delay[shape, 0.3]]
    at_most("AU12 latency, rises unlike the template: size of the mean error", abs(_ms(other)), 20)
    true, got = np.array(found.amplitude).T
    at_least(
        f"AU12 amplitude over {len(true)} trials, r", float(np.corrcoef(true, got)[0, 1]), 0.95
    )
    poor = "VP9 at CRF 35, noise 15, 320 × 240, light × 0.4, 10 % drops"
    at_least(f"degraded video ({poor}): AU12 r, light skin", min(more["degraded"]), 0.95)
    at_least("degraded video, dark skin: AU12 r", min(more["degraded_dark"]), 0.95)
    slow = min(more["degraded_dark_slow"])
    at_least("the same with the 100-ms kernel that amplitudes are scored with", slow, None)
    at_least("degraded video, H.264 at CRF 28: AU12 r", min(more["degraded_h264_28"]), 0.95)
    at_least("degraded video, H.264 at CRF 35: AU12 r", min(more["degraded_h264"]), 0.95)
    at_least("sway ±10° with blinks: AU12 r", min(more["sway"]), 0.95)
    for unit in ("AU12", "AU01", "AU02", "AU04"):
        at_least(f"second rig: {unit} dose-response, r², lowest", min(second.r2[unit]), 0.93)
    both = [e for (unit, _), v in second.latency_s.items() for e in v if unit != "AU04"]
    at_most("second rig: AU12 latency, size of the mean error", abs(_ms(both)), 20)
    for unit in ("AU12", "AU04"):
        at_least(f"glasses (one person): {unit} dose-response, r²", glasses.r2[unit][0], None)
    share = float(np.abs(found.opponent).max())
    at_most("control: AU12 read during an AU04 movement, largest share", share, 0.2, "")
    at_most("control: AU04, which is still, in the sway videos", max(more["still"]), 0.2, "")
    even = max(more["nominal_fps"])
    at_most("control: degraded video timed by frame / fps: AU12 r", even, 0.8, "")
    return out


def _row(what: str, value: float, limit: float | None, unit: str, sign: str) -> Row:
    shown = f"{value:.{3 if not unit else 1}f}{unit}"
    if limit is None:
        return Row(what, shown, "", None)
    holds = bool(value >= limit if sign == "≥" else value <= limit)
    return Row(what, shown, f"{sign} {limit:g}{unit}", holds)


def no_face_is_refused() -> bool:
    """Whether a video without a face yields no numbers."""
    raw = tracked(no_face_video())
    try:
        measured = measure(raw)
    except NoFaceError:
        return True
    return not np.isfinite(measured.intensity).any()


def smoothing(people: int) -> dict[float, tuple[float, float, float, float]]:
    """Size -> mean latency error (ms) and kept amplitude (share): IMAGE mode, VIDEO mode."""
    both = {}
    for mode in ("image", "video"):
        found = Findings()
        for who in cast_of(people):
            add_main(found, who, "faceunits01", mode=mode)
        both[mode] = found
    out = {}
    for size in SIZES:
        numbers = []
        for mode in ("image", "video"):
            got = [b for a, b in both[mode].amplitude if a == size]
            numbers += [_ms(both[mode].latency_s["AU12", size]), float(np.mean(got)) / size]
        out[size] = tuple(numbers)
    return out


def draw(smooth: dict[float, tuple[float, float, float, float]], path: Path) -> None:
    """The figure on VIDEO mode."""
    import matplotlib as mpl

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "mimicry"
    from matplotlib import pyplot as plt

    sizes = sorted(smooth)
    figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), layout="constrained")
    for column, axis, title in ((0, axes[0], "latency error (ms)"), (1, axes[1], "amplitude kept")):
        for k, (name, colour) in enumerate((("IMAGE mode", "#1b6ca8"), ("VIDEO mode", "#c1440e"))):
            axis.plot(
                sizes, [smooth[s][2 * k + column] for s in sizes], "o-", label=name, color=colour
            )
        axis.set(xscale="log", xlabel="true AU12 amplitude", title=title)
        axis.set_xticks(sizes, [f"{s:g}" for s in sizes])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    axes[0].axhline(0, color="black", lw=0.6)
    axes[1].axhline(1, color="black", lw=0.6)
    axes[0].legend(frameon=False)
    figure.suptitle("Rendered faces: what VIDEO mode's hidden smoothing does")
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def markdown(rows: list[Row], smooth: dict[float, tuple[float, float, float, float]]) -> str:
    """The tables as Markdown."""
    lines = ["| What | Measured | Threshold | Holds |", "|---|---|---|---|"]
    for r in rows:
        verdict = {True: "yes", False: "**no**", None: ""}[r.holds]
        lines.append(f"| {r.what} | {r.value} | {r.threshold} | {verdict} |")
    lines += [
        "",
        "| AU12 amplitude | IMAGE: latency error | kept | VIDEO: latency error | kept |",
        "|---|---|---|---|---|",
    ]
    for size, (a, b, c, d) in sorted(smooth.items()):
        lines.append(
            f"| {size:g} | {a:+.0f} ms | {100 * b:.0f} % | {c:+.0f} ms | {100 * d:.0f} % |"
        )
    return "\n".join(lines)


def into_docs(text: str, page: Path) -> None:
    """Put the tables between the page's two marks."""
    start, end = "<!-- accuracy: begin -->", "<!-- accuracy: end -->"
    old = page.read_text(encoding="utf-8")
    head, rest = old.split(start)
    tail = rest.split(end)[1]
    page.write_text(f"{head}{start}\n{text}\n{end}{tail}", encoding="utf-8")


def main() -> None:
    """Measure, print, and write the docs; leave with 1 when a threshold does not hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="two people; nothing is written")
    parser.add_argument("--check", action="store_true", help="all people; nothing is written")
    options = parser.parse_args()
    people = 2 if options.quick else 6
    rows = rows_of(*collect(people))
    refused = no_face_is_refused()
    seen = "refused" if refused else "numbers"
    rows.append(Row("control: a video without a face", seen, "refused", refused))
    smooth = smoothing(min(people, 4))
    text = markdown(rows, smooth)
    print(text)
    if not options.quick and not options.check:
        (DOCS / "figures").mkdir(exist_ok=True)
        draw(smooth, DOCS / "figures" / "video_mode.svg")
        into_docs(text, DOCS / "accuracy.md")
    missed = [r.what for r in rows if r.holds is False]
    new = [m for m in missed if not m.startswith(KNOWN_MISSES)]
    print("thresholds missed that docs/accuracy.md does not explain:", new or "none")
    raise SystemExit(1 if new else 0)


if __name__ == "__main__":
    main()
