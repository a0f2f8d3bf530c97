"""Which analyses a multiverse runs: every combination of the choices in a YAML file."""

import difflib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any, get_args

from mimicry.errors import InputError
from mimicry.records import ScoringSettings
from mimicry.records.settings import Swap

__all__ = ["DIMENSIONS", "Grid", "Specification", "read_grid"]

Window = tuple[float, float]

DIMENSIONS = ("baseline", "window", "standardisation", "smoothing", "null")
UNITS = ("raw", "z", "cal")
SWAPS: tuple[str, ...] = get_args(Swap)
NULLS = ("t", "sign-flip", "swap", *SWAPS)
_TOP = ("condition", "block", "grid")


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
    baselines: tuple[Window, ...]
    windows: Mapping[str, Window]
    standardisations: tuple[str, ...]
    smoothings: tuple[float, ...]
    nulls: tuple[str, ...]
    declared: Specification

    def __len__(self) -> int:
        return len(list(self.specifications()))

    def measurements(self) -> Iterator[tuple[Window, str, float]]:
        """Yield what needs the recordings again: baseline, window, smoothing."""
        yield from product(self.baselines, self.windows, self.smoothings)

    def specifications(self) -> Iterator[Specification]:
        """Yield every combination, the declared one among them only if the grid names it."""
        for baseline, window, smoothing in self.measurements():
            for unit, null in product(self.standardisations, self.nulls):
                span = self.windows[window]
                yield Specification(baseline, window, span, unit, smoothing, null)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return {
            "condition": self.condition,
            "block": self.block,
            "baseline": self.baselines,
            "window": dict(self.windows),
            "standardisation": self.standardisations,
            "smoothing": self.smoothings,
            "null": self.nulls,
        }


def read_grid(
    path: str | Path, settings: ScoringSettings, *, condition: str, block: str, unit: str
) -> Grid:
    """Return the grid of a YAML file.

    Parameters
    ----------
    path
        A mapping ``grid`` with lists under ``baseline`` (pairs of s), ``window`` (names of the
        protocol's windows, or pairs), ``standardisation`` (raw, z, cal), ``smoothing`` (s) and
        ``null`` (t, sign-flip, swap, or a kind of swap); what is left out stays as the
        protocol has it. Beside it ``condition`` and ``block``.
    settings
        The protocol's.
    condition, block, unit
        Those of the protocol's primary test: what the file does not name.

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
    if None in choices:  # YAML reads the bare word null as nothing; here it is a name
        choices = {"null" if key is None else key: values for key, values in choices.items()}
    _known(choices, DIMENSIONS, file, "grid.")
    for name, values in choices.items():
        if not isinstance(values, list) or not values:
            raise InputError(f"expected a list, found {values!r}", path=file, key=f"grid.{name}")
    main = settings.primary_window
    declared = Specification(
        settings.baseline_s, main, settings.windows[main], unit, settings.smooth_amplitude_s, "t"
    )  # planned tests, power and preregistrations speak of people in general
    emotion = str(content.get("condition", condition))
    if emotion not in settings.emotions:
        raise InputError(
            f"no condition {emotion!r} with action units; the protocol has "
            f"{', '.join(settings.emotions)}",
            path=file,
            key="condition",
        )
    smoothing = "smoothing"
    return Grid(
        condition=emotion,
        block=str(content.get("block", block)),
        baselines=tuple(
            _span(v, file, "baseline") for v in choices.get("baseline", [declared.baseline_s])
        ),
        windows=dict(_window(v, settings, file) for v in choices.get("window", [main])),
        standardisations=tuple(
            _one_of(v, UNITS, file, "standardisation")
            for v in choices.get("standardisation", [unit])
        ),
        smoothings=tuple(
            _number(v, file, smoothing) for v in choices.get(smoothing, [declared.smoothing_s])
        ),
        nulls=tuple(_one_of(v, NULLS, file, "null") for v in choices.get("null", [declared.null])),
        declared=declared,
    )


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
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError("file not found", path=file, key="--grid") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        text = " ".join(str(error).split())
        raise InputError(f"not a readable YAML file ({text})", path=file) from error
    if not isinstance(content, dict):
        raise InputError("expected keys and values", path=file)
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
    if len(pair) != 2 or len(numbers) != 2 or not numbers[0] < numbers[1]:
        raise InputError(
            f"{value!r} is no pair [start, end] of seconds", path=file, key=f"grid.{key}"
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
