"""Values that make sense of an attribute, where the tables alone leave the choice open."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

DATE = "20240102"
ROOT = "1.2.826.0.1.3680043.8.498.10513"


Preset = dict[str, Any | Callable[[], Any]]


def uid(seed: int, *names: str) -> str:
    """A UID that is the same in every run."""
    return ".".join([ROOT, str(seed), *(str(zlib.crc32(name.encode())) for name in names)])


def patient(dataset: Dataset, seed: int) -> None:
    """Patient, study and series, with what is usual in them."""
    dataset.PatientName, dataset.PatientID = "Test^Object", "T1"
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "O"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = uid(seed, "study"), uid(seed, "series")
    dataset.StudyDate, dataset.StudyTime, dataset.StudyID = DATE, "101112", "1"
    dataset.AccessionNumber, dataset.ReferringPhysicianName = "A1", ""
    dataset.SeriesNumber, dataset.InstanceNumber = 1, 1
    dataset.Manufacturer = "maker"


def code(value: str, scheme: str, meaning: str) -> Dataset:
    """An item of a code sequence."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, scheme, meaning
    return item


def _numbers(kind: str, *numbers: float) -> bytes:
    return np.array(numbers, kind).tobytes()


#: Keyword -> values to choose from: the first that the tables allow at the place is taken.
VALUES: dict[str, list[Any]] = {
    "Rows": [8],
    "Columns": [8],
    "BitsAllocated": [16, 8],
    "BitsStored": [12, 16, 8, 1],
    "HighBit": [11, 15, 7, 0],
    "SamplesPerPixel": [1, 3],
    "PixelRepresentation": [0],
    "PhotometricInterpretation": ["MONOCHROME2", "RGB"],
    "PixelSpacing": [[0.5, 0.5]],
    "ImagerPixelSpacing": [[0.5, 0.5]],
    "PixelAspectRatio": [[2, 1]],
    "SliceThickness": [1],
    "ImageOrientationPatient": [[1, 0, 0, 0, 1, 0]],
    "ImageOrientationSlide": [[0, 1, 0, 1, 0, 0]],
    "ImagePositionPatient": [[0, 0, 0]],
    "RescaleSlope": [1],
    "RescaleIntercept": [0],
    "WindowCenter": [40],
    "WindowWidth": [400],
    "LossyImageCompression": ["00"],
    "BurnedInAnnotation": ["NO"],
    "PixelData": [b"\0\0"],
    "NumberOfFrames": [1],
    "FrameIncrementPointer": [0x00181063],
    "FrameTime": [40],
    "PatientOrientation": [["L", "P"]],
    "ImageType": [
        ["ORIGINAL", "PRIMARY"],
        ["ORIGINAL", "PRIMARY", "OTHER"],
        ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        ["DERIVED", "PRIMARY"],
        ["DERIVED", "PRIMARY", "VOLUME", "NONE"],
    ],
    "RedPaletteColorLookupTableDescriptor": [[256, 0, 16]],
    "GreenPaletteColorLookupTableDescriptor": [[256, 0, 16]],
    "BluePaletteColorLookupTableDescriptor": [[256, 0, 16]],
    "RedPaletteColorLookupTableData": [bytes(range(256)) * 2],
    "GreenPaletteColorLookupTableData": [bytes(range(256)) * 2],
    "BluePaletteColorLookupTableData": [bytes(range(256)) * 2],
    "FrameType": [["DERIVED", "PRIMARY", "VOLUME", "NONE"]],
    "PixelPresentation": ["MONOCHROME"],
    "VolumetricProperties": ["VOLUME"],
    "VolumeBasedCalculationTechnique": ["NONE"],
    "AcquisitionType": ["SEQUENCED"],
    "DisplayedAreaTopLeftHandCorner": [[1, 1]],
    "DisplayedAreaBottomRightHandCorner": [[8, 8]],
    "MIMETypeOfEncapsulatedDocument": ["application/pdf", "text/XML", "model/stl", "model/obj", "model/mtl"],
    "Modality": ["OT", "MG", "DX", "XA", "RF"],
    "WaveformBitsAllocated": [16],
    "WaveformSampleInterpretation": ["SS"],
    "WaveformBitsStored": [16],
    "ChannelTimeSkew": [0],
    "LUTDescriptor": [[256, 0, 16]],
    "RescaleType": ["HU", "US"],
    "ComplexImageComponent": ["MAGNITUDE"],
    "AcquisitionContrast": ["UNKNOWN"],
    "PointCoordinatesData": [_numbers("<f4", 1, 1, 2, 1, 2, 2, 1, 2)],
    "LUTData": [bytes(range(256)) * 2],
    "GridFrameOffsetVector": [[0]],
}


def _references(iod: str = "") -> list[Dataset]:
    """A series of which two instances are listed; with an IOD, also the one that a minimal object refers to."""
    series = Dataset()
    series.SeriesInstanceUID = uid(1, "referenced series")
    series.ReferencedInstanceSequence = []
    for number in (1, 2):
        item = Dataset()
        item.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        item.ReferencedSOPInstanceUID = uid(1, "referenced", str(number))
        series.ReferencedInstanceSequence.append(item)
    if iod:
        item.ReferencedSOPInstanceUID = uid(1, iod, "ReferencedSOPInstanceUID")
    return [series]


def _contours() -> Preset:
    """Two regions, the first with two contours."""
    roi, contours, observations = [], [], []
    for number in (1, 2):
        one = Dataset()
        one.ROINumber, one.ROIName, one.ROIGenerationAlgorithm = number, f"region {number}", "MANUAL"
        one.ReferencedFrameOfReferenceUID = uid(1, "frame")
        roi.append(one)
        drawn = Dataset()
        drawn.ReferencedROINumber, drawn.ROIDisplayColor = number, [255, 0, 0]
        drawn.ContourSequence = [_contour(depth) for depth in range(3 - number)]
        contours.append(drawn)
        seen = Dataset()
        seen.ObservationNumber, seen.ReferencedROINumber = number, number
        seen.RTROIInterpretedType, seen.ROIInterpreter = "ORGAN", ""
        observations.append(seen)
    return {
        "FrameOfReferenceUID": uid(1, "frame"),
        "PositionReferenceIndicator": "",
        "StructureSetROISequence": roi,
        "ROIContourSequence": contours,
        "RTROIObservationsSequence": observations,
    }


def _contour(depth: int) -> Dataset:
    item = Dataset()
    item.ContourGeometricType, item.NumberOfContourPoints = "CLOSED_PLANAR", 3
    item.ContourData = [0, 0, depth, 10, 0, depth, 0, 10, depth]
    return item


def _waveform() -> Preset:
    """One group of two channels with eight samples."""
    group = Dataset()
    group.WaveformOriginality, group.NumberOfWaveformChannels, group.NumberOfWaveformSamples = (
        "ORIGINAL",
        2,
        8,
    )
    group.SamplingFrequency, group.WaveformBitsAllocated = 500, 16
    group.WaveformSampleInterpretation = "SS"
    group.add_new(0x54001010, "OW", bytes(32))
    group.ChannelDefinitionSequence = []
    for lead in ("I", "II"):
        channel = Dataset()
        channel.ChannelSourceSequence = [code(f"2:{len(lead)}", "MDC", f"Lead {lead}")]
        channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = (
            1,
            1,
            0,
        )
        channel.ChannelSensitivityUnitsSequence = [code("uV", "UCUM", "microvolt")]
        channel.ChannelSampleSkew, channel.WaveformBitsStored = 0, 16
        group.ChannelDefinitionSequence.append(channel)
    return {"WaveformSequence": [group]}


def _registrations() -> Preset:
    """Two frames of reference, one moved against the other."""
    found = []
    for number, matrix in enumerate(("1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1", "0 -1 0 5 1 0 0 6 0 0 1 7 0 0 0 1")):
        step, moved, item = Dataset(), Dataset(), Dataset()
        step.FrameOfReferenceTransformationMatrix = matrix.split()
        step.FrameOfReferenceTransformationMatrixType = "RIGID"
        moved.MatrixSequence = [step]
        moved.FrameOfReferenceTransformationComment = ""
        moved.RegistrationTypeCodeSequence = [code("125024", "DCM", "Image Content-based Alignment")]
        item.FrameOfReferenceUID = uid(1, "frame", str(number))
        item.MatrixRegistrationSequence = [moved]
        item.ReferencedImageSequence = [_references()[0].ReferencedInstanceSequence[number]]
        found.append(item)
    return {"RegistrationSequence": found, "ReferencedSeriesSequence": _references()}


def _document() -> Preset:
    return {
        "MIMETypeOfEncapsulatedDocument": "application/pdf",
        "EncapsulatedDocument": b"%PDF-1.4\n%%EOF\n ",
        "EncapsulatedDocumentLength": 15,
        "DocumentTitle": "a page",
    }


#: Attributes that are put in although no object tells whether they are required.
ASSUMED = frozenset("PatientOrientation PixelSpacing RescaleType FrameOfReferenceUID".split())
_PLANES = "PixelMeasuresSequence PlanePositionSequence PlaneOrientationSequence"
#: IOD -> functional groups that it has beside those that are required.
GROUPS: dict[str, str] = {
    **dict.fromkeys(
        """parametric-map enhanced-ct-image enhanced-mr-image enhanced-pet-image breast-tomosynthesis-image
        legacy-converted-enhanced-ct-image legacy-converted-enhanced-mr-image
        legacy-converted-enhanced-pet-image""".split(),
        _PLANES,
    ),
    "segmentation": f"{_PLANES} SegmentIdentificationSequence",
    "vl-whole-slide-microscopy-image": (
        "PixelMeasuresSequence PlanePositionSlideSequence OpticalPathIdentificationSequence"
    ),
}

_DERIVED = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]


def _title(value: str, scheme: str, meaning: str) -> Preset:
    """What the root of a document has."""
    return {
        "ConceptNameCodeSequence": lambda: [code(value, scheme, meaning)],
        "ValueType": "CONTAINER",
        "ContinuityOfContent": "SEPARATE",
        "CompletionFlag": "PARTIAL",
        "VerificationFlag": "UNVERIFIED",
    }


_BYTES: Preset = {"BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
_COLOUR: Preset = {**_BYTES, "SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}
_WORDS: Preset = {"BitsAllocated": 16, "BitsStored": 16, "HighBit": 15}
_TYPED: Preset = {"ImageType": _DERIVED}
_TIMED: Preset = {**_BYTES, "FrameTime": 40}
#: IOD -> keyword -> value (or what makes one), set before anything else.
PRESET: dict[str, Preset] = {
    "ct-image": {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"]},
    "mr-image": {"ImageType": ["ORIGINAL", "PRIMARY", "OTHER"]},
    "positron-emission-tomography-image": _WORDS,
    "multi-frame-true-color-secondary-capture-image": _COLOUR,
    "multi-frame-grayscale-byte-secondary-capture-image": _BYTES,
    "ultrasound-image": _BYTES,
    "ultrasound-multi-frame-image": {**_BYTES, "NumberOfFrames": 2},
    "vl-photographic-image": {**_COLOUR, "Modality": "XC"},
    "vl-endoscopic-image": {**_COLOUR, "Modality": "ES"},
    "vl-microscopic-image": {**_COLOUR, "Modality": "GM"},
    "digital-x-ray-image": {
        "AnatomicRegionSequence": lambda: [code("69536005", "SCT", "Head")],
        "Modality": "DX",
    },
    "digital-mammography-x-ray-image": {"BodyPartExamined": "BREAST"},
    "x-ray-angiographic-image": {"ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]},
    "spatial-registration": _registrations(),
    "real-world-value-mapping": {"ReferencedSeriesSequence": lambda: _references("real-world-value-mapping")},
    "rt-dose": {
        **_WORDS,
        "Rows": 8,
        "Columns": 8,
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "PixelRepresentation": 0,
        "PixelSpacing": [1, 1],
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 0],
        "SliceThickness": "",
    },
    "nuclear-medicine-image": {
        **_WORDS,
        "ImageType": ["ORIGINAL", "PRIMARY", "STATIC", "EMISSION"],
        "FrameIncrementPointer": [0x00540010, 0x00540020],
    },
    **dict.fromkeys(
        """acquisition-context-sr chest-cad-sr colon-cad-sr mammography-cad-sr procedure-log
        radiopharmaceutical-radiation-dose-sr spectacle-prescription-report x-ray-radiation-dose-sr""".split(),
        _title("126000", "DCM", "Imaging Measurement Report"),
    ),
    **dict.fromkeys(
        """breast-projection-x-ray-image breast-tomosynthesis-image x-ray-3d-angiographic-image
        x-ray-3d-craniofacial-image enhanced-xa-image enhanced-xrf-image ophthalmic-tomography-image
        intravascular-optical-coherence-tomography-image""".split(),
        _TYPED,
    ),
    "enhanced-us-volume": {**_BYTES, "ImageType": _DERIVED},
    "photoacoustic-image": {"ImageType": _DERIVED, "Modality": "PA"},
    "vl-slide-coordinates-microscopic-image": {
        **_COLOUR,
        "Modality": "SM",
        "PositionReferenceIndicator": "SLIDE_CORNER",
    },
    "dermoscopic-photography-image": {**_COLOUR, "Modality": "DMS"},
    "multi-frame-single-bit-secondary-capture-image": {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0},
    "x-ray-radiofluoroscopic-image": {"ImageType": ["ORIGINAL", "PRIMARY", "SINGLE PLANE"]},
    "rt-image": {"ImageType": ["ORIGINAL", "PRIMARY", "PORTAL"]},
    **dict.fromkeys(
        """ophthalmic-photography-8-bit-image wide-field-ophthalmic-photography-3d-coordinates-image
        wide-field-ophthalmic-photography-stereographic-projection-image""".split(),
        _TIMED,
    ),
    "ophthalmic-photography-16-bit-image": {**_WORDS, "FrameTime": 40},
    "encapsulated-cda": {"MIMETypeOfEncapsulatedDocument": "text/XML"},
    "encapsulated-obj": {"Modality": "M3D", "MIMETypeOfEncapsulatedDocument": "model/obj"},
    "encapsulated-mtl": {"Modality": "M3D", "MIMETypeOfEncapsulatedDocument": "model/mtl"},
    "video-endoscopic-image": {**_COLOUR, "Modality": "ES"},
    "video-microscopic-image": {**_COLOUR, "Modality": "GM"},
    "video-photographic-image": {**_COLOUR, "Modality": "XC"},
    "encapsulated-stl": {"Modality": "M3D", "MIMETypeOfEncapsulatedDocument": "model/stl"},
    "rt-structure-set": _contours(),
    "12-lead-ecg": _waveform(),
    "encapsulated-pdf": _document(),
    "enhanced-ct-image": {"ImageType": _DERIVED},
    "enhanced-mr-image": {"ImageType": _DERIVED},
    "enhanced-pet-image": {"ImageType": _DERIVED, **_WORDS},
    "legacy-converted-enhanced-ct-image": {"ImageType": _DERIVED},
    "legacy-converted-enhanced-mr-image": {"ImageType": _DERIVED},
    "legacy-converted-enhanced-pet-image": {"ImageType": _DERIVED, **_WORDS},
    "parametric-map": {"ImageType": _DERIVED},
    "vl-whole-slide-microscopy-image": {
        **_COLOUR,
        "ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"],
        "NumberOfFrames": 2,
        "TotalPixelMatrixColumns": 16,
        "TotalPixelMatrixRows": 8,
        "PositionReferenceIndicator": "SLIDE_CORNER",
    },
    "comprehensive-3d-sr": _title("126000", "DCM", "Imaging Measurement Report"),
    "comprehensive-sr": _title("126000", "DCM", "Imaging Measurement Report"),
    "enhanced-sr": _title("126000", "DCM", "Imaging Measurement Report"),
    "basic-text-sr": _title("121060", "DCM", "History"),
    "key-object-selection-document": _title("113000", "DCM", "Of Interest"),
}
