"""JPEG 2000 (PS3.5 8.2.4, A.4.4) through OpenJPEG."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import UnsupportedError
from dicomposer.frame import _syntax as syntax
from dicomposer.frame._format import PixelFormat

from ._headers import CodestreamHeader, jpeg2000_header, require_match
from ._imagecodecs import imagecodecs

__all__ = ["decode", "encode", "with_sign"]

_MAX_BITS = 26  # of OpenJPEG's arithmetic in 32 bits, as imagecodecs documents


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Decode a frame; the reversible and irreversible colour transforms are undone by the decoder."""
    header = jpeg2000_header(data)
    require_match(header, fmt)
    package = imagecodecs("decoding JPEG 2000")
    frame = package.jpeg2k_decode(bytes(data[header.start :]), numthreads=1)
    return with_sign(np.asarray(frame), header, fmt)


def with_sign(frame: NDArray[Any], header: CodestreamHeader, fmt: PixelFormat) -> NDArray[Any]:
    """Correct codestreams whose sign flag differs from Pixel Representation, a fault of some writers."""
    if fmt.pixel_representation and not header.signed:
        shift = fmt.bits_allocated - header.precision
        patterns = frame.astype(np.dtype(f"u{fmt.dtype.itemsize}")) << shift
        signed: NDArray[Any] = patterns.view(fmt.dtype) >> shift
        return signed
    return frame


def encode(frame: NDArray[Any], fmt: PixelFormat, syntax_uid: str) -> bytes:
    """Encode a frame without loss; YBR_RCT takes RGB pixels and uses the reversible colour transform."""
    if syntax_uid != syntax.J2K_LOSSLESS:
        raise UnsupportedError("JPEG 2000 is written without loss only (1.2.840.10008.1.2.4.90)")
    if fmt.stored > _MAX_BITS:
        raise UnsupportedError(f"JPEG 2000 is written with up to {_MAX_BITS} bits, not {fmt.stored}")
    package = imagecodecs("encoding JPEG 2000")
    encoded: bytes = package.jpeg2k_encode(
        np.ascontiguousarray(frame),
        level=0,
        codecformat="j2k",
        bitspersample=fmt.stored,
        reversible=True,
        mct=fmt.photometric == "YBR_RCT",
        planar=False,
        numthreads=1,
    )
    return encoded
