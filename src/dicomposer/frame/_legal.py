"""Which pixel format may be encoded with which transfer syntax (PS3.5 8.2, tables 8.2.1-1 to 8.2.4-1)."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from dicomposer.errors import UnsupportedError

from ._format import PixelFormat
from ._syntax import (
    DEFLATED,
    DEFLATED_FRAMES,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    HTJ2K,
    HTJ2K_LOSSLESS,
    HTJ2K_RPCL,
    IMPLICIT_LITTLE,
    J2K,
    J2K_LOSSLESS,
    JPEG_BASELINE,
    JPEG_EXTENDED,
    JPEG_LOSSLESS,
    JPEG_LOSSLESS_SV1,
    JPEG_LS,
    JPEG_LS_NEAR,
    RLE,
    syntax_name,
)

__all__ = ["check_legal", "is_legal"]


class _Row(NamedTuple):
    photometric: tuple[str, ...]
    samples: int
    representations: Collection[int]
    allocated: Collection[int]
    stored: Collection[int]


_GREY = ("MONOCHROME1", "MONOCHROME2")
_NARROW = (8, 16)
_WIDE = (8, 16, 24, 32, 40)

_JPEG_LOSSLESS_ROWS = (
    _Row(_GREY, 1, (0, 1), _NARROW, range(1, 17)),
    _Row(("PALETTE COLOR",), 1, (0,), _NARROW, range(1, 17)),
    _Row(("YBR_FULL", "RGB"), 3, (0,), _NARROW, range(1, 17)),
)
# CP-2301 wrote down what was practice: a single-bit image may be JPEG 2000, with a precision of one bit.
# For RLE writers disagree about packed or unpacked bits, so we read it and never write it.
_J2K_GREY = (
    _Row(_GREY, 1, (0, 1), _WIDE, range(1, 39)),
    _Row(_GREY, 1, (0,), (1,), (1,)),
    _Row(("PALETTE COLOR",), 1, (0,), _NARROW, range(1, 17)),
)
_J2K_LOSSLESS_ROWS = (*_J2K_GREY, _Row(("YBR_RCT", "RGB", "YBR_FULL"), 3, (0,), _WIDE, range(1, 39)))
_J2K_ROWS = (*_J2K_GREY, _Row(("YBR_ICT", "RGB", "YBR_FULL"), 3, (0,), _WIDE, range(1, 39)))
_HTJ2K_ROWS = (*_J2K_GREY, _Row(("YBR_RCT", "YBR_ICT", "RGB", "YBR_FULL"), 3, (0,), _WIDE, range(1, 39)))
_JPEG_LS_ROWS = (
    _Row(_GREY, 1, (0, 1), _NARROW, range(2, 17)),
    _Row(("PALETTE COLOR",), 1, (0,), _NARROW, range(2, 17)),
    _Row(("YBR_FULL",), 3, (0,), (8,), range(2, 9)),
    _Row(("RGB",), 3, (0,), _NARROW, range(2, 17)),
)

_ROWS: dict[str, tuple[_Row, ...]] = {
    RLE: (
        _Row(_GREY, 1, (0, 1), _NARROW, range(1, 17)),
        _Row(("PALETTE COLOR",), 1, (0,), _NARROW, range(1, 17)),
        _Row(("YBR_FULL",), 3, (0,), (8,), range(1, 9)),
        _Row(("RGB",), 3, (0,), _NARROW, range(1, 17)),
    ),
    JPEG_BASELINE: (
        _Row(_GREY, 1, (0,), (8,), (8,)),
        _Row(("YBR_FULL_422", "RGB"), 3, (0,), (8,), (8,)),
    ),
    JPEG_EXTENDED: (_Row(_GREY, 1, (0,), (8,), (8,)), _Row(_GREY, 1, (0,), (16,), (12,))),
    JPEG_LOSSLESS: _JPEG_LOSSLESS_ROWS,
    JPEG_LOSSLESS_SV1: _JPEG_LOSSLESS_ROWS,
    JPEG_LS: _JPEG_LS_ROWS,
    JPEG_LS_NEAR: _JPEG_LS_ROWS,
    J2K_LOSSLESS: _J2K_LOSSLESS_ROWS,
    J2K: _J2K_ROWS,
    HTJ2K_LOSSLESS: _HTJ2K_ROWS,
    HTJ2K_RPCL: _HTJ2K_ROWS,
    HTJ2K: _HTJ2K_ROWS,
}
_UNRESTRICTED = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG, DEFLATED_FRAMES)
_NATIVE = (IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG)


def is_legal(syntax_uid: str, fmt: PixelFormat) -> bool:
    """Whether the standard lets this format be encoded with this transfer syntax (False if unknown)."""
    if fmt.floating:  # PS3.5 8.2: float pixel data are never encapsulated
        return syntax_uid in _NATIVE
    if syntax_uid in _UNRESTRICTED:
        return True
    return any(
        fmt.photometric in row.photometric
        and fmt.samples == row.samples
        and fmt.pixel_representation in row.representations
        and fmt.bits_allocated in row.allocated
        and fmt.stored in row.stored
        for row in _ROWS.get(syntax_uid, ())
    )


def check_legal(syntax_uid: str, fmt: PixelFormat) -> None:
    """Refuse a combination of transfer syntax and pixel format that PS3.5 8.2 does not allow.

    Parameters
    ----------
    syntax_uid : str
        Transfer Syntax UID.
    fmt : PixelFormat
        Format of the frames *after* encoding.

    Raises
    ------
    UnsupportedError
        If the combination is not legal or the syntax is not known; the message names what is legal.
    """
    if is_legal(syntax_uid, fmt):
        return
    legal = [uid for uid in (*_UNRESTRICTED, *_ROWS) if is_legal(uid, fmt)]
    kind = f"{fmt.bits_allocated} bits allocated, {fmt.stored} stored"
    if fmt.floating:
        kind = f"{fmt.bits_allocated}-bit float"
    names = ", ".join(f"{syntax_name(uid)} ({uid})" for uid in legal)
    raise UnsupportedError(
        f"{syntax_name(syntax_uid)} ({syntax_uid}) cannot hold {fmt.samples} sample(s) per pixel of {kind}, "
        f"{fmt.photometric}, Pixel Representation {fmt.pixel_representation} (PS3.5 8.2). Legal: {names}"
    )
