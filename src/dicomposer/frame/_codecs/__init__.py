"""The registry of codecs: one file and one line each.

A codec is a module with two functions, of which the second may be missing::

    def decode(data: bytes | memoryview, fmt: PixelFormat, syntax_uid: str) -> ndarray
    def encode(frame: ndarray, fmt: PixelFormat, syntax_uid: str) -> bytes

``decode`` must compare the header of the compressed frame with ``fmt`` before it decodes anything, and
returns an array of ``fmt.shape`` in any integer type. ``encode`` gets an array of ``fmt.shape`` and
``fmt.dtype``.
"""

from __future__ import annotations

import importlib
from typing import Any

from numpy.typing import NDArray

from dicomposer.errors import CodecError, DicomposerError, UnsupportedError
from dicomposer.frame import _syntax as syntax
from dicomposer.frame._format import PixelFormat

__all__ = ["can_decode", "can_encode", "decode_one", "encode_one"]

_REGISTRY: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("_rle", (syntax.RLE,)),
    ("_jpeg2000", (syntax.J2K_LOSSLESS, syntax.J2K)),
    ("_htj2k", (syntax.HTJ2K_LOSSLESS, syntax.HTJ2K_RPCL, syntax.HTJ2K)),
    ("_jpegls", (syntax.JPEG_LS, syntax.JPEG_LS_NEAR)),
    ("_jpeg", (syntax.JPEG_BASELINE, syntax.JPEG_EXTENDED, syntax.JPEG_LOSSLESS, syntax.JPEG_LOSSLESS_SV1)),
    ("_deflate", (syntax.DEFLATED_FRAMES,)),
)
_MODULES = {uid: module for module, uids in _REGISTRY for uid in uids}


def _codec(syntax_uid: str) -> Any:
    module = _MODULES.get(syntax_uid)
    if module is None:
        raise UnsupportedError(
            f"no codec for {syntax.syntax_name(syntax_uid)} ({syntax_uid}); there are codecs for "
            + ", ".join(syntax.syntax_name(uid) for uid in _MODULES)
        )
    return importlib.import_module(f"{__name__}.{module}")


def can_decode(syntax_uid: str) -> bool:
    """Whether frames of this transfer syntax can be read (given the extra ``codecs``)."""
    return syntax.is_native(syntax_uid) or syntax_uid in _MODULES


def can_encode(syntax_uid: str) -> bool:
    """Whether frames of this transfer syntax can be written (given the extra ``codecs``)."""
    return syntax.is_native(syntax_uid) or (syntax_uid in _MODULES and hasattr(_codec(syntax_uid), "encode"))


def decode_one(data: bytes | memoryview, fmt: PixelFormat, syntax_uid: str) -> NDArray[Any]:
    """Decode one frame; whatever goes wrong in foreign code is a CodecError."""
    codec = _codec(syntax_uid)
    try:
        frame = codec.decode(data, fmt, syntax_uid)
    except (DicomposerError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except (
        BaseException
    ) as error:  # extensions written in Rust raise PanicException, which is not an Exception
        # The text of foreign errors may hold anything, so only their kind is passed on
        name = syntax.syntax_name(syntax_uid)
        raise CodecError(f"a frame of {name} cannot be decoded ({type(error).__name__})") from error
    return _fitted(frame, fmt)


def encode_one(frame: NDArray[Any], fmt: PixelFormat, syntax_uid: str) -> bytes:
    """Encode one frame of ``fmt.shape``."""
    codec = _codec(syntax_uid)
    if not hasattr(codec, "encode"):
        raise UnsupportedError(f"{syntax.syntax_name(syntax_uid)} is read but not written")
    try:
        return bytes(codec.encode(frame, fmt, syntax_uid))
    except (DicomposerError, KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException as error:
        name = syntax.syntax_name(syntax_uid)
        raise CodecError(f"a frame cannot be encoded as {name} ({type(error).__name__})") from error


def _fitted(frame: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    """A decoded frame in the type that the attributes announce."""
    if frame.ndim == 3 and frame.shape[2] == 1:
        frame = frame[:, :, 0]
    if frame.shape != fmt.shape:
        raise CodecError(f"a frame of {frame.shape} was decoded where {fmt.shape} was announced")
    wanted = fmt.dtype
    if frame.dtype == wanted:
        return frame
    if frame.dtype.itemsize == wanted.itemsize and {frame.dtype.kind, wanted.kind} == {"u", "i"}:
        return frame.view(wanted)  # samples coded as unsigned patterns (JPEG-LS, RLE), or a header that lies
    return frame.astype(wanted)
