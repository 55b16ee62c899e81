"""Frames as a regular volume: its geometry, and the slice of each frame."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentTypeError, GeometryError
from dicomposer.image._index import FrameIndex
from dicomposer.spatial import PlaneStack, StackTolerance
from dicomposer.volume import VolumeGeometry

__all__ = ["Place", "matrix_volume", "place_of", "stack_tolerance", "stack_volume"]


def stack_tolerance(
    rtol: float | None = None, atol: float | None = None, perpendicular_tol: float | None = None
) -> StackTolerance:
    """Tolerances of a regular stack under their drop-in names; what is None keeps its default."""
    if rtol is not None and atol is not None:
        raise ArgumentTypeError("give rtol or atol, not both")
    default = StackTolerance()
    return StackTolerance(
        rtol=default.rtol if rtol is None else rtol,
        atol=atol,
        perpendicular=default.perpendicular if perpendicular_tol is None else perpendicular_tol,
    )


class Place(NamedTuple):
    """What all frames of a volume share."""

    system: CoordinateSystemNames
    spacing: tuple[float, float]
    orientation: tuple[float, ...]
    frame_of_reference: str | None


def place_of(index: FrameIndex, frame_of_reference: str | None) -> Place:
    """What the frames share.

    Raises
    ------
    GeometryError
        If they do not share it, or lie nowhere.
    """
    system = index.coordinate_system
    spacing = index.pixel_spacing
    if system is None:
        raise GeometryError("the image has no frame of reference: it is not a volume in space")
    if spacing is None or index.orientation is None:
        raise GeometryError(
            "the frames do not share one orientation and pixel spacing: they are not a regular volume"
        )
    return Place(system, spacing, index.orientation, frame_of_reference)


def matrix_volume(index: FrameIndex, place: Place) -> VolumeGeometry:
    """The total pixel matrix of a tiled image as a volume of one slice.

    Raises
    ------
    GeometryError
        If it has several focal planes.
    """
    assert index.matrix is not None
    if index.matrix.focal_planes > 1:
        raise GeometryError("volumes of tiled images with several focal planes are not supported")
    return VolumeGeometry.from_attributes(
        image_position=index.matrix.origin,
        image_orientation=place.orientation,
        rows=index.matrix.rows,
        columns=index.matrix.columns,
        pixel_spacing=place.spacing,
        spacing_between_slices=index.spacing_between_slices or 1.0,
        number_of_frames=1,
        coordinate_system=place.system,
        frame_of_reference_uid=place.frame_of_reference,
    )


def stack_volume(
    index: FrameIndex,
    place: Place,
    shape: tuple[int, int],
    tolerance: StackTolerance,
    *,
    allow_missing: bool,
    allow_duplicates: bool,
) -> tuple[VolumeGeometry, NDArray[np.intp]]:
    """The volume that frames of some shape form, and the slice that each frame lies in.

    Raises
    ------
    GeometryError
        If they form none.
    """
    if index.positions is None:
        raise GeometryError("the frames have no positions: they are not a regular volume")
    stack = PlaneStack.of(
        index.positions,
        place.orientation,
        spacing=index.spacing_between_slices,
        pixel_spacing=place.spacing,
        tolerance=tolerance,
    )
    between = stack.require_regular(allow_missing=allow_missing, allow_duplicates=allow_duplicates)
    slots = stack.places if stack.slots is None else stack.slots
    geometry = VolumeGeometry.from_attributes(
        image_position=stack.origin.tolist(),
        image_orientation=place.orientation,
        rows=shape[0],
        columns=shape[1],
        pixel_spacing=place.spacing,
        spacing_between_slices=between or index.slice_thickness or 1.0,
        number_of_frames=int(slots.max()) + 1,
        coordinate_system=place.system,
        frame_of_reference_uid=place.frame_of_reference,
    )
    return geometry, slots
