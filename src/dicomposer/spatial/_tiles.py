"""Tiled images: where each tile of a total pixel matrix lies (PS3.3 C.7.6.17.3), by arithmetic on arrays.

A slide has up to a million tiles: nothing here makes an object or runs a loop per tile, save the iterators
and lists that the drop-in functions promise.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.record import float_values, int_value, items_of, text_value

from ._conventions import FloatArray, as_vector, direction_cosines
from ._planes import is_tiled_image, slide_origin

__all__ = [
    "TileGrid",
    "TiledFrames",
    "compute_tile_positions_per_frame",
    "get_tile_array",
    "iter_tiled_full_frame_data",
    "tile_pixel_matrix",
]

IndexArray = npt.NDArray[np.int64]

_SLIDE_CLASSES = {"1.2.840.10008.5.1.4.1.1.77.1.6"}
_SEGMENTATION_CLASSES = {"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"}
_PARAMETRIC_MAP_CLASSES = {"1.2.840.10008.5.1.4.1.1.30"}


@dataclass(frozen=True, eq=False)
class TiledFrames:
    """Where the frames of a tiled image lie: one entry of each array per frame.

    Attributes
    ----------
    channel : numpy.ndarray | None
        Segment number or optical path (from 1), int64 ``(n,)``; None where the image has no channels.
    focal_plane : numpy.ndarray
        Focal plane (from 1), int64 ``(n,)``.
    column_position, row_position : numpy.ndarray
        Column and row (from 1) of the tile's top left pixel in the total pixel matrix, int64 ``(n,)``.
    positions : numpy.ndarray
        Centre of that pixel, (x, y, z) in mm in the slide coordinate system, float64 ``(n, 3)``.
    """

    channel: IndexArray | None
    focal_plane: IndexArray
    column_position: IndexArray
    row_position: IndexArray
    positions: FloatArray

    def __len__(self) -> int:
        return len(self.focal_plane)


@dataclass(frozen=True, eq=False)
class TileGrid:
    """The regular tiles of a TILED_FULL image (PS3.3 C.7.6.17.3).

    Frames run along the rows of tiles, then down the columns of tiles, then through the focal planes from the
    glass towards the coverslip, then through the channels (optical paths or segments).

    Attributes
    ----------
    rows, columns : int
        Size of a tile in pixels.
    total_rows, total_columns : int
        Size of the total pixel matrix; tiles at its right and bottom edges reach beyond it.
    origin : Sequence[float]
        Centre of the top left pixel of the total pixel matrix, (x, y, z) in mm.
    orientation : Sequence[float]
        Direction cosines of the rows, then of the columns.
    pixel_spacing : Sequence[float]
        Spacing in mm between rows, then between columns.
    channels : tuple[int, ...] | None
        Numbers of the segments or optical paths; None where there are none.
    focal_planes : int
        Number of focal planes.
    focal_plane_spacing : float | None
        Distance in mm between focal planes; needed where there are several.
    """

    rows: int
    columns: int
    total_rows: int
    total_columns: int
    origin: Sequence[float] = (0.0, 0.0, 0.0)
    orientation: Sequence[float] = (0.0, -1.0, 0.0, -1.0, 0.0, 0.0)
    pixel_spacing: Sequence[float] = (1.0, 1.0)
    channels: tuple[int, ...] | None = None
    focal_planes: int = 1
    focal_plane_spacing: float | None = None

    def __post_init__(self) -> None:
        for name in ("rows", "columns", "total_rows", "total_columns", "focal_planes"):
            if getattr(self, name) < 1:
                raise ArgumentError(
                    f"'{name}' of a tiled image must be at least 1, not {getattr(self, name)}."
                )
        if self.focal_planes > 1 and not self.focal_plane_spacing:
            raise GeometryError(
                f"The tiled image has {self.focal_planes} focal planes but no Spacing Between Slices: the "
                "depth of its frames is unknown."
            )
        if (as_vector(self.pixel_spacing, "pixel_spacing", 2) <= 0).any():
            raise ArgumentError("All values in 'pixel_spacing' must be positive.")

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> Self:
        """Read the grid of a slide, segmentation or parametric map that is organised as TILED_FULL.

        Raises
        ------
        ValueError
            When the image is of another kind or organisation, or does not say where its tiles lie.
        """
        if dataset.get("DimensionOrganizationType") != "TILED_FULL":
            raise ArgumentError('Expected an image with "TILED_FULL" dimension organization type.')
        channels = _channels(dataset)
        if not is_tiled_image(dataset):
            raise GeometryError("The image has no total pixel matrix: the place of its tiles is unknown.")
        groups = items_of(dataset, "SharedFunctionalGroupsSequence")
        measures = items_of(groups[0], "PixelMeasuresSequence") if groups else ()
        pixels = float_values(measures[0], "PixelSpacing") if measures else None
        orientation = float_values(dataset, "ImageOrientationSlide")
        if orientation is None:
            raise GeometryError(
                "The tiled image has no Image Orientation (Slide): its directions are unknown."
            )
        if not measures or pixels is None:
            raise GeometryError(
                "The tiled image has no shared Pixel Spacing: the place of its tiles is unknown."
            )
        spacing = float_values(measures[0], "SpacingBetweenSlices")
        rows, columns, total_rows, total_columns = (
            int_value(dataset, keyword) or 0
            for keyword in ("Rows", "Columns", "TotalPixelMatrixRows", "TotalPixelMatrixColumns")
        )
        return cls(
            rows,
            columns,
            total_rows,
            total_columns,
            slide_origin(dataset).tolist(),
            orientation,
            pixels,
            channels,
            int_value(dataset, "TotalPixelMatrixFocalPlanes") or 1,
            None if spacing is None else abs(spacing[0]),
        )

    @property
    def tiles_down(self) -> int:
        """Number of rows of tiles."""
        return -(-self.total_rows // self.rows)

    @property
    def tiles_across(self) -> int:
        """Number of columns of tiles."""
        return -(-self.total_columns // self.columns)

    @property
    def tiles(self) -> int:
        """Number of tiles of one focal plane and channel."""
        return self.tiles_down * self.tiles_across

    @property
    def frames(self) -> int:
        """Number of frames of all tiles, focal planes and channels."""
        return self.tiles * self.focal_planes * (1 if self.channels is None else len(self.channels))

    @cached_property
    def _steps(self) -> tuple[FloatArray, FloatArray]:
        """Steps in mm, each ``(3,)``, to the next column and row of pixels."""
        cosines = direction_cosines(self.orientation)
        between_rows, between_columns = as_vector(self.pixel_spacing, "pixel_spacing", 2)
        return cosines[:3] * between_columns, cosines[3:] * between_rows

    def _frames(self, frames: npt.ArrayLike | None) -> IndexArray:
        if frames is None:
            return np.arange(self.frames, dtype=np.int64)
        indices = np.asarray(frames, dtype=np.int64)
        if indices.ndim != 1 or (len(indices) and not 0 <= indices.min() <= indices.max() < self.frames):
            raise ArgumentError(f"Frame indices must be a list of numbers from 0 to {self.frames - 1}.")
        return indices

    def offsets(self, frames: npt.ArrayLike | None = None) -> IndexArray:
        """Zero-based (row, column) of the top left pixel of frames in the total pixel matrix, ``(n, 2)``.

        Parameters
        ----------
        frames : array-like, optional
            Zero-based frame indices ``(n,)``; all frames by default.
        """
        down, across = np.divmod(self._frames(frames) % self.tiles, self.tiles_across)
        return np.stack([down * self.rows, across * self.columns], axis=1)

    def positions(self, frames: npt.ArrayLike | None = None) -> FloatArray:
        """Centres of the top left pixels of frames, (x, y, z) in mm, ``(n, 3)``.

        Parameters
        ----------
        frames : array-like, optional
            Zero-based frame indices ``(n,)``; all frames by default.
        """
        indices = self._frames(frames)
        offsets = self.offsets(indices)
        to_column, to_row = self._steps
        result = np.array(self.origin) + offsets[:, 1:] * to_column + offsets[:, :1] * to_row
        if self.focal_planes > 1:
            depth = indices // self.tiles % self.focal_planes
            result[:, 2] += depth * float(self.focal_plane_spacing or 0.0)
        return result

    def frame_data(self, frames: npt.ArrayLike | None = None) -> TiledFrames:
        """Channel, focal plane, tile and position of frames, by column.

        Parameters
        ----------
        frames : array-like, optional
            Zero-based frame indices ``(n,)``; all frames by default.
        """
        indices = self._frames(frames)
        offsets = self.offsets(indices)
        planes = indices // self.tiles
        channel = None
        if self.channels is not None:
            channel = np.asarray(self.channels, dtype=np.int64)[planes // self.focal_planes]
        return TiledFrames(
            channel,
            planes % self.focal_planes + 1,
            offsets[:, 1] + 1,
            offsets[:, 0] + 1,
            self.positions(indices),
        )

    def frames_in(
        self, row: int, column: int, rows: int, columns: int, *, channel: int = 0, focal_plane: int = 0
    ) -> IndexArray:
        """Zero-based indices of the frames that cover a region of the total pixel matrix, row by row.

        Parameters
        ----------
        row, column : int
            Zero-based top left pixel of the region.
        rows, columns : int
            Size of the region.
        channel, focal_plane : int, optional
            Zero-based index (not number) of the channel and focal plane.
        """
        down = np.arange(max(row, 0) // self.rows, min(self.tiles_down, -(-(row + rows) // self.rows)))
        across = np.arange(
            max(column, 0) // self.columns, min(self.tiles_across, -(-(column + columns) // self.columns))
        )
        first = (channel * self.focal_planes + focal_plane) * self.tiles
        return (first + down[:, np.newaxis] * self.tiles_across + across).ravel()


def _channels(dataset: Dataset) -> tuple[int, ...] | None:
    """Numbers of the segments or optical paths through which the frames of a TILED_FULL image run."""
    sop_class = text_value(dataset, "SOPClassUID")
    if sop_class in _SEGMENTATION_CLASSES:
        if text_value(dataset, "SegmentationType") == "LABELMAP":
            return None
        segments = items_of(dataset, "SegmentSequence")
        return tuple(int_value(item, "SegmentNumber") or i for i, item in enumerate(segments, 1))
    if sop_class in _SLIDE_CLASSES:
        stated = int_value(dataset, "NumberOfOpticalPaths")
        frames = int_value(dataset, "NumberOfFrames")
        if stated and frames and stated > frames:
            raise GeometryError(f"The tiled image has {stated} optical paths, but {frames} frames.")
        return tuple(range(1, (stated or len(items_of(dataset, "OpticalPathSequence")) or 1) + 1))
    if sop_class in _PARAMETRIC_MAP_CLASSES:
        return None
    raise ArgumentError("Expected a VL Whole Slide Microscopy Image, Segmentation Image, or Parametric Map.")


def iter_tiled_full_frame_data(
    dataset: Dataset,
) -> Iterator[tuple[int | None, int, int, int, float, float, float]]:
    """Run through the frames of a TILED_FULL image; :meth:`TileGrid.frame_data` gives arrays instead.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Whole slide microscopy image, segmentation or parametric map, organised as TILED_FULL.

    Yields
    ------
    channel : int | None
        Segment number or optical path (from 1); None for label maps and parametric maps.
    focal_plane_index : int
        Focal plane, from 1.
    column_position, row_position : int
        Column and row (from 1) of the tile in the total pixel matrix.
    x, y, z : float
        Position in mm.
    """
    grid = TileGrid.of_dataset(dataset)
    block = 65536
    for start in range(0, grid.frames, block):
        data = grid.frame_data(np.arange(start, min(start + block, grid.frames)))
        channels = [None] * len(data) if data.channel is None else data.channel.tolist()
        places = zip(
            channels,
            data.focal_plane.tolist(),
            data.column_position.tolist(),
            data.row_position.tolist(),
            data.positions.tolist(),
            strict=True,
        )
        for channel, focal_plane, column, row, (x, y, z) in places:
            yield channel, focal_plane, column, row, x, y, z


def compute_tile_positions_per_frame(
    rows: int,
    columns: int,
    total_pixel_matrix_rows: int,
    total_pixel_matrix_columns: int,
    total_pixel_matrix_image_position: Sequence[float],
    image_orientation: Sequence[float],
    pixel_spacing: Sequence[float],
) -> list[tuple[list[int], list[float]]]:
    """Positions of the tiles of a TILED_FULL image; :meth:`TileGrid.positions` gives arrays instead.

    Parameters
    ----------
    rows, columns : int
        Size of a tile in pixels.
    total_pixel_matrix_rows, total_pixel_matrix_columns : int
        Size of the total pixel matrix.
    total_pixel_matrix_image_position : Sequence[float]
        Centre of its top left pixel, (x, y, z) in mm.
    image_orientation, pixel_spacing : Sequence[float]
        Direction cosines, and spacing in mm between rows and columns.

    Returns
    -------
    list[tuple[list[int], list[float]]]
        For each tile its one-based [column, row] in the total pixel matrix and its [x, y, z].
    """
    grid = TileGrid(
        rows,
        columns,
        total_pixel_matrix_rows,
        total_pixel_matrix_columns,
        as_vector(total_pixel_matrix_image_position, "total_pixel_matrix_image_position", 3).tolist(),
        direction_cosines(image_orientation).tolist(),
        as_vector(pixel_spacing, "pixel_spacing", 2).tolist(),
    )
    offsets = (grid.offsets()[:, ::-1] + 1).tolist()
    return list(zip(offsets, grid.positions().tolist(), strict=True))


def tile_pixel_matrix(
    total_pixel_matrix_rows: int, total_pixel_matrix_columns: int, rows: int, columns: int
) -> Iterator[tuple[int, int]]:
    """One-based (column, row) index of each tile among the tiles, in the order of TILED_FULL frames.

    Parameters
    ----------
    total_pixel_matrix_rows, total_pixel_matrix_columns : int
        Size of the total pixel matrix.
    rows, columns : int
        Size of a tile.
    """
    grid = TileGrid(rows, columns, total_pixel_matrix_rows, total_pixel_matrix_columns)
    return (
        (across, down) for down in range(1, grid.tiles_down + 1) for across in range(1, grid.tiles_across + 1)
    )


def get_tile_array(
    pixel_array: np.ndarray,
    row_offset: int,
    column_offset: int,
    tile_rows: int,
    tile_columns: int,
    pad: bool = True,
) -> np.ndarray:
    """Cut a tile out of a total pixel matrix.

    Parameters
    ----------
    pixel_array : numpy.ndarray
        Total pixel matrix ``(rows, columns, ...)``.
    row_offset, column_offset : int
        One-based row and column of the tile's top left pixel.
    tile_rows, tile_columns : int
        Size of the tile.
    pad : bool, optional
        Fill what reaches beyond the right and bottom edges with zeros, instead of returning less.

    Returns
    -------
    numpy.ndarray
        The tile: a view of `pixel_array` unless zeros had to be added.
    """
    if pixel_array.ndim < 2:
        raise ArgumentError("Argument 'pixel_array' must have at least two dimensions: rows and columns.")
    for name, offset, size in (
        ("Row", row_offset, pixel_array.shape[0]),
        ("Column", column_offset, pixel_array.shape[1]),
    ):
        if not 1 <= offset <= size:
            raise ArgumentError(
                f"{name} offset must be between 1 and the size of the pixel array, {size}; it is {offset}."
            )
    tile = pixel_array[
        row_offset - 1 : row_offset - 1 + tile_rows, column_offset - 1 : column_offset - 1 + tile_columns
    ]
    if not pad or tile.shape[:2] == (tile_rows, tile_columns):
        return tile
    padded = np.zeros((tile_rows, tile_columns, *pixel_array.shape[2:]), dtype=pixel_array.dtype)
    padded[: tile.shape[0], : tile.shape[1]] = tile
    return padded
