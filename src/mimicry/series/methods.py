"""Methods that give no lag matrix, with their default settings and sources, as data.

The functions are called directly; this table says which there are and on what their defaults
rest. Seconds are seconds of the recording, samples are samples of its grid.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

__all__ = ["METHODS", "MethodPreset"]


@dataclass(frozen=True, slots=True)
class MethodPreset:
    """A method, its settings and where they come from."""

    name: str
    function: str
    settings: Mapping[str, Any]
    question: str
    source: str

    def load(self) -> Callable[..., Any]:
        """Return the function."""
        module, name = self.function.split(":")
        function: Callable[..., Any] = getattr(import_module(module), name)
        return function


_ALL = (
    MethodPreset(
        "coherence",
        "mimicry.kernels.coherence:coherence",
        {"window_s": 20.0, "band_hz": (0.05, 2.0)},
        "at which rhythms do two people move together, whatever the lag?",
        "band of Fujiwara and Daibo 2016, doi 10.3389/fpsyg.2016.00516; Welch's average",
    ),
    MethodPreset(
        "events",
        "mimicry.kernels.event_match:match_events",
        {"answer_s": (0.2, 2.0)},
        "how many events of one face are answered by the other's, beyond chance?",
        "Bilakhia and colleagues 2013 (matching of onsets); window in use for faces",
    ),
    MethodPreset(
        "fir",
        "mimicry.kernels.deconvolve:fir_response",
        {"ridge": 0.0},
        "what does the response to each of many overlapping events look like?",
        "linear deconvolution, Ehinger and Dimigen 2019, doi 10.7717/peerj.7838; bins of "
        "50-100 ms over 2 s are usual for faces",
    ),
    MethodPreset(
        "intersubject",
        "mimicry.statistics.intersubject:intersubject_correlation",
        {"min_shift_s": 20.0},
        "do viewers of one film respond at the same moments?",
        "leave-one-out correlation; circular shifts of each viewer by 20 s or more",
    ),
    MethodPreset(
        "warping",
        "mimicry.kernels.warping:warping_distance",
        {},
        "how alike are two courses when small shifts in time are forgiven?",
        "band of Sakoe and Chiba 1978, at most 1 s for faces; refused without movement",
    ),
)

METHODS = {method.name: method for method in _ALL}
