"""The checks that every record runs once, when it is built."""

from collections import Counter
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

__all__ = [
    "as_mapping",
    "as_times",
    "freeze_arrays",
    "freeze_mappings",
    "frozen_array",
    "unique_names",
]


def frozen_array(
    values: ArrayLike, shape: tuple[int | None, ...], name: str, *, dtype: DTypeLike = np.float64
) -> NDArray[Any]:
    """Return a read-only copy of `values`, of `dtype` and `shape` (None: any length).

    Raises
    ------
    ValueError
        When the number of axes or a length differs.
    """
    array = np.array(values, dtype=dtype, copy=True)
    if array.ndim != len(shape) or any(
        want is not None and want != got for want, got in zip(shape, array.shape, strict=True)
    ):
        wanted = tuple("any" if n is None else n for n in shape)
        raise ValueError(f"{name} has shape {array.shape}, expected {wanted}")
    array.flags.writeable = False
    return array


def as_times(values: ArrayLike, name: str = "times_s") -> NDArray[np.float64]:
    """Return read-only finite times in seconds that strictly increase.

    Raises
    ------
    ValueError
        When a time is not finite or not later than the one before.
    """
    times = frozen_array(values, (None,), name)
    if not np.isfinite(times).all():
        raise ValueError(f"{name} holds {int((~np.isfinite(times)).sum())} non-finite times")
    late = np.flatnonzero(np.diff(times) <= 0)
    if late.size:
        k = int(late[0])
        raise ValueError(
            f"{name} does not increase: {times[k]:.6f} s is followed by {times[k + 1]:.6f} s "
            f"at index {k + 1}"
        )
    return times


def unique_names(names: Iterable[object], name: str = "names") -> tuple[str, ...]:
    """Return `names` as a tuple of different strings.

    Raises
    ------
    ValueError
        When a name stands twice.
    """
    result = tuple(str(n) for n in names)
    twice = sorted(n for n, count in Counter(result).items() if count > 1)
    if twice:
        raise ValueError(f"{name} holds {', '.join(twice)} more than once")
    return result


def as_mapping(values: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Return a read-only shallow copy of a mapping (None: an empty one)."""
    return MappingProxyType(dict(values or {}))


def freeze_arrays(
    record: object, shapes: Mapping[str, tuple[int | None, ...]], dtype: DTypeLike = np.float64
) -> None:
    """Turn fields of a new record into frozen arrays; of a mapping, every value."""
    for field, shape in shapes.items():
        values = getattr(record, field)
        if isinstance(values, Mapping):
            given = {k: (v, shape, f"{field}[{k!r}]") for k, v in values.items()}
            kept: Any = as_mapping({k: frozen_array(*v, dtype=dtype) for k, v in given.items()})
        else:
            kept = frozen_array(values, shape, field, dtype=dtype)
        object.__setattr__(record, field, kept)


def freeze_mappings(record: object, *fields: str) -> None:
    """Turn fields of a new record into read-only mappings."""
    for field in fields:
        object.__setattr__(record, field, as_mapping(getattr(record, field)))
