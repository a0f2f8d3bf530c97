"""How well action units are measured on rendered heads: the figures of docs/validity.md.

    python -m benchmarks.action_units            tables on standard output, pictures into docs/

With MIMICRY_TEST_DATA set, the figures of the two real clips are printed as well.

Identities, and the second rig, that took no part in fitting the unmixing matrix. Rendered heads
give upper bounds: nothing here is agreement with FACS coders or EMG.
"""

import json
import os
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.fit_unmixing import changes
from benchmarks.rendered_faces import RAMP, RAMPED, SWAY_HZ, UNITS, FaceSet, load
from mimicry.action_units import ACTION_UNITS, measure
from mimicry.action_units.definitions import columns
from mimicry.action_units.unmixing import unmixing
from mimicry.kernels.smooth import gaussian_smooth
from mimicry.records import ActionUnitTrack, LandmarkTrack, ScoringSettings
from mimicry.records.blendshapes import BLENDSHAPE_NAMES
from mimicry.timeline.masking import masked

FIGURES = Path(__file__).resolve().parents[1] / "docs" / "figures"
RATE_HZ = 10.0
SMOOTH_S = 0.1  # the default for amplitudes
READ = tuple(u.code for u in ACTION_UNITS if u.code != "AU45")
Array = NDArray[np.float64]


def as_track(points_px: NDArray[np.float32], blendshapes: NDArray[np.float32], rate_hz: float):
    """Landmarks of one identity as a recording."""
    n = len(points_px)
    return LandmarkTrack(
        times_s=np.arange(n) / rate_hz,
        points_px=points_px,
        blendshapes=blendshapes,
        head_pose=np.full((n, 4, 4), np.nan),
        image_size_px=(640, 480),
        luminance=np.full(n, np.nan),
        sharpness=np.full(n, np.nan),
    )


def people(
    faces: FaceSet, rate_hz: float = RATE_HZ, *, average_pose: bool = False
) -> Iterator[tuple[ActionUnitTrack, list]]:
    """Each identity measured as one recording; its neutral face is the frames at rest.

    With `average_pose` no frame serves to fit the head's own leak.
    """
    for who in np.unique(faces.identity):
        own = np.flatnonzero(faces.identity == who)
        listed = [faces.shots[k] for k in own]
        track = as_track(faces.points_px[own], faces.blendshapes[own], rate_hz)
        rest = [
            (t - 1e-6, t + 1e-6)
            for t, s in zip(track.times_s, listed, strict=True)
            if not any(s.units.values()) and max(map(abs, s.pose)) < 5 and not any(s.gaze)
        ]
        busy = [
            (t - 1e-6, t + 1e-6)
            for t, s in zip(track.times_s, listed, strict=True)
            if average_pose or any(v for u, v in s.units.items() if u != "AU45")
        ]
        yield measure(track, neutral=rest, exclude_from_pose_fit=busy), listed


def reading(units: ActionUnitTrack, name: str) -> Array:
    """An action unit; lid closure as a whole, since the frames here are no film."""
    return units.of("AU43") + units.of("AU45") if name == "AU43" else units.of(name)


def crosstalk(faces: FaceSet) -> Array:
    """(UNITS, READ) median over identities of what a full movement reads as."""
    rows = []
    for units, listed in people(faces):
        rest = np.array([not s.units for s in listed])
        row = np.full((len(UNITS), len(READ)), np.nan)
        for i, name in enumerate(UNITS):
            shown = np.array([s.units == {name: 1.0} for s in listed])
            if shown.any():
                row[i] = [
                    reading(units, r)[shown].mean() - np.median(reading(units, r)[rest])
                    for r in READ
                ]
        rows.append(row)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # what a rig lacks stays NaN
        return np.nanmedian(rows, axis=0)


def parted_lips() -> dict[str, float]:
    """How far a full movement of each unit parts the lips of the head itself, in AU25.

    No landmark is involved: the gap between the lips of the mesh, in gaps of a full AU25.
    """
    from mimicry.synthetic import identities, performance
    from mimicry.synthetic.head import head_pack, measures
    from mimicry.synthetic.scene import head_points

    person = identities(77, 1)[0]

    def gap(**units: float) -> float:
        play = performance([0.0], {name: [size] for name, size in units.items()})
        return max(measures(head_points(person, play, 0), head_pack().material)["lip_gap"], 0.0)

    full = gap(AU25=1.0) - gap()
    return {name: round((gap(**{name: 1.0}) - gap()) / full, 2) for name in UNITS}


def doses(faces: FaceSet) -> dict[str, dict[str, float]]:
    """Linearity of each unit: medians over identities, and the worst of them."""
    found: dict[str, list[tuple[float, float, float, float]]] = {}
    for units, listed in people(faces):
        rest = np.array([not s.units for s in listed])
        for name in RAMPED:
            x, y = [0.0], [float(np.median(reading(units, name)[rest]))]
            for size in RAMP:
                shown = np.array([s.units == {name: size} for s in listed])
                if shown.any():
                    x.append(size)
                    y.append(float(reading(units, name)[shown].mean()))
            if len(x) < 4:
                continue
            a, b = np.array(x), np.array(y)
            up = (a > 0) & (b > 0)
            slope = np.polyfit(np.log(a[up]), np.log(b[up]), 1)[0] if up.sum() > 3 else np.nan
            tenth = b[a == 0.1][0] / b[-1]
            found.setdefault(name, []).append((np.corrcoef(a, b)[0, 1] ** 2, slope, b[-1], tenth))
    out = {}
    for name, rows in found.items():
        r2, slope, full, tenth = np.array(rows).T
        out[name] = {
            "r2": np.median(r2), "r2_min": r2.min(), "loglog": np.nanmedian(slope),
            "full": np.median(full), "full_min": full.min(), "full_max": full.max(),
            "tenth": np.median(tenth), "tenth_min": tenth.min(), "tenth_max": tenth.max(),
        }  # fmt: skip
    return {k: {a: round(float(b), 3) for a, b in v.items()} for k, v in out.items()}


def combined(faces: FaceSet) -> dict[str, dict[str, float]]:
    """What one side alone and brows raised and knitted together read as, median."""
    reads = {
        "AU12_L": ("AU12_L", "AU12_R"),
        "AU12_R": ("AU12_R", "AU12_L"),
        "AU01 AU04": ("AU01", "AU04", "AU02"),
    }
    rows: dict[str, list[list[float]]] = {name: [] for name in reads}
    for units, listed in people(faces):
        rest = np.array([not s.units for s in listed])
        for name, read in reads.items():
            shown = np.array([s.units == dict.fromkeys(name.split(), 1.0) for s in listed])
            rows[name].append(
                [float(units.of(r)[shown].mean() - np.median(units.of(r)[rest])) for r in read]
            )
    return {
        name: dict(zip(reads[name], np.median(found, axis=0).round(2).tolist(), strict=True))
        for name, found in rows.items()
    }


def resting_brows() -> dict[str, float]:
    """`browInnerUp` of the neutral faces: lowest, median and highest head."""
    at = BLENDSHAPE_NAMES.index("browInnerUp")
    found = [
        float(np.median(faces.blendshapes[faces.where() & (faces.identity == who), at]))
        for faces in map(load, ("train", "unseen", "second"))
        for who in np.unique(faces.identity)
    ]
    found.sort()
    return {
        "heads": len(found), "lowest": found[0], "median": float(np.median(found)),
        "highest": found[-1],
    }  # fmt: skip


def matrix_alone(faces: FaceSet) -> Array:
    """(T, A) action units before the head's turn and explained brows are taken out."""
    return changes(faces) @ unmixing()


def bare_frown(faces: FaceSet) -> dict[str, float]:
    """What a full frown reads before the one-sided step: median over identities."""
    units, shown = matrix_alone(faces), faces.where(AU04=1.0)
    people_ = [shown & (faces.identity == who) for who in np.unique(faces.identity)]
    return {
        name: round(float(np.median([units[p, columns().index(name)].mean() for p in people_])), 2)
        for name in ("AU01", "AU02", "AU04")
    }


def turns(
    faces: FaceSet, degrees: float = 20.0, *, taken_out: str = "own"
) -> dict[str, dict[str, float]]:
    """Largest reading of a neutral face at +-20 degrees: median over identities.

    `taken_out` is what was taken out for the turn: ``"nothing"``, the ``"average"`` leak, or
    the one fitted on the head's ``"own"`` sweep.
    """
    rows: dict[str, list[list[float]]] = {name: [] for name in READ}
    bare, start = matrix_alone(faces), 0
    for units, listed in people(faces, average_pose=taken_out == "average"):
        own = slice(start, start := start + len(listed))
        for name in READ:
            values = reading(units, name)
            if taken_out == "nothing":
                values = bare[own, columns().index(name)]
            at = [
                np.array([abs(s.pose[k]) == degrees and np.count_nonzero(s.pose) == 1
                          for s in listed])
                for k in range(3)
            ]  # fmt: skip
            rows[name].append([float(np.abs(values[each]).max()) for each in at])
    return {
        name: dict(
            zip(("pitch", "yaw", "roll"), np.median(r, axis=0).round(3).tolist(), strict=True)
        )
        for name, r in rows.items()
    }


def real_clips(folder: Path) -> dict[str, dict[str, float]]:
    """A person at rest (SD of each unit) and the strongest smile of another one."""
    from mimicry.landmarks import extract_landmarks

    rest = measure(extract_landmarks(folder / "ow_baseline.mp4"))
    smile = measure(extract_landmarks(folder / "single_face.mp4"))
    order = np.argsort(smile.of("AU12"))
    change = {
        name: np.median(smile.of(name)[order[-10:]]) - np.median(smile.of(name)[order[:15]])
        for name in ("AU01", "AU02", "AU04", "AU06", "AU10", "AU12")
    }
    return {
        "rest_sd": {n: round(float(np.nanstd(rest.of(n))), 3) for n in READ},
        "frame_to_frame": {"AU12": round(float(np.diff(rest.of("AU12")).std() / 2**0.5), 4)},
        "smile": {name: round(float(value), 2) for name, value in change.items()},
    }


def noise(faces: FaceSet) -> dict[str, float]:
    """SD of single frames at rest (sensor noise, small shifts): median over identities."""
    rows = [
        [reading(units, name)[np.array([not s.units for s in listed])].std() for name in READ]
        for units, listed in people(faces)
    ]
    return {n: round(float(v), 3) for n, v in zip(READ, np.median(rows, axis=0), strict=True)}


def sway(faces: FaceSet) -> dict[str, dict[str, float]]:
    """Correlation with the truth while the head sways and blinks.

    Frame by frame, and smoothed as amplitudes are before they are scored.
    """
    rows: dict[str, list[float]] = {}
    for units, listed in people(faces, SWAY_HZ):
        kept = masked(units, ScoringSettings({}))
        for name in ("AU12", "AU04"):
            truth = np.array([s.units[name] for s in listed])
            smooth = gaussian_smooth(units.times_s, kept.of(name), SMOOTH_S)
            for label, values in (
                (name, kept.of(name)),
                (f"{name}_unmasked", units.of(name)),
                (f"{name}_smoothed", smooth),
            ):
                there = np.isfinite(values)
                r = float(np.corrcoef(values[there], truth[there])[0, 1])
                rows.setdefault(label, []).append(r)
    return {k: {"median": round(float(np.median(v)), 3), "worst": round(min(v), 3)}
            for k, v in rows.items()}  # fmt: skip


def draw_crosstalk(table: Array, path: Path) -> None:
    """Matrix of shown against read units."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 7.5), layout="constrained")
    axes = figure.add_subplot()
    image = axes.imshow(table, cmap="RdBu_r", vmin=-1.2, vmax=1.2)
    axes.set_xticks(range(len(READ)), [r[2:] for r in READ])
    axes.set_yticks(range(len(UNITS)), UNITS)
    axes.set_xlabel("read as AU")
    axes.set_ylabel("shown at full size")
    for (i, j), value in np.ndenumerate(table):
        if np.isfinite(value) and abs(value) >= 0.05:
            shade = "white" if abs(value) > 0.7 else "black"
            axes.text(j, i, f"{value:.1f}", ha="center", va="center", fontsize=7, color=shade)
    figure.colorbar(image, label="units read per unit shown", shrink=0.8)
    figure.savefig(path, dpi=130)


def draw_doses(faces: FaceSet, path: Path) -> None:
    """Dose-response curves of every identity."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(11, 8), layout="constrained")
    panels = figure.subplots(3, 6, sharex=True, sharey=True).ravel()
    for units, listed in people(faces):
        rest = np.array([not s.units for s in listed])
        for panel, name in zip(panels, RAMPED, strict=False):
            zero = float(np.median(reading(units, name)[rest]))
            y = [
                reading(units, name)[np.array([s.units == {name: d} for s in listed])].mean()
                for d in RAMP
            ]
            panel.plot([0, *RAMP], [zero, *y], color="#33658a", alpha=0.7, lw=1.2)
    for panel, name in zip(panels, RAMPED, strict=False):
        panel.plot([0, 1], [0, 1], color="0.6", lw=0.8, ls="--")
        panel.set_title(name, fontsize=9)
        panel.set_ylim(-0.4, 1.7)
    for panel in panels[len(RAMPED) :]:
        panel.set_axis_off()
    figure.supxlabel("shown")
    figure.supylabel("read")
    figure.savefig(path, dpi=130)


def main() -> None:
    """Print all tables; draw both pictures."""
    FIGURES.mkdir(parents=True, exist_ok=True)
    unseen = load("unseen")
    for label, faces in (("second rig", load("second")), ("unseen identities", unseen)):
        table = crosstalk(faces)
        print(f"cross-talk, {label} (rows shown, columns read)")
        print("      ", "".join(f"{r[2:]:>6}" for r in READ))
        for name, row in zip(UNITS, table, strict=True):
            if np.isfinite(row).any():
                print(f"{name:<7}", "".join(f"{v:6.2f}" for v in row))
    draw_crosstalk(table, FIGURES / "crosstalk.png")
    ramps = load("ramps_unseen")
    draw_doses(ramps, FIGURES / "dose-response.png")
    report = {
        "lips_parted_on_the_head": parted_lips(),
        "doses_unseen": doses(ramps),
        "doses_second_rig": doses(load("ramps_second")),
        "combined": combined(unseen),
        "frown_before_the_one_sided_step": bare_frown(unseen),
        "resting_browInnerUp": resting_brows(),
        "turns_20_deg": {
            kind: turns(load("turn_unseen"), taken_out=kind)
            for kind in ("nothing", "average", "own")
        },
        "noise_one_frame": noise(ramps),
        "sway": sway(load("sway_unseen")),
    }
    if "MIMICRY_TEST_DATA" in os.environ:
        report["real_clips"] = real_clips(Path(os.environ["MIMICRY_TEST_DATA"]) / "clips")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
