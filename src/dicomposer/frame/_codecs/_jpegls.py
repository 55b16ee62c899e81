"""JPEG-LS (PS3.5 8.2.3, A.4.3) through CharLS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import CodecError, TruncatedError, UnsupportedError
from dicomposer.frame import _syntax as syntax
from dicomposer.frame._format import PixelFormat

from ._headers import CodestreamHeader, jpeg_header, require_match
from ._imagecodecs import imagecodecs

__all__ = ["decode", "encode", "sign_extended"]

_TAIL = 64  # padding after the end marker is a byte or a few
_APP8 = b"\xff\xe8"


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Decode a lossless or near-lossless frame; samples are unsigned patterns of Bits Stored bits."""
    header, marker = jpeg_header(data)
    if marker != 0xF7:
        raise CodecError("a frame is JPEG, not JPEG-LS")
    require_match(header, fmt)
    if b"\xff\xd9" not in bytes(data[-_TAIL:]):  # CharLS may search for the rest of a cut scan without end
        raise TruncatedError("a JPEG-LS frame ends before its end marker")
    frame = np.asarray(imagecodecs("decoding JPEG-LS").jpegls_decode(bytes(data)))
    return sign_extended(frame, header, fmt)


def sign_extended(frame: NDArray[Any], header: CodestreamHeader, fmt: PixelFormat) -> NDArray[Any]:
    """Two's complement of ``precision`` bits as signed numbers."""
    if not fmt.pixel_representation:
        return frame
    shift = fmt.bits_allocated - header.precision
    signed: NDArray[Any] = (frame.astype(f"u{fmt.dtype.itemsize}") << shift).view(fmt.dtype) >> shift
    return signed


def encode(frame: NDArray[Any], fmt: PixelFormat, syntax_uid: str) -> bytes:
    """Encode a frame without loss."""
    if syntax_uid != syntax.JPEG_LS:
        raise UnsupportedError("JPEG-LS is written without loss only (1.2.840.10008.1.2.4.80)")
    if fmt.stored not in (8, 16):
        # The codestream's precision must agree with Bits Stored (8.2.3); here it comes from the array's type
        raise UnsupportedError(
            f"JPEG-LS is written with 8 or 16 bits stored, not {fmt.stored}; use JPEG 2000 or RLE"
        )
    unsigned = np.ascontiguousarray(frame).view(f"u{frame.dtype.itemsize}")
    encoded: bytes = imagecodecs("encoding JPEG-LS").jpegls_encode(unsigned, level=0)
    while encoded[2:4] == _APP8:  # a SPIFF header, which belongs to files and not to frames (A.4.3)
        encoded = encoded[:2] + encoded[4 + int.from_bytes(encoded[4:6], "big") :]
    return encoded
