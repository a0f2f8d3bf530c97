"""New orders of a block's conditions, within the limits of its randomisation."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mimicry.kernels.orders import restricted_orders

__all__ = ["Redraw"]

REDRAW_BATCH = 2_000


@dataclass(slots=True)
class Redraw:
    """New orders of a block's conditions, by the limits that made the block's own order.

    Called with a generator it returns one order, as the label-swap null ``redraw`` wants it;
    it draws ahead in large batches, because thousands are needed. Equal generators give equal
    orders.

    Parameters
    ----------
    conditions
        The conditions of the block.
    each
        Scored trials of each condition, in the same order.
    limit
        Most trials of one condition in a row; None: no limit.

    Examples
    --------
    >>> redraw = Redraw(("happy", "neutral"), each=(4, 4), limit=2)
    >>> order = redraw(np.random.default_rng(1))
    >>> len(order), order.count("happy")
    (8, 4)
    """

    conditions: tuple[str, ...]
    each: tuple[int, ...]
    limit: int | None
    _source: np.random.Generator | None = field(default=None, repr=False)
    _ahead: Iterator[list[str]] = field(default_factory=lambda: iter(()), repr=False)

    def __call__(self, rng: np.random.Generator) -> list[str]:
        """Return one order of conditions for all scored trials of the block."""
        if rng is not self._source:
            self._source, self._ahead = rng, iter(())
        order = next(self._ahead, None)
        if order is None:
            names = np.array(self.conditions)[self.many(rng, REDRAW_BATCH)]
            self._ahead = iter(names.tolist())
            order = next(self._ahead)
        return order

    def many(self, rng: np.random.Generator, n: int) -> NDArray[np.intp]:
        """Return (n, K) codes into `conditions`."""
        return restricted_orders(list(self.each), self.limit, rng, n)
