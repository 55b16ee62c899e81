"""Run lengths of one byte segment (PS3.5 G.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ._dispatch import Buffer, bits_of, choose_twin

__all__ = ["rle_decode", "rle_encode"]


def rle_encode(plane: NDArray[np.uint8]) -> bytes:
    """Encode one byte segment, a (rows, columns) plane, row by row (PS3.5 G.3), without the padding."""
    encoded: bytes = choose_twin(plane.size).rle_encode(np.ascontiguousarray(plane))
    return encoded


def rle_decode(source: Buffer, out: NDArray[np.uint8]) -> int:
    """Decode an RLE segment into flat, contiguous ``out``; return the bytes it stands for until that is full.

    A result below ``out.size`` means that the segment is too short, above that its last token runs over.
    """
    return int(choose_twin(out.size).rle_decode(bits_of(source), out))
