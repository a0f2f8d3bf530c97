"""Every trial as a small figure in the order given, drawn as plain SVG: hundreds in a moment."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from mimicry.report.figures import PALETTE, shortened

__all__ = ["trial_grid"]

Floats = NDArray[np.float64]

_WIDTH, _HEIGHT = 132.0, 76.0  # of the plot
_LEFT, _TOP, _RIGHT, _BOTTOM = 24.0, 14.0, 4.0, 13.0
_GREY = "#b6bcc4"
_SMALL = 'fill="#6b7280" font-size="8.5"'
_TITLE = 24  # characters that fit above a panel


def trial_grid(
    grid_s: Floats,
    response: Floats,
    stimulus: Floats,
    names: Sequence[str],
    titles: Sequence[str],
    valid: Sequence[bool],
    *,
    windows: Mapping[str, tuple[float, float]],
    primary: str,
) -> list[str]:
    """Draw every trial's traces over the stimulus envelope, invalid trials greyed.

    One ``<svg>`` a trial: the page lays them side by side, and paper breaks between them.

    Parameters
    ----------
    grid_s
        (W,) seconds from the dynamic onset.
    response, stimulus
        (K, W, A) baseline-corrected intensity (NaN leaves a gap) and stimulus envelope.
    names
        A action-unit names.
    titles, valid
        K short titles and flags.
    windows, primary
        Scoring windows in seconds; the primary one is shaded.
    """
    panel = _Panel(grid_s, _limits(response), windows[primary])
    width, height = _LEFT + _WIDTH + _RIGHT, _TOP + _HEIGHT + _BOTTOM
    drawn = []
    for k, title in enumerate(titles):
        colours = [PALETTE[a % len(PALETTE)] if valid[k] else _GREY for a in range(len(names))]
        parts = [
            (
                f'<svg viewBox="0 0 {width:.0f} {height:.0f}" '
                'role="img" class="figure" '
                f'font-family="sans-serif" font-size="10"><title>{escape(title)}</title>'
            ),
            f'<g transform="translate({_LEFT:.0f} {_TOP:.0f})">',
            *panel.frame(shortened(title, _TITLE), valid=valid[k]),
            *panel.envelope(stimulus[k]),
            *panel.traces(response[k], colours),
            "</g></svg>",
        ]
        drawn.append("\n".join(parts))
    return drawn


def _limits(response: Floats) -> tuple[float, float]:
    """Return the common vertical range: nearly all samples and a margin."""
    finite = response[np.isfinite(response)]
    low, high = np.quantile(finite, [0.002, 0.998]) if finite.size else (-0.1, 1.0)
    low, high = min(float(low), 0.0), max(float(high), 0.05)
    margin = 0.08 * (high - low)
    return low - margin, high + margin


class _Panel:
    """Turns seconds and AU units into positions inside one panel."""

    def __init__(
        self, grid_s: Floats, limits: tuple[float, float], window: tuple[float, float]
    ) -> None:
        self._grid = grid_s
        self._low, self._high = limits
        self._window = window
        span = float(grid_s[-1] - grid_s[0]) or 1.0
        self._x = (grid_s - grid_s[0]) / span * _WIDTH
        self._seconds = span

    def _at(self, seconds: float) -> float:
        return float(np.clip((seconds - self._grid[0]) / self._seconds, 0, 1)) * _WIDTH

    def _y(self, values: Floats | float) -> Floats:
        inside = np.clip(values, self._low, self._high)
        return np.asarray(_HEIGHT * (self._high - inside) / (self._high - self._low))

    def frame(self, title: str, *, valid: bool) -> list[str]:
        """Draw window, axes and title."""
        start, end = (self._at(t) for t in self._window)
        zero, onset = float(self._y(0.0)), self._at(0.0)
        parts = [
            (
                f'<rect x="{start:.1f}" y="0" width="{end - start:.1f}" height="{_HEIGHT:.0f}" '
                'fill="#eef2f7"/>'
            ),
            f'<path d="M{onset:.1f} 0V{_HEIGHT:.0f}" stroke="#9ca3af" stroke-dasharray="3 2"/>',
            f'<path d="M0 {zero:.1f}H{_WIDTH:.0f}" stroke="#d1d5db"/>',
            f'<path d="M0 0V{_HEIGHT:.0f}H{_WIDTH:.0f}" stroke="#6b7280" fill="none"/>',
            (
                f'<text x="{_WIDTH / 2:.0f}" y="-4" text-anchor="middle" '
                f'fill="{"#111827" if valid else "#9ca3af"}">{escape(title)}</text>'
            ),
        ]
        first, last = int(np.ceil(self._grid[0])), int(self._grid[-1])
        seconds = [s for s in range(first, last + 1) if s % (1 + self._seconds // 9) == 0]
        parts += [
            f'<text x="{self._at(s):.1f}" y="{_HEIGHT + 9:.0f}" {_SMALL} text-anchor="middle">'
            f"{s}</text>"
            for s in seconds
        ]
        parts += [
            f'<text x="-3" y="{float(self._y(v)) + 3:.1f}" {_SMALL} text-anchor="end">{v:g}</text>'
            for v in (0.0, _tick(self._high))
        ]
        return parts

    def envelope(self, stimulus: Floats) -> list[str]:
        """Fill the stimulus at the foot of the panel; its size is another face's."""
        top = float(np.nanmax(stimulus)) if stimulus.size else 0.0
        if not top > 0:
            return []
        height = _HEIGHT - 0.3 * _HEIGHT * np.nan_to_num(stimulus).max(axis=1) / top
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(self._x, height, strict=True))
        return [
            (
                f'<polygon points="0,{_HEIGHT:.0f} {points} {_WIDTH:.0f},{_HEIGHT:.0f}" '
                'fill="#d5dae1" fill-opacity="0.8"/>'
            )
        ]

    def traces(self, response: Floats, colours: Sequence[str]) -> list[str]:
        """Draw a line for each action unit, broken where a sample is missing."""
        parts = []
        for values, colour in zip(response.T, colours, strict=True):
            seen = np.isfinite(values)
            starts = seen & ~np.concatenate([[False], seen[:-1]])
            steps = [
                f"{'M' if first else 'L'}{x:.1f} {y:.1f}"
                for x, y, first in zip(
                    self._x[seen], self._y(values[seen]), starts[seen], strict=True
                )
            ]
            if steps:
                path = "".join(steps)
                parts.append(f'<path d="{path}" stroke="{colour}" stroke-width="1.1" fill="none"/>')
        return parts


def _tick(high: float) -> float:
    """Return a round number below the top of the panel."""
    step = 10.0 ** np.floor(np.log10(high))
    return float(max(k * step for k in (1, 2, 5) if k * step <= high))
