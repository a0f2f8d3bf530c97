"""Which analyses a multiverse runs: every combination of the choices in a YAML file."""

import difflib
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

from mimicry.errors import InputError
from mimicry.files import read_text
from mimicry.protocol.positions import parse_yaml
from mimicry.records import ScoringSettings
from mimicry.scoring.nulls import SWAPS
from mimicry.statistics.nulls import PEOPLE_NULLS

__all__ = ["DIMENSIONS", "Grid", "Specification", "read_grid"]

Window = tuple[float, float]

DIMENSIONS = ("baseline", "window", "standardisation", "smoothing", "null")
UNITS = ("raw", "z", "cal")
NULLS = (*PEOPLE_NULLS, "swap", *SWAPS)  # "swap" is the one that the protocol declares
_TOP = ("condition", "block", "grid")
_NULL = re.compile(r"(?<![\w\"'-])null(?=\s*:)")
LONGEST_S = 60.0  # of a window or baseline, from the dynamic onset
MOST = 10_000  # specifications


@dataclass(frozen=True, slots=True)
class Specification:
    """One way of analysing the same recordings."""

    baseline_s: Window
    window: str
    window_s: Window
    standardisation: str
    smoothing_s: float
    null: str

    def labels(self) -> dict[str, str]:
        """Return the choice in every dimension, as shown in tables and figures."""
        span = f"{self.window_s[0]:g} to {self.window_s[1]:g} s"
        return {
            "baseline": f"{self.baseline_s[0]:g} to {self.baseline_s[1]:g} s",
            "window": span if self.window.startswith("own ") else f"{self.window} ({span})",
            "standardisation": self.standardisation,
            "smoothing": f"{self.smoothing_s:g} s",
            "null": self.null,
        }


@dataclass(frozen=True, slots=True)
class Grid:
    """All choices, and what is asked of them."""

    condition: str
    block: str
    baseline: tuple[Window, ...]
    window: Mapping[str, Window]
    standardisation: tuple[str, ...]
    smoothing: tuple[float, ...]
    null: tuple[str, ...]
    declared: Specification

    def __len__(self) -> int:
        return len(list(self.specifications()))

    def measurements(self) -> Iterator[tuple[Window, str, float]]:
        """Yield what needs the recordings again: baseline, window, smoothing."""
        yield from product(self.baseline, self.window, self.smoothing)

    def specifications(self) -> Iterator[Specification]:
        """Yield every combination, the declared one among them only if the grid names it."""
        for baseline, window, smoothing in self.measurements():
            for unit, null in product(self.standardisation, self.null):
                span = self.window[window]
                yield Specification(baseline, window, span, unit, smoothing, null)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        choices = {name: getattr(self, name) for name in DIMENSIONS}
        choices["window"] = dict(self.window)
        return {"condition": self.condition, "block": self.block, **choices}


def read_grid(
    path: str | Path,
    settings: ScoringSettings,
    *,
    condition: str,
    block: str,
    unit: str,
    blocks: Collection[str] = (),
) -> Grid:
    """Return the grid of a YAML file.

    Parameters
    ----------
    path
        A mapping ``grid`` with lists under ``baseline`` (pairs of s), ``window`` (names of the
        protocol's windows, or pairs), ``standardisation`` (raw, z, cal), ``smoothing`` (s) and
        ``null`` (t-clips, t, sign-flip, swap, or a kind of swap); what is left out stays as the
        protocol has it. Beside it ``condition`` and ``block``.
    settings
        The protocol's.
    condition, block, unit
        Those of the protocol's primary test: what the file does not name.
    blocks
        The protocol's blocks; empty: not checked.

    Raises
    ------
    InputError
        When a key or a value is wrong; it is named, with the nearest right one.
    """
    file = Path(path)
    content = _load(file)
    _known(content, _TOP, file, "")
    choices = content.get("grid", {})
    if not isinstance(choices, dict) or not choices:
        raise InputError("expected lists of choices under grid", path=file, key="grid")
    _known(choices, DIMENSIONS, file, "grid.")
    for name, values in choices.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"expected a list, found {values!r}", path=file, key=f"grid.{name}")
    main = settings.primary_window
    declared = Specification(
        settings.baseline_s,
        main,
        settings.windows[main],
        unit,
        settings.smooth_amplitude_s,
        "t-clips",
    )  # planned tests, power and preregistrations speak of people and clips in general
    emotion = str(content.get("condition", condition))
    if emotion not in settings.emotions:
        raise InputError(
            f"no condition {emotion!r} with action units; the protocol has "
            f"{', '.join(settings.emotions)}",
            path=file,
            key="condition",
        )
    phase = content.get("block", block)
    if blocks and phase not in blocks:
        raise InputError(
            f"no block {phase!r}; the protocol has {', '.join(blocks)}", path=file, key="block"
        )
    read: dict[str, Callable[[Any], Any]] = {
        "baseline": lambda v: _span(v, file, "baseline"),
        "window": lambda v: _window(v, settings, file),
        "standardisation": lambda v: _one_of(v, UNITS, file, "standardisation"),
        "smoothing": lambda v: _number(v, file, "smoothing"),
        "null": lambda v: _one_of(v, NULLS, file, "null"),
    }
    defaults = (declared.baseline_s, main, unit, declared.smoothing_s, declared.null)
    chosen = {
        name: tuple(map(read[name], choices.get(name, [value])))
        for name, value in zip(DIMENSIONS, defaults, strict=True)
    }
    windows = dict(chosen.pop("window"))
    grid = Grid(emotion, str(phase), window=windows, declared=declared, **chosen)
    _each_once(grid, choices, file)
    return grid


def _each_once(grid: Grid, choices: Mapping[str, Any], file: Path) -> None:
    """Refuse a choice that is there twice: it would weigh double in every share."""
    given = {name: tuple(getattr(grid, name)) for name in DIMENSIONS}
    for name, values in given.items():
        named = len(choices.get(name, values))
        if named != len(set(values)):
            raise InputError("a choice is there twice", path=file, key=f"grid.{name}")
    count = math.prod(map(len, given.values()))
    if count > MOST:
        raise InputError(f"{count} specifications, expected {MOST} at most", path=file, key="grid")


def settings_of(
    settings: ScoringSettings, baseline: Window, window: str, span: Window, smoothing_s: float
) -> ScoringSettings:
    """Return the protocol's settings with one measurement's choices."""
    return replace(
        settings,
        baseline_s=baseline,
        windows={**settings.windows, window: span},
        primary_window=window,
        smooth_amplitude_s=smoothing_s,
    )


def _load(file: Path) -> dict[str, Any]:
    if not file.is_file():
        raise InputError("file not found", path=file, key="`grid`")
    # YAML reads the bare word null as nothing; here it is a name
    document = parse_yaml(_NULL.sub('"null"', read_text(file)))
    if document.problems:
        problem = document.problems[0]
        where = "" if problem.line is None else f"line {problem.line}: "
        raise InputError(f"{where}{problem.sentence}", path=file, key="`grid`")
    content: dict[str, Any] = document.data
    return content


def _known(content: Mapping[str, Any], names: tuple[str, ...], file: Path, where: str) -> None:
    for key in content:
        if key not in names:
            near = difflib.get_close_matches(str(key), names, 1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Known are {', '.join(names)}."
            raise InputError(f"unknown key {where}{key}", path=file, key=f"{where}{key}", hint=hint)


def _one_of(value: Any, names: tuple[str, ...], file: Path, key: str) -> str:
    if value not in names:
        raise InputError(f"{value!r} is none of {', '.join(names)}", path=file, key=f"grid.{key}")
    return str(value)


def _number(value: Any, file: Path, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 10:
        raise InputError(
            f"{value!r} is no number of seconds from 0 on", path=file, key=f"grid.{key}"
        )
    return float(value)


def _span(value: Any, file: Path, key: str) -> Window:
    pair = list(value) if isinstance(value, list | tuple) else []
    numbers = [v for v in pair if isinstance(v, int | float) and not isinstance(v, bool)]
    good = len(pair) == len(numbers) == 2 and all(map(math.isfinite, numbers))
    if not good or not -LONGEST_S <= numbers[0] < numbers[1] <= LONGEST_S:
        raise InputError(
            f"{value!r} is no pair [start, end] of seconds between {-LONGEST_S:g} and "
            f"{LONGEST_S:g}",
            path=file,
            key=f"grid.{key}",
        )
    return float(numbers[0]), float(numbers[1])


def _window(value: Any, settings: ScoringSettings, file: Path) -> tuple[str, Window]:
    if isinstance(value, str):
        if value not in settings.windows:
            raise InputError(
                f"no window {value!r}; the protocol has {', '.join(settings.windows)}",
                path=file,
                key="grid.window",
            )
        return value, settings.windows[value]
    span = _span(value, file, "window")
    for name, known in settings.windows.items():
        if known == span:
            return name, span
    return f"own {span[0]:g}-{span[1]:g}", span
