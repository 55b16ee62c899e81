"""Masks as the caller gives them, seen one way: which segment has pixels in which plane, and the pixels of a frame.

Four shapes hide behind one interface: labels or stacked segments, as planes or as one matrix that is cut into tiles.
Nothing is copied at full size, and nothing is modified.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, ArgumentTypeError, OverlapError
from dicomposer.frame import kernels
from dicomposer.seg.enum import SegmentationTypeValues, SegmentsOverlapValues

__all__ = ["Mask", "as_planes", "make_mask"]

Array = NDArray[Any]

#: Rows of a mask of fractions that are looked at together
_BAND_ROWS = 64


def as_planes(pixel_array: Any, *, tile: bool) -> Array:
    """Give a mask its axis of planes: (planes, rows, columns[, segments])."""
    if not isinstance(pixel_array, np.ndarray):
        raise ArgumentTypeError(
            f"pixel_array must be a numpy array or a dicomposer.Volume, not {type(pixel_array).__name__}"
        )
    array = pixel_array[None] if pixel_array.ndim == 2 else pixel_array
    if array.ndim not in (3, 4):
        raise ArgumentError(
            f"pixel_array must have 2 (rows, columns), 3 (planes, rows, columns) or 4 axes (..., segments), "
            f"not {pixel_array.ndim}"
        )
    if 0 in array.shape:
        raise ArgumentError(f"pixel_array is empty: its shape is {pixel_array.shape}")
    if array.dtype.kind not in "buif":
        raise ArgumentTypeError(
            f"pixel_array must hold booleans, whole numbers or fractions, not {array.dtype}"
        )
    if tile and array.shape[0] != 1:
        raise ArgumentError(f"tile_pixel_array takes one total pixel matrix, not {array.shape[0]} planes")
    return array


class Mask(ABC):
    """A mask of ``planes`` planes and segments with ``numbers``; frames are (rows, columns)."""

    def __init__(self, array: Array, numbers: Sequence[int]) -> None:
        self.array = array
        self.numbers = np.asarray(numbers, dtype=np.int64)

    @cached_property
    def presence(self) -> NDArray[np.bool_]:
        """Whether a segment has pixels in a plane, shape (planes, segments). Checks all values."""
        return self._presence()

    @abstractmethod
    def _presence(self) -> NDArray[np.bool_]:
        """Pass over the mask once."""

    @property
    def packs_whole(self) -> bool:
        """Whether :meth:`pack_whole` checks all values and packs all frames in one pass."""
        return False

    def pack_whole(self, out: Array) -> None:
        """Pack the frames of all planes of a single segment into zeroed bytes ``out``; check all values."""
        planes = np.arange(len(self.presence))
        self.pack(planes, np.full(len(planes), self.numbers[0]), out)

    @abstractmethod
    def overlap(self) -> SegmentsOverlapValues:
        """Whether segments overlap."""

    @abstractmethod
    def pack(self, planes: NDArray[np.intp], segments: NDArray[np.int64], out: Array) -> None:
        """Pack frames (a plane and a segment number each) as single bits into zeroed bytes ``out``."""

    @abstractmethod
    def binary(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        """Frames of 0 and 1, uint8, one by one."""

    @abstractmethod
    def labels(self, planes: NDArray[np.intp], dtype: np.dtype[Any]) -> Iterator[Array]:
        """Label frames, one by one; the highest label wins where segments overlap."""

    def fractions(
        self, planes: NDArray[np.intp], segments: NDArray[np.int64], maximum: int
    ) -> Iterator[Array]:
        """Frames of 0 to ``maximum``, uint8, one by one."""
        for frame in self.binary(planes, segments):
            yield frame * np.uint8(maximum)

    def write_fractions(
        self, planes: NDArray[np.intp], segments: NDArray[np.int64], maximum: int, out: Array
    ) -> None:
        """Write frames of 0 to ``maximum`` into zeroed ``out``, (frames, rows, columns)."""
        for target, frame in zip(out, self.fractions(planes, segments, maximum), strict=True):
            target[...] = frame

    def _columns(self, segments: NDArray[np.int64]) -> NDArray[np.intp]:
        """Place of each segment number among the segments."""
        order = np.argsort(self.numbers)
        return order[np.searchsorted(self.numbers[order], segments)].astype(np.intp)


class _Labels(Mask):
    """Pixels hold segment numbers."""

    def overlap(self) -> SegmentsOverlapValues:
        return SegmentsOverlapValues.NO

    def _described(self, present: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Flags of labels to flags of segments; a label without description is refused."""
        known = np.zeros(present.shape[1], dtype=bool)
        known[self.numbers] = True
        known[0] = True
        unknown = np.flatnonzero(present.any(axis=0) & ~known)
        if len(unknown):
            some = ", ".join(map(str, unknown[:10].tolist()))
            raise ArgumentError(f"the mask has labels without a segment description: {some}")
        return present[:, self.numbers]


class LabelPlanes(_Labels):
    """Labels (planes, rows, columns)."""

    def _presence(self) -> NDArray[np.bool_]:
        return self._described(kernels.labels_present(self.array, int(self.numbers.max())))

    def pack(self, planes: NDArray[np.intp], segments: NDArray[np.int64], out: Array) -> None:
        kernels.pack_label_frames(self.array, planes, segments, out)

    def binary(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        for plane, segment in zip(planes.tolist(), segments.tolist(), strict=True):
            yield (self.array[plane] == segment).view(np.uint8)

    def labels(self, planes: NDArray[np.intp], dtype: np.dtype[Any]) -> Iterator[Array]:
        for plane in planes.tolist():
            yield self.array[plane].astype(dtype, copy=False)


class LabelTiles(_Labels):
    """Labels (1, rows, columns) of a total pixel matrix, cut into tiles."""

    def __init__(self, array: Array, numbers: Sequence[int], tile: tuple[int, int]) -> None:
        super().__init__(array[0], numbers)
        self.tile = tile

    @property
    def packs_whole(self) -> bool:
        return self.numbers.tolist() == [1] and self.array.dtype.itemsize == 1 and self.tile[1] % 8 == 0

    def pack_whole(self, out: Array) -> None:
        kernels.pack_mask_tiles(self.array, self.tile, out)

    def _presence(self) -> NDArray[np.bool_]:
        return self._described(kernels.label_tiles_present(self.array, self.tile, int(self.numbers.max())))

    def pack(self, planes: NDArray[np.intp], segments: NDArray[np.int64], out: Array) -> None:
        kernels.pack_label_tiles(self.array, self.tile, planes, segments, out)

    def binary(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        tiles = kernels.cut_tiles(self.array, self.tile, planes)
        for tile, segment in zip(tiles, segments.tolist(), strict=True):
            yield (tile == segment).view(np.uint8)

    def labels(self, planes: NDArray[np.intp], dtype: np.dtype[Any]) -> Iterator[Array]:
        for tile in kernels.cut_tiles(self.array, self.tile, planes):
            yield tile.astype(dtype, copy=False)


class _Stack(Mask):
    """One axis of segments; values 0 and 1, or fractions."""

    @property
    def is_fractional(self) -> bool:
        return self.array.dtype.kind == "f"

    def overlap(self) -> SegmentsOverlapValues:
        if self.is_fractional:
            return SegmentsOverlapValues.UNDEFINED
        return SegmentsOverlapValues.YES if self._overlaps() else SegmentsOverlapValues.NO

    @abstractmethod
    def _overlaps(self) -> bool:
        """Whether a pixel belongs to two segments."""

    @abstractmethod
    def _frames(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        """Frames as the caller gave them."""

    @abstractmethod
    def _all_segments(self, planes: NDArray[np.intp]) -> Iterator[Array]:
        """Frames with their axis of segments."""

    def binary(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        for frame in self._frames(planes, segments):
            yield (frame != 0).view(np.uint8)

    def labels(self, planes: NDArray[np.intp], dtype: np.dtype[Any]) -> Iterator[Array]:
        for frame in self._all_segments(planes):
            out = np.empty((1, *frame.shape[:2]), dtype=dtype)
            kernels.stack_to_labels(frame[None], self.numbers, out)
            yield out[0]

    def fractions(
        self, planes: NDArray[np.intp], segments: NDArray[np.int64], maximum: int
    ) -> Iterator[Array]:
        if not self.is_fractional:
            yield from super().fractions(planes, segments, maximum)
            return
        for frame in self._frames(planes, segments):
            out = np.empty(frame.shape, dtype=np.uint8)
            kernels.quantise_fractions(frame, maximum, out)
            yield out


class StackPlanes(_Stack):
    """Segments stacked on the last axis: (planes, rows, columns, segments)."""

    def _overlaps(self) -> bool:
        return kernels.stack_overlaps(self.array, self.presence)

    def _presence(self) -> NDArray[np.bool_]:
        if self.is_fractional:
            return np.asarray(self._bands.any(axis=1))
        return kernels.stack_present(self.array)

    @cached_property
    def _bands(self) -> NDArray[np.bool_]:
        """Which bands of rows hold any fraction, (planes, bands, segments). Checks all values."""
        return kernels.fraction_bands(self.array, _BAND_ROWS)

    def fractions(
        self, planes: NDArray[np.intp], segments: NDArray[np.int64], maximum: int
    ) -> Iterator[Array]:
        if not self.is_fractional:
            yield from super().fractions(planes, segments, maximum)
            return
        for plane, column in zip(planes.tolist(), self._columns(segments).tolist(), strict=True):
            out = np.zeros(self.array.shape[1:3], dtype=np.uint8)
            self._quantise(plane, column, maximum, out)
            yield out

    def write_fractions(
        self, planes: NDArray[np.intp], segments: NDArray[np.int64], maximum: int, out: Array
    ) -> None:
        if not self.is_fractional:
            super().write_fractions(planes, segments, maximum, out)
            return
        places = zip(planes.tolist(), self._columns(segments).tolist(), strict=True)
        for target, (plane, column) in zip(out, places, strict=True):
            self._quantise(plane, column, maximum, target)

    def _quantise(self, plane: int, column: int, maximum: int, out: Array) -> None:
        """Scale the fractions of a frame into zeroed ``out``: only bands that hold any, most are background."""
        for first, last in kernels.spans(self._bands[plane, :, column]):
            start, end = first * _BAND_ROWS, last * _BAND_ROWS
            part = self.array[plane, start:end, :, column]
            kernels.quantise_fractions(part, maximum, out[start:end])

    def pack(self, planes: NDArray[np.intp], segments: NDArray[np.int64], out: Array) -> None:
        kernels.pack_stack_frames(self.array, planes, self._columns(segments), out)

    def _frames(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        for plane, column in zip(planes.tolist(), self._columns(segments).tolist(), strict=True):
            yield self.array[plane, :, :, column]

    def _all_segments(self, planes: NDArray[np.intp]) -> Iterator[Array]:
        for plane in planes.tolist():
            yield self.array[plane]


class StackTiles(_Stack):
    """Stacked segments (1, rows, columns, segments) of a total pixel matrix, cut into tiles."""

    def __init__(self, array: Array, numbers: Sequence[int], tile: tuple[int, int]) -> None:
        super().__init__(array[0], numbers)
        self.tile = tile

    def _presence(self) -> NDArray[np.bool_]:
        if not self.is_fractional:
            kernels.stack_present(self.array[None])  # checks that all values are 0 or 1
            per_segment = [
                kernels.label_tiles_present(self.array[:, :, i], self.tile, 1)[:, 1]
                for i in range(len(self.numbers))
            ]
            return np.stack(per_segment, axis=1)
        tiles = kernels.cut_tiles(self.array, self.tile)
        return np.concatenate([kernels.fractions_present(tile[None]) for tile in tiles])

    def pack(self, planes: NDArray[np.intp], segments: NDArray[np.int64], out: Array) -> None:
        pixels = self.tile[0] * self.tile[1]
        if pixels % 8:
            # frames do not end on byte boundaries, but runs of a multiple of eight frames do
            for start in range(0, len(planes), 1024):
                run = slice(start, start + 1024)
                frames = np.stack(list(self.binary(planes[run], segments[run])))
                ones = np.ones(len(frames), dtype=np.int64)
                kernels.pack_label_frames(frames, np.arange(len(frames)), ones, out[start * pixels // 8 :])
            return
        columns = self._columns(segments)
        for column in np.unique(columns).tolist():
            chosen = np.flatnonzero(columns == column)
            packed = np.zeros((len(chosen), pixels // 8), dtype=np.uint8)
            kernels.pack_label_tiles(
                self.array[:, :, column], self.tile, planes[chosen], np.ones(len(chosen), np.int64), packed
            )
            out[: len(columns) * pixels // 8].reshape(-1, pixels // 8)[chosen] = packed

    def _overlaps(self) -> bool:
        return kernels.stack_overlaps(self.array[None], np.any(self.presence, axis=0, keepdims=True))

    def _frames(self, planes: NDArray[np.intp], segments: NDArray[np.int64]) -> Iterator[Array]:
        columns = self._columns(segments).tolist()
        for tile, column in zip(kernels.cut_tiles(self.array, self.tile, planes), columns, strict=True):
            yield tile[:, :, column]

    def _all_segments(self, planes: NDArray[np.intp]) -> Iterator[Array]:
        return kernels.cut_tiles(self.array, self.tile, planes)


def make_mask(
    array: Array, kind: SegmentationTypeValues, numbers: Sequence[int], tile: tuple[int, int] | None
) -> Mask:
    """Choose the view of a mask.

    Parameters
    ----------
    array : numpy.ndarray
        (planes, rows, columns[, segments]).
    kind : SegmentationTypeValues
        What it is to be encoded as.
    numbers : Sequence[int]
        Segment numbers that are described, background left out.
    tile : tuple[int, int] or None
        Rows and columns of the tiles to cut.

    Raises
    ------
    ArgumentError
        If the shape does not fit the number of segments, or a float mask is not made of 0 and 1 where it has to be.
    OverlapError
        If segments overlap in a label map.
    """
    if array.ndim == 4 and array.shape[3] != len(numbers):
        raise ArgumentError(
            f"the mask has {array.shape[3]} segments on its last axis, but {len(numbers)} are described"
        )
    if array.dtype.kind == "f" and kind is not SegmentationTypeValues.FRACTIONAL:
        array = _exact(array, kind)
    if array.dtype.kind == "f" and array.ndim == 3:
        if len(numbers) != 1:
            raise ArgumentError(
                f"a mask of fractions without an axis of segments holds one segment, but {len(numbers)} are described"
            )
        array = array[..., None]
    if array.ndim == 3 and array.dtype == bool and len(numbers) > 1 and 1 not in numbers:
        raise ArgumentError("a mask of booleans holds segment number 1, which is not described")
    if array.ndim == 3:
        return LabelPlanes(array, numbers) if tile is None else LabelTiles(array, numbers, tile)
    mask: Mask = StackPlanes(array, numbers) if tile is None else StackTiles(array, numbers, tile)
    if kind is SegmentationTypeValues.LABELMAP and mask.overlap() is SegmentsOverlapValues.YES:
        raise OverlapError(
            "segments overlap: a label map holds one segment a pixel; use BINARY or FRACTIONAL"
        )
    return mask


def _exact(array: Array, kind: SegmentationTypeValues) -> NDArray[np.bool_]:
    """A float mask of 0 and 1 as booleans, plane by plane."""
    out = np.empty(array.shape, dtype=bool)
    for i, plane in enumerate(array):
        ones = plane == 1
        if not np.all(ones | (plane == 0)):
            raise ArgumentError(
                f"plane {i} of the mask has values other than 0.0 and 1.0 (or NaN): {kind.value} segmentations need "
                "whole labels; round the mask, or use FRACTIONAL"
            )
        out[i] = ones
    return out
