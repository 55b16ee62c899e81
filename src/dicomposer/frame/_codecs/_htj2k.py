"""High-throughput JPEG 2000 (PS3.5 8.2.14), for reading, through OpenJPH."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.frame._format import PixelFormat

from ._headers import jpeg2000_header, require_match
from ._imagecodecs import imagecodecs
from ._jpeg2000 import with_sign

__all__ = ["decode"]


def decode(data: bytes | memoryview, fmt: PixelFormat, _syntax_uid: str) -> NDArray[Any]:
    """Decode a frame."""
    header = jpeg2000_header(data)
    require_match(header, fmt)
    frame = imagecodecs("decoding HTJ2K").htj2k_decode(bytes(data[header.start :]), planar=False)
    return with_sign(np.asarray(frame), header, fmt)
