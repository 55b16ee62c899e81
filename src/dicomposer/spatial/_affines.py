"""Affine and rotation matrices from attributes, components and names of directions (PS3.3 C.7.6.2.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dicomposer.enum import AxisHandedness, PatientOrientationValuesBiped, PixelIndexDirections
from dicomposer.errors import ArgumentError, ArgumentTypeError

from ._conventions import (
    FloatArray,
    IndexConvention,
    PatientConvention,
    as_vector,
    axis_permutation,
    in_plane_vectors,
    is_right_handed,
)

__all__ = [
    "ORTHOGONALITY_TOLERANCE",
    "are_points_coplanar",
    "as_affine",
    "convert_affine_to_convention",
    "create_affine_matrix_from_attributes",
    "create_affine_matrix_from_components",
    "create_rotation_matrix",
    "get_closest_patient_orientation",
    "get_normal_vector",
    "rotation_for_patient_orientation",
]

ORTHOGONALITY_TOLERANCE = 1e-3
"""Largest cosine between two axes that count as orthogonal.

Direction cosines come as decimal strings of a few digits, so that exact orthogonality is never met."""

_RD = (PixelIndexDirections.R, PixelIndexDirections.D)


def get_normal_vector(
    image_orientation: Sequence[float],
    index_convention: IndexConvention = _RD,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
) -> FloatArray:
    """Vector normal to an image plane.

    Parameters
    ----------
    image_orientation : Sequence[float]
        Six direction cosines: of the rows (increasing column index), then of the columns.
    index_convention : str | Sequence, optional
        Directions of the first and second pixel index: ``"RD"`` is DICOM's (column, row), ``"DR"`` numpy's.
    handedness : AxisHandedness | str, optional
        Handedness of the axes (first index, second index, normal).

    Returns
    -------
    numpy.ndarray
        Normal, float64 ``(3,)``.
    """
    first, second, _ = in_plane_vectors(image_orientation, index_convention)
    return np.cross(first, second) if is_right_handed(handedness) else np.cross(second, first)


def _spacing_pair(pixel_spacing: object) -> FloatArray:
    if isinstance(pixel_spacing, int | float | np.number):
        pixel_spacing = [pixel_spacing, pixel_spacing]
    pair = as_vector(pixel_spacing, "pixel_spacing", 2)
    if (pair <= 0).any():
        raise ArgumentError("All values in 'pixel_spacing' must be positive.")
    return pair


def create_rotation_matrix(
    image_orientation: Sequence[float],
    index_convention: IndexConvention = _RD,
    slices_first: bool = False,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
    pixel_spacing: float | Sequence[float] = 1.0,
    spacing_between_slices: float = 1.0,
) -> FloatArray:
    """Matrix that turns steps of pixel and slice indices into millimetres of the frame of reference.

    Parameters
    ----------
    image_orientation, index_convention, handedness
        As in :func:`get_normal_vector`.
    slices_first : bool, optional
        Whether the slice index comes before the two pixel indices instead of after them.
    pixel_spacing : float | Sequence[float], optional
        Spacing in mm between rows and between columns (the order of the attribute Pixel Spacing).
    spacing_between_slices : float, optional
        Spacing in mm along the normal.

    Returns
    -------
    numpy.ndarray
        Float64 ``(3, 3)``; its columns are the steps of the three indices.
    """
    first, second, names = in_plane_vectors(image_orientation, index_convention)
    between_rows, between_columns = _spacing_pair(pixel_spacing)
    first_step, second_step = (
        (between_columns, between_rows) if names[0] in "LR" else (between_rows, between_columns)
    )
    normal = np.cross(first, second) if is_right_handed(handedness) else np.cross(second, first)
    in_plane = [first * first_step, second * second_step]
    slices = [normal * float(spacing_between_slices)]
    # Moving the last of three axes to the front is a cyclic permutation: the handedness stays.
    return np.column_stack(slices + in_plane if slices_first else in_plane + slices)


def create_affine_matrix_from_attributes(
    image_position: Sequence[float],
    image_orientation: Sequence[float],
    pixel_spacing: float | Sequence[float],
    spacing_between_slices: float = 1.0,
    index_convention: IndexConvention = _RD,
    slices_first: bool = False,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
) -> FloatArray:
    """Affine matrix of an image plane or volume (PS3.3 Equation C.7.6.2.1-1).

    Parameters
    ----------
    image_position : Sequence[float]
        Centre of the top left pixel, in mm.
    image_orientation, pixel_spacing, spacing_between_slices, index_convention, slices_first, handedness
        As in :func:`create_rotation_matrix`.

    Returns
    -------
    numpy.ndarray
        Float64 ``(4, 4)``: maps the centre of a pixel, (column, row, slice, 1) by default, to (x, y, z, 1).
    """
    _, _, names = in_plane_vectors(image_orientation, index_convention)
    if not set(names) <= {"R", "D"}:
        # Such an index counts from another corner, whose position depends on the size of the image.
        raise ArgumentError("The position is that of the top left pixel: indices must run right and down.")
    affine = np.eye(4)
    affine[:3, 3] = as_vector(image_position, "image_position", 3)
    affine[:3, :3] = create_rotation_matrix(
        image_orientation, index_convention, slices_first, handedness, pixel_spacing, spacing_between_slices
    )
    return affine


def _spacing_triple(spacing: object) -> FloatArray:
    if isinstance(spacing, int | float | np.number):
        spacing = [spacing] * 3
    triple = as_vector(spacing, "spacing", 3)
    if (triple <= 0).any():
        raise ArgumentError('All items of "spacing" must be positive.')
    return triple


def _direction_matrix(direction: object) -> FloatArray:
    matrix = np.asarray(direction, dtype=np.float64)
    if matrix.shape not in ((9,), (3, 3)):
        raise ArgumentError("Argument 'direction' must have shape (9, ) or (3, 3).")
    matrix = matrix.reshape(3, 3)
    if not np.allclose(matrix.T @ matrix, np.eye(3), atol=ORTHOGONALITY_TOLERANCE):
        raise ArgumentError("Argument 'direction' must be an orthogonal matrix of unit vectors.")
    return matrix


def create_affine_matrix_from_components(
    *,
    spacing: Sequence[float] | float,
    position: Sequence[float] | None = None,
    center_position: Sequence[float] | None = None,
    direction: Sequence[float] | None = None,
    patient_orientation: PatientConvention | None = None,
    spatial_shape: Sequence[int] | None = None,
) -> FloatArray:
    """Affine matrix from spacing, position and direction.

    Parameters
    ----------
    spacing : Sequence[float] | float
        Spacing in mm along the three axes of the array, or one for all.
    position : Sequence[float], optional
        Centre of the voxel (0, 0, 0), in mm. Either this or `center_position`.
    center_position : Sequence[float], optional
        Centre of the whole array, in mm; needs `spatial_shape`.
    direction : Sequence[float], optional
        Matrix ``(3, 3)`` (or its 9 values, row by row) whose columns are the unit vectors of the axes.
    patient_orientation : str | Sequence, optional
        Directions of the axes by name, such as ``"FPL"``, instead of `direction`.
    spatial_shape : Sequence[int], optional
        Shape of the array along the three axes.

    Returns
    -------
    numpy.ndarray
        Float64 ``(4, 4)``.
    """
    if (position is None) == (center_position is None):
        raise ArgumentTypeError("Exactly one of 'position' or 'center_position' must be provided.")
    if (direction is None) == (patient_orientation is None):
        raise ArgumentTypeError("Exactly one of 'direction' or 'patient_orientation' must be provided.")
    if patient_orientation is not None:
        axes = axis_permutation(patient_orientation)
    else:
        axes = _direction_matrix(direction)
    affine = np.eye(4)
    affine[:3, :3] = axes * _spacing_triple(spacing)
    if position is not None:
        affine[:3, 3] = as_vector(position, "position", 3)
        return affine
    if spatial_shape is None:
        raise ArgumentTypeError("Argument 'spatial_shape' must be provided if 'center_position' is used.")
    center = (as_vector(spatial_shape, "spatial_shape", 3) - 1.0) / 2.0
    affine[:3, 3] = as_vector(center_position, "center_position", 3) - affine[:3, :3] @ center
    return affine


def rotation_for_patient_orientation(
    patient_orientation: PatientConvention, spacing: float | Sequence[float] = 1.0
) -> FloatArray:
    """(Scaled) matrix ``(3, 3)`` of axes that run along the named patient directions.

    Parameters
    ----------
    patient_orientation : str | Sequence
        Direction of each axis, such as ``"FPL"``.
    spacing : float | Sequence[float], optional
        Spacing in mm along each of the axes.
    """
    return axis_permutation(patient_orientation) * _spacing_triple(spacing)


def get_closest_patient_orientation(
    affine: np.ndarray,
) -> tuple[PatientOrientationValuesBiped, PatientOrientationValuesBiped, PatientOrientationValuesBiped]:
    """Patient directions that lie closest to the axes of an array.

    Each patient axis is used once; ties go to the first axis.

    Parameters
    ----------
    affine : numpy.ndarray
        ``(4, 4)`` affine or ``(3, 3)`` direction matrix, to LPS.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape not in ((3, 3), (4, 4)):
        raise ArgumentError(f"Invalid shape for array: {matrix.shape}")
    axes = matrix[:3, :3] / np.linalg.norm(matrix[:3, :3], axis=0)
    names = (("L", "R"), ("P", "A"), ("H", "F"))
    found = [PatientOrientationValuesBiped.L] * 3
    strength = np.abs(axes)
    for _ in range(3):
        # The clearest pair first: an oblique axis never takes the direction that fits another one better.
        reference, axis = np.unravel_index(int(np.argmax(strength)), (3, 3))
        found[axis] = PatientOrientationValuesBiped(names[reference][int(axes[reference, axis] < 0)])
        strength[reference, :] = -1.0
        strength[:, axis] = -1.0
    return found[0], found[1], found[2]


def convert_affine_to_convention(
    affine: np.ndarray,
    from_reference_convention: PatientConvention,
    to_reference_convention: PatientConvention,
) -> FloatArray:
    """Express an affine matrix in reference coordinates that run along other patient directions.

    Parameters
    ----------
    affine : numpy.ndarray
        ``(4, 4)`` matrix to the coordinates of `from_reference_convention`.
    from_reference_convention, to_reference_convention : str | Sequence
        Directions of x, y and z, such as ``"RAS"`` (NIfTI) and ``"LPS"`` (DICOM, ITK).

    Returns
    -------
    numpy.ndarray
        Float64 ``(4, 4)`` matrix to the coordinates of `to_reference_convention`.
    """
    matrix = np.asarray(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise ArgumentError("Affine matrix must have shape (4, 4).")
    result = matrix.copy()
    turn = axis_permutation(to_reference_convention).T @ axis_permutation(from_reference_convention)
    result[:3] = turn @ matrix[:3]
    return result


def as_affine(affine: object) -> FloatArray:
    """Check and copy the affine matrix of a grid of voxels.

    Returns
    -------
    numpy.ndarray
        Float64 ``(4, 4)``, a copy.

    Raises
    ------
    ValueError
        When it is no affine matrix with orthogonal axes; the figures are in the message.
    """
    matrix = np.array(affine, dtype=np.float64)
    if matrix.shape != (4, 4):
        raise ArgumentError("Affine matrix must have shape (4, 4).")
    if not np.isfinite(matrix).all():
        raise ArgumentError("Affine matrix must hold finite numbers.")
    if not np.array_equal(matrix[3], (0.0, 0.0, 0.0, 1.0)):
        raise ArgumentError("Final row of affine matrix must be [0.0, 0.0, 0.0, 1.0].")
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if (lengths == 0).any():
        raise ArgumentError("Argument 'affine' must be an orthogonal matrix: an axis has length 0.")
    axes = matrix[:3, :3] / lengths
    cosine = float(np.abs(axes.T @ axes - np.eye(3)).max())
    if cosine > ORTHOGONALITY_TOLERANCE:
        angle = np.degrees(np.arccos(min(cosine, 1.0)))
        raise ArgumentError(
            f"Argument 'affine' must be an orthogonal matrix: two axes meet at {angle:.2f} degrees instead "
            "of 90 (a sheared grid, for instance of a tilted gantry, must be resampled first)."
        )
    return matrix


def are_points_coplanar(points: np.ndarray, tol: float = 1e-5) -> bool:
    """Whether points lie in one plane.

    Parameters
    ----------
    points : numpy.ndarray
        ``(n, 3)``; fewer than 4 points always are coplanar.
    tol : float, optional
        Largest distance from the plane of best fit.
    """
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3:
        raise ArgumentError("Array should have shape (n x 3).")
    if len(array) < 4:
        return True
    centred = array - array.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][-1]
    return bool(np.abs(centred @ normal).max() <= tol)
