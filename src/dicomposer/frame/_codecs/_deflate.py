"""Deflated Image Frame Compression (PS3.5 8.2.16, A.4.13): deflated native frames; works without extras."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import CodecError, TruncatedError
from dicomposer.frame._format import PixelFormat
from dicomposer.frame._native import native_frame, pack_native

__all__ = ["decode", "encode"]


def encode(frame: NDArray[Any], fmt: PixelFormat, _syntax_uid: str) -> bytes:
    """Deflate the bytes of one frame; a single-bit frame is padded to a whole byte of its own."""
    deflate = zlib.compressobj(6, zlib.DEFLATED, -15)
    size = fmt.native_size(1)
    return deflate.compress(memoryview(pack_native(frame[None], fmt))[:size]) + deflate.flush()


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Inflate no more than the frame's size, whatever the stream would give."""
    size = fmt.native_size(1)
    inflate = zlib.decompressobj(-15)
    raw = inflate.decompress(data, size + 2)
    if len(raw) < size:
        raise TruncatedError(f"a deflated frame holds {len(raw)} of {size} bytes")
    if len(raw) > size + size % 2:
        raise CodecError(f"a deflated frame holds more than its {size} bytes")
    return np.array(native_frame(raw, fmt))
