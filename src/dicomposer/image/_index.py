"""The frame index: where every frame of an image lies, as columns.

One class serves every layout: a single-frame image (attributes at the top level), an enhanced multi-frame image
(functional groups, PS3.3 C.7.6.16) and a tiled image whose positions are implied (TILED_FULL, PS3.3 C.7.6.17.3).
Nothing is computed before it is asked for, and nothing is a Python object per frame.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import DamagedFileError
from dicomposer.record import Categories, FrameTable
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
        items = dataset.get("TotalPixelMatrixOriginSequence") or []
        if items:
            x = float(items[0].get("XOffsetInSlideCoordinateSystem") or 0.0)
            y = float(items[0].get("YOffsetInSlideCoordinateSystem") or 0.0)
            z = float(items[0].get("ZOffsetInSlideCoordinateSystem") or 0.0)
        orientation = dataset.get("ImageOrientationSlide") or ()
        return cls(
            rows=int(dataset.TotalPixelMatrixRows),
            columns=int(dataset.TotalPixelMatrixColumns),
            origin=(x, y, z),
            orientation=tuple(float(v) for v in orientation),
            focal_planes=int(dataset.get("TotalPixelMatrixFocalPlanes") or 1),
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


class FrameIndex:
    """Columns that tell what each frame of an image is and where it lies.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Any image; pixel data need not be present.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset
        self.frames = int(dataset.get("NumberOfFrames") or 1)
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
        items = self._dataset.get(_SHARED) or []
        return items[0] if items else Dataset()

    def shared_value(self, path: str) -> Any:
        """Value at ``path`` of the shared functional groups, or None."""
        item: Any = self.shared
        *groups, leaf = path.split(".")
        for keyword in groups:
            items = item.get(keyword)
            if not items:
                return None
            item = items[0]
        return item.get(leaf)

    def numbers(self, path: str) -> NDArray[np.float64] | None:
        """Numeric attribute of a functional group for every frame, shape (frames, multiplicity)."""
        if self.table is not None and path in self.table.paths:
            return np.asarray(self.table.numbers(path), dtype=np.float64)
        value = self.shared_value(path)
        if value is None:
            return None
        row = np.atleast_1d(np.asarray(value, dtype=np.float64))
        return np.broadcast_to(row, (self.frames, len(row)))

    def _constant(self, path: str, top_level: str | None = None) -> tuple[float, ...] | None:
        """A value that all frames share; None if absent or different between frames."""
        column = self.numbers(path)
        if column is None:
            value = self._dataset.get(top_level) if top_level else None
            if value is None or value == "":
                return None
            return tuple(float(v) for v in np.atleast_1d(np.asarray(value, dtype=np.float64)))
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
        return bool(self._dataset.get("DimensionOrganizationType") == "TILED_FULL" and self.matrix)

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
            value = self._dataset.get("ImageOrientationPatient")
            if not value:
                return None
            column = np.broadcast_to(np.asarray([float(v) for v in value]), (self.frames, len(value)))
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
        value = self._dataset.get("ImagePositionPatient")
        if not value or self.frames != 1:
            return None
        return np.asarray([[float(v) for v in value]])

    @cached_property
    def matrix_positions(self) -> NDArray[np.int64] | None:
        """1-based (row, column) of each frame's top left pixel in the total pixel matrix, shape (frames, 2)."""
        if self.is_tiled_full:
            return self._tiles[0]
        row = self.numbers("PlanePositionSlideSequence.RowPositionInTotalImagePixelMatrix")
        column = self.numbers("PlanePositionSlideSequence.ColumnPositionInTotalImagePixelMatrix")
        if row is None or column is None:
            return None
        return np.hstack([row[:, :1], column[:, :1]]).astype(np.int64)

    # ---- dimensions and references -----------------------------------------------------------------

    @cached_property
    def pointers(self) -> list[int]:
        """Tags of the dimension index pointers, in order."""
        return [int(item.DimensionIndexPointer) for item in self._dataset.get("DimensionIndexSequence") or []]

    @cached_property
    def dimension_indices(self) -> NDArray[np.int64] | None:
        """Dimension index values, shape (frames, dimensions)."""
        column = self.numbers("FrameContentSequence.DimensionIndexValues")
        return None if column is None else column.astype(np.int64)

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
            frame = np.nan_to_num(np.asarray(numbers, dtype=np.float64)).astype(np.int64)
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
