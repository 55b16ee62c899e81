"""The one path between arrays and frame bytes: bit packing, codecs, fragments and offset tables.

>>> import numpy as np
>>> from dicomposer import frame
>>> fmt = frame.PixelFormat(rows=2, columns=8, bits_allocated=8)
>>> compressed = frame.encode_frames(np.eye(2, 8, dtype=np.uint8)[None], fmt, "1.2.840.10008.1.2.5")
>>> value = frame.encapsulate(compressed).value
>>> frame.FrameReader(value, fmt, "1.2.840.10008.1.2.5", frames=1).array(0)[1, 1].item()
1
"""

from __future__ import annotations

from . import kernels
from ._codecs import can_decode, can_encode
from ._encapsulation import Encapsulated, encapsulate
from ._encode import encode_frames, iter_encoded
from ._format import ByteSource, PixelFormat
from ._legal import check_legal, is_legal
from ._native import pack_native
from ._parallel import Workers
from ._reader import BytesSource, FrameReader
from ._single import HTJ2K, decode_frame, encode_frame, get_lossy_compression_attributes
from ._syntax import is_big_endian, is_native

__all__ = [
    "HTJ2K",
    "ByteSource",
    "BytesSource",
    "Encapsulated",
    "FrameReader",
    "PixelFormat",
    "Workers",
    "can_decode",
    "can_encode",
    "check_legal",
    "decode_frame",
    "encapsulate",
    "encode_frame",
    "encode_frames",
    "get_lossy_compression_attributes",
    "is_big_endian",
    "is_legal",
    "is_native",
    "iter_encoded",
    "kernels",
    "pack_native",
]
