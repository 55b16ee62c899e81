"""The images of the matrix: one small phantom of each kind of source, with a mask and, where there is one, a grid."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset

from dicomposer import samples

__all__ = ["SOURCES", "Source", "saved", "source"]

_PLANES, _ROWS, _COLUMNS = 5, 19, 23  # frames of 437 bits: none but every eighth starts on a byte
_US_MULTI_FRAME = "1.2.840.10008.5.1.4.1.1.3.1"
_CR = "1.2.840.10008.5.1.4.1.1.1"
_DX = "1.2.840.10008.5.1.4.1.1.1.1"


@dataclass(frozen=True)
class Source:
    """Images to segment.

    ``mask`` is (planes, rows, columns) uint8 labels 1 to 3, disjoint. ``affine`` maps (slot, row, column) to mm of the
    frame of reference and ``slots`` gives the place of each plane on that grid; both None without a frame of
    reference. ``contiguous`` tells whether the planes fill the grid without gaps.
    """

    name: str
    title: str
    datasets: tuple[Dataset, ...]
    mask: np.ndarray
    affine: np.ndarray | None = None
    slots: np.ndarray | None = None
    tiled: bool = False
    files: tuple[Path, ...] = ()

    @property
    def multi_frame(self) -> bool:
        return "NumberOfFrames" in self.datasets[0]

    @property
    def contiguous(self) -> bool:
        return self.slots is not None and bool(np.all(np.diff(self.slots) == 1))


def _organs(mask: np.ndarray) -> np.ndarray:
    """Segment 2 is absent from the middle plane, so that segments differ in their frames."""
    mask = mask.copy()
    if len(mask) > 2:
        middle = mask[len(mask) // 2]
        middle[middle == 2] = 0
    return mask


def _series(name: str, title: str, modality: str, orientation: str) -> Source:
    series = samples.phantom_series(
        modality, shape=(_PLANES, _ROWS, _COLUMNS), orientation=orientation, labels=3, name=f"matrix-{name}"
    )
    return Source(name, title, series.datasets, _organs(series.mask), series.affine, np.arange(_PLANES))


def _enhanced(name: str, title: str, modality: str) -> Source:
    series = samples.phantom_series(
        modality, shape=(_PLANES, _ROWS, _COLUMNS), orientation="coronal", labels=3, name=f"matrix-{name}"
    )
    image = samples.enhanced_image(series)
    return Source(name, title, image.datasets, _organs(image.mask), image.affine, np.arange(_PLANES))


def _gap() -> Source:
    """One plane of seven is missing; the mask has pixels on both sides of it."""
    shape, name = (7, _ROWS, _COLUMNS), "matrix-gap"
    whole = samples.phantom_series("CT", shape=shape, labels=3, name=name)
    gap = samples.phantom_series("CT", shape=shape, labels=3, name=name, flaws=samples.Flaws(gap=True))
    slots = np.array([i for i in range(7) if i != 3])
    return Source("gap", "CT series with a missing slice", gap.datasets, gap.mask, whole.affine, slots)


def _single() -> Source:
    series = samples.phantom_series("CT", shape=(1, _ROWS, _COLUMNS), labels=3, name="matrix-single")
    return Source("single", "one CT slice", series.datasets, series.mask, series.affine, np.arange(1))


def _slide(name: str, title: str, organization: str) -> Source:
    slide = samples.phantom_slide(
        shape=(50, 61), tile=(20, 21), organization=organization, name=f"matrix-{name}"
    )
    mask = slide.mask.copy()
    mask[2:18, 2:16] = 3
    mask[:20, 42:] = 0  # a tile without pixels
    spacing, affine = 0.0005, np.eye(4)
    # rows run along -x, columns along -y: PS3.3 C.8.12.6.1 with Image Orientation (Slide) 0,-1,0,-1,0,0
    affine[:3, 1], affine[:3, 2], affine[:3, 3] = (-spacing, 0, 0), (0, -spacing, 0), (20, 40, 0)
    affine[:3, 0] = np.cross(affine[:3, 2], affine[:3, 1]) / spacing
    return Source(name, title, (slide.dataset,), mask[None], affine, np.arange(1), tiled=True)


def _plain(name: str, sop_class: str, modality: str) -> Dataset:
    """Patient, study, series, equipment and pixels of a CT phantom, without its geometry."""
    whole = samples.phantom_series(
        "CT", shape=(1, _ROWS, _COLUMNS), labels=3, name=f"matrix-{name}"
    ).datasets[0]
    image = Dataset()
    image.update(whole)
    for keyword in (
        *("FrameOfReferenceUID", "PositionReferenceIndicator", "ImagePositionPatient", "PatientPosition"),
        *("ImageOrientationPatient", "PixelSpacing", "SliceThickness", "KVP", "RescaleType"),
        *("RescaleSlope", "RescaleIntercept", "AcquisitionNumber"),
    ):
        del image[keyword]
    image.SOPClassUID, image.Modality = sop_class, modality
    image.file_meta = whole.file_meta
    image.file_meta.MediaStorageSOPClassUID = sop_class
    image.PatientOrientation = ["L", "F"]
    return image


def _radiograph() -> Source:
    """Computed Radiography (PS3.3 A.2)."""
    image = _plain("cr", _CR, "CR")
    image.BodyPartExamined, image.ViewPosition = "CHEST", "AP"
    image.ImageType = ["ORIGINAL", "PRIMARY"]
    mask = samples.phantom_series("CT", shape=(1, _ROWS, _COLUMNS), labels=3).mask
    return Source("cr", "CR image", (image,), mask)


def _digital_x_ray() -> Source:
    """Digital X-Ray for presentation (PS3.3 A.26)."""
    image = _plain("dx", _DX, "DX")
    image.ImageType = ["ORIGINAL", "PRIMARY"]
    image.PresentationIntentType = "FOR PRESENTATION"
    image.BodyPartExamined = "CHEST"
    image.AnatomicRegionSequence = [_code("43799004", "SCT", "Thoracic cavity")]
    image.ImageLaterality = "U"
    image.DetectorType, image.PositionerType = "DIRECT", ""
    image.ImagerPixelSpacing = ["0.2", "0.2"]
    image.PixelIntensityRelationship, image.PixelIntensityRelationshipSign = "LOG", -1
    image.RescaleIntercept, image.RescaleSlope, image.RescaleType = "0", "1", "US"
    image.PresentationLUTShape = "IDENTITY"
    image.LossyImageCompression, image.BurnedInAnnotation = "00", "NO"
    image.AcquisitionContextSequence = []
    view = _code("399348003", "SCT", "antero-posterior")
    view.ViewModifierCodeSequence = []
    image.ViewCodeSequence = [view]
    mask = samples.phantom_series("CT", shape=(1, _ROWS, _COLUMNS), labels=3).mask
    return Source("dx", "DX image", (image,), mask)


def _cine() -> Source:
    """Ultrasound Multi-frame (PS3.3 A.7)."""
    image = _plain("us", _US_MULTI_FRAME, "US")
    for keyword in ("WindowCenter", "WindowWidth", "BodyPartExamined"):
        del image[keyword]
    image.ImageType = ["ORIGINAL", "PRIMARY", "ABDOMINAL", "0001"]
    image.NumberOfFrames = _PLANES
    image.FrameIncrementPointer, image.FrameTime = 0x00181063, "40"
    image.LossyImageCompression, image.Laterality = "00", ""
    image.BitsAllocated, image.BitsStored, image.HighBit = 8, 8, 7
    mask = _organs(samples.phantom_series("CT", shape=(_PLANES, _ROWS, _COLUMNS), labels=3).mask)
    image.PixelData = (mask * np.uint8(60)).tobytes() + b"\x00" * (mask.size % 2)
    image["PixelData"].VR = "OB"
    return Source("us", "US cine loop", (image,), mask)


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


_MAKERS = {
    "ct": lambda: _series("ct", "CT series, axial", "CT", "axial"),
    "mr": lambda: _series("mr", "MR series, oblique", "MR", "oblique"),
    "pt": lambda: _series("pt", "PET series, sagittal", "PT", "sagittal"),
    "enhanced-ct": lambda: _enhanced("enhanced-ct", "enhanced CT image", "CT"),
    "enhanced-mr": lambda: _enhanced("enhanced-mr", "enhanced MR image", "MR"),
    "gap": _gap,
    "single": _single,
    "slide-full": lambda: _slide("slide-full", "slide, TILED_FULL", "TILED_FULL"),
    "slide-sparse": lambda: _slide("slide-sparse", "slide, TILED_SPARSE", "TILED_SPARSE"),
    "cr": _radiograph,
    "dx": _digital_x_ray,
    "us": _cine,
}
#: Names of the kinds of source, in the order of the tables.
SOURCES = tuple(_MAKERS)


@cache
def source(name: str) -> Source:
    """The source of that name, made once a process; nobody may change it."""
    return _MAKERS[name]()


def saved(name: str, folder: Path) -> Source:
    """The source with its files, written once into that folder."""
    made = source(name)
    place = folder / name
    files = tuple(place / f"{i:04d}.dcm" for i in range(len(made.datasets)))
    if not place.exists():
        place.mkdir(parents=True)
        for dataset, file in zip(made.datasets, files, strict=True):
            dataset.save_as(file, enforce_file_format=True)
    return replace(made, files=files)
