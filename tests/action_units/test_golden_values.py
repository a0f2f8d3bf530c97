"""Every measure and every action unit of three faces, to the last landmark and weight."""

from fractions import Fraction
from importlib.resources import files

import numpy as np
import pytest

from golden_values import same_as_golden
from mimicry.action_units import ACTION_UNITS, columns, measure
from mimicry.action_units.measures import MEASURES
from mimicry.action_units.shape import STABLE_POINTS, face_shape, personal_template
from mimicry.landmarks import extract_landmarks
from mimicry.records import LandmarkTrack

SCORED = ("fit_residual", "scale_px", "gaze_horizontal", "gaze_vertical")


def shaken_face():
    """The canonical face twice: at rest, and with every landmark moved in its own way (cm)."""
    path = files("mimicry.action_units") / "data" / "canonical_face.npz"
    with path.open("rb") as file, np.load(file, allow_pickle=False) as data:
        points = data["points"].astype(float)
    irises = points[[33, 263]] * 0.5 + points[[133, 362]] * 0.5 + [0.1, 0.05, 0.0]
    rest = np.vstack([points, np.zeros((10, 3))])
    rest[[468, 473]] = irises
    k = np.arange(3 * len(rest)).reshape(-1, 3)
    return rest, rest + 0.12 * np.sin(1.7 * k**1.3)


def as_seen(faces):
    points = np.asarray(faces) * [1, -1, -1] * 20.0 + 320
    n = len(points)
    return LandmarkTrack(
        times_s=np.arange(n) / 30,
        points_px=points,
        blendshapes=np.zeros((n, 52)),
        head_pose=np.full((n, 4, 4), np.nan),
        image_size_px=(640, 640),
        luminance=np.full(n, 100.0),
        sharpness=np.full(n, 50.0),
    )


def test_every_measure_of_a_face_whose_landmarks_all_moved():
    shape = face_shape(as_seen(shaken_face()).points_px)
    names = [m.name for m in MEASURES]
    cases = {
        case: dict(zip(names, shape.measures[k], strict=True))
        | dict(zip(("pitch", "yaw", "roll"), shape.pose_deg[k], strict=True))
        | {"eye_span": shape.eye_span[k], "scale_px": shape.scale_px[k]}
        | {"residual": shape.residual[k]}
        | {f"gaze_{i}": g for i, g in enumerate(shape.gaze[k])}
        for k, case in enumerate(("rest", "moved"))
    }
    same_as_golden("measures", cases, atol=2e-5, rtol=1e-6)


def test_every_action_unit_of_a_face_whose_landmarks_all_moved():
    rest, moved = shaken_face()
    faces = [rest] * 60 + [rest + share * (moved - rest) for share in np.repeat([0.2, 0.5, 1], 20)]
    units = measure(as_seen(faces), neutral=[(0, 1)])
    rows = {"a fifth": 69, "half": 89, "all": 109}
    cases = {
        case: {n: units.of(n)[k] for n in units.names} | {n: units.quality[n][k] for n in SCORED}
        for case, k in rows.items()
    }
    same_as_golden("shaken_units", cases, atol=2e-4)


def turned(face, pitch, yaw, roll):
    """The face as :data:`POSE_SIGNS` says, about the middle of the head."""
    a, b, c = np.radians([-pitch, yaw, -roll])
    rx = np.array([[1, 0, 0], [0, np.cos(a), -np.sin(a)], [0, np.sin(a), np.cos(a)]])
    ry = np.array([[np.cos(b), 0, np.sin(b)], [0, 1, 0], [-np.sin(b), 0, np.cos(b)]])
    rz = np.array([[np.cos(c), -np.sin(c), 0], [np.sin(c), np.cos(c), 0], [0, 0, 1]])
    return face @ (rx @ ry @ rz).T


def test_action_units_of_a_head_that_turns_and_comes_nearer():
    """Pose correction, ruler, estimated neutral face and what the provenance says of them."""
    rest, moved = shaken_face()
    t = np.arange(240) / 30
    share = 0.3 * np.clip(np.sin(2 * np.pi * t / 4), 0, 1)
    pose = np.column_stack([8 * np.sin(t), 28 * np.sin(0.7 * t), 12 * np.sin(1.9 * t)])
    near = 1 + 0.2 * np.sin(0.5 * t)
    bent = 1 + 0.0006 * np.abs(pose[:, 1])  # what a turned head leaves in the shape
    faces = [
        turned(n * (rest + s * (moved - rest)) * [1, b, 1], *p)
        for s, p, n, b in zip(share, pose, near, bent, strict=True)
    ]
    track = as_seen(faces)
    cases = {}
    for name, choices in {
        "estimated": {},
        "declared": {"neutral": [(0, 0.4)], "exclude_from_pose_fit": [(2.0, 3.0)]},
    }.items():
        units = measure(track, **choices)
        for k in (10, 75, 150, 239):
            cases[f"{name} {k}"] = {n: units.of(n)[k] for n in units.names} | {
                n: units.quality[n][k] for n in (*SCORED, "pose_ok", "plausible", "blink", "speech")
            }
            cases[f"{name} {k} pose"] = dict(zip("pyr", units.pose_deg[k], strict=True))
        cases[f"{name} said"] = plain(units.provenance["action_units"])
    same_as_golden("turned_units", cases, atol=3e-4, rtol=1e-5)


def plain(value, name=""):
    """Numbers and words of a nested description."""
    if isinstance(value, dict):
        return {
            k: v for key, each in value.items() for k, v in plain(each, f"{name}.{key}").items()
        }
    if isinstance(value, list | tuple):
        return {k: v for i, each in enumerate(value) for k, v in plain(each, f"{name}.{i}").items()}
    return {name.lstrip("."): value}


def test_every_column_says_what_one_is():
    units = measure(as_seen([shaken_face()[0]] * 3)).units
    assert sorted(units) == sorted(columns())
    by_code = {unit.code: unit.unit for unit in ACTION_UNITS}
    assert all(text == by_code[name[:4]] for name, text in units.items())


def test_without_a_face_the_template_is_the_canonical_one():
    rest, _ = shaken_face()
    template = personal_template(as_seen([rest * np.nan]).points_px)
    np.testing.assert_allclose(template, rest[list(STABLE_POINTS)], atol=1e-6)


def test_stable_points_are_the_same_on_both_sides():
    rest, _ = shaken_face()
    stable = rest[list(STABLE_POINTS)]
    partner = np.linalg.norm(stable[:, None] - stable * [-1, 1, 1], axis=2).min(axis=1)
    assert partner.max() < 0.05


def test_every_action_unit_of_a_real_smile(smiler):
    """Medians over parts of a second; other processors change them in the third digit."""
    units = measure(smiler)
    parts = {"rest": (0.1, 0.45), "rise": (0.6, 0.8), "smile": (1.2, 2.0)}
    cases = {}
    for case, (start, end) in parts.items():
        chosen = (units.times_s >= start) & (units.times_s < end)
        values = {n: np.median(units.of(n)[chosen]) for n in units.names}
        values |= {n: np.median(units.quality[n][chosen]) for n in SCORED if n != "scale_px"}
        cases[case] = values
    same_as_golden("real_smile", cases, atol=0.012)


@pytest.mark.slow
def test_every_action_unit_of_a_rendered_head(tmp_path):
    import av

    from mimicry.synthetic import identities, performance, render_frames

    shown = [{}, {}, {}, {"AU01": 0.7, "AU12_L": 1.0, "AU12_R": 0.6}, {"AU04": 0.8, "AU20": 0.7},
             {"AU09": 0.8, "AU26": 0.8}, {"AU02": 0.6, "AU15": 0.8, "AU43": 0.7}]  # fmt: skip
    units = {n: [each.get(n, 0.0) for each in shown] for n in sorted({n for e in shown for n in e})}
    person = identities(2024, 1)[0]
    path = tmp_path / "head.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=10)
        stream.width, stream.height, stream.pix_fmt = 640, 480, "bgr0"
        stream.time_base = Fraction(1, 10)
        for k, picture in enumerate(
            render_frames(person, performance(np.arange(len(shown)) / 10, units))
        ):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = k
            file.mux(stream.encode(frame))
        file.mux(stream.encode())
    read = measure(extract_landmarks(path), neutral=[(0.0, 0.25)])
    cases = {
        " ".join(each): {n: read.of(n)[k] for n in read.names}
        for k, each in enumerate(shown)
        if each
    }
    same_as_golden("rendered_units", cases, atol=0.012)


def test_the_declared_formulas_weights_and_reference_movements():
    """They are read by the fit of the unmixing and by the reader of a table, not by the measure."""
    cases = {
        unit.code: dict(unit.formula)
        | {"full": unit.full, "sided": float(unit.sided), "tier": float(ord(unit.tier))}
        | {"landmarks": float(sum(unit.landmarks)), "unmixed_with": float(len(unit.unmixed_with))}
        for unit in ACTION_UNITS
    }
    same_as_golden("definitions", cases, atol=1e-9)
