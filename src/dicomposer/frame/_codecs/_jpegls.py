"""JPEG-LS (PS3.5 8.2.3, A.4.3) through CharLS."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import CodecError, UnsupportedError
from dicomposer.frame import _syntax as syntax
from dicomposer.frame._format import PixelFormat

from ._headers import CodestreamHeader, jpeg_header, require_match
from ._imagecodecs import imagecodecs

__all__ = ["decode", "encode"]


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Decode a lossless or near-lossless frame; samples are unsigned patterns of Bits Stored bits."""
    header, marker = jpeg_header(data)
    if marker != 0xF7:
        raise CodecError("a frame is JPEG, not JPEG-LS")
    require_match(header, fmt)
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
    return encoded
