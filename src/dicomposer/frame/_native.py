"""Native pixel data: arrays to bytes and back (PS3.5 8.1 and Annex D)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, TruncatedError

from . import kernels
from ._format import PixelFormat

__all__ = ["expand_bits", "fitted_frame", "native_frame", "pack_native", "without_unused_bits"]


def pack_native(frames: NDArray[Any], fmt: PixelFormat) -> bytes | bytearray:
    """Native little-endian pixel data of some frames, padded to an even length.

    Parameters
    ----------
    frames : ndarray
        (n, rows, columns[, samples]); for single-bit images anything but 0 is set. Not modified.
    fmt : PixelFormat
        Layout to write.

    Raises
    ------
    ArgumentError
        If the shape is not that of ``fmt`` or the type cannot be stored without loss.
    """
    if frames.ndim != 1 + len(fmt.shape) or frames.shape[1:] != fmt.shape:
        raise ArgumentError(f"frames of {fmt.shape} are needed, not {frames.shape[1:]}")
    if fmt.bits_allocated == 1:
        size = fmt.native_size(len(frames))
        value = bytearray(size + size % 2)
        kernels.pack_stack_frames(frames[..., None], np.arange(len(frames)), np.zeros(len(frames)), value)
        return value
    if fmt.subsampled:
        raise ArgumentError("frames with shared chrominance (YBR_FULL_422) are read but not written natively")
    frames = fitted_frame(frames, fmt)
    if fmt.samples > 1 and fmt.planar_configuration == 1:
        frames = np.moveaxis(frames, -1, 1)
    raw = frames.astype(fmt.dtype.newbyteorder("<"), copy=False).tobytes()
    return raw + b"\0" if len(raw) % 2 else raw


def fitted_frame(frame: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    """The frame in the type of ``fmt``; refuses what would change values."""
    if frame.dtype == fmt.dtype:
        return frame
    if fmt.bits_allocated == 1:
        return np.asarray(frame != 0).view(np.uint8)
    if fmt.floating or (frame.dtype.kind in "iub" and np.can_cast(frame.dtype, fmt.dtype)):
        return frame.astype(fmt.dtype)
    if frame.dtype.kind in "iu" and (
        frame.size == 0
        or (np.iinfo(fmt.dtype).min <= int(frame.min()) and int(frame.max()) <= np.iinfo(fmt.dtype).max)
    ):
        return frame.astype(fmt.dtype)
    raise ArgumentError(f"pixels of {frame.dtype} do not fit {fmt.dtype}")


def native_frame(
    raw: bytes | memoryview, fmt: PixelFormat, *, big_endian: bool = False, shift: int = 0
) -> NDArray[Any]:
    """Array of one native frame: a read-only view of the bytes where no bits or bytes must be moved.

    Parameters
    ----------
    raw : bytes or memoryview
        From the byte in which the frame begins.
    fmt : PixelFormat
        Layout.
    big_endian : bool
        Words are big-endian.
    shift : int
        For single-bit frames, the bit of the first byte with which the frame begins.
    """
    if len(raw) < (shift + fmt.frame_bits + 7) // 8:
        raise TruncatedError("pixel data end within a frame", tag=0x7FE00010)
    if fmt.bits_allocated == 1:
        octets = np.frombuffer(raw, dtype=np.uint8)
        bits = np.unpackbits(octets, count=shift + fmt.frame_bits, bitorder="little")
        return bits[shift:].reshape(fmt.shape)
    stored = fmt.dtype.newbyteorder(">" if big_endian else "<")
    samples = np.frombuffer(raw, dtype=stored, count=fmt.frame_bits // fmt.bits_allocated)
    if not stored.isnative:
        samples = samples.astype(fmt.dtype)
    samples = without_unused_bits(samples, fmt)
    if fmt.samples == 1:
        return samples.reshape(fmt.shape)
    if fmt.subsampled:
        return _full_chrominance(samples, fmt)
    if fmt.planar_configuration == 1:
        return np.moveaxis(samples.reshape(fmt.samples, fmt.rows, fmt.columns), 0, -1)
    return samples.reshape(fmt.shape)


def expand_bits(raw: bytes | memoryview, fmt: PixelFormat, shift: int, out: NDArray[Any]) -> None:
    """Write a native single-bit frame into zeroed ``out``, (rows, columns), from its first to its last set pixel.

    Masks are mostly background: memory that is left alone need not even be there. Parameters as in
    :func:`native_frame`.
    """
    if shift or out.size % 64 or len(raw) * 8 < out.size:
        out[...] = native_frame(raw, fmt, shift=shift)
        return
    octets = np.frombuffer(raw, dtype=np.uint8, count=out.size // 8)
    (used,) = (octets.view(np.uint64) != 0).nonzero()
    if used.size:
        first, end = int(used[0]), int(used[-1]) + 1
        bits = np.unpackbits(octets[8 * first : 8 * end], bitorder="little")
        out.reshape(-1)[64 * first : 64 * end] = bits


def without_unused_bits(samples: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    """Samples as Bits Stored says; bits above may hold anything, overlays of old for one (PS3.5 8.1.1).

    The samples themselves where there is nothing to correct.
    """
    spare = fmt.bits_allocated - fmt.stored
    if fmt.floating or spare <= 0 or not samples.size:
        return samples
    if fmt.pixel_representation:
        half = 1 << (fmt.stored - 1)
        if -half <= int(samples.min()) and int(samples.max()) < half:
            return samples
        return np.asarray((samples << spare) >> spare)
    if int(samples.max()) < 1 << fmt.stored:
        return samples
    return np.asarray(samples & samples.dtype.type((1 << fmt.stored) - 1))


def _full_chrominance(samples: NDArray[Any], fmt: PixelFormat) -> NDArray[Any]:
    """Y1 Y2 Cb Cr of each pair of pixels to Y Cb Cr of each (PS3.3 C.7.6.3.1.2)."""
    pairs = samples.reshape(fmt.rows, fmt.columns // 2, 4)
    full = np.empty((fmt.rows, fmt.columns // 2, 2, 3), dtype=samples.dtype)
    full[..., 0] = pairs[..., :2]
    full[..., 1:] = pairs[..., None, 2:]
    return full.reshape(fmt.shape)
