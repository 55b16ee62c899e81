"""Which implementation does the work, and the checks that all kernels share."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError, MissingDependencyError

__all__ = ["prepare", "spans", "use_kernels"]

Array = NDArray[Any]
Buffer = bytes | bytearray | memoryview | NDArray[np.uint8]

_NUMPY = f"{__package__}._numpy"
_NUMBA = f"{__package__}._numba"
_PIXELS_WORTH_LOADING = 1 << 28  # loading numba costs about 0.7 s; numpy does this many pixels in that time
_choice: list[str] = []


def use_kernels(which: Literal["numpy", "numba", "auto"]) -> None:
    """Choose the implementation for this process; it goes before the environment variable.

    Raises
    ------
    ArgumentError
        If there is no such implementation.
    MissingDependencyError
        If numba is asked for and not installed.
    """
    if which not in ("numpy", "numba", "auto"):
        raise ArgumentError(f"kernels are 'numpy', 'numba' or 'auto', not {which!r}")
    if which == "numba" and importlib.util.find_spec("numba") is None:
        raise MissingDependencyError("compiled kernels", "numba", "fast")
    _choice[:] = [which]


def prepare(pixels: int) -> None:
    """Announce work that comes in small pieces, so that "auto" can weigh the whole of it."""
    choose_twin(pixels)


def choose_twin(pixels: int) -> ModuleType:
    """The implementation for a job of this size."""
    which = _choice[0] if _choice else os.environ.get("DICOMPOSER_KERNELS", "auto")
    if which == "auto":
        loaded = _NUMBA in sys.modules
        worth = loaded or (pixels >= _PIXELS_WORTH_LOADING and importlib.util.find_spec("numba") is not None)
        which = "numba" if worth else "numpy"
    elif which not in ("numpy", "numba"):
        raise ArgumentError(f"DICOMPOSER_KERNELS is {which!r}: it may be numpy, numba or auto")
    return importlib.import_module(_NUMBA if which == "numba" else _NUMPY)


def bits_of(buffer: Buffer) -> NDArray[np.uint8]:
    return np.frombuffer(buffer, dtype=np.uint8)


def writable(out: bytearray | memoryview | NDArray[np.uint8], bits: int) -> NDArray[np.uint8]:
    target = (
        out.reshape(-1).view(np.uint8) if isinstance(out, np.ndarray) else np.frombuffer(out, dtype=np.uint8)
    )
    if not target.flags.writeable:
        raise ArgumentError("the output buffer must be writable")
    if 8 * target.size < bits:
        raise ArgumentError(f"the output buffer holds {target.size} bytes, {(bits + 7) // 8} are needed")
    return target


def indices(*columns: ArrayLike) -> list[NDArray[np.int64]]:
    found = [np.asarray(column, dtype=np.int64).reshape(-1) for column in columns]
    if len({column.size for column in found}) > 1:
        raise ArgumentError(f"columns of different lengths: {[column.size for column in found]}")
    return found


def label_plane(plane: Array) -> Array:
    """A plane as unsigned numbers of native byte order; booleans count as 0 and 1."""
    plane = np.asarray(plane)
    if plane.dtype == bool:
        return plane.view(np.uint8)
    if plane.dtype.kind == "u" and plane.dtype.isnative and plane.dtype.itemsize <= 4:
        return plane
    if plane.dtype.kind in "iu":
        if plane.size and int(plane.min()) < 0:
            raise ArgumentError("labels must not be negative")
        if plane.size and int(plane.max()) > 0xFFFF_FFFF:
            raise ArgumentError("labels must fit 32 bits")
        return plane.astype(np.uint32)
    raise ArgumentError(f"labels must be whole numbers or booleans, not {plane.dtype}")


def within(name: str, index: NDArray[np.int64], count: int) -> None:
    if index.size and (int(index.min()) < 0 or int(index.max()) >= count):
        raise ArgumentError(f"{name} must be 0 to {count - 1}")


def groups(column: NDArray[np.int64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each distinct value in ascending order with the rows that have it."""
    order = np.argsort(column, kind="stable")
    values = column[order]
    edges = np.flatnonzero(np.diff(values, prepend=values[:1] - 1)) if values.size else np.empty(0, np.intp)
    for start, end in zip(edges.tolist(), [*edges[1:].tolist(), values.size], strict=True):
        yield int(values[start]), order[start:end]


def spans(flags: NDArray[np.bool_]) -> list[list[int]]:
    """Start and end of each run of set flags."""
    edges = np.zeros(flags.size + 2, dtype=bool)
    edges[1:-1] = flags
    (changes,) = (edges[1:] != edges[:-1]).nonzero()
    found: list[list[int]] = changes.reshape(-1, 2).tolist()
    return found
