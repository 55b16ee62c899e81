"""Single frames, call-compatible with highdicom's ``frame`` module."""

from __future__ import annotations

from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.enum import PixelDataKeywords

from ._codecs import decode_one
from ._encode import encode_frames
from ._format import PixelFormat
from ._legal import check_legal
from ._native import native_frame, pack_native
from ._syntax import HTJ2K, J2K, JPEG_BASELINE, JPEG_EXTENDED, JPEG_LS_NEAR, is_big_endian, is_native

__all__ = ["HTJ2K", "decode_frame", "encode_frame", "get_lossy_compression_attributes"]

_LOSSY_METHODS = {
    JPEG_BASELINE: "ISO_10918_1",
    JPEG_EXTENDED: "ISO_10918_1",
    JPEG_LS_NEAR: "ISO_14495_1",
    J2K: "ISO_15444_1",
    HTJ2K: "ISO_15444_15",
}


def _plain(value: Any) -> Any:
    """The value of an enumeration's member, anything else as it is."""
    return value.value if isinstance(value, Enum) else value


def decode_frame(  # noqa: PLR0913 - drop-in signature
    value: bytes,
    transfer_syntax_uid: str,
    rows: int,
    columns: int,
    samples_per_pixel: int,
    bits_allocated: int,
    bits_stored: int,
    photometric_interpretation: Any,
    pixel_representation: Any = 0,
    planar_configuration: Any = None,
    index: int = 0,
    pixel_keyword: Any = PixelDataKeywords.PIXEL_DATA,
) -> NDArray[Any]:
    """Decode one frame of pixel data.

    Parameters
    ----------
    value : bytes
        The frame's bytes, without item headers.
    transfer_syntax_uid : str
        Transfer syntax.
    rows, columns, samples_per_pixel, bits_allocated, bits_stored : int
        As the attributes of those names.
    photometric_interpretation, pixel_representation, planar_configuration
        As the attributes of those names; strings, numbers or members of the enumerations.
    index : int
        Number of the frame in its image: native single-bit frames may begin within a byte.
    pixel_keyword
        ``"PixelData"``, ``"FloatPixelData"`` or ``"DoubleFloatPixelData"``.

    Returns
    -------
    ndarray
        (rows, columns) or (rows, columns, samples).

    Raises
    ------
    CodecError
        If the bytes cannot be decoded, or are not what the other arguments announce.
    """
    fmt = PixelFormat(
        rows=rows,
        columns=columns,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        samples=samples_per_pixel,
        photometric=str(_plain(photometric_interpretation)),
        pixel_representation=int(_plain(pixel_representation) or 0),
        planar_configuration=_plain(planar_configuration) if samples_per_pixel > 1 else None,
        floating=_plain(pixel_keyword) != "PixelData",
    )
    if not is_native(transfer_syntax_uid):
        return decode_one(value, fmt, transfer_syntax_uid)
    shift = (index * fmt.frame_bits) % 8 if bits_allocated == 1 else 0
    return native_frame(value, fmt, big_endian=is_big_endian(transfer_syntax_uid), shift=shift)


def encode_frame(
    array: NDArray[Any],
    transfer_syntax_uid: str,
    bits_allocated: int,
    bits_stored: int,
    photometric_interpretation: Any,
    pixel_representation: Any = 0,
    planar_configuration: Any = None,
) -> bytes:
    """Encode one frame.

    Parameters
    ----------
    array : ndarray
        (rows, columns) or (rows, columns, samples).
    transfer_syntax_uid : str
        Transfer syntax.
    bits_allocated, bits_stored : int
        As the attributes of those names.
    photometric_interpretation, pixel_representation, planar_configuration
        As the attributes of those names, after encoding.

    Returns
    -------
    bytes
        The frame's bytes; native frames are not padded.

    Raises
    ------
    UnsupportedError
        If PS3.5 8.2 does not allow the combination.
    """
    array = np.asarray(array)
    fmt = PixelFormat(
        rows=array.shape[0],
        columns=array.shape[1],
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        samples=array.shape[2] if array.ndim == 3 else 1,
        photometric=str(_plain(photometric_interpretation)),
        pixel_representation=int(_plain(pixel_representation) or 0),
        planar_configuration=_plain(planar_configuration) if array.ndim == 3 else None,
        floating=array.dtype.kind == "f",
    )
    if is_native(transfer_syntax_uid):
        check_legal(transfer_syntax_uid, fmt)
        return bytes(memoryview(pack_native(array[None], fmt))[: fmt.native_size(1)])
    return encode_frames(array[None], fmt, transfer_syntax_uid)[0]


def get_lossy_compression_attributes(transfer_syntax_uid: str) -> tuple[str, str | None]:
    """Lossy Image Compression ("00" or "01") and its method (PS3.3 C.7.6.1.1.5) for a transfer syntax."""
    method = _LOSSY_METHODS.get(transfer_syntax_uid)
    return ("00", None) if method is None else ("01", method)
