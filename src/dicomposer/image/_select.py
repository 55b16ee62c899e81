"""Which frames make up an output array, and where each of them goes.

Reading by volume, by source image, by dimension index and as a total pixel matrix differ only in this: they
choose frames and give each a place. The choice is made on columns; decoding comes afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, DamagedFileError, IndexingError
from dicomposer.image._index import FrameIndex

__all__ = [
    "Region",
    "Selection",
    "by_dimension",
    "by_source_frame",
    "by_source_instance",
    "by_tiles",
    "window",
]

_SEGMENT_POINTER = 0x0062000B


@dataclass(frozen=True)
class Region:
    """A half-open, zero-based window of rows and columns."""

    row_start: int
    row_end: int
    column_start: int
    column_end: int

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the window."""
        return self.row_end - self.row_start, self.column_end - self.column_start


@dataclass(frozen=True)
class Selection:
    """Frames (0-based) and the output plane of each; ``offsets`` are 0-based (row, column) of tiles in the matrix."""

    frames: NDArray[np.intp]
    planes: NDArray[np.intp]
    count: int
    region: Region
    offsets: NDArray[np.int64] | None = None

    def take(self, mask: NDArray[np.bool_]) -> Selection:
        """Keep the frames for which ``mask`` is true."""
        offsets = None if self.offsets is None else self.offsets[mask]
        return Selection(self.frames[mask], self.planes[mask], self.count, self.region, offsets)


def window(start: int | None, end: int | None, size: int, *, as_indices: bool, name: str) -> tuple[int, int]:
    """Turn a (start, end) pair in DICOM or Python counting into a half-open zero-based window.

    Parameters
    ----------
    start, end : int or None
        1-based numbers (or 0-based indices with ``as_indices``); negative counts from the end; None is open.
    size : int
        Length of the axis.
    as_indices : bool
        Whether ``start`` and ``end`` are 0-based.
    name : str
        What the axis is called in messages.
    """

    def resolve(value: int | None, default: int) -> int:
        if value is None:
            return default
        value = int(value)
        if value < 0:
            return size + value
        if value == 0 and not as_indices:
            raise ArgumentError(f"{name} numbers start at 1; pass as_indices=True for zero-based indices")
        return value if as_indices else value - 1

    first, last = resolve(start, 0), resolve(end, size)
    if not 0 <= first < size or not 0 < last <= size or last <= first:
        raise ArgumentError(
            f"{name}s {start} to {end} select nothing within 1 to {size}"
            if not as_indices
            else f"{name} indices {start} to {end} select nothing within 0 to {size}"
        )
    return first, last


def _whole(rows: int, columns: int) -> Region:
    return Region(0, rows, 0, columns)


def _lookup(
    values: NDArray[np.int64], wanted: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """All pairs (position in ``values``, position in ``wanted``) with equal contents; rows compare whole."""
    both = np.concatenate([wanted, values])
    _, codes = np.unique(both, axis=0, return_inverse=True)
    codes = codes.reshape(-1)
    of_wanted, of_values = codes[: len(wanted)], codes[len(wanted) :]
    if len(np.unique(of_wanted)) != len(of_wanted):
        # The same plane was asked for twice: give it to each.
        pairs = [(np.flatnonzero(of_values == code), place) for place, code in enumerate(of_wanted)]
        found = np.concatenate([p for p, _ in pairs]) if pairs else np.empty(0, np.intp)
        places = np.concatenate([np.full(len(p), i, np.intp) for p, i in pairs])
        return found, places
    place = np.full(codes.max(initial=-1) + 1, -1, dtype=np.intp)
    place[of_wanted] = np.arange(len(wanted))
    hit = np.flatnonzero(place[of_values] >= 0)
    return hit, place[of_values[hit]]


def _checked_sources(index: FrameIndex, ignore_spatial_locations: bool) -> None:
    if index.is_tiled_full and index.table is None:
        raise IndexingError(
            "frames cannot be found by their source: a TILED_FULL image has no per-frame references"
        )
    if not index.sources:
        raise IndexingError("frames cannot be found by their source: the image references no source frames")
    if not ignore_spatial_locations and not all(column.all_preserved() for column in index.sources):
        raise IndexingError(
            "the image does not state that pixel locations were preserved from its source images; "
            "pass ignore_spatial_locations=True if you know that they were"
        )


def by_source_instance(
    index: FrameIndex,
    uids: Sequence[str],
    *,
    shape: tuple[int, int],
    ignore_spatial_locations: bool,
    assert_missing_frames_are_empty: bool,
    known: frozenset[str],
) -> Selection:
    """Frames derived from given single-frame instances; output plane i belongs to ``uids[i]``.

    ``known`` are the instances that the image references anywhere: a plane that no frame was derived from is empty
    if its instance is among them, and otherwise an error unless the caller asserts that it is.
    """
    if isinstance(uids, str) or not len(uids):
        raise ArgumentError("source_sop_instance_uids must be a non-empty sequence of UIDs")
    _checked_sources(index, ignore_spatial_locations)
    places: dict[str, list[int]] = {}
    for i, uid in enumerate(uids):
        places.setdefault(str(uid), []).append(i)
    frames, planes = [], []
    referenced = set(known)
    for column in index.sources:
        referenced.update(column.uids)
        for code, uid in enumerate(column.uids):
            for place in places.get(uid, ()):
                hit = np.flatnonzero(column.instance == code)
                frames.append(hit)
                planes.append(np.full(len(hit), place, dtype=np.intp))
    missing = [i for uid, where in places.items() if uid not in referenced for i in where]
    if missing and not assert_missing_frames_are_empty:
        raise KeyError(
            f"{len(missing)} of the {len(uids)} source instances (first at position {missing[0]}) are not referenced "
            "by this image; pass assert_missing_frames_are_empty=True to get empty planes for them"
        )
    return _selection(frames, planes, len(uids), shape)


def by_source_frame(
    index: FrameIndex,
    uid: str,
    numbers: Sequence[int] | None,
    *,
    shape: tuple[int, int],
    ignore_spatial_locations: bool,
    assert_missing_frames_are_empty: bool,
) -> Selection:
    """Frames derived from given frames (1-based) of one multi-frame instance; all referenced ones if None."""
    _checked_sources(index, ignore_spatial_locations)
    chosen = []
    for column in index.sources:
        codes = [code for code, value in enumerate(column.uids) if value == str(uid)]
        chosen.append(np.isin(column.instance, codes))
    present = np.unique(
        np.concatenate([column.frame[mask] for column, mask in zip(index.sources, chosen, strict=True)])
    )
    if not len(present):
        raise KeyError("the source instance is not referenced by the frames of this image")
    if numbers is None:
        wanted = present
    else:
        wanted = np.asarray(list(numbers), dtype=np.int64)
        if wanted.ndim != 1 or not len(wanted):
            raise ArgumentError("source_frame_numbers must be a non-empty sequence of frame numbers")
        if np.any(wanted < 1):
            raise ArgumentError("source frame numbers start at 1")
    missing = np.setdiff1d(wanted, present)
    if len(missing) and not assert_missing_frames_are_empty:
        raise KeyError(
            f"source frame number {int(missing[0])} (and {len(missing) - 1} more) is not referenced by this image; "
            "pass assert_missing_frames_are_empty=True to get empty planes for such frames"
        )
    frames, planes = [], []
    for column, mask in zip(index.sources, chosen, strict=True):
        candidates = np.flatnonzero(mask)
        hit, place = _lookup(column.frame[candidates, None], wanted[:, None])
        frames.append(candidates[hit])
        planes.append(place)
    return _selection(frames, planes, len(wanted), shape)


def _selection(
    frames: Sequence[NDArray[np.intp]], planes: Sequence[NDArray[np.intp]], count: int, shape: tuple[int, int]
) -> Selection:
    """Join the parts; a frame that references the same source twice counts once."""
    if not frames:
        empty = np.empty(0, dtype=np.intp)
        return Selection(empty, empty, count, _whole(*shape))
    pairs = np.unique(np.stack([np.concatenate(frames), np.concatenate(planes)], axis=1), axis=0)
    return Selection(pairs[:, 0].astype(np.intp), pairs[:, 1].astype(np.intp), count, _whole(*shape))


def dimension_columns(index: FrameIndex, pointers: Sequence[int] | None) -> NDArray[np.int64]:
    """The dimension index values of the given pointers (default: all but the segment number), (frames, k)."""
    values = index.dimension_indices
    if values is None:
        raise IndexingError("the image has no dimension index values")
    if pointers is None:
        chosen = [i for i, tag in enumerate(index.pointers) if tag != _SEGMENT_POINTER]
    else:
        chosen = []
        for pointer in pointers:
            if int(pointer) not in index.pointers:
                raise KeyError(
                    f"({int(pointer) >> 16:04X},{int(pointer) & 0xFFFF:04X}) is not a dimension index pointer"
                )
            chosen.append(index.pointers.index(int(pointer)))
    return values[:, chosen]


def by_dimension(
    index: FrameIndex,
    wanted: Sequence[Sequence[int]],
    pointers: Sequence[int] | None,
    *,
    shape: tuple[int, int],
    assert_missing_frames_are_empty: bool,
) -> Selection:
    """Frames with given dimension index values; output plane i belongs to ``wanted[i]``."""
    columns = dimension_columns(index, pointers)
    rows = np.asarray(wanted, dtype=np.int64)
    if rows.ndim != 2 or not len(rows) or rows.shape[1] != columns.shape[1]:
        raise ArgumentError(
            f"dimension_index_values must be a list of rows with {columns.shape[1]} value(s) each"
        )
    if np.any(rows < 1):
        raise ArgumentError("dimension index values start at 1")
    hit, place = _lookup(columns, rows)
    missing = np.setdiff1d(np.arange(len(rows)), place)
    if len(missing) and not assert_missing_frames_are_empty:
        raise ArgumentError(
            f"no frame has dimension index values {rows[missing[0]].tolist()}; "
            "pass assert_missing_frames_are_empty=True to get empty planes for such values"
        )
    return Selection(hit.astype(np.intp), place, len(rows), _whole(*shape))


def by_tiles(index: FrameIndex, tile: tuple[int, int], region: Region) -> Selection:
    """Frames of a tiled image that touch a window of its total pixel matrix."""
    positions = index.matrix_positions
    if positions is None or index.matrix is None:
        raise IndexingError("the image is not tiled: it has no total pixel matrix")
    offsets = positions - 1
    outside = (
        (offsets + np.asarray(tile) <= 0).any(axis=1)
        | (offsets[:, 0] >= index.matrix.rows)
        | (offsets[:, 1] >= index.matrix.columns)
    )
    if outside.any():
        last = (offsets + 1).max(axis=0)
        raise DamagedFileError(
            f"{int(outside.sum())} of {len(offsets)} tiles lie outside the total pixel matrix of {index.matrix.rows} x "
            f"{index.matrix.columns} pixels: their positions reach row {last[0]} and column {last[1]}"
        )
    touches = (
        (offsets[:, 0] < region.row_end)
        & (offsets[:, 0] + tile[0] > region.row_start)
        & (offsets[:, 1] < region.column_end)
        & (offsets[:, 1] + tile[1] > region.column_start)
    )
    frames = np.flatnonzero(touches)
    return Selection(frames, np.zeros(len(frames), dtype=np.intp), 1, region, offsets[frames])
