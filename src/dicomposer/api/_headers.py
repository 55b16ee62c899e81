"""What image headers say, for comparing: whose images they are, and numbers that may be damaged.

Messages name attributes, never their values: what stands in the place of a number may be anybody's name.
"""

from __future__ import annotations

import math
import warnings

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, DamagedFileError, GeometryError
from dicomposer.image import FrameIndex, float_values, text_values
from dicomposer.record import int_value
from dicomposer.seg import Segmentation

# What two files with one SOP Instance UID must agree in to be copies of one image.
_TEXTS = (
    "PatientID",
    "IssuerOfPatientID",
    "PatientName",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "FrameOfReferenceUID",
    "SOPClassUID",
    "ContainerIdentifier",
)
_NUMBERS = ("ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing")
_SIZES = ("Rows", "Columns", "NumberOfFrames", "TotalPixelMatrixRows", "TotalPixelMatrixColumns")

# How far the top left pixels of two slides of one place may lie apart, in pixels: programs place the smaller
# levels by the corners or by the centres of pixels, which differ by up to a half.
_HALF_A_PIXEL = 0.5 + 1e-3


def whole_number(dataset: Dataset, keyword: str) -> int | None:
    """The whole number of an attribute; None when it is absent or empty.

    Raises
    ------
    DamagedFileError
        When it holds anything else.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote the value
        return int_value(dataset, keyword)


def whole_number_or_none(dataset: Dataset, keyword: str) -> int | None:
    """The same of an attribute that can be done without."""
    try:
        return whole_number(dataset, keyword)
    except DamagedFileError:
        return None


def size(dataset: Dataset, rows: str = "Rows", columns: str = "Columns") -> tuple[int, int]:
    """Rows and columns of an image, or of its total pixel matrix."""
    found = []
    for keyword in (rows, columns):
        number = whole_number(dataset, keyword)
        if number is None or number < 1:
            raise DamagedFileError(f"{keyword} of a source image is not 1 or more")
        found.append(number)
    return found[0], found[1]


def text(dataset: Dataset, keyword: str) -> str:
    """All values of an attribute of text; empty when it is absent or empty."""
    found = "\\".join(text_values(dataset, keyword) or ())
    if found.isascii():
        return found
    try:  # the same name may be written in two character sets
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return str(dataset.get(keyword)).strip()
    except (ValueError, TypeError, LookupError, AttributeError):
        return found


def differences(one: Dataset, other: Dataset) -> list[str]:
    """Keywords in which two files of one SOP Instance UID differ though copies would agree."""
    found = [keyword for keyword in _TEXTS if text(one, keyword) != text(other, keyword)]
    found += [keyword for keyword in _NUMBERS if _floats(one, keyword) != _floats(other, keyword)]
    found += [
        keyword
        for keyword in _SIZES
        if whole_number_or_none(one, keyword) != whole_number_or_none(other, keyword)
    ]
    return found


def _floats(dataset: Dataset, keyword: str) -> tuple[float, ...] | None:
    try:
        return float_values(dataset, keyword)
    except DamagedFileError:
        return None


def check_same_patient(mask: Segmentation, image: Dataset) -> None:
    """Refuse the segmentation of another patient or another slide as a mask.

    Raises
    ------
    ArgumentError
        When both say whose they are and contradict each other.
    GeometryError
        When both have a frame of reference and not the same.
    """
    known = bool(text(mask, "PatientID") and text(image, "PatientID"))
    for keyword, thing in (
        ("PatientID", "patient"),
        ("IssuerOfPatientID", "patient" if known else ""),
        ("PatientName", "" if known else "patient"),  # an ID outlives a change of the name
        ("PatientBirthDate", "" if known else "patient"),
        ("ContainerIdentifier", "slide"),
    ):
        ours, theirs = text(mask, keyword), text(image, keyword)
        if thing and ours and theirs and ours != theirs:
            raise ArgumentError(
                f"the mask is a Segmentation of another {thing} than the source images ({keyword} differs)"
            )
    ours, theirs = text(mask, "FrameOfReferenceUID"), text(image, "FrameOfReferenceUID")
    if ours and theirs and ours != theirs:
        raise GeometryError(
            "the mask is a Segmentation with another frame of reference than the source images: register one "
            "to the other first"
        )


def check_same_matrix(mask: Segmentation, level: Dataset) -> None:
    """Refuse the segmentation of another place or scale of a slide than that of `level`.

    Raises
    ------
    GeometryError
        When origin, orientation or pixel spacing of the total pixel matrices differ, with the figures.
    """
    ours, theirs = FrameIndex(mask), FrameIndex(level)
    if ours.matrix is None or theirs.matrix is None:
        return
    spacing, wanted = ours.pixel_spacing, theirs.pixel_spacing
    if spacing and wanted and not np.allclose(spacing, wanted, rtol=1e-3, atol=0):
        raise GeometryError(
            f"the pixels of the mask measure {spacing[0]:g} x {spacing[1]:g} mm, those of the slide "
            f"{wanted[0]:g} x {wanted[1]:g} mm"
        )
    turned, straight = ours.matrix.orientation, theirs.matrix.orientation
    if turned and straight and not np.allclose(turned, straight, atol=1e-3):
        raise GeometryError("the mask and the slide have different orientations (Image Orientation (Slide))")
    both = all("TotalPixelMatrixOriginSequence" in dataset for dataset in (mask, level))
    apart = math.dist(ours.matrix.origin[:2], theirs.matrix.origin[:2])
    if both and wanted and apart > _HALF_A_PIXEL * max(wanted):
        raise GeometryError(
            f"the top left pixel of the mask lies {apart:g} mm from that of the slide, whose pixels measure "
            f"{max(wanted):g} mm"
        )
