"""Mutations of what the frames say together, and of attributes that go with their number or with the pixels."""

from __future__ import annotations

import random
from collections.abc import Iterable

from pydicom.dataset import Dataset
from tests.validation.mutation_tools import FRAMES, Kinds, NotApplicable, need, put

MULTIFRAME = Kinds()
ENHANCED = "enhanced-ct-image enhanced-mr-image enhanced-pet-image"
STACKS = f"{ENHANCED} legacy-converted-enhanced-mr-image parametric-map"


def _contents(dataset: Dataset) -> list[Dataset]:
    """Frame Content of each frame."""
    return [frame.FrameContentSequence[0] for frame in dataset.PerFrameFunctionalGroupsSequence]


@MULTIFRAME("an image type of three values", ENHANCED)
def _three(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ImageType = list(dataset.ImageType)[:3]
    return ["^ImageType$"]


@MULTIFRAME("an image type that its frames do not have", ENHANCED)
def _other(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ImageType = ["MIXED", *list(dataset.ImageType)[1:]]
    return ["^ImageType$"]


@MULTIFRAME("two planes of one place in a stack", STACKS)
def _one_place(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    first, *_, last = _contents(dataset)
    need(last, "InStackPositionNumber")
    last.InStackPositionNumber = first.InStackPositionNumber
    return [rf"^{FRAMES}\[\d+\]\.FrameContentSequence\[0\]\.InStackPositionNumber$"]


@MULTIFRAME("a temporal position before the first", STACKS)
def _before(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    for number, content in enumerate(_contents(dataset)):
        content.TemporalPositionIndex = number
    return [rf"^{FRAMES}\[\d+\]\.FrameContentSequence\[0\]\.TemporalPositionIndex$"]


@MULTIFRAME("angles for other frames than there are", "x-ray-angiographic-image")
def _angles(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.NumberOfFrames = dataset.get("NumberOfFrames", 1)
    dataset.PositionerPrimaryAngleIncrement = [0.0] * (int(dataset.NumberOfFrames) + 2)
    return ["^PositionerPrimaryAngleIncrement$"]


@MULTIFRAME("a region beyond the image", "ultrasound-multi-frame-image")
def _region(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = Dataset()
    item.RegionSpatialFormat = item.RegionDataType = 1
    item.RegionFlags = 0
    item.RegionLocationMinX0 = item.RegionLocationMinY0 = 0
    item.RegionLocationMaxX1, item.RegionLocationMaxY1 = dataset.Columns + 9, dataset.Rows - 1
    item.PhysicalUnitsXDirection = item.PhysicalUnitsYDirection = 3
    item.PhysicalDeltaX = item.PhysicalDeltaY = 0.1
    dataset.SequenceOfUltrasoundRegions = [item]
    return [r"^SequenceOfUltrasoundRegions\[0\]\.RegionLocationMaxX1$"]


GREY = "ct-image mr-image computed-radiography-image digital-x-ray-image"


@MULTIFRAME("a padding value that the bits cannot hold", GREY)
def _padding(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.BitsStored > 15:
        raise NotApplicable("bits")
    put(dataset, "PixelPaddingValue", "US", (1 << dataset.BitsStored).to_bytes(2, "little"))
    return ["^PixelPaddingValue$"]


@MULTIFRAME("a padding range that is turned round", GREY)
def _turned(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    values = (9, 3) if dataset.PhotometricInterpretation == "MONOCHROME2" else (3, 9)
    for keyword, value in zip(("PixelPaddingValue", "PixelPaddingRangeLimit"), values, strict=True):
        put(dataset, keyword, "US", value.to_bytes(2, "little"))
    return ["^PixelPadding(Value|RangeLimit)$"]


@MULTIFRAME("an age that the dates do not give", f"{GREY} {ENHANCED}")
def _age(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.PatientBirthDate, dataset.StudyDate, dataset.PatientAge = "19700101", "20240102", "012Y"
    return ["^PatientAge$"]


@MULTIFRAME("a reference of another module that is not listed", "spatial-registration")
def _unlisted(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number = rng.randrange(len(dataset.RegistrationSequence))
    item = dataset.RegistrationSequence[number].ReferencedImageSequence[0]
    item.ReferencedSOPInstanceUID = "1.2.3.4.5"
    return [rf"^RegistrationSequence\[{number}\]\.ReferencedImageSequence\[0\]\.ReferencedSOPInstanceUID$"]


@MULTIFRAME("an orientation of empty values", "ct-image mr-image")
def _hollow(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "ImageOrientationPatient")
    put(dataset, "ImageOrientationPatient", "DS", b"\\" * 5)
    return ["^ImageOrientationPatient$"]


@MULTIFRAME("a planar configuration of grey pixels", "ct-image vl-photographic-image")
def _grey(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.PlanarConfiguration = 0
    dataset.PixelData = bytes(dataset.Rows * dataset.Columns * dataset.BitsAllocated // 8)
    return ["^PlanarConfiguration$"]
