"""Pictures on their way to code that is not Python.

Decoders hand out pictures whose rows end in padding; slices and flips of pictures have gaps or
run backwards. Libraries that get a bare address read such a picture askew, without an error.
Every picture that is handed to a detector or an encoder goes through :func:`packed`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["packed"]


def packed(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a picture whose rows follow each other in memory without a gap.

    Parameters
    ----------
    picture
        (H, W) or (H, W, 3) uint8, in whatever order it lies in memory.

    Returns
    -------
    NDArray
        The picture itself where it is packed already, else a copy.
    """
    if picture.dtype != np.uint8 or not (picture.ndim == 2 or picture.shape[2:] == (3,)):
        raise ValueError(f"no picture: {picture.dtype} of shape {picture.shape}")
    return np.ascontiguousarray(picture)
