"""The frame index: where every frame of an image lies, as columns.

One class serves every layout: a single-frame image (attributes at the top level), an enhanced multi-frame image
(functional groups, PS3.3 C.7.6.16) and a tiled image whose positions are implied (TILED_FULL, PS3.3 C.7.6.17.3).
Nothing is computed before it is asked for, and nothing is a Python object per frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import DamagedFileError
from dicomposer.record import (
    Categories,
    FrameTable,
    float_values,
    int_value,
    items_of,
    required,
    text_value,
)
from dicomposer.spatial import TileGrid, get_image_coordinate_system

__all__ = ["FrameIndex", "SourceColumn", "TotalPixelMatrix"]

_PER_FRAME = "PerFrameFunctionalGroupsSequence"
_SHARED = "SharedFunctionalGroupsSequence"


@dataclass(frozen=True)
class TotalPixelMatrix:
    """The matrix that the tiles of an image form (PS3.3 C.8.12.4, C.7.6.17.3).

    ``origin`` is the centre of the top left pixel in mm, ``orientation`` the cosines of a row and of a column.
    """

    rows: int
    columns: int
    origin: tuple[float, float, float]
    orientation: tuple[float, ...]
    focal_planes: int = 1

    @classmethod
    def of(cls, dataset: Dataset) -> TotalPixelMatrix | None:
        """Read the matrix of a tiled image; None if the image is not tiled."""
        if "TotalPixelMatrixRows" not in dataset or "TotalPixelMatrixColumns" not in dataset:
            return None
        x = y = z = 0.0
        items = items_of(dataset, "TotalPixelMatrixOriginSequence")
        if items:
            x, y, z = (
                (float_values(items[0], f"{axis}OffsetInSlideCoordinateSystem") or (0.0,))[0]
                for axis in "XYZ"
            )
        rows, columns = (int_value(dataset, f"TotalPixelMatrix{axis}") or 0 for axis in ("Rows", "Columns"))
        if rows < 1 or columns < 1:
            raise DamagedFileError("the total pixel matrix has no rows or no columns")
        orientation = float_values(dataset, "ImageOrientationSlide") or ()
        if len(orientation) not in (0, 6):
            raise DamagedFileError("ImageOrientationSlide has not 6 values", tag=0x00480102)
        return cls(
            rows=rows,
            columns=columns,
            origin=(x, y, z),
            orientation=orientation,
            focal_planes=int_value(dataset, "TotalPixelMatrixFocalPlanes") or 1,
        )


@dataclass(frozen=True)
class SourceColumn:
    """One source image of every frame: what a frame was derived from (PS3.3 C.7.6.16.2.6).

    ``instance`` indexes ``uids`` (-1: this frame has none); ``frame`` is the 1-based source frame (0: not given);
    ``preserved`` tells whether pixel locations correspond (None where the file does not say).
    """

    uids: tuple[str, ...]
    instance: NDArray[np.intp]
    frame: NDArray[np.int64]
    preserved: tuple[str | None, ...]
    preserved_code: NDArray[np.intp]

    def all_preserved(self) -> bool:
        """Whether every frame with a source says that spatial locations were preserved."""
        used = set(np.unique(self.preserved_code[self.instance >= 0]).tolist())
        return all(code >= 0 and self.preserved[code] == "YES" for code in used)


def whole_numbers(column: NDArray[np.float64], what: str) -> NDArray[np.int64]:
    """A column of floats that must be whole numbers, such as positions of pixels.

    Raises
    ------
    DamagedFileError
        If one is missing, not a number, or out of all bounds.
    """
    if not np.all(np.abs(column) < 2**53):  # False for nan as well
        raise DamagedFileError(f"{what} is missing or not a number")
    return column.astype(np.int64)


class FrameIndex:
    """Columns that tell what each frame of an image is and where it lies.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Any image; pixel data need not be present.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.frames = int_value(dataset, "NumberOfFrames") or 1
        if self.frames < 1:
            raise DamagedFileError("Number of Frames is less than 1")

    @property
    def dataset(self) -> Dataset:
        """The image."""
        return self._dataset

    # ---- raw columns -------------------------------------------------------------------------------

    @cached_property
    def table(self) -> FrameTable | None:
        """The per-frame functional groups, or None where the image has none."""
        if _PER_FRAME not in self._dataset:
            return None
        table = FrameTable.of_dataset(self._dataset)
        if table.frames != self.frames:
            raise DamagedFileError(
                f"Number of Frames is {self.frames}, but the per-frame functional groups describe {table.frames}"
            )
        return table

    @cached_property
    def shared(self) -> Dataset:
        """The item of the shared functional groups (an empty one where there is none)."""
        items = items_of(self._dataset, _SHARED)
        return items[0] if items else Dataset()

    def shared_value(self, path: str) -> tuple[float, ...] | None:
        """Numbers at ``path`` of the shared functional groups, or None."""
        item = self.shared
        *groups, leaf = path.split(".")
        for keyword in groups:
            items = items_of(item, keyword)
            if not items:
                return None
            item = items[0]
        return float_values(item, leaf)

    def numbers(self, path: str) -> NDArray[np.float64] | None:
        """Numeric attribute of a functional group for every frame, shape (frames, multiplicity)."""
        if self.table is not None and path in self.table.paths:
            return np.asarray(self.table.numbers(path), dtype=np.float64)
        value = self.shared_value(path)
        if value is None:
            return None
        return np.broadcast_to(np.asarray(value, dtype=np.float64), (self.frames, len(value)))

    def _constant(self, path: str, top_level: str | None = None) -> tuple[float, ...] | None:
        """A value that all frames share; None if absent or different between frames."""
        column = self.numbers(path)
        if column is None:
            return float_values(self._dataset, top_level) if top_level else None
        if len(column) and np.any(column != column[0]):
            return None
        return tuple(column[0].tolist()) if len(column) else None

    # ---- geometry ----------------------------------------------------------------------------------

    @cached_property
    def coordinate_system(self) -> CoordinateSystemNames | None:
        """PATIENT, SLIDE, or None without a frame of reference."""
        return get_image_coordinate_system(self._dataset)

    @cached_property
    def matrix(self) -> TotalPixelMatrix | None:
        """The total pixel matrix of a tiled image."""
        return TotalPixelMatrix.of(self._dataset)

    @property
    def is_tiled_full(self) -> bool:
        """Whether positions are implied by the order of frames."""
        return text_value(self._dataset, "DimensionOrganizationType") == "TILED_FULL" and bool(self.matrix)

    @cached_property
    def pixel_spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns in mm, if the same for all frames."""
        value = self._constant("PixelMeasuresSequence.PixelSpacing", "PixelSpacing")
        return None if value is None or len(value) != 2 else (value[0], value[1])

    @cached_property
    def slice_thickness(self) -> float | None:
        """Slice Thickness in mm, if the same for all frames."""
        value = self._constant("PixelMeasuresSequence.SliceThickness", "SliceThickness")
        return None if not value or not np.isfinite(value[0]) else value[0]

    @cached_property
    def spacing_between_slices(self) -> float | None:
        """Spacing Between Slices in mm as the file states it."""
        value = self._constant("PixelMeasuresSequence.SpacingBetweenSlices", "SpacingBetweenSlices")
        return None if not value or not np.isfinite(value[0]) else value[0]

    @cached_property
    def orientations(self) -> NDArray[np.float64] | None:
        """Direction cosines of rows and columns per frame, shape (frames, 6)."""
        if self.matrix is not None and self.matrix.orientation:
            return np.broadcast_to(np.asarray(self.matrix.orientation), (self.frames, 6))
        column = self.numbers("PlaneOrientationSequence.ImageOrientationPatient")
        if column is None:
            value = float_values(self._dataset, "ImageOrientationPatient")
            if not value:
                return None
            column = np.broadcast_to(np.asarray(value), (self.frames, len(value)))
        return column if column.shape[1] == 6 else None

    @property
    def orientation(self) -> tuple[float, ...] | None:
        """The orientation that all frames share, or None."""
        column = self.orientations
        if column is None or not np.allclose(column, column[0], atol=1e-5):
            return None
        return tuple(column[0].tolist())

    @cached_property
    def _tiles(self) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Row/column positions and reference coordinates of a TILED_FULL image's frames."""
        grid = TileGrid.of_dataset(self._dataset)
        if self.frames % (grid.tiles * grid.focal_planes) or grid.frames < self.frames:
            raise DamagedFileError(
                f"{self.frames} frames do not fill a total pixel matrix of {grid.tiles} tiles and {grid.frames} frames"
            )
        frames = np.arange(self.frames)
        return grid.offsets(frames) + 1, grid.positions(frames)

    @cached_property
    def positions(self) -> NDArray[np.float64] | None:
        """Reference coordinates in mm of each frame's top left pixel centre, shape (frames, 3), or None."""
        if self.is_tiled_full:
            return self._tiles[1]
        column = self.numbers("PlanePositionSequence.ImagePositionPatient")
        if column is not None:
            return column if column.shape[1] == 3 else None
        offsets = [
            self.numbers(f"PlanePositionSlideSequence.{axis}OffsetInSlideCoordinateSystem") for axis in "XYZ"
        ]
        if offsets[0] is not None and offsets[1] is not None:
            z = offsets[2] if offsets[2] is not None else np.zeros((self.frames, 1))
            return np.hstack([offsets[0][:, :1], offsets[1][:, :1], z[:, :1]])
        value = float_values(self._dataset, "ImagePositionPatient")
        if value is None or self.frames != 1:
            return None
        if len(value) != 3:
            raise DamagedFileError("ImagePositionPatient has not 3 values", tag=0x00200032)
        return np.asarray([value])

    @cached_property
    def matrix_positions(self) -> NDArray[np.int64] | None:
        """1-based (row, column) of each frame's top left pixel in the total pixel matrix, shape (frames, 2)."""
        if self.is_tiled_full:
            return self._tiles[0]
        row = self.numbers("PlanePositionSlideSequence.RowPositionInTotalImagePixelMatrix")
        column = self.numbers("PlanePositionSlideSequence.ColumnPositionInTotalImagePixelMatrix")
        if row is None or column is None:
            return None
        return whole_numbers(np.hstack([row[:, :1], column[:, :1]]), "the position of a tile")

    # ---- dimensions and references -----------------------------------------------------------------

    @cached_property
    def pointers(self) -> list[int]:
        """Tags of the dimension index pointers, in order."""
        return [
            required(int_value(item, "DimensionIndexPointer"), "DimensionIndexPointer")
            for item in items_of(self._dataset, "DimensionIndexSequence")
        ]

    @cached_property
    def dimension_indices(self) -> NDArray[np.int64] | None:
        """Dimension index values, shape (frames, dimensions)."""
        column = self.numbers("FrameContentSequence.DimensionIndexValues")
        return None if column is None else whole_numbers(column, "a dimension index value")

    @cached_property
    def sources(self) -> list[SourceColumn]:
        """The source images of the frames: one column for each place in Source Image Sequence."""
        if self.table is None:
            return []
        columns: list[SourceColumn] = []
        while True:
            suffix = f"[{len(columns)}]" if columns else ""
            column = self._source_column(f"DerivationImageSequence.SourceImageSequence{suffix}")
            if column is None:
                return columns
            columns.append(column)

    def _source_column(self, place: str) -> SourceColumn | None:
        assert self.table is not None
        if f"{place}.ReferencedSOPInstanceUID" not in self.table.paths:
            return None
        instances = self.table.categories(f"{place}.ReferencedSOPInstanceUID")
        frame = np.zeros(self.frames, dtype=np.int64)
        if f"{place}.ReferencedFrameNumber" in self.table.paths:
            numbers = self.table.numbers(f"{place}.ReferencedFrameNumber")[:, 0]
            frame = whole_numbers(np.nan_to_num(np.asarray(numbers, dtype=np.float64)), "a frame number")
        absent = Categories(np.full(self.frames, -1, dtype=np.intp), ())
        path = f"{place}.SpatialLocationsPreserved"
        preserved = self.table.categories(path) if path in self.table.paths else absent
        return SourceColumn(
            uids=tuple(str(v) for v in instances.values),
            instance=np.asarray(instances.codes, dtype=np.intp),
            frame=frame,
            preserved=tuple(str(v) for v in preserved.values),
            preserved_code=np.asarray(preserved.codes, dtype=np.intp),
        )
