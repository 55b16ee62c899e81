"""Tiled images: the total pixel matrix, its tiles and where they lie (PS3.3 C.8.12, C.7.6.17.3)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject

__all__: list[str] = []

COLUMN = "PlanePositionSlideSequence.ColumnPositionInTotalImagePixelMatrix"
ROW = "PlanePositionSlideSequence.RowPositionInTotalImagePixelMatrix"
X = "PlanePositionSlideSequence.XOffsetInSlideCoordinateSystem"
Y = "PlanePositionSlideSequence.YOffsetInSlideCoordinateSystem"
SPACING = "PixelMeasuresSequence.PixelSpacing"


def _is_tiled(subject: Subject) -> bool:
    return subject.is_tiled


@dataclass(frozen=True, slots=True)
class _Matrix:
    columns: int
    rows: int
    tile_columns: int
    tile_rows: int

    @property
    def tiles(self) -> int:
        return -(-self.columns // self.tile_columns) * -(-self.rows // self.tile_rows)


def _matrix(subject: Subject) -> _Matrix | None:
    names = ("TotalPixelMatrixColumns", "TotalPixelMatrixRows", "Columns", "Rows")
    numbers = [subject.integer(name) for name in names]
    if any(number is None or number < 1 for number in numbers):
        return None
    return _Matrix(*(int(number) for number in numbers if number is not None))


@rule("total-pixel-matrix", "PS3.3 C.8.12.4", applies=_is_tiled)
def _size(subject: Subject) -> Iterator[Issue]:
    for keyword in ("TotalPixelMatrixColumns", "TotalPixelMatrixRows"):
        number = subject.integer(keyword)
        if number is not None and number < 1:
            yield Issue(keyword, "is less than 1")


@rule("tiled-full", "PS3.3 C.7.6.17.3", applies=lambda subject: subject.is_tiled and subject.is_tiled_full)
def _full(subject: Subject) -> Iterator[Issue]:
    matrix = _matrix(subject)
    if matrix is None or subject.root.named("ConcatenationUID") is not None:
        return
    planes = subject.integer("TotalPixelMatrixFocalPlanes") or 1
    channels = 1
    if subject.is_segmentation:
        label_map = subject.text("SegmentationType") == "LABELMAP"
        channels = 1 if label_map else len(subject.root.items("SegmentSequence"))
    else:
        declared = subject.integer("NumberOfOpticalPaths")
        channels = declared or len(subject.root.items("OpticalPathSequence")) or 1
    due = matrix.tiles * planes * channels
    if subject.frame_count != due:
        message = (
            f"is {subject.frame_count}, but {matrix.tiles} tiles, {planes} focal planes and {channels} "
            f"{'segments' if subject.is_segmentation else 'optical paths'} make {due}"
        )
        yield Issue("NumberOfFrames", message)


@rule("tile-position", "PS3.3 C.8.12.6.1", applies=_is_tiled)
def _positions(subject: Subject) -> Iterator[Issue]:
    matrix = _matrix(subject)
    if matrix is None:
        return
    both = ((COLUMN, matrix.columns, matrix.tile_columns), (ROW, matrix.rows, matrix.tile_rows))
    for path, limit, step in both:
        numbers = subject.frame_numbers(path)
        if numbers is None or subject.frames is None:
            continue
        with np.errstate(invalid="ignore"):
            outside = ((numbers < 1) | (numbers > limit)).any(axis=1)
            off_grid = ((numbers - 1) % step != 0).any(axis=1) & ~np.isnan(numbers).any(axis=1)
        if outside.any():
            place = subject.group_path(path, int(np.argmax(outside)))
            yield Issue(place, "lies outside the total pixel matrix", count=int(outside.sum()))
        elif off_grid.any() and off_grid.mean() < 0.5:
            place = subject.group_path(path, int(np.argmax(off_grid)))
            yield Issue(place, "is off the grid of the other tiles", "warning", int(off_grid.sum()))
    if not subject.is_segmentation:
        return
    yield from _duplicates(subject)


def _duplicates(subject: Subject) -> Iterator[Issue]:
    """Two tiles of one segment at one place."""
    numbers = [subject.frame_numbers(path) for path in (COLUMN, ROW)]
    segment = subject.frame_numbers("SegmentIdentificationSequence.ReferencedSegmentNumber")
    if (
        any(column is None for column in numbers)
        or subject.frames is None
        or COLUMN not in subject.frames.paths
    ):
        return
    columns = [column for column in (*numbers, segment) if column is not None]
    table = np.concatenate([column[:, :1] for column in columns], axis=1)
    if np.isnan(table).any() or (subject.integer("TotalPixelMatrixFocalPlanes") or 1) > 1:
        return
    _, first = np.unique(table, axis=0, return_index=True)
    again = np.ones(len(table), bool)
    again[first] = False
    if again.any():
        place = subject.group_path(COLUMN, int(np.argmax(again)))
        yield Issue(place, "is the place of an earlier tile of the same segment", "warning", int(again.sum()))


@rule("tile-offset", "PS3.3 C.8.12.6.1", applies=_is_tiled)
def _offsets(subject: Subject) -> Iterator[Issue]:
    """Slide coordinates of a tile against its place in the matrix."""
    due = _due_offsets(subject)
    if due is None:
        return
    places, pixel = due
    for path, column in ((X, places[:, 0]), (Y, places[:, 1])):
        numbers = subject.frame_numbers(path)
        if numbers is None or subject.frames is None or path not in subject.frames.paths:
            continue
        with np.errstate(invalid="ignore"):
            # Offsets are Decimal Strings of up to 16 characters: what they round is far below a pixel.
            wrong = np.abs(numbers[:, 0] - column) > pixel
        if wrong.any():
            place = subject.group_path(path, int(np.argmax(wrong)))
            message = (
                "is not where the total pixel matrix has this tile (origin, orientation, spacing, position)"
            )
            yield Issue(place, message, count=int(wrong.sum()))


def _due_offsets(subject: Subject) -> tuple[NDArray[np.float64], float] | None:
    """(frames, 2) slide coordinates in mm of the tiles' first pixels, and the size of a pixel."""
    origins = subject.root.items("TotalPixelMatrixOriginSequence")
    columns, rows, spacing = (subject.frame_numbers(path) for path in (COLUMN, ROW, SPACING))
    if not origins or columns is None or rows is None or spacing is None or spacing.shape[1] != 2:
        return None
    names = ("XOffsetInSlideCoordinateSystem", "YOffsetInSlideCoordinateSystem")
    start = [origins[0].number(name) for name in names]
    try:
        cosines = np.array([float(value) for value in subject.values("ImageOrientationSlide")])
    except (TypeError, ValueError):
        return None
    if cosines.size != 6 or any(number is None for number in start):
        return None
    along = (columns[:, :1] - 1) * spacing[:, 1:2] * cosines[:2]
    down = (rows[:, :1] - 1) * spacing[:, :1] * cosines[3:5]
    return np.array(start, float) + along + down, float(np.nanmin(spacing))


@rule("tile-size", "PS3.3 C.8.12.4", applies=_is_tiled, level="advice")
def _tile_size(subject: Subject) -> Iterator[Issue]:
    matrix = _matrix(subject)
    if matrix is not None and max(matrix.tile_columns, matrix.tile_rows) > 4096:
        yield Issue("Columns", "makes tiles so large that viewers will load them slowly")
