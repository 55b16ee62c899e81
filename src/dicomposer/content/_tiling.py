"""Plane positions of tiles, and of frames and images in general, under their drop-in names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.content._plane import PlanePositionSequence
from dicomposer.content._positions import plane_positions_of_image, plane_positions_of_series
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.spatial import tile_pixel_matrix

_TILED = frozenset(
    {
        "1.2.840.10008.5.1.4.1.1.77.1.6",  # VL Whole Slide Microscopy Image
        "1.2.840.10008.5.1.4.1.1.66.4",  # Segmentation
        "1.2.840.10008.5.1.4.1.1.66.7",  # Label Map Segmentation
        "1.2.840.10008.5.1.4.1.1.30",  # Parametric Map
    }
)


def are_plane_positions_tiled_full(
    plane_positions: Sequence[PlanePositionSequence], rows: int, columns: int
) -> bool:
    """Tell whether tiles cover a whole matrix in the order of TILED_FULL (PS3.3 C.7.6.17.3).

    Parameters
    ----------
    plane_positions : Sequence[PlanePositionSequence]
        Positions on a slide, one for each frame.
    rows, columns : int
        Size of a tile.
    """
    places = np.array(
        [
            (
                items[0].RowPositionInTotalImagePixelMatrix,
                items[0].ColumnPositionInTotalImagePixelMatrix,
            )
            for items in plane_positions
        ],
        dtype=np.int64,
    ).reshape(-1, 2)
    if not len(places):
        return True
    last_row, last_column = places.max(axis=0).tolist()
    # (column, row) of each tile, from 1
    tiles = np.array(list(tile_pixel_matrix(last_row, last_column, rows, columns)), dtype=np.int64)
    expected = (tiles[:, ::-1] - 1) * (rows, columns) + 1
    return bool(np.array_equal(places, expected))


def compute_plane_position_tiled_full(  # noqa: PLR0913 - drop-in signature
    row_index: int,
    column_index: int,
    x_offset: float,
    y_offset: float,
    rows: int,
    columns: int,
    image_orientation: Sequence[float],
    pixel_spacing: Sequence[float],
    slice_thickness: float | None = None,
    spacing_between_slices: float | None = None,
    slice_index: int | None = None,
) -> PlanePositionSequence:
    """Position of one tile of an image whose tiles have no positions of their own.

    Parameters
    ----------
    row_index, column_index : int
        Row and column of the tile among the tiles, from 1.
    x_offset, y_offset : float
        Total Pixel Matrix Origin on the slide, in mm.
    rows, columns : int
        Size of a tile.
    image_orientation : Sequence[float]
        Six direction cosines: of the rows, then of the columns.
    pixel_spacing : Sequence[float]
        Spacing in mm between rows and between columns.
    slice_thickness : float, optional
        Without meaning; there for the sake of older code.
    spacing_between_slices : float, optional
        Distance between focal planes, in the unit of the result: mm.
    slice_index : int, optional
        Number of the focal plane, from 1; goes together with ``spacing_between_slices``.

    Raises
    ------
    ArgumentTypeError
        If only one of ``slice_index`` and ``spacing_between_slices`` is given.
    ArgumentError
        If an index is below 1.
    """
    del slice_thickness
    if (slice_index is None) != (spacing_between_slices is None):
        raise ArgumentTypeError("slice_index and spacing_between_slices must be given together")
    if row_index < 1 or column_index < 1 or (slice_index is not None and slice_index < 1):
        raise ArgumentError("indices of tiles and focal planes start at 1")
    row, column = (row_index - 1) * rows, (column_index - 1) * columns
    along_rows, along_columns = np.asarray(image_orientation, dtype=np.float64).reshape(2, 3)
    position = along_rows * (column * float(pixel_spacing[1])) + along_columns * (
        row * float(pixel_spacing[0])
    )
    depth = 0.0
    if slice_index is not None and spacing_between_slices is not None:
        depth = (slice_index - 1) * float(spacing_between_slices)
    position += (float(x_offset), float(y_offset), depth)
    return PlanePositionSequence(CoordinateSystemNames.SLIDE, position.tolist(), (column + 1, row + 1))


def compute_plane_position_slide_per_frame(dataset: Dataset) -> list[PlanePositionSequence]:
    """Position of every frame of a tiled image whose positions are implied (TILED_FULL).

    Raises
    ------
    ArgumentError
        If it is no such image.
    """
    if dataset.get("SOPClassUID") not in _TILED or dataset.get("DimensionOrganizationType") != "TILED_FULL":
        raise ArgumentError(
            "a slide image, segmentation or parametric map with Dimension Organization Type TILED_FULL is needed"
        )
    return plane_positions_of_image(dataset)


def get_plane_positions_of_image(image: Dataset) -> list[PlanePositionSequence]:
    """Position of every frame of a multi-frame image.

    Raises
    ------
    ArgumentError
        If it is a single-frame image.
    MissingAttributeError
        If its frames have no positions.
    """
    if "NumberOfFrames" not in image:
        raise ArgumentError("a multi-frame image is needed")
    return plane_positions_of_image(image)


def get_plane_positions_of_series(images: Sequence[Dataset]) -> list[PlanePositionSequence]:
    """Position of every image of a series of single-frame images, in the order given.

    Raises
    ------
    ArgumentError
        If an image has several frames, or no position.
    """
    if any(int(image.get("NumberOfFrames") or 1) > 1 for image in images):
        raise ArgumentError("single-frame images are needed")
    try:
        return plane_positions_of_series(images)
    except MissingAttributeError as error:
        raise ArgumentError(str(error)) from error
