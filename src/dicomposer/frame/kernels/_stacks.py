"""Stacks of masks or fractions, one for each segment on the last axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError

from ._dispatch import Array, choose_twin, groups, indices, within, writable

__all__ = [
    "fractions_present",
    "pack_stack_frames",
    "quantise_fractions",
    "stack_overlaps",
    "stack_present",
    "stack_to_labels",
]

_BAND_BYTES = 1 << 22  # temporaries of this size stay in the cache

#: Unsigned numbers of the size of native floating point ones
_BITS: dict[np.dtype[Any], np.dtype[Any]] = {
    np.dtype(np.float32): np.dtype(np.uint32),
    np.dtype(np.float64): np.dtype(np.uint64),
}


def _bands(plane: Array) -> Iterator[Array]:
    """A plane (r, c, s) in bands of rows small enough for the cache."""
    row = max(1, plane.shape[1] * plane.shape[2] * plane.dtype.itemsize)
    step = max(1, _BAND_BYTES // row)
    for start in range(0, plane.shape[0], step):
        yield np.asarray(plane[start : start + step])


def stack_present(stack: Array) -> NDArray[np.bool_]:
    """Which segments have pixels in which plane of a stack of masks (p, r, c, s) of 0 and 1.

    Returns
    -------
    ndarray of bool
        (p, s).

    Raises
    ------
    ArgumentError
        If a value is neither 0 nor 1 (NaN included).
    """
    present = np.zeros((stack.shape[0], stack.shape[3]), dtype=bool)
    for index in range(stack.shape[0]):
        for band in _bands(stack[index]):
            found, valid = _band_present(band)
            if not valid:
                raise ArgumentError(f"plane {index} of a binary mask has values other than 0 and 1")
            present[index] |= found
    return present


def _band_present(band: Array) -> tuple[NDArray[np.bool_], bool]:
    if band.dtype == bool:
        return _any_pixel(band), True
    if band.dtype.kind in "iu":
        # An OR of all values is 0 or 1 only if each of them is
        merged = _or_of_pixels(band)
        return merged != 0, bool(((merged == 0) | (merged == 1)).all())
    ones = band == 1
    valid = np.count_nonzero(ones) + np.count_nonzero(band == 0) == band.size
    return _any_pixel(ones), valid


def _or_of_pixels(band: Array) -> Array:
    """OR over rows and columns; rows first, because their inner loop is long."""
    rows, columns, segments = band.shape
    merged = np.bitwise_or.reduce(band.reshape(rows, columns * segments), axis=0)
    return np.asarray(np.bitwise_or.reduce(merged.reshape(columns, segments), axis=0))


def _any_pixel(band: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(_or_of_pixels(band.view(np.uint8)) != 0)


def stack_overlaps(stack: Array, present: NDArray[np.bool_] | None = None) -> bool:
    """Whether any pixel of a stack of masks (p, r, c, s) belongs to two segments; stops at the first.

    ``present``, the result of :func:`stack_present`, spares looking at empty masks.
    """
    for index in range(stack.shape[0]):
        columns = np.arange(stack.shape[3]) if present is None else np.flatnonzero(present[index])
        if columns.size > 1 and any(_band_overlaps(band, columns) for band in _bands(stack[index])):
            return True
    return False


def _band_overlaps(band: Array, columns: NDArray[np.intp]) -> bool:
    seen = band[:, :, columns[0]] != 0
    for column in columns[1:].tolist():
        mask = band[:, :, column] != 0
        if np.logical_and(seen, mask).any():
            return True
        seen |= mask
    return False


def pack_stack_frames(
    stack: Array, plane_index: ArrayLike, segment: ArrayLike, out: bytearray | memoryview | NDArray[np.uint8]
) -> None:
    """Pack single-bit frames from a stack of masks (p, r, c, s); like :func:`pack_label_frames`.

    ``segment`` counts the last axis from 0. Values other than 0 are set.
    """
    plane_index, segment = indices(plane_index, segment)
    pixels = stack.shape[1] * stack.shape[2]
    target = writable(out, pixels * plane_index.size)
    within("plane_index", plane_index, stack.shape[0])
    within("segment", segment, stack.shape[3])
    twin = choose_twin(pixels * plane_index.size)
    one = np.ones(1, dtype=np.int64)
    for index, frames in groups(plane_index):
        plane = np.asarray(stack[index])
        for frame in frames.tolist():
            mask = plane[:, :, int(segment[frame])]
            mask = mask.view(np.uint8) if mask.dtype == bool else (mask != 0).view(np.uint8)
            twin.pack_labels(mask, stack.shape[2], one, np.array([frame * pixels]), target)


def stack_to_labels(stack: Array, labels: ArrayLike, out: Array) -> None:
    """Make label planes (p, r, c) from masks (p, r, c, s) with a label for each; the highest label wins."""
    (numbers,) = indices(labels)
    for index in range(stack.shape[0]):
        plane = np.asarray(stack[index])
        out[index] = 0
        for column, number in enumerate(numbers.tolist()):
            np.maximum(out[index], (plane[:, :, column] != 0) * out.dtype.type(number), out=out[index])


def fractions_present(stack: Array) -> NDArray[np.bool_]:
    """Which segments have any fraction above 0 in which plane of (p, r, c, s), checking that all are 0 to 1.

    Raises
    ------
    ArgumentError
        If a value is NaN or outside 0 to 1; says in which plane and segment and how far.
    """
    present = np.zeros((stack.shape[0], stack.shape[3]), dtype=bool)
    for index in range(stack.shape[0]):
        highest = _highest_fraction(stack[index])
        if highest is not None:
            present[index] = highest > 0
            continue
        low, high = _extremes(stack[index])
        bad = ~((low >= 0) & (high <= 1))  # also true for NaN, which minima and maxima pass on
        if bad.any():
            k = int(np.argmax(bad))
            what = "NaN" if np.isnan(low[k]) else f"values from {low[k]:g} to {high[k]:g}"
            hint = ""
            if low[k] < 0:
                hint = " (are these logits? turn them into probabilities)"
            elif high[k] > 1:
                hint = " (divide by the largest possible value, as 100 or 255)"
            raise ArgumentError(
                f"plane {index} (from 0), segment {k + 1} of a fractional mask has {what}; 0 to 1 is allowed{hint}"
            )
        present[index] = high > 0
    return present


def _highest_fraction(plane: Array) -> Array | None:
    """Highest value of each segment, if all are 0 to 1; None where that cannot be told in one pass.

    Positive numbers are in the order of their bits, read as whole numbers; negative ones (-0.0 too) and NaN come
    after all numbers up to 1. So the highest of the bits tells of all.
    """
    bits = _BITS.get(plane.dtype)
    if bits is None:
        return None
    merged: Array | None = None
    for band in _bands(plane):
        rows, columns, segments = band.shape
        # rows first: that inner loop is long
        highest = band.view(bits).reshape(rows, columns * segments).max(axis=0)
        highest = highest.reshape(columns, segments).max(axis=0)
        merged = highest if merged is None else np.maximum(merged, highest)
    if merged is None or np.any(merged > np.ones(1, plane.dtype).view(bits)):
        return None
    return merged.view(plane.dtype)


def _extremes(plane: Array) -> tuple[Array, Array]:
    low: Array | None = None
    high: Array | None = None
    for band in _bands(plane):
        flat = band.reshape(-1, band.shape[2])
        if flat.shape[1] < 8:  # reducing long columns one by one is faster than short rows
            least = np.array([column.min() for column in flat.T])
            most = np.array([column.max() for column in flat.T])
        else:
            least, most = flat.min(axis=0), flat.max(axis=0)
        low = least if low is None else np.minimum(low, least)
        high = most if high is None else np.maximum(high, most)
    if low is None or high is None:
        raise ArgumentError("a plane of a mask has no rows")
    return low, high


def quantise_fractions(values: Array, maximum: int, out: NDArray[np.uint8]) -> None:
    """Scale fractions to whole numbers: ``rint(values * maximum)``, halves to even, in bands.

    Parameters
    ----------
    values : ndarray of float
        Fractions, at least two axes; not modified.
    maximum : int
        Maximum Fractional Value, 1 to 255.
    out : ndarray of uint8
        Same shape.

    Raises
    ------
    ArgumentError
        If a value is NaN or outside 0 to 1.
    """
    if not 0 < maximum < 256:
        raise ArgumentError(f"Maximum Fractional Value must be 1 to 255, not {maximum}")
    row = max(1, int(np.prod(values.shape[1:])) * values.dtype.itemsize)
    step = max(1, _BAND_BYTES // row)
    for start in range(0, values.shape[0], step):
        band = np.asarray(values[start : start + step])
        scaled = band * band.dtype.type(maximum)
        if scaled.size and not (scaled.min() >= 0 and scaled.max() <= maximum):
            raise ArgumentError("fractions must be 0 to 1, without NaN")
        np.rint(scaled, out=scaled)
        out[start : start + step] = scaled  # exact: whole numbers up to 255
