"""Series of single-frame images as stacks of planes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.enum import AxisHandedness
from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.record import float_values, int_value, text_value

from ._conventions import VOLUME_INDEX_CONVENTION, FloatArray, IndexConvention, direction_cosines
from ._stack import PlaneStack, StackTolerance, get_volume_positions

__all__ = ["get_dataset_sort_index", "get_series_volume_positions", "sort_datasets", "stack_of_series"]

ORIENTATION_TOLERANCE = 1e-5
"""Largest difference between direction cosines of parallel images, unless another one is passed."""


def _planes(datasets: Sequence[Dataset], orientation_tol: float) -> tuple[FloatArray, list[float]]:
    """Positions ``(n, 3)`` and the common orientation of single-frame images in one frame of reference."""
    if not len(datasets):
        raise ArgumentError("List must not be empty.")
    for number, dataset in enumerate(datasets):
        if (int_value(dataset, "NumberOfFrames") or 1) > 1:
            raise ArgumentError(f"Datasets must be single-frame images; number {number} (from 0) is not.")
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
            if not float_values(dataset, keyword):
                raise GeometryError(f"Image number {number} (from 0) has no {keyword}: its place is unknown.")
    frames_of_reference = {text_value(dataset, "FrameOfReferenceUID") for dataset in datasets}
    if len(frames_of_reference) > 1:
        raise GeometryError(
            f"The {len(datasets)} images have {len(frames_of_reference)} frames of reference: their "
            "positions cannot be compared. Pass the images of one frame of reference."
        )
    places = [float_values(dataset, "ImagePositionPatient") or () for dataset in datasets]
    cosines = [float_values(dataset, "ImageOrientationPatient") or () for dataset in datasets]
    if {len(place) for place in places} != {3} or {len(row) for row in cosines} != {6}:
        raise GeometryError("Image Position (Patient) needs 3 values and Image Orientation (Patient) 6.")
    positions, orientations = np.array(places), np.array(cosines)
    difference = np.abs(orientations - orientations[0]).max(axis=1)
    if (difference > orientation_tol).any():
        worst = int(np.argmax(difference))
        raise GeometryError(
            f"The images are not parallel: {int((difference > orientation_tol).sum())} of {len(datasets)} "
            f"differ in orientation from the first one; direction cosines of number {worst} (from 0) by up "
            f"to {difference[worst]:.4g}. Pass the images of one orientation (a localizer has its own)."
        )
    return positions, direction_cosines(orientations[0]).tolist()


def stack_of_series(
    datasets: Sequence[Dataset],
    *,
    spacing: float | None = None,
    tolerance: StackTolerance | None = None,
    orientation_tol: float = ORIENTATION_TOLERANCE,
) -> PlaneStack:
    """Look at the planes of single-frame images of one series.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        Single-frame images in any order.
    spacing : float, optional
        Spacing in mm, when known from elsewhere.
    tolerance : StackTolerance, optional
        What counts as regular.
    orientation_tol : float, optional
        Largest difference between direction cosines of parallel images.

    Raises
    ------
    GeometryError
        When an image has no place, or they have several orientations or frames of reference.
    """
    positions, orientation = _planes(datasets, orientation_tol)
    pixel_spacing = float_values(datasets[0], "PixelSpacing")
    return PlaneStack.of(
        positions,
        orientation,
        spacing=spacing,
        pixel_spacing=pixel_spacing,
        tolerance=tolerance,
    )


def get_series_volume_positions(  # noqa: PLR0913
    datasets: Sequence[Dataset],
    *,
    rtol: float | None = None,
    atol: float | None = None,
    perpendicular_tol: float | None = None,
    orientation_tol: float | None = None,
    sort: bool = True,
    allow_missing_positions: bool = False,
    allow_duplicate_positions: bool = False,
    index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
    enforce_handedness: bool = False,
) -> tuple[float | None, list[int] | None]:
    """Spacing and indices of the images of a series that make up a volume.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        Single-frame images.
    orientation_tol : float, optional
        Largest difference between direction cosines of parallel images (1e-5 by default).
    rtol, atol, perpendicular_tol, sort, allow_missing_positions, allow_duplicate_positions,
    index_convention, \
handedness, enforce_handedness
        As in :func:`get_volume_positions`. Where gaps are allowed, Spacing Between Slices is believed when
        all images state the same.

    Returns
    -------
    float | None
        Spacing in mm, or None when the images make up no volume.
    list[int] | None
        Index of each image in the volume, in the order given, or None.
    """
    if not len(datasets):
        raise ArgumentError("List must not be empty.")
    if len(datasets) == 1:
        return 1.0, [0]
    try:
        positions, orientation = _planes(
            datasets, ORIENTATION_TOLERANCE if orientation_tol is None else orientation_tol
        )
    except GeometryError:
        return None, None
    hint = None
    if allow_missing_positions:
        stated = {float_values(dataset, "SpacingBetweenSlices") for dataset in datasets} - {None}
        values = stated.pop() if len(stated) == 1 else None
        hint = None if values is None else values[0]
    return get_volume_positions(
        positions.tolist(),
        orientation,
        rtol=rtol,
        atol=atol,
        perpendicular_tol=perpendicular_tol,
        sort=sort,
        allow_missing_positions=allow_missing_positions,
        allow_duplicate_positions=allow_duplicate_positions,
        spacing_hint=hint or None,
        index_convention=index_convention,
        handedness=handedness,
        enforce_handedness=enforce_handedness,
    )


def get_dataset_sort_index(
    datasets: Sequence[Dataset],
    index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
) -> list[int]:
    """Indices that sort single-frame images along the normal of their planes.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        Parallel single-frame images.
    index_convention, handedness
        Choose the direction of the normal; see :func:`get_plane_sort_index`.
    """
    positions, orientation = _planes(datasets, ORIENTATION_TOLERANCE)
    stack = PlaneStack.of(positions, orientation, index_convention=index_convention, handedness=handedness)
    return [int(index) for index in stack.order]


def sort_datasets(
    datasets: Sequence[Dataset],
    index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
) -> list[Dataset]:
    """Sort single-frame images along the normal of their planes; see :func:`get_dataset_sort_index`."""
    return [datasets[index] for index in get_dataset_sort_index(datasets, index_convention, handedness)]
