"""From a mask and a frame plan to the value of Pixel Data."""

from __future__ import annotations

import io
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.frame import PixelFormat, check_legal, encapsulate, encode_frames
from dicomposer.seg._frames import FramePlan
from dicomposer.seg._mask import Mask
from dicomposer.seg.enum import SegmentationTypeValues
from dicomposer.standard import transfer_syntax

__all__ = ["EncodedPixels", "Encoding", "encode_pixels", "segmentation_format"]


@dataclass(frozen=True)
class Encoding:
    """How pixels are to be written."""

    transfer_syntax_uid: str
    kind: SegmentationTypeValues
    max_fractional_value: int = 255
    workers: int | Executor = 0
    extended_offsets: bool = False


@dataclass(frozen=True)
class EncodedPixels:
    """Value of Pixel Data, and the extended offset table where there is one."""

    value: bytes
    extended_offsets: bytes | None = None
    extended_lengths: bytes | None = None


def segmentation_format(rows: int, columns: int, encoding: Encoding, highest_label: int) -> PixelFormat:
    """Pixel format of a segmentation (PS3.3 C.8.20.2.1), checked against its transfer syntax.

    Raises
    ------
    UnsupportedError
        If the standard does not allow this format in this transfer syntax (PS3.5 8.2).
    """
    bits = {SegmentationTypeValues.BINARY: 1, SegmentationTypeValues.FRACTIONAL: 8}.get(encoding.kind)
    if bits is None:
        bits = 8 if highest_label <= 255 else 16
    fmt = PixelFormat(rows=rows, columns=columns, bits_allocated=bits)
    check_legal(encoding.transfer_syntax_uid, fmt)
    return fmt


def encode_pixels(mask: Mask, frames: FramePlan, fmt: PixelFormat, encoding: Encoding) -> EncodedPixels:
    """Write the frames of a plan, native or compressed.

    Compressed frames are encoded as they are cut from the mask, on as many workers as asked for; native ones go
    straight to their place in the value.
    """
    syntax = transfer_syntax(encoding.transfer_syntax_uid)
    if syntax is not None and syntax.encapsulated:
        encoded = encode_frames(
            _frames(mask, frames, fmt, encoding), fmt, encoding.transfer_syntax_uid, workers=encoding.workers
        )
        result = encapsulate(encoded, extended=encoding.extended_offsets)
        return EncodedPixels(bytes(result.value), result.extended_offsets, result.extended_lengths)
    return EncodedPixels(_native(mask, frames, fmt, encoding))


def _frames(mask: Mask, frames: FramePlan, fmt: PixelFormat, encoding: Encoding) -> Iterator[NDArray[Any]]:
    if frames.segments is None:
        return mask.labels(frames.planes, np.dtype(np.uint8 if fmt.bits_allocated == 8 else np.uint16))
    if encoding.kind is SegmentationTypeValues.BINARY:
        return mask.binary(frames.planes, frames.segments)
    return mask.fractions(frames.planes, frames.segments, encoding.max_fractional_value)


def _native(mask: Mask, frames: FramePlan, fmt: PixelFormat, encoding: Encoding) -> bytes:
    pixels = fmt.rows * fmt.columns
    size = (frames.count * pixels * fmt.bits_allocated + 7) // 8
    # BytesIO lends its buffer for writing and then gives it away as bytes: the value exists once.
    holder = io.BytesIO(bytes(size + size % 2))
    with holder.getbuffer() as view:
        out = np.frombuffer(view, dtype=np.uint8)
        if frames.whole:
            mask.pack_whole(out)
        elif fmt.bits_allocated == 1 and frames.segments is not None:
            mask.pack(frames.planes, frames.segments, out)
        else:
            dtype = np.dtype(f"<u{fmt.bits_allocated // 8}")
            target = out[:size].view(dtype).reshape(frames.count, fmt.rows, fmt.columns)
            if frames.segments is None:
                for i, frame in enumerate(mask.labels(frames.planes, dtype)):
                    target[i] = frame
            else:
                maximum = encoding.max_fractional_value
                mask.write_fractions(frames.planes, frames.segments, maximum, target)
            del target
        del out
    return holder.getvalue()
