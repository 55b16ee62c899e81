"""Where the planes of a mask lie, and which source frames they belong to."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from dicomposer.content import PixelMeasuresSequence, PlaneOrientationSequence, PlanePositionSequence
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.image import TotalPixelMatrix
from dicomposer.seg._sources import SourceImages
from dicomposer.spatial import PlaneStack, TileGrid
from dicomposer.volume import Volume

__all__ = ["Measures", "PlaneOverrides", "PlanePlan", "References", "plan_planes"]

#: Planes closer than this are the same plane, in mm (positions are written with at least 6 decimals).
_SAME_PLACE = 1e-4


@dataclass(frozen=True)
class Measures:
    """Pixel Measures (PS3.3 C.7.6.16.2.1), in mm."""

    pixel_spacing: tuple[float, float]
    slice_thickness: float | None = None
    spacing_between_slices: float | None = None


@dataclass(frozen=True)
class References:
    """The source frame of each plane.

    ``instance`` indexes the source images (-1: none), ``frame`` counts from 1 (0: a single-frame image).
    """

    instance: NDArray[np.intp]
    frame: NDArray[np.int64]

    @classmethod
    def none(cls, planes: int) -> References:
        """No plane corresponds to a source frame."""
        return cls(np.full(planes, -1, dtype=np.intp), np.zeros(planes, dtype=np.int64))


@dataclass(frozen=True)
class PlaneOverrides:
    """What the caller says about planes instead of leaving it to the sources."""

    measures: PixelMeasuresSequence | None = None
    orientation: PlaneOrientationSequence | None = None
    positions: Sequence[PlanePositionSequence] | None = None
    tile: bool = False
    tile_size: tuple[int, int] | None = None

    @property
    def any(self) -> bool:
        """Whether any geometry was given."""
        return self.measures is not None or self.orientation is not None or self.positions is not None


@dataclass(frozen=True)
class PlanePlan:
    """Planes of a mask as columns, one row a plane, before segments are considered.

    ``rows`` and ``columns`` are those of a frame. ``matrix`` and ``tiles`` (1-based row and column of the top left
    pixel) are set for tiled planes. ``order`` sorts planes for encoding. ``thicknesses`` are set where slices differ in
    thickness.
    """

    rows: int
    columns: int
    count: int
    system: CoordinateSystemNames | None
    references: References
    positions: NDArray[np.float64] | None = None
    orientations: NDArray[np.float64] | None = None
    measures: Measures | None = None
    matrix: TotalPixelMatrix | None = None
    tiles: NDArray[np.int64] | None = None
    order: NDArray[np.intp] | None = None
    stack: PlaneStack | None = None
    thicknesses: NDArray[np.float64] | None = None

    @property
    def encoding_order(self) -> NDArray[np.intp]:
        """Planes in the order in which they are encoded."""
        return np.arange(self.count, dtype=np.intp) if self.order is None else self.order


def plan_planes(
    sources: SourceImages, mask: NDArray[np.generic] | Volume, overrides: PlaneOverrides
) -> PlanePlan:
    """Work out where each plane of ``mask`` lies.

    Parameters
    ----------
    sources : SourceImages
    mask : numpy.ndarray or Volume
        Array of shape (planes, rows, columns[, segments]), or a volume that carries its own geometry.
    overrides : PlaneOverrides

    Raises
    ------
    ArgumentError, GeometryError
        If the mask does not fit the sources.
    """
    if isinstance(mask, Volume):
        return _of_volume(sources, mask, overrides)
    count, rows, columns = mask.shape[:3]
    if overrides.tile:
        return _of_matrix(sources, (count, rows, columns), overrides)
    if overrides.any:
        return _of_overrides(sources, (count, rows, columns), overrides)
    return _of_sources(sources, (count, rows, columns))


# ---- one plane, one source frame ---------------------------------------------------------------------


def _of_sources(sources: SourceImages, shape: tuple[int, int, int]) -> PlanePlan:
    count, rows, columns = shape
    if count != sources.planes:
        what = "frames of the source image" if sources.is_multi_frame else "source images"
        raise ArgumentError(
            f"the mask has {count} planes but there are {sources.planes} {what}: give one plane for each, "
            "or a Volume, or plane_positions"
        )
    if (rows, columns) != (sources.rows, sources.columns):
        hint = "; pass tile_pixel_array=True for a total pixel matrix" if sources.matrix is not None else ""
        raise ArgumentError(
            f"the planes of the mask have {rows} rows and {columns} columns, the source frames {sources.rows} and "
            f"{sources.columns}{hint}"
        )
    frame = np.arange(1, count + 1) if sources.is_multi_frame else np.zeros(count, dtype=np.int64)
    instance = np.zeros(count, dtype=np.intp) if sources.is_multi_frame else np.arange(count)
    references = References(instance.astype(np.intp), frame.astype(np.int64))
    if sources.coordinate_system is None:
        measures = _source_measures(sources, None) if sources.slice_thickness is not None else None
        return PlanePlan(rows, columns, count, None, references, measures=measures)
    positions, orientations = sources.positions, sources.orientations
    if positions is None or orientations is None:
        raise GeometryError(
            "the source image has a frame of reference but no positions or orientation of its frames"
        )
    if sources.matrix is not None:
        tiles = sources.index.matrix_positions
        if tiles is None:
            raise GeometryError("the tiles of the source image have no positions in the total pixel matrix")
        _refuse_duplicates(np.hstack([tiles, positions[:, 2:]]))
        measures = _source_measures(sources, None)
        order = np.lexsort((tiles[:, 1], tiles[:, 0]))
        return PlanePlan(
            rows, columns, count, sources.coordinate_system, references, positions, orientations, measures,
            sources.matrix, tiles, order,
        )  # fmt: skip
    _refuse_duplicates(positions)
    stack = _stack(positions, orientations)
    measures = _with_thickness(_source_measures(sources, stack), sources, stack)
    return PlanePlan(
        rows, columns, count, sources.coordinate_system, references, positions, orientations, measures,
        order=None if stack is None else stack.order, stack=stack,
        thicknesses=sources.slice_thicknesses if sources.slice_thickness is None else None,
    )  # fmt: skip


def _stack(positions: NDArray[np.float64], orientations: NDArray[np.float64]) -> PlaneStack | None:
    """The planes as a stack, or None where they are not parallel (then they keep their order)."""
    if not np.allclose(orientations, orientations[0], atol=1e-5):
        return None
    return PlaneStack.of(positions, orientations[0].tolist())


def _refuse_duplicates(places: NDArray[np.float64]) -> None:
    rounded = np.round(places / _SAME_PLACE).astype(np.int64)
    _, first, counts = np.unique(rounded, axis=0, return_index=True, return_counts=True)
    if np.any(counts > 1):
        twice = int(first[np.argmax(counts > 1)]) + 1
        raise GeometryError(
            f"{int(counts.sum() - len(counts))} plane(s) lie where another one does (plane {twice} first): give one "
            "plane a position; segment one time point or channel at a time"
        )


def _source_measures(sources: SourceImages, stack: PlaneStack | None) -> Measures | None:
    if sources.pixel_spacing is None:
        return None
    between = stack.spacing if stack is not None and stack.spacing is not None else None
    if between is None and (stack is None or len(stack) < 2):
        between = sources.index.spacing_between_slices
    return Measures(sources.pixel_spacing, sources.slice_thickness, between)


def _with_thickness(
    measures: Measures | None, sources: SourceImages, stack: PlaneStack | None
) -> Measures | None:
    """Fill in a Slice Thickness that the sources leave out: a segmentation must have one (PS3.3 C.7.6.16.2.1).

    The distance to the next plane is what the planes stand for; a single plane gives no hint.
    """
    if measures is None or sources.slice_thicknesses is not None:
        return measures
    thickness = measures.spacing_between_slices
    if thickness is None and stack is not None and len(stack.steps):
        thickness = float(stack.steps.min())
    if thickness is None:
        raise GeometryError(
            "the source image has no Slice Thickness, which a segmentation needs: give pixel_measures with one"
        )
    warnings.warn(
        f"the source images have no Slice Thickness: the distance between planes, {thickness:g} mm, is written",
        stacklevel=2,
    )
    return replace(measures, slice_thickness=thickness)


# ---- planes with a geometry of their own -------------------------------------------------------------


def _of_volume(sources: SourceImages, volume: Volume, overrides: PlaneOverrides) -> PlanePlan:
    if overrides.any:
        raise ArgumentError(
            "a Volume carries its geometry: leave plane_positions, plane_orientation and pixel_measures out"
        )
    if volume.coordinate_system != sources.coordinate_system:
        raise GeometryError(
            f"the volume lies in the {volume.coordinate_system.value} coordinate system, the source images do not"
        )
    theirs = sources.first.get("FrameOfReferenceUID")
    if (
        volume.frame_of_reference_uid is not None
        and theirs
        and str(volume.frame_of_reference_uid) != str(theirs)
    ):
        raise GeometryError("the volume and the source images have different frames of reference")
    if overrides.tile:
        return _tiled_volume(sources, volume, overrides)
    depth, rows, columns = volume.spatial_shape
    indices = np.zeros((depth, 3))
    indices[:, 0] = np.arange(depth)
    positions = volume.map_indices_to_reference(indices)
    orientation = tuple(volume.direction_cosines)
    measures = Measures(volume.pixel_spacing, volume.spacing_between_slices, volume.spacing_between_slices)
    return _placed(sources, (depth, rows, columns), positions, orientation, measures)


def _of_overrides(sources: SourceImages, shape: tuple[int, int, int], overrides: PlaneOverrides) -> PlanePlan:
    count, rows, columns = shape
    measures = _given_measures(overrides.measures) or _source_measures(sources, None)
    if measures is None:
        raise GeometryError("pixel_measures is needed: the source images do not give their pixel spacing")
    if overrides.orientation is not None:
        orientation = tuple(float(v) for v in overrides.orientation.cosines)
    elif sources.orientations is not None:
        orientation = tuple(sources.orientations[0].tolist())
    else:
        raise GeometryError("plane_orientation is needed: the source images have no orientation")
    if overrides.positions is None:
        if count != sources.planes or sources.positions is None:
            raise ArgumentError(
                "plane_positions is needed: the planes of the mask are not those of the source images"
            )
        positions, tiles = sources.positions, sources.index.matrix_positions if sources.matrix else None
    else:
        if len(overrides.positions) != count:
            raise ArgumentError(f"{len(overrides.positions)} plane_positions were given for {count} planes")
        positions, tiles = _given_positions(overrides.positions)
    if (rows, columns) != (sources.rows, sources.columns) and (
        overrides.measures is None or overrides.positions is None
    ):
        raise ArgumentError(
            f"the planes of the mask have {rows} rows and {columns} columns, the source frames {sources.rows} and "
            f"{sources.columns}: give plane_positions and pixel_measures for planes of another size"
        )
    return _placed(sources, shape, positions, orientation, measures, tiles)


def _given_measures(sequence: PixelMeasuresSequence | None) -> Measures | None:
    if sequence is None:
        return None
    item = sequence[0]
    thickness, between = item.get("SliceThickness"), item.get("SpacingBetweenSlices")
    return Measures(
        (float(item.PixelSpacing[0]), float(item.PixelSpacing[1])),
        None if thickness is None else float(thickness),
        None if between is None else float(between),
    )


def _given_positions(
    sequences: Sequence[PlanePositionSequence],
) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Positions (n, 3) and, on slides, 1-based (row, column) places in the matrix."""
    positions, tiles = [], []
    for sequence in sequences:
        item = sequence[0]
        if "ImagePositionPatient" in item:
            positions.append([float(v) for v in item.ImagePositionPatient])
            continue
        positions.append([float(item.get(f"{axis}OffsetInSlideCoordinateSystem") or 0.0) for axis in "XYZ"])
        tiles.append(
            [int(item.RowPositionInTotalImagePixelMatrix), int(item.ColumnPositionInTotalImagePixelMatrix)]
        )
    if tiles and len(tiles) != len(positions):
        raise ArgumentError("plane_positions mix patient and slide coordinates")
    return np.asarray(positions, dtype=np.float64), np.asarray(tiles, dtype=np.int64) if tiles else None


def _placed(
    sources: SourceImages,
    shape: tuple[int, int, int],
    positions: NDArray[np.float64],
    orientation: tuple[float, ...],
    measures: Measures,
    tiles: NDArray[np.int64] | None = None,
) -> PlanePlan:
    """Planes at given places; source frames at the same places, on the same grid, are referenced."""
    count, rows, columns = shape
    if sources.coordinate_system is None:
        raise GeometryError("the source images have no frame of reference: planes cannot be placed in space")
    orientations = np.broadcast_to(np.asarray(orientation), (count, 6))
    references = _match(sources, (rows, columns), positions, orientation, measures)
    if tiles is not None and sources.matrix is not None:
        _refuse_duplicates(np.hstack([tiles, positions[:, 2:]]))
        return PlanePlan(
            rows, columns, count, sources.coordinate_system, references, positions, orientations, measures,
            sources.matrix, tiles, np.lexsort((tiles[:, 1], tiles[:, 0])),
        )  # fmt: skip
    _refuse_duplicates(positions)
    stack = PlaneStack.of(positions, orientation)
    return PlanePlan(
        rows, columns, count, sources.coordinate_system, references, positions, orientations, measures,
        order=stack.order, stack=stack,
    )  # fmt: skip


def _match(
    sources: SourceImages,
    shape: tuple[int, int],
    positions: NDArray[np.float64],
    orientation: tuple[float, ...],
    measures: Measures,
) -> References:
    """Find the source frame that lies exactly where each plane does."""
    count = len(positions)
    theirs, orientations, spacing = sources.positions, sources.orientations, sources.pixel_spacing
    if theirs is None or orientations is None or spacing is None or shape != (sources.rows, sources.columns):
        return References.none(count)
    if not np.allclose(spacing, measures.pixel_spacing, rtol=1e-4):
        return References.none(count)
    if not np.allclose(orientations, np.asarray(orientation), atol=1e-4):
        return References.none(count)
    # Far below what could be another plane, far above the rounding of decimal strings.
    tolerance = min(0.1 * min(spacing), 0.01)
    normal = np.cross(orientation[:3], orientation[3:])
    along = theirs @ normal
    order = np.argsort(along, kind="stable")
    wanted = positions @ normal
    right = np.clip(np.searchsorted(along[order], wanted), 0, len(along) - 1)
    nearest = np.full(count, -1, dtype=np.intp)
    for place in (right, np.maximum(right - 1, 0)):
        candidate = order[place]
        close = np.linalg.norm(theirs[candidate] - positions, axis=1) <= tolerance
        nearest = np.where(close, candidate, nearest)
    if not sources.is_multi_frame:
        return References(nearest.astype(np.intp), np.zeros(count, dtype=np.int64))
    return References(np.where(nearest >= 0, 0, -1).astype(np.intp), (nearest + 1).astype(np.int64))


# ---- total pixel matrices ----------------------------------------------------------------------------


def _of_matrix(sources: SourceImages, shape: tuple[int, int, int], overrides: PlaneOverrides) -> PlanePlan:
    count, height, width = shape
    matrix = sources.matrix
    if matrix is None or sources.orientations is None:
        raise ArgumentError("tile_pixel_array needs a tiled source image: it has no total pixel matrix")
    if count != 1:
        raise ArgumentError(f"tile_pixel_array takes one total pixel matrix, but the mask has {count} planes")
    if matrix.focal_planes > 1 and overrides.positions is None:
        raise GeometryError(
            f"the source image has {matrix.focal_planes} focal planes: "
            "give plane_positions to say which one was segmented"
        )
    measures = _given_measures(overrides.measures) or _source_measures(sources, None)
    if measures is None:
        raise GeometryError("pixel_measures is needed: the source image does not give its pixel spacing")
    if not overrides.any and (height, width) != (matrix.rows, matrix.columns):
        raise ArgumentError(
            f"the mask has {height} rows and {width} columns, the total pixel matrix of the source {matrix.rows} and "
            f"{matrix.columns}: give pixel_measures for another resolution"
        )
    if overrides.orientation is not None:
        orientation = tuple(float(v) for v in overrides.orientation.cosines)
    else:
        orientation = matrix.orientation
    origin = matrix.origin
    if overrides.positions is not None:
        if len(overrides.positions) != 1:
            raise ArgumentError(
                "with tile_pixel_array, plane_positions holds one item: the place of the whole matrix"
            )
        x, y, z = _given_positions(overrides.positions)[0][0].tolist()
        origin = (x, y, z)
    new = TotalPixelMatrix(height, width, origin, orientation, 1)
    return _tiles_of(sources, new, measures, overrides)


def _tiled_volume(sources: SourceImages, volume: Volume, overrides: PlaneOverrides) -> PlanePlan:
    depth, height, width = volume.spatial_shape
    if depth != 1 or sources.matrix is None:
        raise ArgumentError("tile_pixel_array takes a volume of one slice and a tiled source image")
    matrix = TotalPixelMatrix(height, width, volume.position, tuple(volume.direction_cosines), 1)
    thickness = sources.slice_thickness
    measures = Measures(volume.pixel_spacing, thickness, sources.index.spacing_between_slices)
    return _tiles_of(sources, matrix, measures, overrides)


def _tiles_of(
    sources: SourceImages, matrix: TotalPixelMatrix, measures: Measures, overrides: PlaneOverrides
) -> PlanePlan:
    rows, columns = overrides.tile_size or (sources.rows, sources.columns)
    if rows < 1 or columns < 1:
        raise ArgumentError(f"tile_size must be positive, not {rows} x {columns}")
    grid = TileGrid(
        rows, columns, matrix.rows, matrix.columns, matrix.origin, matrix.orientation, measures.pixel_spacing
    )
    tiles, positions = grid.offsets() + 1, grid.positions()
    references = References.none(len(tiles))
    same_grid = (rows, columns) == (sources.rows, sources.columns) and matrix == sources.matrix
    theirs = sources.index.matrix_positions if same_grid else None
    if theirs is not None and measures.pixel_spacing == sources.pixel_spacing:
        # The first frame at a place: further ones are other optical paths of the same tile.
        width = matrix.columns + 1
        keys, first = np.unique(theirs[:, 0] * width + theirs[:, 1], return_index=True)
        ours = tiles[:, 0] * width + tiles[:, 1]
        place = np.minimum(np.searchsorted(keys, ours), len(keys) - 1)
        found = keys[place] == ours
        references = References(
            np.where(found, 0, -1).astype(np.intp), np.where(found, first[place] + 1, 0).astype(np.int64)
        )
    orientations = np.broadcast_to(np.asarray(matrix.orientation), (len(tiles), 6))
    return PlanePlan(
        rows, columns, len(tiles), sources.coordinate_system, references, positions, orientations, measures,
        matrix, tiles, None,
    )  # fmt: skip
