"""Plane positions as the sequences of the standard, for callers who want objects instead of columns."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from dicomposer.content import PlanePositionSequence
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import GeometryError
from dicomposer.image._index import FrameIndex
from dicomposer.image._values import float_values

__all__ = ["plane_positions_of_image", "plane_positions_of_series"]


def plane_positions_of_image(image: Dataset) -> list[PlanePositionSequence]:
    """Plane position of every frame of a multi-frame image, in the order of frames.

    Raises
    ------
    GeometryError
        If the image has no frame of reference or its frames no positions.
    """
    index = FrameIndex(image)
    system, positions = index.coordinate_system, index.positions
    if system is None or positions is None:
        raise GeometryError("the frames of the image have no position in a frame of reference")
    if system is CoordinateSystemNames.SLIDE:
        tiles = index.matrix_positions
        if tiles is None:
            raise GeometryError("the frames of the slide image have no position in its total pixel matrix")
        return [
            PlanePositionSequence(system, position, (column, row))
            for position, (row, column) in zip(positions.tolist(), tiles.tolist(), strict=True)
        ]
    return [PlanePositionSequence(system, position) for position in positions.tolist()]


def plane_positions_of_series(images: Sequence[Dataset]) -> list[PlanePositionSequence]:
    """Plane position of every image of a series of single-frame images.

    Raises
    ------
    GeometryError
        If an image has no position.
    """
    found = []
    for number, image in enumerate(images, 1):
        index = FrameIndex(image)
        position = float_values(image, "ImagePositionPatient")
        if position is None and index.coordinate_system is CoordinateSystemNames.SLIDE:
            found += plane_positions_of_image(image)
            continue
        if position is None or len(position) != 3:
            raise GeometryError(f"image {number} has no Image Position (Patient)")
        found.append(PlanePositionSequence(CoordinateSystemNames.PATIENT, position))
    return found
