"""The camera's own faults, laid over a rendered picture: exposure, blur, noise, colour."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.chance import generator
from mimicry.synthetic import raster
from mimicry.synthetic.head import Identity
from mimicry.synthetic.motion import Performance
from mimicry.synthetic.scene import Scene, View

__all__ = ["Faults", "render_frames"]


@dataclass(frozen=True, slots=True)
class Faults:
    """What a camera does to the light that reaches it.

    Parameters
    ----------
    exposure
        Factor on the light, after which bright parts clip.
    white_balance
        Factors on r, g, b.
    blur_px
        Standard deviation of a Gaussian blur, in pixels.
    noise
        Standard deviation of the noise, in steps of 0..255, drawn anew in every frame.
    """

    exposure: float = 1.0
    white_balance: tuple[float, float, float] = (1.0, 1.0, 1.0)
    blur_px: float = 0.0
    noise: float = 0.0


def _curve() -> NDArray[np.float32]:
    """Return the sRGB value 0..255 of linear light 0..1."""
    x = np.linspace(0, 1, 1 << 14)
    y = np.where(x <= 0.0031308, 12.92 * x, 1.055 * x ** (1 / 2.4) - 0.055)
    return np.asarray(255 * y, dtype=np.float32)


_CURVE = _curve()


def _seen(
    light: NDArray[np.float32], faults: Faults, rng: np.random.Generator
) -> NDArray[np.uint8]:
    gain = np.array(faults.white_balance, dtype=np.float32) * np.float32(faults.exposure)
    if faults.blur_px > 0:
        import cv2

        light = np.asarray(cv2.GaussianBlur(light, (0, 0), faults.blur_px), dtype=np.float32)
    noise = np.zeros((0, 0, 0), dtype=np.float32)
    if faults.noise > 0:
        noise = np.float32(faults.noise) * rng.standard_normal(light.shape, dtype=np.float32)
    return np.asarray(raster.develop(light, gain, _CURVE, noise))


def render_frames(
    identity: Identity,
    movement: Performance,
    *,
    view: View | None = None,
    faults: Faults | None = None,
    seed: int = 0,
    rig: str = "faceunits01",
) -> Iterator[NDArray[np.uint8]]:
    """Yield the (H, W, 3) RGB pictures of a performance, one for each time.

    Parameters
    ----------
    identity
        Who is shown.
    movement
        What the face does.
    view, faults
        Camera and light, and the camera's faults.
    seed
        Of the sensor noise.
    rig
        ``"faceunits01"``, or ``"second"`` for the independent set of movements.
    """
    scene = Scene(identity, view or View(), rig)
    faults = faults or Faults()
    for k in range(len(movement)):
        rng = generator(seed, k)
        yield _seen(scene.picture(movement, k), faults, rng)
