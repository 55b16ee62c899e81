"""JPEG baseline, extended and lossless (PS3.5 8.2.1), for reading, through libjpeg-turbo.

It decodes all of them; the special lossless decoder (liblj92) crashes on damaged frames.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import CodecError
from dicomposer.frame._format import PixelFormat

from ._headers import jpeg_header, require_match
from ._imagecodecs import imagecodecs
from ._jpegls import sign_extended

__all__ = ["decode"]


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Decode a frame in the colour space in which it is stored, at full chrominance resolution."""
    header, marker = jpeg_header(data)
    if marker == 0xF7:
        raise CodecError("a frame is JPEG-LS, not JPEG")
    require_match(header, fmt)
    package = imagecodecs("decoding JPEG")
    if fmt.samples == 3:
        space = "RGB" if fmt.photometric == "RGB" else "YCBCR"
        frame = np.asarray(package.jpeg8_decode(bytes(data), colorspace=space, outcolorspace=space))
    else:
        frame = np.asarray(package.jpeg8_decode(bytes(data)))
    return sign_extended(frame, header, fmt)
