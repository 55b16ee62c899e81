"""Where a frame lies: pixel measures, plane orientation, plane position (PS3.3 C.7.6.16.2, C.8.12.6)."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import ClassVar

from pydicom.dataset import Dataset

from dicomposer.coding import decimal
from dicomposer.content._macro import MacroSequence, decimals
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

_SKEW_TOLERANCE = 1e-3
"""How far direction cosines may be from unit length and a right angle: files round them to few digits."""


class PixelMeasuresSequence(MacroSequence):
    """Pixel spacing and slice thickness (PS3.3 C.7.6.16.2.1).

    Parameters
    ----------
    pixel_spacing : Sequence[float]
        Distance in mm between rows, then between columns.
    slice_thickness : float | None
        Nominal thickness in mm; None if it is not known.
    spacing_between_slices : float | None
        Distance in mm between the planes of neighbouring slices.

    Raises
    ------
    ArgumentError
        If a number is negative or not finite, or their count is wrong.
    """

    _layouts: ClassVar = (("PixelSpacing",),)

    def __init__(
        self,
        pixel_spacing: Sequence[float],
        slice_thickness: float | None,
        spacing_between_slices: float | None = None,
    ) -> None:
        item = Dataset()
        item.PixelSpacing = decimals(pixel_spacing, 2, "pixel_spacing")
        if slice_thickness is not None:
            item.SliceThickness = decimal(slice_thickness, "slice_thickness")
        if spacing_between_slices is not None:
            item.SpacingBetweenSlices = decimal(spacing_between_slices, "spacing_between_slices")
        lengths = [*item.PixelSpacing, item.get("SliceThickness"), item.get("SpacingBetweenSlices")]
        if any(length is not None and length < 0 for length in lengths):
            raise ArgumentError("spacings and thickness must not be negative (PS3.3 10.7.1.3)")
        super().__init__([item])

    @classmethod
    def _compared(cls) -> tuple[str, ...]:
        return ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices")


class PlaneOrientationSequence(MacroSequence):
    """Direction of rows and columns, of the patient or of a slide (PS3.3 C.7.6.16.2.4 and C.8.12.2.1.1).

    Parameters
    ----------
    coordinate_system : str | CoordinateSystemNames
        "PATIENT" or "SLIDE".
    image_orientation : Sequence[float]
        Six cosines (x, y, z each): first the direction in which the column index grows, then that of the row
        index.

    Raises
    ------
    GeometryError
        If the cosines are not two unit vectors at a right angle.
    """

    _layouts: ClassVar = (("ImageOrientationPatient",), ("ImageOrientationSlide",))

    def __init__(
        self, coordinate_system: str | CoordinateSystemNames, image_orientation: Sequence[float]
    ) -> None:
        system = CoordinateSystemNames(coordinate_system)
        cosines = decimals(image_orientation, 6, "image_orientation")
        _check_cosines(cosines)
        item = Dataset()
        if system is CoordinateSystemNames.PATIENT:
            item.ImageOrientationPatient = cosines
        else:
            item.ImageOrientationSlide = cosines
        super().__init__([item])

    @property
    def cosines(self) -> tuple[float, float, float, float, float, float]:
        """The six direction cosines, row direction first."""
        item = self[0]
        values = item.get("ImageOrientationPatient") or item.ImageOrientationSlide
        x, y, z, u, v, w = (float(value) for value in values)
        return x, y, z, u, v, w

    @property
    def coordinate_system(self) -> CoordinateSystemNames:
        """The coordinate system to which the cosines refer."""
        patient = "ImageOrientationPatient" in self[0]
        return CoordinateSystemNames.PATIENT if patient else CoordinateSystemNames.SLIDE


class PlanePositionSequence(MacroSequence):
    """Position of a frame, in the patient or on a slide (PS3.3 C.7.6.16.2.3 and C.8.12.6.1).

    Parameters
    ----------
    coordinate_system : str | CoordinateSystemNames
        "PATIENT" or "SLIDE".
    image_position : Sequence[float]
        x, y, z in mm of the centre of the frame's first pixel.
    pixel_matrix_position : tuple[int, int] | None
        Column, then row, of the frame's first pixel in the total pixel matrix, whose first pixel is (1, 1).
        Needed with "SLIDE"; not used otherwise.

    Raises
    ------
    ArgumentTypeError
        If the coordinate system is "SLIDE" and `pixel_matrix_position` is not given or not of integers.
    ArgumentError
        If a number is not finite, or their count is wrong.
    """

    _layouts: ClassVar = (
        ("ImagePositionPatient",),
        (
            "XOffsetInSlideCoordinateSystem",
            "YOffsetInSlideCoordinateSystem",
            "ZOffsetInSlideCoordinateSystem",
            "ColumnPositionInTotalImagePixelMatrix",
            "RowPositionInTotalImagePixelMatrix",
        ),
    )

    def __init__(
        self,
        coordinate_system: str | CoordinateSystemNames,
        image_position: Sequence[float],
        pixel_matrix_position: tuple[int, int] | None = None,
    ) -> None:
        system = CoordinateSystemNames(coordinate_system)
        position = decimals(image_position, 3, "image_position")
        item = Dataset()
        if system is CoordinateSystemNames.PATIENT:
            item.ImagePositionPatient = position
        else:
            column, row = _matrix_position(pixel_matrix_position)
            values = (*position, column, row)
            for keyword, value in zip(self._layouts[1], values, strict=True):
                setattr(item, keyword, value)
        super().__init__([item])

    @property
    def coordinate_system(self) -> CoordinateSystemNames:
        """The coordinate system to which the position refers."""
        patient = "ImagePositionPatient" in self[0]
        return CoordinateSystemNames.PATIENT if patient else CoordinateSystemNames.SLIDE


def _check_cosines(cosines: Sequence[float]) -> None:
    row, column = cosines[:3], cosines[3:]
    lengths = [sum(x * x for x in row) ** 0.5, sum(x * x for x in column) ** 0.5]
    dot = sum(x * y for x, y in zip(row, column, strict=True))
    if max(abs(length - 1) for length in lengths) > _SKEW_TOLERANCE or abs(dot) > _SKEW_TOLERANCE:
        raise GeometryError(
            "image_orientation must be two unit vectors at a right angle (PS3.3 C.7.6.2.1.1), found lengths "
            f"{lengths[0]:.6g} and {lengths[1]:.6g} with scalar product {dot:.6g}"
        )


def _matrix_position(position: tuple[int, int] | None) -> tuple[int, int]:
    if position is None:
        raise ArgumentTypeError("pixel_matrix_position is needed with the slide coordinate system")
    try:
        column, row = (operator.index(value) for value in position)
    except TypeError as error:
        raise ArgumentTypeError("pixel_matrix_position must be two integers: column, row") from error
    except ValueError as error:
        raise ArgumentError(f"pixel_matrix_position must have 2 values, found {len(position)}") from error
    return column, row
