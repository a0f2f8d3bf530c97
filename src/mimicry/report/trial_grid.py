"""Every trial as a small panel, drawn as plain SVG: hundreds of panels in a moment."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from mimicry.report.figures import PALETTE

__all__ = ["trial_grid"]

Floats = NDArray[np.float64]

_COLUMNS = 6
_WIDTH, _HEIGHT = 160.0, 84.0  # of a panel's plot
_LEFT, _TOP, _GAP_X, _GAP_Y, _BOTTOM = 34.0, 26.0, 12.0, 20.0, 34.0
_GREY = "#b6bcc4"
_SMALL = 'fill="#6b7280" font-size="7"'


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
) -> str:
    """Draw every trial's traces over the stimulus envelope, invalid trials greyed.

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
    rows = -(-len(titles) // _COLUMNS)
    width = _LEFT + _COLUMNS * (_WIDTH + _GAP_X)
    height = _TOP + rows * (_HEIGHT + _GAP_Y) + _BOTTOM
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            'role="img" aria-label="Every trial: action units over the stimulus envelope" '
            'class="figure" font-family="sans-serif" font-size="9">'
        ),
        *_legend(names),
    ]
    for k, title in enumerate(titles):
        row, column = divmod(k, _COLUMNS)
        x = _LEFT + column * (_WIDTH + _GAP_X)
        y = _TOP + row * (_HEIGHT + _GAP_Y) + 12
        colours = [PALETTE[a % len(PALETTE)] if valid[k] else _GREY for a in range(len(names))]
        parts.append(f'<g transform="translate({x:.0f} {y:.0f})">')
        parts += panel.frame(title, valid=valid[k], labels=column == 0)
        parts += panel.envelope(stimulus[k])
        parts += panel.traces(response[k], colours)
        parts.append("</g>")
    parts.append(
        f'<text x="{_LEFT + _WIDTH / 2:.0f}" y="{height - 6:.0f}" text-anchor="middle" '
        'fill="#374151">s from dynamic onset</text></svg>'
    )
    return "\n".join(parts)


def _limits(response: Floats) -> tuple[float, float]:
    """Return the common vertical range: nearly all samples and a margin."""
    finite = response[np.isfinite(response)]
    low, high = np.quantile(finite, [0.002, 0.998]) if finite.size else (-0.1, 1.0)
    low, high = min(float(low), 0.0), max(float(high), 0.05)
    margin = 0.08 * (high - low)
    return low - margin, high + margin


def _legend(names: Sequence[str]) -> list[str]:
    parts = []
    for a, name in enumerate(names):
        x = _LEFT + 80 * a
        parts.append(f'<path d="M{x:.0f} 10h18" stroke="{PALETTE[a % len(PALETTE)]}"/>')
        parts.append(f'<text x="{x + 23:.0f}" y="13" fill="#374151">{escape(name)}</text>')
    return parts


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

    def frame(self, title: str, *, valid: bool, labels: bool) -> list[str]:
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
                f'<text x="{_WIDTH / 2:.0f}" y="-3" text-anchor="middle" '
                f'fill="{"#111827" if valid else "#9ca3af"}">{escape(title)}</text>'
            ),
        ]
        seconds = range(int(np.ceil(self._grid[0])), int(self._grid[-1]) + 1)
        parts += [
            f'<text x="{self._at(s):.1f}" y="{_HEIGHT + 9:.0f}" {_SMALL} text-anchor="middle">'
            f"{s}</text>"
            for s in seconds
        ]
        if labels:
            parts += [
                f'<text x="-4" y="{float(self._y(v)) + 3:.1f}" {_SMALL} text-anchor="end">'
                f"{v:g}</text>"
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
