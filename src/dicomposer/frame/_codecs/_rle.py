"""RLE Lossless (PS3.5 Annex G): works without extras."""

from __future__ import annotations

import struct
import sys
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import CodecError, TruncatedError
from dicomposer.frame import kernels
from dicomposer.frame._format import PixelFormat
from dicomposer.frame._native import without_unused_bits

__all__ = ["decode", "encode"]

_HEADER = struct.Struct("<16L")


def encode(frame: NDArray[Any], fmt: PixelFormat, _syntax_uid: str) -> bytes:
    """Byte segments, most significant byte first, of each sample (G.2), each padded to an even length."""
    size = frame.dtype.itemsize
    octets = np.ascontiguousarray(frame, dtype=frame.dtype.newbyteorder(">")).view(np.uint8)
    planes = octets.reshape(fmt.rows, fmt.columns, fmt.samples * size)
    segments = []
    for index in range(fmt.samples * size):
        segment = kernels.rle_encode(planes[:, :, index])
        segments.append(segment + b"\0" if len(segment) % 2 else segment)
    offsets = np.cumsum([_HEADER.size] + [len(segment) for segment in segments])[:-1].tolist()
    return b"".join((_HEADER.pack(len(segments), *offsets, *[0] * (15 - len(offsets))), *segments))


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Refuse segments that are missing, out of order, short or running over; then put the bytes together."""
    size = fmt.dtype.itemsize
    bounds = _bounds(data, fmt.samples * size)
    view = memoryview(data)
    planes = np.empty((fmt.samples * size, fmt.frame_pixels), dtype=np.uint8)
    for index, plane in enumerate(planes):
        count = kernels.rle_decode(view[bounds[index] : bounds[index + 1]], plane)
        if fmt.bits_allocated == 1 and count == (fmt.frame_pixels + 7) // 8:
            # Writers of single-bit RLE disagree: one pixel a byte, or packed as in native pixel data
            return np.unpackbits(plane[:count], count=fmt.frame_pixels, bitorder="little").reshape(fmt.shape)
        if count < fmt.frame_pixels:
            raise TruncatedError(
                f"RLE segment {index} of a frame stands for {count} of {fmt.frame_pixels} bytes"
            )
        if count > fmt.frame_pixels + 1:  # one more is the padding that some writers compress too
            raise CodecError(f"RLE segment {index} of a frame runs over its {fmt.frame_pixels} bytes")
    if size == 1 and fmt.samples == 1:
        return without_unused_bits(planes.view(fmt.dtype), fmt).reshape(fmt.shape)
    octets = np.empty((fmt.frame_pixels, fmt.samples, size), dtype=np.uint8)
    order = range(size) if sys.byteorder == "big" else range(size)[::-1]
    for index, plane in enumerate(planes):
        octets[:, index // size, order[index % size]] = plane
    return without_unused_bits(octets.reshape(-1).view(fmt.dtype), fmt).reshape(fmt.shape)


def _bounds(data: bytes | memoryview, expected: int) -> list[int]:
    """Start of each segment, and the end of the data (G.5)."""
    if len(data) < _HEADER.size:
        raise TruncatedError("an RLE frame ends within its header")
    count, *offsets = _HEADER.unpack_from(data)
    if count != expected:
        raise CodecError(f"an RLE frame has {count} segments where {expected} are announced")
    bounds = [*offsets[:count], len(data)]
    if bounds[0] < _HEADER.size or any(a >= b for a, b in pairwise(bounds)):
        raise CodecError("the segments of an RLE frame are out of order or outside of it")
    return bounds
