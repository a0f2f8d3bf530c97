"""What was shown, and when: stimulus envelopes and the table of trials."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mimicry.records.frozen import as_mapping, as_times, freeze_arrays, unique_names

__all__ = ["StimulusTimeline", "Timelines", "TrialTable"]


@dataclass(frozen=True, slots=True, eq=False)
class StimulusTimeline:
    """Movement of the stimulus face: one envelope per action unit.

    Parameters
    ----------
    times_s
        (n,) seconds from the start of the clip.
    intensity
        (n, A) stimulus intensity at these times (1.0 = the declared reference movement),
        linear in between, constant before the first and after the last.
    names
        A action-unit names.
    onset_s, apex_s, offset_s
        Dynamic onset, start of the apex and start of the fall, seconds from the clip's start.
        NaN offset: the expression is held to the end. A static stimulus has onset = apex = 0.
    stimulus_id
        The id in the stimulus manifest and in the events table.
    identity, emotion
        Whose face is shown, and what it shows; empty when not known.

    Raises
    ------
    ValueError
        When shapes disagree or times do not increase.
    """

    times_s: NDArray[np.float64]
    intensity: NDArray[np.float64]
    names: tuple[str, ...]
    onset_s: float
    apex_s: float
    offset_s: float
    stimulus_id: str
    identity: str = ""
    emotion: str = ""

    def __post_init__(self) -> None:
        fix = object.__setattr__
        fix(self, "times_s", as_times(self.times_s))
        fix(self, "names", unique_names(self.names))
        freeze_arrays(self, {"intensity": (len(self.times_s), len(self.names))})

    def at(self, times_s: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        """Return the envelope of one action unit at clip times; 0 for a unit it does not move."""
        if name not in self.names:
            return np.zeros(np.shape(times_s))
        return np.interp(times_s, self.times_s, self.intensity[:, self.names.index(name)])


#: Stimulus id -> timeline.
Timelines = Mapping[str, StimulusTimeline]


@dataclass(frozen=True, slots=True, eq=False)
class TrialTable:
    """The trials of one recording, in the order in which they were shown.

    Parameters
    ----------
    trial_id, stimulus_id, condition
        K strings each; trial ids differ.
    onset_s
        (K,) start of the clip, seconds on the recording's clock.
    duration_s
        (K,) how long it was shown; NaN when not known.
    columns
        Further design columns (block, phase, identity, ...): name -> K strings.
    source
        The file it was read from, for messages; empty when made in memory.

    Raises
    ------
    ValueError
        When lengths disagree or a trial id stands twice.
    """

    trial_id: tuple[str, ...]
    stimulus_id: tuple[str, ...]
    condition: tuple[str, ...]
    onset_s: NDArray[np.float64]
    duration_s: NDArray[np.float64]
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    source: str = ""

    def __post_init__(self) -> None:
        fix = object.__setattr__
        fix(self, "trial_id", unique_names(self.trial_id, "trial_id"))
        n = len(self.trial_id)
        for name in ("stimulus_id", "condition"):
            fix(self, name, _texts(getattr(self, name), n, name))
        freeze_arrays(self, {"onset_s": (n,), "duration_s": (n,)})
        columns = {k: _texts(v, n, f"column {k}") for k, v in self.columns.items()}
        fix(self, "columns", as_mapping(columns))

    def __len__(self) -> int:
        return len(self.trial_id)


def _texts(values: Iterable[object], n: int, name: str) -> tuple[str, ...]:
    texts = tuple(str(v) for v in values)
    if len(texts) != n:
        raise ValueError(f"{name} has {len(texts)} entries, trial_id has {n}")
    return texts
