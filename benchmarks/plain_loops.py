"""The loops that a user would write around MediaPipe, and the bare networks; one a process.

``python -m benchmarks.plain_loops image|video|nets VIDEO FRAMES``
"""

import sys
import zipfile
from pathlib import Path

import numpy as np

from mimicry.landmarks.model_file import bundled_model


def image(path: str, frames: int) -> None:
    """Decode with OpenCV, detect in IMAGE mode; nothing is done with the results."""
    _loop(path, frames, "IMAGE")


def video(path: str, frames: int) -> None:
    """The same in VIDEO mode."""
    _loop(path, frames, "VIDEO")


def _loop(path: str, frames: int, mode: str) -> None:
    import cv2
    import mediapipe as mp

    vision = mp.tasks.vision
    options = vision.FaceLandmarkerOptions(
        base_options=mp.tasks.BaseOptions(model_asset_path=str(bundled_model())),
        running_mode=vision.RunningMode[mode],
        output_face_blendshapes=True,
        output_facial_transformation_matrixes=True,
    )
    capture = cv2.VideoCapture(path)
    with vision.FaceLandmarker.create_from_options(options) as landmarker:
        for k in range(frames):
            good, bgr = capture.read()
            if not good:
                break
            rgb = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB)
            picture = mp.Image(image_format=mp.ImageFormat.SRGB, data=rgb)
            if mode == "IMAGE":
                landmarker.detect(picture)
            else:
                landmarker.detect_for_video(picture, k * 33)


def nets(_path: str, frames: int) -> None:
    """The landmark, blendshape and detector networks alone, one thread, no picture work."""
    from ai_edge_litert.interpreter import Interpreter

    for interpreter in [_network(Interpreter, name) for name in _networks()]:
        rng = np.random.default_rng(0)
        shape = interpreter.get_input_details()[0]
        data = rng.uniform(0, 1, shape["shape"]).astype(shape["dtype"])
        interpreter.set_tensor(shape["index"], data)
        for _ in range(frames):
            interpreter.invoke()


def _networks() -> list[str]:
    with zipfile.ZipFile(bundled_model()) as bundle:
        return [name for name in bundle.namelist() if name.endswith(".tflite")]


def _network(kind: type, name: str) -> "object":
    with zipfile.ZipFile(bundled_model()) as bundle:
        interpreter = kind(model_content=bundle.read(name), num_threads=1)
    interpreter.allocate_tensors()
    return interpreter


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    {"image": image, "video": video, "nets": nets}[sys.argv[1]](sys.argv[2], int(sys.argv[3]))
