"""Good objects to check and to break: written by highdicom (a black box here) and files of dcmqi and of vendors."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from io import BytesIO

import highdicom as hd
import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

ROOT = "1.2.826.0.1.3680043.8.498.10511"


def uid(*numbers: int) -> str:
    """A UID that is the same in every run."""
    return ".".join([ROOT, *map(str, numbers)])


def test_file(name: str) -> Dataset:
    """A file of pydicom's sets."""
    path = get_testdata_file(name)
    assert path is not None, name
    return dcmread(str(path))


def clone(dataset: Dataset) -> Dataset:
    """The same object, decoded, so that it can be broken."""
    return deepcopy(dataset)


def encoded(dataset: Dataset) -> bytes:
    """The object as a file."""
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()


@cache
def ct_series() -> tuple[Dataset, ...]:
    """Six CT slices, 2.5 mm apart."""
    base = test_file("CT_small.dcm")
    base.StudyInstanceUID, base.SeriesInstanceUID = uid(1, 1), uid(1, 2)
    base.FrameOfReferenceUID = uid(1, 3)
    base.BodyPartExamined = "CHEST"
    base.file_meta.MediaStorageSOPInstanceUID = base.SOPInstanceUID
    slices = []
    for number in range(6):
        one = deepcopy(base)
        one.SOPInstanceUID = one.file_meta.MediaStorageSOPInstanceUID = uid(1, 4, number + 1)
        one.InstanceNumber = number + 1
        one.ImagePositionPatient = [-100.0, -90.0, -20.0 + 2.5 * number]
        one.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        one.SliceThickness = one.SpacingBetweenSlices = 2.5
        slices.append(one)
    return tuple(slices)


def segment(number: int, label: str) -> hd.seg.SegmentDescription:
    """A segment description with a colour."""
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=codes.SCT.Tissue,
        segmented_property_type=codes.SCT.Liver,
        algorithm_type=hd.seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=hd.AlgorithmIdentificationSequence(
            "net", codes.DCM.ArtificialIntelligence, "1.0"
        ),
        display_color=hd.color.CIELabColor(50.0, 20.0 + number, -30.0),
    )


def _segmentation(
    source: tuple[Dataset, ...], pixels: np.ndarray, kind: str, number: int, **more: object
) -> Dataset:
    labels = [segment(n + 1, f"part {n + 1}") for n in range(3)]
    made = hd.seg.Segmentation(
        source_images=list(source),
        pixel_array=pixels,
        segmentation_type=kind,
        segment_descriptions=labels,
        series_instance_uid=uid(9, number),
        series_number=50 + number,
        sop_instance_uid=uid(9, number, 1),
        instance_number=1,
        manufacturer="maker",
        manufacturer_model_name="model",
        software_versions="1",
        device_serial_number="7",
        **more,
    )
    return dcmread(BytesIO(encoded(made)))


def label_pixels(planes: int, rows: int, columns: int) -> np.ndarray:
    """Three labels in blocks; the first plane is empty."""
    pixels = np.zeros((planes, rows, columns), np.uint8)
    for plane in range(1, planes):
        pixels[plane, 5:20, 5:40] = 1
        pixels[plane, 25:40, 5:40] = 2 if plane > 1 else 0
        pixels[plane, 50:60, 10:20] = 3
    return pixels


@cache
def binary() -> Dataset:
    """BINARY segmentation of a CT series; empty frames omitted."""
    return _segmentation(ct_series(), label_pixels(6, 128, 128), "BINARY", 1)


@cache
def fractional() -> Dataset:
    """FRACTIONAL segmentation, RLE."""
    stack = np.stack([(label_pixels(6, 128, 128) == n) * 0.5 for n in (1, 2, 3)], axis=-1)
    return _segmentation(ct_series(), stack, "FRACTIONAL", 2, transfer_syntax_uid=RLELossless)


@cache
def label_map() -> Dataset:
    """LABELMAP segmentation."""
    return _segmentation(ct_series(), label_pixels(6, 128, 128), "LABELMAP", 3)


@cache
def of_enhanced() -> Dataset:
    """BINARY segmentation of one enhanced CT image."""
    source = test_file("eCT_Supplemental.dcm")
    pixels = label_pixels(int(source.NumberOfFrames), source.Rows, source.Columns)
    return _segmentation((source,), pixels, "BINARY", 4)


@cache
def slide() -> Dataset:
    """A tiled slide of 4 x 3 tiles of 32 pixels (TILED_FULL), with the attributes that writers read."""
    image = Dataset()
    image.SpecificCharacterSet = "ISO_IR 192"
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    image.SOPInstanceUID = uid(3, 4)
    image.StudyInstanceUID, image.SeriesInstanceUID, image.FrameOfReferenceUID = (
        uid(3, 1),
        uid(3, 2),
        uid(3, 3),
    )
    for keyword in "StudyDate StudyTime AccessionNumber ReferringPhysicianName StudyID".split():
        setattr(image, keyword, "")
    image.PatientBirthDate = image.PatientSex = ""
    image.PatientName, image.PatientID, image.Modality, image.SeriesNumber = "Slide^One", "S1", "SM", 1
    image.ContainerIdentifier, image.PositionReferenceIndicator = "C1", "SLIDE_CORNER"
    image.IssuerOfTheContainerIdentifierSequence = []
    image.ContainerTypeCodeSequence = []
    specimen = Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "C1", uid(3, 5)
    specimen.IssuerOfTheSpecimenIdentifierSequence, specimen.SpecimenPreparationSequence = [], []
    image.SpecimenDescriptionSequence = [specimen]
    image.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    image.Rows = image.Columns = 32
    image.TotalPixelMatrixColumns, image.TotalPixelMatrixRows = 120, 90
    image.NumberOfFrames, image.InstanceNumber = 12, 1
    image.SamplesPerPixel, image.PhotometricInterpretation, image.PlanarConfiguration = 3, "RGB", 0
    image.BitsAllocated, image.BitsStored, image.HighBit, image.PixelRepresentation = 8, 8, 7, 0
    image.DimensionOrganizationType = "TILED_FULL"
    image.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20.0, 40.0
    image.TotalPixelMatrixOriginSequence = [origin]
    measures = Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.0005, 0.0005], 0.001
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    image.SharedFunctionalGroupsSequence = [shared]
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    image.OpticalPathSequence, image.NumberOfOpticalPaths, image.TotalPixelMatrixFocalPlanes = [path], 1, 1
    image.PixelData = bytes(32 * 32 * 3 * 12)
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    image.file_meta.MediaStorageSOPClassUID = image.SOPClassUID
    image.file_meta.MediaStorageSOPInstanceUID = image.SOPInstanceUID
    return image


def _slide_labels() -> np.ndarray:
    pixels = np.zeros((1, 90, 120), np.uint8)
    pixels[0, 3:30, 3:60], pixels[0, 40:80, 70:118], pixels[0, 70:88, 2:20] = 1, 2, 3
    return pixels


@cache
def tiled_sparse() -> Dataset:
    """BINARY segmentation of a slide, TILED_SPARSE."""
    return _segmentation((slide(),), _slide_labels(), "BINARY", 5, tile_pixel_array=True)


@cache
def tiled_full() -> Dataset:
    """BINARY segmentation of a slide, TILED_FULL."""
    more = {
        "tile_pixel_array": True,
        "omit_empty_frames": False,
        "dimension_organization_type": hd.DimensionOrganizationTypeValues.TILED_FULL,
    }
    return _segmentation((slide(),), _slide_labels(), "BINARY", 6, **more)


@cache
def liver() -> Dataset:
    """BINARY segmentation written by dcmqi."""
    return test_file("liver.dcm")


#: Name -> maker of every good segmentation.
SEGMENTATIONS: dict[str, Callable[[], Dataset]] = {
    made.__name__: made
    for made in (binary, fractional, label_map, of_enhanced, tiled_sparse, tiled_full, liver)
}
