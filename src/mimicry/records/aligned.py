"""Trials cut out of a recording, all on one clock that starts at the dynamic onset."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_times, freeze_arrays, freeze_mappings, unique_names
from mimicry.records.timeline import StimulusTimeline, TrialTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["AlignedTrials"]


@dataclass(frozen=True, slots=True, eq=False)
class AlignedTrials:
    """Responses and stimuli of K trials on a common grid of G times, for A action units.

    Nothing in it depends on the condition labels.

    Parameters
    ----------
    trials
        The K trials.
    names
        The A action units that are scored.
    rate_hz
        Samples per second of the grid.
    times_s
        (G,) seconds from the dynamic onset of the stimulus.
    response
        (K, G, A) responses smoothed for amplitudes; NaN where not seen or masked.
    response_fast
        (K, G, A) the same, smoothed less, for lags, latencies and onsets.
    stimulus
        (K, G, A) envelopes of the stimulus shown; 0 for an action unit it does not move.
    timelines
        Stimulus id -> its whole timeline.
    onset_s
        (K,) dynamic onsets, seconds on the recording's clock.
    edges_s
        (B + 1,) edges of the quality bins, from the start of the baseline to the end of the
        primary window.
    frames, tracked, masked
        (K, B) frames in each bin; those with a face; those with a face that is masked (blink,
        head turned away, implausible fit).
    quality
        Name -> (K,) numbers of each trial: ``n_frames``, ``tracked_fraction``, ``max_gap_s``,
        ``fps_effective``, ``pose_max_deg``, ``blink_fraction``, ``speech`` (0/1, in the
        baseline), ``outside`` (0/1, the trial reaches beyond the recording),
        ``overlap`` (0/1, with the clip of another trial), ``duration`` (0/1, not above 0 s).

    Raises
    ------
    ValueError
        When shapes disagree.
    """

    trials: TrialTable
    names: tuple[str, ...]
    rate_hz: float
    times_s: NDArray[np.float64]
    response: NDArray[np.float64]
    response_fast: NDArray[np.float64]
    stimulus: NDArray[np.float64]
    timelines: Mapping[str, StimulusTimeline]
    onset_s: NDArray[np.float64]
    edges_s: NDArray[np.float64]
    frames: NDArray[np.int64]
    tracked: NDArray[np.int64]
    masked: NDArray[np.int64]
    quality: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        fix = object.__setattr__
        fix(self, "names", unique_names(self.names))
        fix(self, "times_s", as_times(self.times_s))
        fix(self, "edges_s", as_times(self.edges_s, "edges_s"))
        n = len(self.trials)
        shape, bins = (n, len(self.times_s), len(self.names)), (n, len(self.edges_s) - 1)
        freeze_arrays(self, dict.fromkeys(("response", "response_fast", "stimulus"), shape))
        freeze_arrays(self, dict.fromkeys(("frames", "tracked", "masked"), bins), np.int64)
        freeze_arrays(self, {"onset_s": (n,), "quality": (n,)})
        freeze_mappings(self, "timelines")

    def __len__(self) -> int:
        return len(self.trials)

    def index(self, name: str) -> int:
        """Return the position of an action unit.

        Raises
        ------
        KeyError
            When it is not scored.
        """
        if name not in self.names:
            raise KeyError(f"no action unit {name!r} here; scored are {', '.join(self.names)}")
        return self.names.index(name)

    def to_frame(self) -> "pd.DataFrame":
        """Return a long table: trial_id, time_s, then response and stimulus of every unit."""
        import pandas as pd

        n_times = len(self.times_s)
        columns: dict[str, Any] = {
            "trial_id": np.repeat(np.array(self.trials.trial_id, dtype=object), n_times),
            "time_s": np.tile(self.times_s, len(self)),
        }
        for k, name in enumerate(self.names):
            columns[name] = self.response[:, :, k].ravel()
            columns[f"{name}_fast"] = self.response_fast[:, :, k].ravel()
            columns[f"{name}_stimulus"] = self.stimulus[:, :, k].ravel()
        return pd.DataFrame(columns)
