"""From selected frames to one array: decode, transform and place, in the result's own memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomposer.errors import IndexingError, UnsupportedError
from dicomposer.frame import FrameReader, PixelFormat, is_native
from dicomposer.image._select import Region, Selection
from dicomposer.image._transforms import Pipeline

__all__ = ["fill", "in_threads", "refuse_ambiguous", "zeros"]

Array = NDArray[Any]

#: Fewer bytes of output than this are not worth starting threads for.
_WORTH_THREADS = 1 << 22

#: Results up to this size, or this many times the stored frames, are made; see `zeros`.
_ALWAYS = 4 << 30
_TIMES_STORED = 1000


def zeros(shape: Sequence[int], dtype: DTypeLike, fmt: PixelFormat, frames: int) -> Array:
    """Make the array of a result, unless what the file says about its size is absurd.

    A header of a few kilobytes can ask for more than any machine has. Results may be as large as 4 GiB, and 1000 times
    what the stored frames take in the same type.

    Parameters
    ----------
    shape : Sequence[int]
        Of the result.
    dtype : numpy dtype
        Of the result.
    fmt : PixelFormat
        Of the stored frames.
    frames : int
        How many are stored.

    Raises
    ------
    UnsupportedError
        If the result is larger than that, or than the memory that there is.
    """
    size = prod(int(length) for length in shape) * np.dtype(dtype).itemsize
    limit = max(_ALWAYS, _TIMES_STORED * frames * fmt.rows * fmt.columns * np.dtype(dtype).itemsize)
    text = (
        f"the result would take {size} bytes, for {frames} stored frames of {fmt.rows} x {fmt.columns} pixels"
    )
    if size > limit:
        raise UnsupportedError(f"{text}; the limit is {limit}: read a part of it")
    try:
        return np.zeros(tuple(shape), dtype=dtype)
    except (MemoryError, ValueError):
        raise UnsupportedError(f"{text}, which is more than there is: read a part of it") from None


def refuse_ambiguous(selection: Selection) -> None:
    """Two frames must not claim the same plane, or the same tile of the matrix.

    Raises
    ------
    IndexingError
        If they do.
    """
    rows = selection.planes.astype(np.int64)[:, None]
    if selection.offsets is not None:
        rows = np.hstack([rows, selection.offsets])
    if len(np.unique(rows, axis=0)) < len(rows):
        raise IndexingError(
            "several frames belong to the same place of the result (another channel, phase or focal plane): these "
            "frames cannot be told apart this way; read them with get_frames"
        )


def fill(reader: FrameReader, chain: Pipeline, selection: Selection) -> Array:
    """Make the array of a selection.

    Parameters
    ----------
    reader : FrameReader
        Decoder.
    chain : Pipeline
        Transforms of the selected frames, in their order.
    selection : Selection
        Frames and places.

    Returns
    -------
    numpy.ndarray
        (planes, rows, columns) or (planes, rows, columns, 3); 0 where no frame lies.
    """
    shape = (selection.count, *selection.region.shape)
    whole = shape if chain.samples == 1 else (*shape, chain.samples)
    out = zeros(whole, chain.dtype, reader.format, len(selection.frames))
    frames, planes = selection.frames.tolist(), selection.planes.tolist()

    def place(i: int, frame: Array) -> None:
        offset = None if selection.offsets is None else selection.offsets[i]
        source, target = _overlap(frame, out[planes[i]], selection.region, offset)
        chain.of(i).into(source, target)

    if is_native(reader.syntax_uid):
        in_threads(lambda i: place(i, reader.array(frames[i])), len(frames), out.nbytes)
    else:  # codecs are what takes time, and the reader runs them on all cores
        for i, frame in enumerate(reader.iter_arrays(frames, workers=-1 if len(frames) > 1 else 0)):
            place(i, frame)
    return out


def in_threads(work: Callable[[int], None], count: int, size: int) -> None:
    """Call ``work`` with 0 to ``count - 1``, on all cores if ``size`` bytes of output are worth it."""
    cores = os.cpu_count() or 1
    if cores == 1 or count < 2 or size < _WORTH_THREADS:
        for i in range(count):
            work(i)
        return

    def run(part: Sequence[int]) -> None:
        for i in part:
            work(i)

    step = max(1, -(-count // (4 * cores)))
    with ThreadPoolExecutor(cores, thread_name_prefix="dicomposer") as pool:
        for _ in pool.map(run, [range(i, min(i + step, count)) for i in range(0, count, step)]):
            pass


def _overlap(
    frame: Array, plane: Array, region: Region, offset: NDArray[np.int64] | None
) -> tuple[Array, Array]:
    """The part of a frame that falls into the region, and where it goes."""
    if offset is None:
        return frame[region.row_start : region.row_end, region.column_start : region.column_end], plane
    row, column = int(offset[0]), int(offset[1])
    top, left = max(row, region.row_start), max(column, region.column_start)
    bottom = min(row + frame.shape[0], region.row_end)
    right = min(column + frame.shape[1], region.column_end)
    source = frame[top - row : bottom - row, left - column : right - column]
    target = plane[
        top - region.row_start : bottom - region.row_start,
        left - region.column_start : right - region.column_start,
    ]
    return source, target
