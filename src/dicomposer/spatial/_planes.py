"""Where the planes of images lie: positions, orientations and spacings read from datasets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError
from dicomposer.record import FrameTable, float_values, int_value, items_of, text_value

from ._conventions import FloatArray, as_vector, direction_cosines

__all__ = [
    "Plane",
    "get_image_coordinate_system",
    "is_tiled_image",
    "plane_of",
    "require_same_frame_of_reference",
    "slide_origin",
]

_SLIDE_OFFSETS = (
    "XOffsetInSlideCoordinateSystem",
    "YOffsetInSlideCoordinateSystem",
    "ZOffsetInSlideCoordinateSystem",
)


@dataclass(frozen=True, eq=False)
class Plane:
    """An image plane in the frame of reference.

    Attributes
    ----------
    position : list[float]
        Centre of the top left pixel, (x, y, z) in mm.
    orientation : list[float]
        Direction cosines of the rows, then of the columns.
    pixel_spacing : list[float]
        Spacing in mm between rows, then between columns.
    spacing_between_slices : float | None
        As the image states it; None where it does not.
    """

    position: list[float]
    orientation: list[float]
    pixel_spacing: list[float]
    spacing_between_slices: float | None = None

    @classmethod
    def of(cls, position: object, orientation: object, pixel_spacing: object) -> Self:
        """Check the three attributes of a plane."""
        return cls(
            as_vector(position, "image_position", 3).tolist(),
            direction_cosines(orientation).tolist(),
            as_vector(pixel_spacing, "pixel_spacing", 2).tolist(),
        )

    @property
    def attributes(self) -> tuple[list[float], list[float], list[float]]:
        """Position, orientation and pixel spacing, in the order in which functions take them."""
        return self.position, self.orientation, self.pixel_spacing

    @property
    def slice_unit(self) -> float:
        """Unit in mm of a slice index: the spacing between slices, or 1 mm where none is stated."""
        return 1.0 if self.spacing_between_slices is None else self.spacing_between_slices


def get_image_coordinate_system(dataset: Dataset) -> CoordinateSystemNames | None:
    """Coordinate system in which an image has a position, if any.

    Parameters
    ----------
    dataset : pydicom.Dataset
        An image.

    Returns
    -------
    CoordinateSystemNames | None
        None where there is no frame of reference or no plane in it (ultrasound, secondary capture...).
    """
    if not text_value(dataset, "FrameOfReferenceUID"):
        return None
    if "ImageOrientationSlide" in dataset or "ImageCenterPointCoordinatesSequence" in dataset:
        return CoordinateSystemNames.SLIDE
    if "ImagePositionPatient" in dataset:
        return CoordinateSystemNames.PATIENT
    if _has_group(dataset, "PlanePositionSlideSequence"):
        return CoordinateSystemNames.SLIDE
    if _has_group(dataset, "PlanePositionSequence"):
        return CoordinateSystemNames.PATIENT
    return None


def _has_group(dataset: Dataset, keyword: str) -> bool:
    """Whether a functional group is there, shared or per frame (whose items are not decoded for that)."""
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")
    if shared and keyword in shared[0]:
        return True
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return False
    return any(path.startswith(f"{keyword}.") for path in FrameTable.of_dataset(dataset).paths)


def is_tiled_image(dataset: Dataset) -> bool:
    """Whether an image consists of tiles of a total pixel matrix (PS3.3 C.7.6.17.3)."""
    return bool(int_value(dataset, "TotalPixelMatrixRows")) and "TotalPixelMatrixOriginSequence" in dataset


def require_same_frame_of_reference(one: Dataset, other: Dataset) -> None:
    """Refuse two images whose positions have no known relation.

    Raises
    ------
    GeometryError
        When an image has no frame of reference, or they have different ones.
    """
    uids = [dataset.get("FrameOfReferenceUID") for dataset in (one, other)]
    if None in uids or uids[0] != uids[1]:
        raise GeometryError(
            "Datasets do not share a frame of reference, so the spatial relationship between them is not "
            "defined."
        )


def slide_origin(dataset: Dataset) -> FloatArray:
    """Position ``(3,)`` of the total pixel matrix: its origin (z is 0 where none is stated)."""
    items = items_of(dataset, "TotalPixelMatrixOriginSequence")
    if not items:
        raise GeometryError(
            "The tiled image has no Total Pixel Matrix Origin Sequence: its position is unknown."
        )
    return np.array([(float_values(items[0], keyword) or (0.0,))[0] for keyword in _SLIDE_OFFSETS])


def plane_of(
    dataset: Dataset, frame_number: int | None = None, for_total_pixel_matrix: bool = False
) -> Plane:
    """Plane of an image, of one of its frames, or of the total pixel matrix of a tiled image.

    Parameters
    ----------
    dataset : pydicom.Dataset
        An image with a frame of reference.
    frame_number : int, optional
        Number of the frame, from 1; needed if and only if the image is a multi-frame image.
    for_total_pixel_matrix : bool, optional
        Use the total pixel matrix of a tiled image instead of a frame.

    Raises
    ------
    TypeError
        When `frame_number` is missing, or given together with `for_total_pixel_matrix`.
    GeometryError
        When the image has no position in space.
    """
    if get_image_coordinate_system(dataset) is None:
        raise GeometryError(
            'The input "dataset" has no spatial information: it has no frame of reference or no position.'
        )
    if for_total_pixel_matrix:
        if not is_tiled_image(dataset):
            raise ArgumentError("Image is not a tiled image: it has no total pixel matrix.")
        if frame_number is not None:
            raise ArgumentTypeError('Argument "frame_number" is incompatible with "for_total_pixel_matrix".')
        return _matrix_plane(dataset)
    if "NumberOfFrames" not in dataset:
        if frame_number not in (None, 1):
            raise ArgumentTypeError('Argument "frame_number" must be None or 1 for a single-frame image.')
        return _single_plane(dataset)
    if frame_number is None:
        raise ArgumentTypeError('Argument "frame_number" must be specified for a multi-frame image.')
    frames = int_value(dataset, "NumberOfFrames") or 1
    if not 1 <= frame_number <= frames:
        raise ArgumentError(f'Argument "frame_number" is {frame_number}; the image has frames 1 to {frames}.')
    return _frame_plane(dataset, frame_number)


def _matrix_plane(dataset: Dataset) -> Plane:
    measures = _group_item(dataset, 1, "PixelMeasuresSequence")
    return Plane(
        slide_origin(dataset).tolist(),
        _numbers(dataset, "ImageOrientationSlide"),
        _numbers(measures, "PixelSpacing"),
        _spacing(measures),
    )


def _single_plane(dataset: Dataset) -> Plane:
    return Plane(
        _numbers(dataset, "ImagePositionPatient"),
        _numbers(dataset, "ImageOrientationPatient"),
        _numbers(dataset, "PixelSpacing"),
        _spacing(dataset),
    )


def _frame_plane(dataset: Dataset, frame_number: int) -> Plane:
    measures = _group_item(dataset, frame_number, "PixelMeasuresSequence")
    spacing = _numbers(measures, "PixelSpacing")
    if get_image_coordinate_system(dataset) is CoordinateSystemNames.PATIENT:
        if "ImagePositionPatient" in dataset:
            return Plane(
                _numbers(dataset, "ImagePositionPatient"),
                _numbers(dataset, "ImageOrientationPatient"),
                spacing,
                _spacing(measures),
            )
        position = _numbers(
            _group_item(dataset, frame_number, "PlanePositionSequence"), "ImagePositionPatient"
        )
        orientation = _numbers(
            _group_item(dataset, frame_number, "PlaneOrientationSequence"), "ImageOrientationPatient"
        )
        return Plane(position, orientation, spacing, _spacing(measures))
    orientation = _numbers(dataset, "ImageOrientationSlide")
    if dataset.get("DimensionOrganizationType") == "TILED_FULL":
        from ._tiles import TileGrid  # the tiles need this module for everything else

        position = TileGrid.of_dataset(dataset).positions([frame_number - 1])[0].tolist()
    else:
        item = _group_item(dataset, frame_number, "PlanePositionSlideSequence")
        position = [_numbers(item, keyword)[0] for keyword in _SLIDE_OFFSETS]
    return Plane(position, orientation, spacing, _spacing(measures))


def _group_item(dataset: Dataset, frame_number: int, keyword: str) -> Dataset:
    """First item of a functional group of a frame (from 1): shared or per frame."""
    shared = items_of(dataset, "SharedFunctionalGroupsSequence")
    found = items_of(shared[0], keyword) if shared else ()
    if not found:
        frames = items_of(dataset, "PerFrameFunctionalGroupsSequence")
        found = items_of(frames[frame_number - 1], keyword) if frame_number <= len(frames) else ()
    if found:
        return found[0]
    raise GeometryError(f"Frame {frame_number} has no {keyword}: its place in space is unknown.")


def _numbers(dataset: Dataset, keyword: str) -> list[float]:
    values = float_values(dataset, keyword)
    if values is None:
        raise GeometryError(f"The image has no {keyword}: its place in space is unknown.")
    return list(values)


def _spacing(dataset: Dataset) -> float | None:
    values = float_values(dataset, "SpacingBetweenSlices")
    return None if values is None else values[0]
