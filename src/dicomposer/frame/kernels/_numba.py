"""The compiled twin of :mod:`._numpy`: the same functions with the same results (extra ``fast``)."""

# numba ships no types, and its decorators hide those of the functions
# mypy: disable-error-code="untyped-decorator,no-untyped-call,import-untyped"
from __future__ import annotations

from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from . import _numpy
from ._numpy import mark_labels, write_bits

__all__ = ["mark_labels", "merge_bits", "pack_labels", "rle_decode", "rle_encode", "write_bits"]

U8 = NDArray[np.uint8]
Labels = NDArray[Any]

_jit = numba.njit(cache=True, nogil=True, boundscheck=False)


@_jit
def _pack(plane: Any, columns: int, where: Any, out: Any) -> None:
    height, width = plane.shape
    limit = where.size
    for y in range(height):
        row = y * columns
        for x in range(width):
            label = int(plane[y, x])
            if label < limit:
                offset = where[label]
                if offset >= 0:
                    bit = offset + row + x
                    out[bit >> 3] |= np.uint8(1 << (bit & 7))


@_jit
def _pack_dense(plane: Any, where: Any, out: Any) -> None:
    """A contiguous plane whose frames begin on whole bytes: eight pixels at a time, without background."""
    flat = plane.reshape(-1)
    limit = where.size
    for group in range(flat.size >> 3):
        base = group << 3
        merged = flat[base]
        same = True
        for k in range(1, 8):
            merged |= flat[base + k]
            same &= flat[base + k] == flat[base]
        if merged == 0:
            continue
        if same:
            label = int(flat[base])
            if label < limit and where[label] >= 0:
                out[(where[label] >> 3) + group] = np.uint8(255)
            continue
        for k in range(8):
            label = int(flat[base + k])
            if label != 0 and label < limit and where[label] >= 0:
                out[(where[label] >> 3) + group] |= np.uint8(1 << k)


def pack_labels(
    plane: Labels, columns: int, labels: NDArray[np.int64], offsets: NDArray[np.int64], out: U8
) -> None:
    """See :func:`._numpy.pack_labels`."""
    if labels.size == 1:  # comparing and packing with numpy's vector code is faster than one pass of ours
        _numpy.pack_labels(plane, columns, labels, offsets, out)
        return
    where = np.full(int(labels.max()) + 1, -1, dtype=np.int64)
    where[labels] = offsets
    dense = plane.shape[1] == columns and plane.flags.c_contiguous and plane.size % 8 == 0
    if dense and where[0] < 0 and not (offsets & 7).any():
        _pack_dense(plane, where, out)
    else:
        _pack(plane, columns, where, out)


@_jit
def _merge_byte(byte: int, label: Any, row: Any, x: int, end: int) -> bool:
    overlapped = False
    for k in range(min(8, end - x)):
        if byte & (1 << k):
            before = row[x + k]
            overlapped |= before != 0
            row[x + k] = max(before, label)
    return overlapped


@_jit
def _merge_bytes(words: Any, octets: Any, label: Any, out: Any) -> bool:
    """Rows that begin on whole bytes: ``octets`` (h, columns / 8), and the same as words if they divide."""
    overlapped = False
    height, width = out.shape
    for y in range(height):
        x = 0
        while x < width:
            if words.size and words[y, x >> 6] == 0:
                x += 64
                continue
            for byte in range(x >> 3, min((x >> 3) + 8, (width + 7) >> 3)):
                if octets[y, byte]:
                    overlapped |= _merge_byte(octets[y, byte], label, out[y], byte << 3, width)
            x += 64
    return overlapped


@_jit
def _merge(source: Any, offset: int, columns: int, label: Any, out: Any) -> bool:
    overlapped = False
    height, width = out.shape
    for y in range(height):
        bit = offset + y * columns
        end = bit + width
        x = 0
        while bit < end:
            byte = source[bit >> 3]
            if byte == 0:
                step = 8 - (bit & 7)
                bit += step
                x += step
                continue
            if byte & (1 << (bit & 7)):
                before = out[y, x]
                overlapped |= before != 0
                out[y, x] = max(before, label)
            bit += 1
            x += 1
    return overlapped


def merge_bits(source: U8, offset: int, columns: int, label: int, out: Labels) -> bool:
    """See :func:`._numpy.merge_bits`."""
    height, width = out.shape
    start, size = offset >> 3, height * columns // 8
    if offset % 8 == 0 and columns % 8 == 0 and start + size <= source.size:
        if width != columns or not out.flags.c_contiguous:  # windows: numpy unpacks whole tiles faster
            return _numpy.merge_bits(source, offset, columns, label, out)
        octets = source[start : start + size].reshape(height, -1)
        words = octets.view(np.uint64) if columns % 64 == 0 else np.empty((0, 0), dtype=np.uint64)
        return bool(_merge_bytes(words, octets, out.dtype.type(label), out))
    return bool(_merge(source, offset, columns, out.dtype.type(label), out))


@_jit
def _encode(plane: Any, out: Any) -> int:
    rows, columns = plane.shape
    at = 0
    for y in range(rows):
        x = 0
        while x < columns:
            value = plane[y, x]
            run = 1
            while x + run < columns and run < 128 and plane[y, x + run] == value:
                run += 1
            if run > 2 or (run == 2 and x + 2 >= columns):
                out[at] = np.uint8(257 - run)
                out[at + 1] = value
                at += 2
                x += run
                continue
            start = x
            while x < columns and x - start < 128:
                if x + 2 < columns and plane[y, x] == plane[y, x + 1] and plane[y, x] == plane[y, x + 2]:
                    break
                x += 1
            out[at] = np.uint8(x - start - 1)
            for k in range(start, x):
                out[at + 1 + k - start] = plane[y, k]
            at += 1 + x - start
    return at


def rle_encode(plane: U8) -> bytes:
    """See :func:`._numpy.rle_encode`; the tokens may be cut differently."""
    rows, columns = plane.shape
    out = np.empty(rows * (columns + (columns + 127) // 128), dtype=np.uint8)
    return out[: int(_encode(plane, out))].tobytes()


@_jit
def _decode(source: Any, out: Any) -> int:
    size, end = out.size, source.size
    position = total = 0
    while position < end and total < size:
        head = int(source[position])
        position += 1
        if head < 128:
            count = min(head + 1, end - position)
            for k in range(min(count, size - total)):
                out[total + k] = source[position + k]
            position += count
            total += count
        elif head > 128:
            if position >= end:
                break
            count = 257 - head
            value = source[position]
            for k in range(min(count, size - total)):
                out[total + k] = value
            position += 1
            total += count
    return total


def rle_decode(source: U8, out: U8) -> int:
    """See :func:`._numpy.rle_decode`."""
    return int(_decode(source, out))
