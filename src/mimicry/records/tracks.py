"""What was seen on camera: landmarks, and the action units measured from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records.blendshapes import BLENDSHAPE_NAMES
from mimicry.records.frozen import as_times, freeze_arrays, freeze_mappings, unique_names

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ActionUnitTrack", "LandmarkTrack"]


@dataclass(frozen=True, slots=True, eq=False)
class LandmarkTrack:
    """Face landmarks of one face, one row for every decoded frame.

    May hold a whole recording or a chunk of it.

    Parameters
    ----------
    times_s
        (T,) presentation times in seconds, strictly increasing.
    points_px
        (T, L, 3) landmarks in isotropic pixels (x right, y down, z away from the camera);
        a row is NaN where no face was seen.
    blendshapes
        (T, 52) raw blendshape scores 0..1, NaN where no face was seen.
    head_pose
        (T, 4, 4) canonical-face-to-camera transform, NaN where no face was seen.
    image_size_px
        (width, height) of the upright image.
    luminance
        (T,) mean luma 0..255 of the face box (of the image when no face was seen).
    sharpness
        (T,) variance of the Laplacian of the luma in the face box.
    provenance
        What made the track: model, versions, mode, settings. JSON types only.

    Raises
    ------
    ValueError
        When shapes disagree or times do not increase.
    """

    times_s: NDArray[np.float64]
    points_px: NDArray[np.float32]
    blendshapes: NDArray[np.float32]
    head_pose: NDArray[np.float64]
    image_size_px: tuple[int, int]
    luminance: NDArray[np.float32]
    sharpness: NDArray[np.float32]
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", as_times(self.times_s))
        n = len(self.times_s)
        single = {"points_px": (n, None, 3), "blendshapes": (n, len(BLENDSHAPE_NAMES))}
        freeze_arrays(self, {**single, "luminance": (n,), "sharpness": (n,)}, np.float32)
        freeze_arrays(self, {"head_pose": (n, 4, 4)})
        freeze_mappings(self, "provenance")

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(T,) True where a face was seen."""
        return np.asarray(np.isfinite(self.points_px[:, 0, 0]))


@dataclass(frozen=True, slots=True, eq=False)
class ActionUnitTrack:
    """Action-unit intensities of one face, one row for every decoded frame.

    Values are unsmoothed and unmasked; whether a value can be trusted stands in `quality`.

    Parameters
    ----------
    times_s
        (T,) presentation times in seconds.
    intensity
        (T, A) intensities, 1.0 = the declared reference movement; NaN where not measured.
    names
        A names such as ``"AU04"``, ``"AU12"``, ``"AU12_L"`` (L and R are the person's).
    pose_deg
        (T, 3) head pitch, yaw, roll in degrees.
    quality
        Name -> (T,) array. Always there: ``success`` (0/1), ``scale_px``, ``luminance``,
        ``sharpness``, ``blink`` (0/1), ``pose_ok`` (0/1), ``fit_residual``, ``plausible`` (0/1).
    blendshapes
        (T, 52) raw auxiliary scores, or (T, 0) when the source has none.
    units
        Action-unit name -> what 1.0 means.
    provenance
        What made the track. JSON types only.

    Raises
    ------
    ValueError
        When shapes disagree, a name stands twice or times do not increase.
    """

    times_s: NDArray[np.float64]
    intensity: NDArray[np.float64]
    names: tuple[str, ...]
    pose_deg: NDArray[np.float64]
    quality: Mapping[str, NDArray[np.float64]]
    blendshapes: NDArray[np.float32]
    units: Mapping[str, str] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fix = object.__setattr__
        fix(self, "times_s", as_times(self.times_s))
        fix(self, "names", unique_names(self.names))
        n = len(self.times_s)
        shapes = {"intensity": (n, len(self.names)), "pose_deg": (n, 3), "quality": (n,)}
        freeze_arrays(self, shapes)
        freeze_arrays(self, {"blendshapes": (n, None)}, np.float32)
        freeze_mappings(self, "units", "provenance")

    def __len__(self) -> int:
        return len(self.times_s)

    @property
    def tracked(self) -> NDArray[np.bool_]:
        """(T,) True where a face was seen."""
        success = self.quality.get("success")
        if success is None:
            return np.asarray(np.isfinite(self.intensity).any(axis=1))
        return np.asarray(success == 1)

    def of(self, name: str) -> NDArray[np.float64]:
        """Return the (T,) intensity of one action unit.

        Raises
        ------
        KeyError
            When the track does not hold `name`.
        """
        if name not in self.names:
            raise KeyError(
                f"no action unit {name!r} in this track; it holds {', '.join(self.names)}"
            )
        return self.intensity[:, self.names.index(name)]

    def to_frame(self) -> "pd.DataFrame":
        """Return a table: timestamp, pose, action units, quality."""
        import pandas as pd

        columns: dict[str, Any] = {"timestamp": self.times_s}
        for k, axis in enumerate(("pitch", "yaw", "roll")):
            columns[f"pose_{axis}_deg"] = self.pose_deg[:, k]
        columns |= {name: self.intensity[:, k] for k, name in enumerate(self.names)}
        columns |= dict(self.quality)
        return pd.DataFrame(columns)
