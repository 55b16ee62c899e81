"""Names of directions: how patient axes and pixel indices are spelled, and which way is right-handed."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from dicomposer.enum import AxisHandedness, PatientOrientationValuesBiped, PixelIndexDirections
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

__all__ = [
    "LPS_PATIENT_REFERENCE_CONVENTION",
    "PATIENT_ORIENTATION_OPPOSITES",
    "RAS_PATIENT_REFERENCE_CONVENTION",
    "VOLUME_INDEX_CONVENTION",
    "FloatArray",
    "IndexConvention",
    "PatientConvention",
    "as_patient_convention",
    "as_vector",
    "axis_permutation",
    "cosines_of",
    "direction_cosines",
    "in_plane_vectors",
    "is_right_handed",
    "member",
]

FloatArray = npt.NDArray[np.float64]
PatientConvention = str | Sequence[str | PatientOrientationValuesBiped]
IndexConvention = str | Sequence[PixelIndexDirections | str]
_Member = TypeVar("_Member", bound=Enum)
_Patient = PatientOrientationValuesBiped

LPS_PATIENT_REFERENCE_CONVENTION = (_Patient.L, _Patient.P, _Patient.H)
"""Directions of x, y and z in DICOM and ITK."""

RAS_PATIENT_REFERENCE_CONVENTION = (_Patient.R, _Patient.A, _Patient.H)
"""Directions of x, y and z in NIfTI."""

VOLUME_INDEX_CONVENTION = (PixelIndexDirections.D, PixelIndexDirections.R)
"""Within a plane of a volume, rows come first (top to bottom), then columns (left to right)."""

PATIENT_ORIENTATION_OPPOSITES = {
    _Patient.L: _Patient.R,
    _Patient.R: _Patient.L,
    _Patient.A: _Patient.P,
    _Patient.P: _Patient.A,
    _Patient.F: _Patient.H,
    _Patient.H: _Patient.F,
}
"""The direction opposite to each."""

COSINE_TOLERANCE = 1e-3
"""How far direction cosines may be from unit length and from a right angle: they come as decimal strings of a few
digits."""

_ALIASES = {"I": "F", "S": "H"}
# Unit step of each direction in the reference coordinates (LPS) of PS3.3 C.7.6.2.1.1.
_STEPS = {
    _Patient.L: (0, 1),
    _Patient.R: (0, -1),
    _Patient.P: (1, 1),
    _Patient.A: (1, -1),
    _Patient.H: (2, 1),
    _Patient.F: (2, -1),
}


def member(kind: type[_Member], value: object) -> _Member:
    """Member of an enumeration from itself or from its value; ValueError if there is none."""
    try:
        return kind(value)
    except ValueError as error:
        raise ArgumentError(str(error)) from None


def as_vector(values: object, name: str, length: int) -> FloatArray:
    """Turn an argument into float64 of shape ``(length,)``.

    Raises
    ------
    TypeError
        When it is not a sequence.
    ValueError
        When it has another length or holds something else than finite numbers.
    """
    if not isinstance(values, Sequence | np.ndarray) and not hasattr(values, "__iter__"):
        raise ArgumentTypeError(f'Argument "{name}" must be a sequence of {length} numbers.')
    try:
        vector = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise ArgumentError(f'Argument "{name}" must hold numbers only.') from None
    if vector.shape != (length,):
        raise ArgumentError(f'Argument "{name}" must have length {length}, its shape is {vector.shape}.')
    if not np.isfinite(vector).all():
        raise ArgumentError(f'Argument "{name}" must hold finite numbers.')
    return vector


def direction_cosines(image_orientation: object) -> FloatArray:
    """Direction cosines ``(6,)`` of an Image Orientation (Patient or Slide), exactly of unit length.

    Every way from an orientation to a place in space starts here: longer vectors would scale a volume, and skewed ones
    shear it, without anybody noticing. Headers round their numbers; what they lack by that is made up for.

    Parameters
    ----------
    image_orientation : Sequence[float]
        Cosines of the rows, then of the columns.

    Raises
    ------
    GeometryError
        When a direction differs from unit length, or the angle between them from a right one, by more than 1e-3
        (PS3.3 C.7.6.2.1.1); with the figures.
    """
    vector = as_vector(image_orientation, "image_orientation", 6).reshape(2, 3)
    with np.errstate(over="ignore", invalid="ignore"):
        lengths = np.linalg.norm(vector, axis=1)
        cosine = abs(float(vector[0] @ vector[1]))
    if not np.abs(lengths - 1).max() <= COSINE_TOLERANCE or not cosine <= COSINE_TOLERANCE:
        raise GeometryError(
            "The image orientation is not made of two unit vectors at right angles: the lengths are "
            f"{lengths[0]:.6g} and {lengths[1]:.6g}, the cosine of the angle between them is {cosine:.4g} (limit "
            f"{COSINE_TOLERANCE:g} for each)."
        )
    if np.abs(lengths - 1).max() > 1e-12:
        vector = vector / lengths[:, np.newaxis]
    result: FloatArray = vector.reshape(6)
    return result


def cosines_of(image_orientation: object) -> tuple[FloatArray, FloatArray]:
    """Row and column cosines, each ``(3,)``, of an Image Orientation (Patient or Slide)."""
    vector = direction_cosines(image_orientation)
    return vector[:3], vector[3:]


def as_patient_convention(value: PatientConvention) -> tuple[_Patient, _Patient, _Patient]:
    """Three patient directions, one along each of the three axes of the patient.

    ``"I"`` and ``"S"`` (inferior, superior) stand for ``"F"`` and ``"H"``.
    """
    letters = [v.value if isinstance(v, _Patient) else v for v in value]
    if len(letters) != 3:
        raise ArgumentError(
            f"A patient convention has 3 directions, such as 'LPS'; {len(letters)} were given."
        )
    directions = [member(_Patient, _ALIASES.get(str(v), v)) for v in letters]
    if sorted(_STEPS[d][0] for d in directions) != [0, 1, 2]:
        raise ArgumentError(
            f"Invalid combination of directions {[d.value for d in directions]}: one of L/R, one of A/P and "
            "one of H/F are needed, in any order."
        )
    return directions[0], directions[1], directions[2]


def axis_permutation(value: PatientConvention) -> FloatArray:
    """Matrix ``(3, 3)`` whose columns are the three directions, as unit vectors in LPS."""
    matrix = np.zeros((3, 3))
    for column, direction in enumerate(as_patient_convention(value)):
        axis, sign = _STEPS[direction]
        matrix[axis, column] = sign
    return matrix


def _as_index_convention(value: IndexConvention) -> tuple[PixelIndexDirections, PixelIndexDirections]:
    directions = [member(PixelIndexDirections, v) for v in value]
    if len(directions) != 2:
        raise ArgumentError(
            f"A pixel index convention has 2 directions, such as 'RD'; {len(directions)} given."
        )
    if {d.value in "LR" for d in directions} != {True, False}:
        raise ArgumentError(
            f"Invalid combination of pixel directions: {[d.value for d in directions]}; one of L/R and one "
            "of U/D are needed, in any order."
        )
    return directions[0], directions[1]


def in_plane_vectors(
    image_orientation: object, index_convention: IndexConvention
) -> tuple[FloatArray, FloatArray, str]:
    """Directions ``(3,)`` of the first and second pixel index, and their letters."""
    row_cosines, column_cosines = cosines_of(image_orientation)
    vectors = {
        PixelIndexDirections.R: row_cosines,
        PixelIndexDirections.L: -row_cosines,
        PixelIndexDirections.D: column_cosines,
        PixelIndexDirections.U: -column_cosines,
    }
    first, second = _as_index_convention(index_convention)
    return vectors[first], vectors[second], first.value + second.value


def is_right_handed(handedness: AxisHandedness | str) -> bool:
    """Whether right-handed axes are asked for."""
    return member(AxisHandedness, handedness) is AxisHandedness.RIGHT_HANDED
