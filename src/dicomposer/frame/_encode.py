"""Arrays to compressed frames, one after the other or on many cores."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, UnsupportedError

from . import kernels
from ._codecs import encode_one
from ._format import PixelFormat
from ._legal import check_legal
from ._native import fitted_frame
from ._parallel import Workers, ordered_map
from ._syntax import is_native

__all__ = ["encode_frames", "iter_encoded"]


def _encode(frame: NDArray[Any], fmt: PixelFormat, syntax_uid: str) -> bytes:
    frame = np.asarray(frame)
    if frame.shape != fmt.shape:
        raise ArgumentError(f"frames of {fmt.shape} are needed, not {frame.shape}")
    return encode_one(fitted_frame(frame, fmt), fmt, syntax_uid)


def iter_encoded(
    frames: NDArray[Any] | Iterable[NDArray[Any]], fmt: PixelFormat, syntax_uid: str, *, workers: Workers = 0
) -> Iterator[bytes]:
    """Compress frames one by one; like :func:`encode_frames`, but yields each when its turn has come."""
    check_legal(syntax_uid, fmt)
    if is_native(syntax_uid):
        raise UnsupportedError("native frames are packed together: use pack_native")
    kernels.prepare(fmt.frame_pixels * len(frames) if isinstance(frames, Sized) else 0)
    function = partial(_encode, fmt=fmt, syntax_uid=syntax_uid)
    return ordered_map(function, frames, workers=workers, item_bytes=fmt.array_bytes)


def encode_frames(
    frames: NDArray[Any] | Iterable[NDArray[Any]], fmt: PixelFormat, syntax_uid: str, *, workers: Workers = 0
) -> list[bytes]:
    """Compress frames.

    Parameters
    ----------
    frames : ndarray or iterable of ndarray
        (n, rows, columns[, samples]), or such frames one by one; an iterator is read a few frames ahead.
        Single-bit frames are arrays of 0 and 1. Not modified.
    fmt : PixelFormat
        Format after encoding.
    syntax_uid : str
        An encapsulated transfer syntax.
    workers : int or Executor
        0: in the caller's thread; n: threads; -1: a thread for each core; or an executor of your own.

    Returns
    -------
    list of bytes
        The compressed frames, unpadded, in order.

    Raises
    ------
    UnsupportedError
        If PS3.5 8.2 does not allow the combination, or no codec writes it.
    ArgumentError
        If a frame has another shape, or values that do not fit.
    MissingDependencyError
        If the extra ``codecs`` is needed and missing.
    """
    return list(iter_encoded(frames, fmt, syntax_uid, workers=workers))
