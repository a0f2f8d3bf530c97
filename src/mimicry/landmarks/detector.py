"""The one file that knows MediaPipe: an image in, faces out.

IMAGE mode with two faces: every image is measured for itself, so a result depends on no other
frame, and nothing is smoothed. (VIDEO mode with one face filters the landmarks and delays small
movements by up to several hundred milliseconds.)

The library turns each result into some 500 Python objects. The same numbers are read here from
the result's memory. That is done only for library versions whose memory layout is known, and
only after both ways gave the same bits on a real face; otherwise the public way is used.
"""

import ctypes
import sys
import types
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from mimicry.errors import IntegrityError
from mimicry.kernels.pictures import packed
from mimicry.landmarks.guard import is_guarded
from mimicry.records.blendshapes import BLENDSHAPE_NAMES

__all__ = ["MAX_FACES", "N_LANDMARKS", "FaceDetector", "Faces"]

MAX_FACES = 2
N_LANDMARKS = 478
_KNOWN_LAYOUT = ((0, 10, 30), (0, 10, 34))  # versions from, and before


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """The faces of one image, in the library's order.

    Parameters
    ----------
    points
        (n, 478, 3) float32: x in image widths, y in image heights, z in image widths.
    blendshapes
        (n, 52) float32.
    head_pose
        (n, 4, 4) float32.
    """

    points: NDArray[np.float32]
    blendshapes: NDArray[np.float32]
    head_pose: NDArray[np.float32]

    def equals(self, other: "Faces") -> bool:
        """Tell whether every bit is the same."""
        return all(
            np.array_equal(getattr(self, name), getattr(other, name), equal_nan=True)
            for name in ("points", "blendshapes", "head_pose")
        )


class FaceDetector:
    """MediaPipe's face landmarker in IMAGE mode. One a process.

    Parameters
    ----------
    model
        The checked model file.
    raw
        Read results from memory where that is possible.

    Raises
    ------
    RuntimeError
        When the process is not behind the network guard.

    Attributes
    ----------
    backend
        ``"raw"``, ``"public"``, or ``"unproven"`` as long as no face has been seen.
    """

    def __init__(self, model: Path, *, raw: bool = True) -> None:
        if not is_guarded():
            raise RuntimeError("refusing to load the landmark library without the network guard")
        _skip_needless_imports()
        import mediapipe as mp
        from mediapipe.tasks.python.vision import face_landmarker

        self.version = version("mediapipe")
        self._mp: Any = mp
        self._library: Any = face_landmarker
        self._landmarker: Any = face_landmarker.FaceLandmarker.create_from_options(
            face_landmarker.FaceLandmarkerOptions(
                base_options=mp.tasks.BaseOptions(model_asset_path=str(model)),
                running_mode=mp.tasks.vision.RunningMode.IMAGE,
                num_faces=MAX_FACES,
                output_face_blendshapes=True,
                output_facial_transformation_matrixes=True,
            )
        )
        self.backend = "unproven" if raw and _layout_known(self.version) else "public"
        if self.backend == "unproven":
            self._bind_raw()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._landmarker.close()

    def detect(self, rgb: NDArray[np.uint8]) -> Faces:
        """Return the faces of an (H, W, 3) uint8 image; none: arrays of length 0."""
        image = self._mp.Image(image_format=self._mp.ImageFormat.SRGB, data=packed(rgb))
        if self.backend == "raw":
            return self._detect_raw(image)
        if self.backend == "public":
            return self._detect_public(image)
        return self._prove(image)

    def _prove(self, image: Any) -> Faces:
        """Take both ways; settle on one at the first face."""
        judge = self._detect_public(image)
        same = self._detect_raw(image).equals(judge)
        if not same:
            self.backend = "public"
        elif len(judge.points):
            self.backend = "raw"
        return judge

    def _detect_public(self, image: Any) -> Faces:
        result = self._landmarker.detect(image)
        names = {tuple(c.category_name for c in shapes) for shapes in result.face_blendshapes}
        if names - {BLENDSHAPE_NAMES}:
            raise IntegrityError(
                f"MediaPipe {self.version} gives other blendshapes than the 52 known ones",
                hint="Install a supported version: pip install 'mediapipe>=0.10.30,<0.10.34'",
            )
        points = [[(p.x, p.y, p.z) for p in face] for face in result.face_landmarks]
        shapes = [[c.score for c in face] for face in result.face_blendshapes]
        return Faces(
            np.array(points, np.float32).reshape(-1, N_LANDMARKS, 3),
            np.array(shapes, np.float32).reshape(-1, len(BLENDSHAPE_NAMES)),
            np.array(result.facial_transformation_matrixes, np.float32).reshape(-1, 4, 4),
        )

    def _bind_raw(self) -> None:
        from mediapipe.tasks.python.components.containers import category_c, landmark_c
        from mediapipe.tasks.python.core import mediapipe_c_bindings

        self._c: Any = mediapipe_c_bindings.load_raw_library()
        self._result_type: Any = self._library.FaceLandmarkerResultC
        self._landmark_floats = ctypes.sizeof(landmark_c.NormalizedLandmarkC) // 4
        self._category_floats = ctypes.sizeof(category_c.CategoryC) // 4

    def _detect_raw(self, image: Any) -> Faces:
        result, message = self._result_type(), ctypes.c_char_p()
        status = self._c.MpFaceLandmarkerDetectImage(
            self._landmarker._handle,
            image._image_ptr,
            None,
            ctypes.byref(result),
            ctypes.byref(message),
        )
        if status:
            raise RuntimeError(f"the landmark library failed with status {status}")
        try:
            return self._read_raw(result)
        finally:
            self._c.MpFaceLandmarkerCloseResult(ctypes.byref(result))

    def _read_raw(self, result: Any) -> Faces:
        """Copy the numbers out of the result's memory before the library frees it."""
        n = result.face_landmarks_count
        points = np.empty((n, N_LANDMARKS, 3), np.float32)
        shapes = np.empty((n, len(BLENDSHAPE_NAMES)), np.float32)
        poses = np.empty((n, 4, 4), np.float32)
        for k in range(n):
            face = result.face_landmarks[k]
            shape = result.face_blendshapes[k]
            pose = result.facial_transformation_matrixes[k]
            points[k] = _floats(face.landmarks, face.landmarks_count, self._landmark_floats)[:, :3]
            scores = _floats(shape.categories, shape.categories_count, self._category_floats)
            shapes[k] = scores[:, 1]
            poses[k] = _floats(pose.data, pose.cols, pose.rows).T
        return Faces(points, shapes, poses)


def _floats(pointer: Any, rows: int, columns: int) -> NDArray[np.float32]:
    """View `rows` records of `columns` 4-byte words at a C pointer as float32."""
    address = ctypes.cast(pointer, ctypes.c_void_p).value
    if address is None:
        return np.empty((0, columns), np.float32)
    buffer = (ctypes.c_float * (rows * columns)).from_address(address)
    return np.ctypeslib.as_array(buffer).reshape(rows, columns)


def _layout_known(installed: str) -> bool:
    parts = tuple(int(p) for p in installed.split(".")[:3] if p.isdigit())
    lowest, beyond = _KNOWN_LAYOUT
    return lowest <= parts < beyond and ctypes.sizeof(ctypes.c_void_p) == 8


def _skip_needless_imports() -> None:
    """Keep plotting and sound out of this process; MediaPipe imports but never needs them here."""
    for name in ("matplotlib", "matplotlib.pyplot", "sounddevice"):
        sys.modules.setdefault(name, types.ModuleType(name))
