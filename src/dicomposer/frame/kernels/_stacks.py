"""Stacks of masks or fractions, one for each segment on the last axis."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError

from ._dispatch import Array, choose_twin, groups, indices, within, writable

__all__ = [
    "fraction_bands",
    "fractions_present",
    "pack_stack_frames",
    "quantise_fractions",
    "stack_overlaps",
    "stack_present",
    "stack_to_labels",
]

_BAND_BYTES = 1 << 22  # temporaries of this size stay in the cache
_ROW = 1024  # numbers that are reduced side by side: few enough for the nearest cache, enough for vector code

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
    return fraction_bands(stack, max(1, stack.shape[1]))[:, 0]


def fraction_bands(stack: Array, height: int) -> NDArray[np.bool_]:
    """Like :func:`fractions_present`, for each band of ``height`` rows; (p, bands, s).

    A band that holds nothing need not be read again.
    """
    bands = -(-stack.shape[1] // height)
    present = np.zeros((stack.shape[0], bands, stack.shape[3]), dtype=bool)
    for index in range(stack.shape[0]):
        highest = _highest_fractions(stack[index], height)
        if highest is None:
            present[index] = _checked_extremes(stack[index], index) > 0
        else:
            present[index] = highest > 0
    return present


def _highest_fractions(plane: Array, height: int) -> Array | None:
    """Highest value of each segment in each band, if all are 0 to 1; None where that cannot be told in one pass.

    Positive numbers are in the order of their bits, read as whole numbers; negative ones (-0.0 too) and NaN come
    after all numbers up to 1. So the highest of the bits tells of all.
    """
    bits = _BITS.get(plane.dtype)
    if bits is None or not plane.size:
        return None
    rows, columns, segments = plane.shape
    found = np.empty((-(-rows // height), segments), dtype=bits)
    step = max(1, _BAND_BYTES // (height * columns * segments * bits.itemsize))
    full = rows // height
    for start in range(0, full, step):
        end = min(start + step, full)
        found[start:end] = _highest(np.asarray(plane[start * height : end * height]).view(bits), end - start)
    if full < len(found):
        found[full:] = _highest(np.asarray(plane[full * height :]).view(bits), 1)
    if np.any(found > np.ones(1, plane.dtype).view(bits)):
        return None
    return found.view(plane.dtype)


def _highest(part: Array, bands: int) -> Array:
    """Maximum of each segment in each of ``bands`` equal bands of rows (r, c, s)."""
    columns, segments = part.shape[1:]
    for row in (_ROW, _ROW // 16):
        while columns % 2 == 0 and columns * segments > row:
            columns //= 2
        part = part.reshape(bands, -1, columns * segments).max(axis=1)
    return np.asarray(part.reshape(bands, columns, segments).max(axis=1))


def _checked_extremes(plane: Array, index: int) -> Array:
    """Highest value of each segment; refuses what is not 0 to 1."""
    low, high = _extremes(plane)
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
    return high


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
        if not _within(scaled, maximum):
            raise ArgumentError("fractions must be 0 to 1, without NaN")
        np.rint(scaled, out=scaled)
        out[start : start + step] = scaled  # exact: whole numbers up to 255


def _within(values: Array, maximum: int) -> bool:
    """Whether all numbers are 0 to ``maximum``, for most in one pass; see :func:`_highest_fractions`."""
    if not values.size:
        return True
    bits = _BITS.get(values.dtype)
    if bits is not None and values.view(bits).max() <= np.full(1, maximum, values.dtype).view(bits)[0]:
        return True
    return bool(values.min() >= 0 and values.max() <= maximum)
