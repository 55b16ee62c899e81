"""Plane positions of the frames of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydicom.dataset import Dataset

from dicomposer.content._plane import PlanePositionSequence
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentTypeError, MissingAttributeError
from dicomposer.record import FrameTable
from dicomposer.spatial import iter_tiled_full_frame_data

_PATIENT_PATH = "PlanePositionSequence.ImagePositionPatient"
_SLIDE = "PlanePositionSlideSequence"


def plane_positions_of_image(image: Dataset) -> list[PlanePositionSequence]:
    """Return the plane position of every frame of a multi-frame image.

    Parameters
    ----------
    image : pydicom.dataset.Dataset
        An enhanced multi-frame image, a segmentation or a tiled slide, also one whose tiles have no positions
        of their own (TILED_FULL).

    Returns
    -------
    list[PlanePositionSequence]
        One for each frame, in the order of the frames.

    Raises
    ------
    MissingAttributeError
        If the frames have no positions.
    """
    if not isinstance(image, Dataset):
        raise ArgumentTypeError(f"a dataset is needed, found {type(image).__name__}")
    if image.get("DimensionOrganizationType") == "TILED_FULL":
        return list(_computed(image))
    table = FrameTable.of_dataset(image)
    if _PATIENT_PATH in table:
        rows = table.numbers(_PATIENT_PATH).tolist()
        return [PlanePositionSequence(CoordinateSystemNames.PATIENT, row) for row in rows]
    if f"{_SLIDE}.XOffsetInSlideCoordinateSystem" in table:
        return list(_tiles(table))
    # a single frame may have its position among the shared groups
    for group in image.get("SharedFunctionalGroupsSequence", []):
        if "PlanePositionSequence" in group:
            shared = PlanePositionSequence.from_sequence(group.PlanePositionSequence)
            return [shared] * int(image.get("NumberOfFrames", 1))
    raise MissingAttributeError("the image does not give the positions of its frames")


def plane_positions_of_series(images: Sequence[Dataset]) -> list[PlanePositionSequence]:
    """Return the plane position of every image of a series of single-frame images, in the order given.

    Raises
    ------
    MissingAttributeError
        If an image has no position: Image Position (Patient), or those of its only tile on a slide.
    """
    return [_of_single_frame(image) for image in images]


def _of_single_frame(image: Dataset) -> PlanePositionSequence:
    if "ImagePositionPatient" in image:
        return PlanePositionSequence(CoordinateSystemNames.PATIENT, image.ImagePositionPatient)
    if int(image.get("NumberOfFrames", 1)) == 1:
        found = plane_positions_of_image(image)
        if len(found) == 1:
            return found[0]
    raise MissingAttributeError("an image of the series does not give its position")


def _computed(image: Dataset) -> Iterator[PlanePositionSequence]:
    for _, _, column, row, *position in iter_tiled_full_frame_data(image):
        yield PlanePositionSequence(CoordinateSystemNames.SLIDE, position, (column, row))


def _tiles(table: FrameTable) -> Iterator[PlanePositionSequence]:
    columns = [
        table.numbers(f"{_SLIDE}.{keyword}")[:, 0].tolist()
        for keyword in (
            "XOffsetInSlideCoordinateSystem",
            "YOffsetInSlideCoordinateSystem",
            "ZOffsetInSlideCoordinateSystem",
            "ColumnPositionInTotalImagePixelMatrix",
            "RowPositionInTotalImagePixelMatrix",
        )
    ]
    for x, y, z, column, row in zip(*columns, strict=True):
        yield PlanePositionSequence(CoordinateSystemNames.SLIDE, (x, y, z), (int(column), int(row)))
