"""One recording, resumable: the only place (with ``batch`` and ``cli``) that joins the stages.

:func:`score_recording` reads and checks first what it is given (:mod:`.plan`: events, protocol,
stimuli, clock). Then the recording passes each room once, in this order:

1. ``landmarks``: frames (``capture``) to landmarks, written as they come
   (:mod:`.landmark_source`); a landmark file or a table of action units begins further down.
2. ``action_units``: landmarks to action units, their table and quality file (:mod:`.extraction`);
   :mod:`.measured` reads them back.
3. ``timeline``: which frames may be used, and the trials cut out on the clock of the stimulus.
4. ``scoring``: aligned trials to scores of trials and conditions.
5. ``report``: the page, from the records of 2 to 4 (not in a blind study).

:mod:`.scores` holds this sequence, :mod:`.score_files` writes the results at its end.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mimicry.pipeline.extraction import Extraction, extract, extract_recording
    from mimicry.pipeline.scores import ScoredRecording, score, score_recording

__all__ = [
    "Extraction",
    "ScoredRecording",
    "extract",
    "extract_recording",
    "score",
    "score_recording",
]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'mimicry.pipeline' has no attribute {name!r}")
    # extraction alone needs neither protocols nor statistics, and starts in half the time
    home = "scores" if name in ("ScoredRecording", "score", "score_recording") else "extraction"
    return getattr(import_module(f"mimicry.pipeline.{home}"), name)
