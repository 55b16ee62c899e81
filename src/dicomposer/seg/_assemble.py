"""From selected frames to output arrays: one label map, or segments stacked on the last axis."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomposer.coding import stack_level
from dicomposer.errors import ArgumentError, IndexingError, OverlapError
from dicomposer.frame import FrameReader, PixelFormat, kernels
from dicomposer.image import Region, Selection, zeros

__all__ = ["SegmentFrames", "Wanted", "combined", "stacked"]

Array = NDArray[Any]

#: Frames decoded at a time: enough to keep all cores busy, little enough to bound memory.
_CHUNK = 64


@dataclass(frozen=True)
class SegmentFrames:
    """What is needed of a segmentation to assemble its frames.

    ``segments`` holds the segment number of every frame of the image (None for a label map);
    ``maximum`` is the Maximum Fractional Value (None unless fractional); ``native`` is the value of Pixel Data where
    its single bits can be read without decoding frames; ``count`` is how many frames are stored.
    """

    reader: FrameReader
    fmt: PixelFormat
    segments: NDArray[np.int64] | None
    maximum: int | None
    native: Any | None
    count: int


@dataclass(frozen=True)
class Wanted:
    """What the caller asked for; ``numbers`` are the segment numbers in the order of the output.

    ``everything`` tells that these are all that are described, because the caller chose none: what is left out then is
    warned about. ``background`` is the value of background pixels in a label map.
    """

    numbers: tuple[int, ...]
    relabel: bool = False
    rescale: bool = True
    skip_overlap_checks: bool = False
    dtype: DTypeLike | None = None
    everything: bool = False
    background: int | None = None

    def output_values(self) -> NDArray[np.int64]:
        """The value of each segment in a label map."""
        if self.relabel:
            return np.arange(1, len(self.numbers) + 1)
        return np.asarray(self.numbers, dtype=np.int64)


def _integer_type(wanted: Wanted, highest: int) -> np.dtype[Any]:
    """The type asked for, if values fit, or the smallest unsigned one."""
    if wanted.dtype is None:
        return np.min_scalar_type(highest)
    dtype = np.dtype(wanted.dtype)
    if dtype.kind not in "uif":
        raise ArgumentError(f"dtype must be a number type, not {dtype}")
    if dtype.kind in "ui" and highest > np.iinfo(dtype).max:
        raise ArgumentError(f"{dtype} cannot hold the value {highest}; choose a larger type")
    return dtype


def _refuse_ambiguous(selection: Selection, keys: Sequence[NDArray[np.int64]]) -> None:
    """Two frames of one segment must not claim the same plane (or tile)."""
    columns = [selection.planes.astype(np.int64), *keys]
    if selection.offsets is not None:
        columns += [selection.offsets[:, 0], selection.offsets[:, 1]]
    rows = np.stack(columns, axis=1)[np.lexsort(columns)]  # np.unique(axis=0) is a hundred times slower
    if np.any(np.all(rows[1:] == rows[:-1], axis=1)):
        raise IndexingError(
            "several frames of one segment belong to the same output plane: these frames cannot be told apart this way"
        )


def _of_segments(
    frames: SegmentFrames, selection: Selection, wanted: Wanted
) -> tuple[Selection, NDArray[np.intp]]:
    """Keep frames of the wanted segments; the place of each frame's segment among them."""
    assert frames.segments is not None
    numbers = np.asarray(wanted.numbers, dtype=np.int64)
    order = np.argsort(numbers)
    of_frame = frames.segments[selection.frames]
    place = np.searchsorted(numbers[order], of_frame)
    place = np.minimum(place, len(numbers) - 1)
    known = numbers[order][place] == of_frame
    if wanted.everything and not known.all():
        left = np.unique(of_frame[~known])
        _warn_undescribed(f"{int(np.count_nonzero(~known))} frames of", len(left))
    kept = selection.take(known)
    columns = order[place][known].astype(np.intp)
    _refuse_ambiguous(kept, [columns.astype(np.int64)])
    return kept, columns


# ---- one label map -----------------------------------------------------------------------------------


def combined(frames: SegmentFrames, selection: Selection, wanted: Wanted) -> Array:
    """A label map: shape (planes, rows, columns), the value of a pixel is its segment.

    Raises
    ------
    OverlapError
        If segments overlap and checks were not skipped.
    ArgumentError
        If a fractional segmentation holds anything but 0 and its maximum.
    """
    values = wanted.output_values()
    highest = int(values.max(initial=0))
    dtype = _integer_type(wanted, highest)
    shape = (selection.count, *selection.region.shape)
    work = zeros(shape, np.min_scalar_type(highest), frames.fmt, frames.count)
    if frames.segments is None:
        _labels(frames, selection, _lut(frames.fmt, wanted.numbers, values, work.dtype), work, wanted)
    else:
        kept, columns = _of_segments(frames, selection, wanted)
        if _merge(frames, kept, values[columns], work, check=not wanted.skip_overlap_checks):
            raise OverlapError(
                "segments overlap: read them one by one (combine_segments=False), choose segment_numbers, or pass "
                "skip_overlap_checks=True to let the highest label win"
            )
    return work if work.dtype == dtype else work.astype(dtype)


def _lut(fmt: PixelFormat, numbers: Sequence[int], values: NDArray[np.int64], dtype: np.dtype[Any]) -> Array:
    """Table from stored label to output value; segments that were not asked for become background."""
    table = np.zeros(1 << fmt.bits_allocated, dtype=dtype)
    labels = np.asarray(numbers, dtype=np.int64)
    storable = (labels >= 0) & (labels < len(table))  # no pixel can hold the others
    table[labels[storable]] = values[storable]
    return table


def _labels(frames: SegmentFrames, selection: Selection, table: Array, out: Array, wanted: Wanted) -> None:
    _refuse_ambiguous(selection, [])
    seen = _Seen(wanted)
    for source, target in _placed(frames, selection, out):
        target[...] = table[source]
        seen.note(source)
    seen.warn()


class _Seen:
    """Labels in pixels that no segment describes, where the caller asked for everything."""

    def __init__(self, wanted: Wanted) -> None:
        described = {*wanted.numbers, wanted.background or 0}
        self._watch = wanted.everything
        self._highest = max(described)
        # The rule: numbers without gaps. Then the largest value of a frame tells, which costs nothing.
        self._dense = len(described) == self._highest + 1
        self._unknown = np.ones(1 << 16, dtype=bool)
        self._unknown[[n for n in described if n < 1 << 16]] = False
        self._found = np.zeros(1 << 16, dtype=bool)

    def note(self, labels: Array) -> None:
        """Look at some pixels."""
        if self._watch and labels.size and (not self._dense or int(labels.max()) > self._highest):
            self._found[labels] = True

    def warn(self) -> None:
        """Say what was left out."""
        count = int(np.count_nonzero(self._found & self._unknown))
        if count:
            _warn_undescribed("pixels of", count)


def _warn_undescribed(what: str, count: int) -> None:
    segments = "1 segment" if count == 1 else f"{count} segments"
    warnings.warn(
        f"{what} {segments} that the Segment Sequence does not describe were left out",
        UserWarning,
        stacklevel=stack_level(),
    )


def _merge(
    frames: SegmentFrames, selection: Selection, values: NDArray[np.int64], out: Array, *, check: bool
) -> bool:
    """Merge frames of single segments into zeroed labels; True if a pixel belongs to two and that was checked."""
    fmt, region = frames.fmt, selection.region
    whole = region.shape == (fmt.rows, fmt.columns)
    if frames.native is not None and selection.offsets is not None:
        rows = selection.offsets[:, 0] - region.row_start
        columns = selection.offsets[:, 1] - region.column_start
        overlapped = kernels.merge_bit_tiles(
            frames.native, selection.frames, rows, columns, values, out[0],
            tile_shape=(fmt.rows, fmt.columns), check_overlap=check, blank=True,
        )  # fmt: skip
        return overlapped and check
    if frames.native is not None and whole:
        overlapped = kernels.merge_bit_frames(
            frames.native, selection.frames, selection.planes, values, out, check_overlap=check
        )
        return overlapped and check
    for (source, target), value in zip(_placed(frames, selection, out), values.tolist(), strict=True):
        inside = source != 0
        exact = frames.maximum is None or np.array_equal(inside, source == frames.maximum)
        if not exact:
            raise ArgumentError("segments can be combined only where all fractions are exactly 0 or 1")
        if check and np.any(inside & (target != 0)):
            return True
        np.maximum(target, inside * target.dtype.type(value), out=target)
    return False


# ---- stacked segments --------------------------------------------------------------------------------


def stacked(frames: SegmentFrames, selection: Selection, wanted: Wanted) -> Array:
    """Segments on the last axis: shape (planes, rows, columns, segments); binary, or fractions.

    The memory behind the array runs segment by segment, which is how frames are stored.
    """
    scaled = frames.maximum is not None and wanted.rescale
    if scaled:
        dtype: np.dtype[Any] = np.dtype(np.float32 if wanted.dtype is None else wanted.dtype)
        if dtype.kind != "f":
            raise ArgumentError(
                f"rescaled fractions need a floating point dtype, not {dtype}; or rescale_fractional=False"
            )
    else:
        dtype = _integer_type(wanted, frames.maximum or 1)
    shape = (len(wanted.numbers), selection.count, *selection.region.shape)
    out = zeros(shape, dtype, frames.fmt, frames.count)
    if frames.segments is None:
        _split(frames, selection, wanted, out)
    else:
        kept, columns = _of_segments(frames, selection, wanted)
        flat = out.reshape(-1, *selection.region.shape)
        places = columns * selection.count + kept.planes
        moved = Selection(kept.frames, places.astype(np.intp), len(flat), kept.region, kept.offsets)
        if not _merge_bits(frames, moved, flat):
            for source, target in _placed(frames, moved, flat):
                target[...] = source
        if scaled and frames.maximum is not None:
            out /= dtype.type(frames.maximum)
    return out.transpose(1, 2, 3, 0)


def _merge_bits(frames: SegmentFrames, selection: Selection, out: Array) -> bool:
    """Expand native single-bit frames straight into bytes of 0 and 1; False where that is not possible."""
    whole = selection.region.shape == (frames.fmt.rows, frames.fmt.columns)
    if frames.native is None or selection.offsets is not None or not whole or out.dtype != np.uint8:
        return False
    ones = np.ones(len(selection.frames), dtype=np.int64)
    kernels.merge_bit_frames(
        frames.native, selection.frames, selection.planes, ones, out, check_overlap=False
    )
    return True


def _split(frames: SegmentFrames, selection: Selection, wanted: Wanted, out: Array) -> None:
    """A label map into one plane a segment."""
    _refuse_ambiguous(selection, [])
    dtype = np.uint8 if frames.fmt.bits_allocated == 8 else np.uint16
    labels = zeros(out.shape[1:], dtype, frames.fmt, frames.count)
    seen = _Seen(wanted)
    for source, target in _placed(frames, selection, labels):
        target[...] = source
        seen.note(source)
    seen.warn()
    for i, number in enumerate(wanted.numbers):
        np.equal(labels, number, out=out[i], casting="unsafe")


# ---- placing frames ----------------------------------------------------------------------------------


def _placed(frames: SegmentFrames, selection: Selection, out: Array) -> Any:
    """Yield (part of a decoded frame, its place in ``out``) for all selected frames, decoding them in chunks."""
    for start in range(0, len(selection.frames), _CHUNK):
        chunk = slice(start, start + _CHUNK)
        decoded = frames.reader.arrays(selection.frames[chunk], workers=-1)
        for i, plane in enumerate(selection.planes[chunk].tolist()):
            offset = None if selection.offsets is None else selection.offsets[start + i]
            yield _overlay(decoded[i], out[plane], selection.region, offset)


def _overlay(
    frame: Array, plane: Array, region: Region, offset: NDArray[np.int64] | None
) -> tuple[Array, Array]:
    """The part of a frame that falls into the region, and where it goes."""
    row, column = (0, 0) if offset is None else (int(offset[0]), int(offset[1]))
    top, left = max(row, region.row_start), max(column, region.column_start)
    bottom = min(row + frame.shape[0], region.row_end)
    right = min(column + frame.shape[1], region.column_end)
    source = frame[top - row : bottom - row, left - column : right - column]
    target = plane[
        top - region.row_start : bottom - region.row_start,
        left - region.column_start : right - region.column_start,
    ]
    return source, target
