"""Seeded faults in good segmentations: how many does the validator name, in the right place?

Each mutation breaks one thing in a copy of a good object and says where a finding has to stand. Run as a program, it
prints the score::

    python -m tests.validation.mutations            # on the objects of objects.py
    python -m tests.validation.mutations FILE...    # on other good segmentations
    python -m tests.validation.mutations --judge    # with dciodvfy beside

Use it from tests as ``score(objects, seed)``.
"""

from __future__ import annotations

import random
import re
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from io import BytesIO
from itertools import pairwise
from pathlib import Path

from pydicom import config, dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from dicomposer.errors import DicomposerError
from dicomposer.validation import Finding, validate

GRAVE = ("error", "warning")


class NotApplicable(Exception):
    """The object has not what the mutation breaks."""


@dataclass(frozen=True)
class Mutation:
    """One way to break an object.

    Attributes
    ----------
    name : str
    apply : callable
        Breaks a dataset in place; returns patterns of paths of which one has to be named; raises NotApplicable.
    """

    name: str
    apply: Callable[[Dataset, random.Random], Iterable[str]]


@dataclass
class Outcome:
    """What became of one mutation of one object."""

    subject: str
    mutation: str
    named: bool
    findings: list[Finding] = field(default_factory=list)
    judge: bool | None = None


MUTATIONS: list[Mutation] = []


def mutation(name: str) -> Callable[[Callable[[Dataset, random.Random], Iterable[str]]], None]:
    """Register a mutation."""

    def register(apply: Callable[[Dataset, random.Random], Iterable[str]]) -> None:
        MUTATIONS.append(Mutation(name, apply))

    return register


# -- tools ----------------------------------------------------------------------------------------------------------


def put(item: Dataset, keyword: str, vr: str, value: bytes) -> None:
    """Set an element's encoded value, however wrong it is."""
    tag = BaseTag(tag_for_keyword(keyword) or 0)
    value += b" " * (len(value) % 2)
    item._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


def need(item: Dataset, keyword: str) -> None:
    """Raise unless the item has the attribute, with a value."""
    if keyword not in item or item[keyword].is_empty:
        raise NotApplicable(keyword)


def remove(item: Dataset, keyword: str) -> None:
    """Delete an attribute that has to be there."""
    need(item, keyword)
    del item[keyword]


def frame_of(dataset: Dataset, rng: random.Random, group: str = "") -> tuple[int, Dataset]:
    """A frame (not the first, if there are several) that has a functional group."""
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        raise NotApplicable("frames")
    frames = dataset.PerFrameFunctionalGroupsSequence
    having = [n for n, item in enumerate(frames) if not group or group in item]
    if not having:
        raise NotApplicable(group)
    number = rng.choice(having[1:] or having)
    return number, frames[number]


def shared_of(dataset: Dataset, group: str) -> Dataset:
    """The item of a shared functional group."""
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if group not in shared:
        raise NotApplicable(group)
    return shared[group][0]


def segment_of(dataset: Dataset, rng: random.Random) -> tuple[int, Dataset]:
    """A segment, the last one included."""
    number = rng.randrange(len(dataset.SegmentSequence))
    return number, dataset.SegmentSequence[number]


def frame_place(number: int, path: str) -> str:
    """Pattern of a path in one frame."""
    return rf"PerFrameFunctionalGroupsSequence\[{number}\]\.{path}"


# -- attributes that are missing or empty ---------------------------------------------------------------------------

ROOT_REQUIRED = """SOPInstanceUID StudyInstanceUID SeriesInstanceUID PatientID PatientName PatientBirthDate PatientSex
StudyDate StudyTime StudyID ReferringPhysicianName Modality SeriesNumber Manufacturer ManufacturerModelName
DeviceSerialNumber SoftwareVersions SegmentationType SegmentSequence ContentLabel ContentDescription Rows Columns
BitsAllocated BitsStored HighBit SamplesPerPixel PhotometricInterpretation PixelRepresentation PixelData
LossyImageCompression InstanceNumber NumberOfFrames SharedFunctionalGroupsSequence DimensionOrganizationSequence
DimensionIndexSequence ImageType ContentDate SegmentationFractionalType MaximumFractionalValue FrameOfReferenceUID
TotalPixelMatrixRows TotalPixelMatrixOriginSequence ImageOrientationSlide""".split()
ROOT_FILLED = "ContentLabel SegmentationType Modality StudyInstanceUID Rows ImageType Manufacturer".split()
SEGMENT_REQUIRED = """SegmentNumber SegmentLabel SegmentAlgorithmType SegmentAlgorithmName
SegmentedPropertyCategoryCodeSequence SegmentedPropertyTypeCodeSequence""".split()
CODE_REQUIRED = "CodeValue CodingSchemeDesignator CodeMeaning".split()


def _without_root(keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        if keyword not in dataset:
            raise NotApplicable(keyword)
        del dataset[keyword]
        return [rf"{keyword}$"]

    return apply


def _empty_root(keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        need(dataset, keyword)
        put(dataset, keyword, dataset[keyword].VR, b"")
        return [rf"{keyword}$"]

    return apply


def _without_segment(keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number, item = segment_of(dataset, rng)
        if keyword == "SegmentAlgorithmName" and item.SegmentAlgorithmType == "MANUAL":
            raise NotApplicable(keyword)
        remove(item, keyword)
        return [rf"SegmentSequence\[{number}\]\.{keyword}$"]

    return apply


def _without_code(keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number, item = segment_of(dataset, rng)
        remove(item.SegmentedPropertyTypeCodeSequence[0], keyword)
        return [rf"SegmentSequence\[{number}\]\.SegmentedPropertyTypeCodeSequence\[0\]\.{keyword}$"]

    return apply


MUTATIONS.extend(Mutation(f"without {_keyword}", _without_root(_keyword)) for _keyword in ROOT_REQUIRED)
MUTATIONS.extend(Mutation(f"empty {_keyword}", _empty_root(_keyword)) for _keyword in ROOT_FILLED)
MUTATIONS.extend(
    Mutation(f"segment without {_keyword}", _without_segment(_keyword)) for _keyword in SEGMENT_REQUIRED
)
MUTATIONS.extend(Mutation(f"code without {_keyword}", _without_code(_keyword)) for _keyword in CODE_REQUIRED)


# -- functional groups ----------------------------------------------------------------------------------------------


def _without_shared(group: str, keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        item = shared_of(dataset, group)
        if keyword:
            remove(item, keyword)
            return [rf"SharedFunctionalGroupsSequence\[0\]\.{group}\[0\]\.{keyword}$"]
        del dataset.SharedFunctionalGroupsSequence[0][group]
        return [rf"FunctionalGroupsSequence\[0\]\.{group}$"]

    return apply


def _without_frame(group: str, keyword: str) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number, frame = frame_of(dataset, rng, group)
        if keyword:
            if not len(frame[group].value):
                raise NotApplicable(group)
            remove(frame[group][0], keyword)
            return [frame_place(number, rf"{group}\[0\]\.{keyword}$")]
        del frame[group]
        return [frame_place(number, f"{group}$")]

    return apply


for _group, _keyword in (
    ("PixelMeasuresSequence", ""),
    ("PixelMeasuresSequence", "PixelSpacing"),
    ("PlaneOrientationSequence", ""),
    ("PlaneOrientationSequence", "ImageOrientationPatient"),
):
    MUTATIONS.append(Mutation(f"shared without {_keyword or _group}", _without_shared(_group, _keyword)))
for _group, _keyword in (
    ("PlanePositionSequence", ""),
    ("PlanePositionSequence", "ImagePositionPatient"),
    ("PlanePositionSlideSequence", ""),
    ("PlanePositionSlideSequence", "RowPositionInTotalImagePixelMatrix"),
    ("FrameContentSequence", ""),
    ("FrameContentSequence", "DimensionIndexValues"),
    ("SegmentIdentificationSequence", ""),
    ("SegmentIdentificationSequence", "ReferencedSegmentNumber"),
    ("DerivationImageSequence", "DerivationCodeSequence"),
):
    MUTATIONS.append(Mutation(f"a frame without {_keyword or _group}", _without_frame(_group, _keyword)))


@mutation("a source without its instance UID")
def _source_without_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = _source_of(dataset, rng)
    remove(source, "ReferencedSOPInstanceUID")
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


def _source_of(dataset: Dataset, rng: random.Random) -> tuple[int, Dataset]:
    number, frame = frame_of(dataset, rng, "DerivationImageSequence")
    if (
        not len(frame.DerivationImageSequence)
        or "SourceImageSequence" not in frame.DerivationImageSequence[0]
    ):
        raise NotApplicable("sources")
    return number, frame.DerivationImageSequence[0].SourceImageSequence[0]


@mutation("a group both shared and per frame")
def _both(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng)
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if "PixelMeasuresSequence" not in shared:
        raise NotApplicable("PixelMeasuresSequence")
    frame.PixelMeasuresSequence = deepcopy(shared.PixelMeasuresSequence)
    return [frame_place(number, "PixelMeasuresSequence$")]


@mutation("frame content in the shared groups")
def _content_shared(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _, frame = frame_of(dataset, rng, "FrameContentSequence")
    dataset.SharedFunctionalGroupsSequence[0].FrameContentSequence = deepcopy(frame.FrameContentSequence)
    return [r"FunctionalGroupsSequence\[\d+\]\.FrameContentSequence"]


@mutation("two items in a position")
def _two_positions(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSequence")
    frame.PlanePositionSequence.append(deepcopy(frame.PlanePositionSequence[0]))
    return [frame_place(number, "PlanePositionSequence$")]


@mutation("a frame's item too few")
def _frame_lost(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, _ = frame_of(dataset, rng)
    if len(dataset.PerFrameFunctionalGroupsSequence) < 2:
        raise NotApplicable("frames")
    del dataset.PerFrameFunctionalGroupsSequence[number]
    return ["NumberOfFrames$", "PerFrameFunctionalGroupsSequence$"]


# -- values ---------------------------------------------------------------------------------------------------------


def _root_value(
    keyword: str, vr: str, value: bytes, *paths: str
) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        if keyword not in dataset:
            raise NotApplicable(keyword)
        put(dataset, keyword, vr, value)
        return [rf"{keyword}$", *paths]

    return apply


for _name, _keyword, _vr, _value in (
    ("a segmentation type that is none", "SegmentationType", "CS", b"BITS"),
    ("another modality", "Modality", "CS", b"CT"),
    ("an original image type", "ImageType", "CS", b"ORIGINAL\\PRIMARY"),
    ("a lossy flag that is none", "LossyImageCompression", "CS", b"02"),
    ("signed pixels", "PixelRepresentation", "US", b"\1\0"),
    ("three samples", "SamplesPerPixel", "US", b"\3\0"),
    ("colour", "PhotometricInterpretation", "CS", b"RGB"),
    ("bits stored beyond allocated", "BitsStored", "US", b"\x20\0"),
    ("a high bit elsewhere", "HighBit", "US", b"\5\0"),
    ("twelve bits allocated", "BitsAllocated", "US", b"\x0c\0"),
    ("a sex that is none", "PatientSex", "CS", b"X"),
    ("a fractional type that is none", "SegmentationFractionalType", "CS", b"MAYBE"),
    ("a maximum fraction beyond the pixels", "MaximumFractionalValue", "US", b"\xe8\3"),
    ("an overlap flag that is none", "SegmentsOverlap", "CS", b"SOME"),
    ("a UID with a leading zero", "StudyInstanceUID", "UI", b"1.2.03.4\0"[:8]),
    ("a UID with letters", "SeriesInstanceUID", "UI", b"1.2.ab.4"),
    ("a UID too long", "FrameOfReferenceUID", "UI", b"1.2." + b"9" * 62),
    ("a date with dashes", "StudyDate", "DA", b"2020-01-02"),
    ("a day that is none", "ContentDate", "DA", b"20230230"),
    ("a time that is none", "StudyTime", "TM", b"256100"),
    ("a number that is none", "SeriesNumber", "IS", b"1.5x"),
    ("a name of six components", "PatientName", "PN", b"a^b^c^d^e^f"),
    ("a text too long", "ContentDescription", "LO", b"x" * 80),
    ("text that no character set announces", "Manufacturer", "LO", b"M\xfcller"),
    ("a dimension organisation that is none", "DimensionOrganizationType", "CS", b"4d"),
    ("two values for one", "ContentLabel", "CS", b"ONE\\TWO"),
    ("no rows", "Rows", "US", b"\0\0"),
):
    if _name == "text that no character set announces":

        @mutation(_name)
        def _unannounced(dataset: Dataset, rng: random.Random) -> Iterable[str]:
            if "SpecificCharacterSet" in dataset:
                raise NotApplicable("character set")
            put(dataset, "Manufacturer", "LO", b"M\xfcller")
            return ["Manufacturer$"]

    else:
        MUTATIONS.append(Mutation(_name, _root_value(_keyword, _vr, _value)))


def _segment_value(keyword: str, vr: str, value: bytes) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number, item = segment_of(dataset, rng)
        put(item, keyword, vr, value)
        return [rf"SegmentSequence\[{number}\]\.{keyword}$"]

    return apply


for _name, _keyword, _vr, _value in (
    ("a segment algorithm type that is none", "SegmentAlgorithmType", "CS", b"AUTO"),
    ("a segment label too long", "SegmentLabel", "LO", b"x" * 70),
    ("a colour of two values", "RecommendedDisplayCIELabValue", "US", b"\1\0\2\0"),
    ("a tracking UID that is none", "TrackingUID", "UI", b"1.2.x.4\0"),
):
    MUTATIONS.append(Mutation(_name, _segment_value(_keyword, _vr, _value)))


def _frame_value(
    group: str, keyword: str, vr: str, value: bytes
) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number, frame = frame_of(dataset, rng, group)
        put(frame[group][0], keyword, vr, value)
        return [frame_place(number, rf"{group}\[0\]\.{keyword}$")]

    return apply


for _name, _group, _keyword, _vr, _value in (
    ("a position of two values", "PlanePositionSequence", "ImagePositionPatient", "DS", b"1\\2 "),
    ("a position that is no number", "PlanePositionSequence", "ImagePositionPatient", "DS", b"1\\2\\x "),
    ("an empty position", "PlanePositionSequence", "ImagePositionPatient", "DS", b""),
    (
        "a decimal string too long",
        "PlanePositionSequence",
        "ImagePositionPatient",
        "DS",
        b"1.00000000000000000\\2\\3 ",
    ),
    (
        "two segments for one frame",
        "SegmentIdentificationSequence",
        "ReferencedSegmentNumber",
        "US",
        b"\1\0\2\0",
    ),
    ("a segment that is none", "SegmentIdentificationSequence", "ReferencedSegmentNumber", "US", b"\x63\0"),
    ("an index of no dimension", "FrameContentSequence", "DimensionIndexValues", "UL", b"\1\0\0\0" * 5),
    ("an index of 0", "FrameContentSequence", "DimensionIndexValues", "UL", b"\0\0\0\0\0\0\0\0"),
):
    MUTATIONS.append(Mutation(_name, _frame_value(_group, _keyword, _vr, _value)))


def _shared_value(
    group: str, keyword: str, value: list[float]
) -> Callable[[Dataset, random.Random], Iterable[str]]:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        item = shared_of(dataset, group)
        setattr(item, keyword, value if len(value) > 1 else value[0])
        path = rf"SharedFunctionalGroupsSequence\[0\]\.{group}\[0\]\.{keyword}$"
        return [path]

    return apply


for _name, _group, _keyword, _numbers in (
    ("a spacing of 0", "PixelMeasuresSequence", "PixelSpacing", [0.0, 1.0]),
    ("a negative spacing", "PixelMeasuresSequence", "PixelSpacing", [1.0, -1.0]),
    ("a spacing of three values", "PixelMeasuresSequence", "PixelSpacing", [1.0, 1.0, 1.0]),
    ("a negative thickness", "PixelMeasuresSequence", "SliceThickness", [-1.0]),
    (
        "directions not of unit length",
        "PlaneOrientationSequence",
        "ImageOrientationPatient",
        [1, 0, 0, 0, 0.5, 0],
    ),
    (
        "directions not at right angles",
        "PlaneOrientationSequence",
        "ImageOrientationPatient",
        [1, 0, 0, 0.6, 0.8, 0],
    ),
):
    MUTATIONS.append(Mutation(_name, _shared_value(_group, _keyword, _numbers)))


@mutation("slice spacing that is not that of the slices")
def _wrong_spacing(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    measures = shared_of(dataset, "PixelMeasuresSequence")
    need(measures, "SpacingBetweenSlices")
    _need_planes(dataset)
    measures.SpacingBetweenSlices = float(measures.SpacingBetweenSlices) * 1.37
    return [r"PixelMeasuresSequence\[0\]\.SpacingBetweenSlices$", "ImagePositionPatient$"]


def _need_planes(dataset: Dataset, count: int = 4) -> list[tuple[float, ...]]:
    frames = dataset.get("PerFrameFunctionalGroupsSequence", [])
    if not frames or "PlanePositionSequence" not in frames[0]:
        raise NotApplicable("positions")
    planes = sorted(
        {tuple(map(float, item.PlanePositionSequence[0].ImagePositionPatient)) for item in frames}
    )
    if len(planes) < count:
        raise NotApplicable("planes")
    return planes


@mutation("a slide orientation not of unit length")
def _slide_orientation(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "ImageOrientationSlide")
    dataset.ImageOrientationSlide = [0, -2, 0, -1, 0, 0]
    return ["ImageOrientationSlide$"]


@mutation("another syntax's pixel form")
def _eight_bits(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.BitsAllocated != 1:
        raise NotApplicable("bits")
    dataset.BitsAllocated = dataset.BitsStored = 8
    return ["BitsAllocated$", "BitsStored$", "PixelData$"]


# -- pixels and file ------------------------------------------------------------------------------------------------


@mutation("pixel data cut short")
def _short(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        raise NotApplicable("native")
    dataset.PixelData = dataset.PixelData[: len(dataset.PixelData) // 2 // 2 * 2]
    return ["PixelData$"]


@mutation("pixel data too long")
def _long(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        raise NotApplicable("native")
    dataset.PixelData = dataset.PixelData + bytes(2 * rng.randrange(1, 9))
    return ["PixelData$"]


@mutation("a fragment lost")
def _fragment(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    from pydicom.encaps import encapsulate, generate_frames

    if not dataset.file_meta.TransferSyntaxUID.is_compressed:
        raise NotApplicable("encapsulated")
    frames = list(generate_frames(dataset.PixelData, number_of_frames=int(dataset.NumberOfFrames)))
    dataset.PixelData = encapsulate(frames[:-1])
    return ["PixelData$"]


@mutation("a frame more than there is")
def _one_more(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.NumberOfFrames = int(dataset.NumberOfFrames) + 1
    return ["NumberOfFrames$", "PixelData$"]


@mutation("a row more than there is")
def _one_row(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.file_meta.TransferSyntaxUID.is_compressed:
        raise NotApplicable("native")
    dataset.Rows += 8
    return ["Rows$", "PixelData$"]


@mutation("another instance in the file meta information")
def _meta_instance(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3.4.5"
    return ["MediaStorageSOPInstanceUID$"]


@mutation("another class in the file meta information")
def _meta_class(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    return ["MediaStorageSOPClassUID$"]


@mutation("one UID for study and series")
def _same_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.SeriesInstanceUID = dataset.StudyInstanceUID
    return ["(Series|Study)InstanceUID$"]


# -- segments -------------------------------------------------------------------------------------------------------


@mutation("a segment number twice")
def _twice(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if len(dataset.SegmentSequence) < 2:
        raise NotApplicable("segments")
    number = rng.randrange(1, len(dataset.SegmentSequence))
    dataset.SegmentSequence[number].SegmentNumber = dataset.SegmentSequence[number - 1].SegmentNumber
    return [rf"SegmentSequence\[{number}\]\.SegmentNumber$"]


@mutation("a gap in the segment numbers")
def _number_gap(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.SegmentationType == "LABELMAP":
        raise NotApplicable("bits")
    number = len(dataset.SegmentSequence) - 1
    dataset.SegmentSequence[number].SegmentNumber += 4
    return [rf"SegmentSequence\[{number}\]\.SegmentNumber$"]


@mutation("an undescribed label value")
def _undescribed(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.SegmentationType != "LABELMAP":
        raise NotApplicable("label map")
    del dataset.SegmentSequence[-1]
    return ["SegmentSequence$", "PixelData$"]


@mutation("an undescribed background")
def _no_background(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.SegmentationType != "LABELMAP" or dataset.SegmentSequence[0].SegmentNumber != 0:
        raise NotApplicable("label map")
    del dataset.SegmentSequence[0]
    return ["SegmentSequence$", "PixelData$", "PixelPaddingValue$"]


@mutation("a fraction above the maximum")
def _above(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.SegmentationType != "FRACTIONAL":
        raise NotApplicable("fractional")
    dataset.MaximumFractionalValue = 3
    return ["PixelData$", "MaximumFractionalValue$"]


# -- dimensions -----------------------------------------------------------------------------------------------------


@mutation("two frames of one index")
def _duplicate_index(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "FrameContentSequence")
    if number == 0:
        raise NotApplicable("frames")
    other = dataset.PerFrameFunctionalGroupsSequence[number - 1]
    frame.FrameContentSequence[0].DimensionIndexValues = other.FrameContentSequence[0].DimensionIndexValues
    places = "|".join(map(str, (number, number - 1)))
    return [frame_place(0, "").replace(r"\[0\]\.", rf"\[({places})\]\.") + ".*DimensionIndexValues$"]


@mutation("a dimension of another organisation")
def _organization(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.DimensionIndexSequence[-1].DimensionOrganizationUID = "1.2.3.4"
    return [r"DimensionIndexSequence\[\d+\]\.DimensionOrganizationUID$"]


@mutation("a dimension that points to nothing")
def _pointer(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.DimensionIndexSequence[0].DimensionIndexPointer = BaseTag(tag_for_keyword("PatientID") or 0)
    return [r"DimensionIndexSequence\[0\]\."]


@mutation("a dimension in another group")
def _group(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.DimensionIndexSequence[-1]
    need(item, "FunctionalGroupPointer")
    item.FunctionalGroupPointer = BaseTag(tag_for_keyword("FrameVOILUTSequence") or 0)
    return [r"DimensionIndexSequence\[\d+\]\."]


@mutation("a dimension without its organisation")
def _no_organization(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(dataset.DimensionOrganizationSequence[0], "DimensionOrganizationUID")
    return [r"DimensionOrganizationSequence\[0\]\.DimensionOrganizationUID$"]


@mutation("indices of two frames exchanged")
def _exchanged(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    frames = dataset.get("PerFrameFunctionalGroupsSequence", [])
    # Exchanging the ends of three planes turns their order round, which is as good.
    if len(frames) < 4 or "FrameContentSequence" not in frames[0]:
        raise NotApplicable("frames")
    if "DimensionIndexValues" not in frames[0].FrameContentSequence[0]:
        raise NotApplicable("indices")
    first, last = (frames[n].FrameContentSequence[0] for n in (0, -1))
    first.DimensionIndexValues, last.DimensionIndexValues = (
        last.DimensionIndexValues,
        first.DimensionIndexValues,
    )
    return ["DimensionIndexValues$"]


# -- geometry -------------------------------------------------------------------------------------------------------


def _move(dataset: Dataset, rng: random.Random, shift: tuple[float, float, float]) -> Iterable[str]:
    planes = _need_planes(dataset, 3)
    frames = dataset.PerFrameFunctionalGroupsSequence
    # One whole plane: a frame that leaves the others of its plane would break its dimension index as well.
    plane = planes[len(planes) // 2]
    moved = []
    for number, item in enumerate(frames):
        position = item.PlanePositionSequence[0]
        if tuple(map(float, position.ImagePositionPatient)) == plane:
            position.ImagePositionPatient = [a + b for a, b in zip(plane, shift, strict=True)]
            moved.append(str(number))
    return [
        rf"PerFrameFunctionalGroupsSequence\[({'|'.join(moved)})\]\.PlanePositionSequence\[0\]\.ImagePositionPatient$"
    ]


@mutation("a frame moved off its stack")
def _off_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    return _move(dataset, rng, (7.0, 0.0, 0.0))


@mutation("a frame moved along its stack")
def _along_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    planes = _need_planes(dataset, 4)
    step = min(abs(b[2] - a[2]) for a, b in pairwise(planes)) or 1.0
    return _move(dataset, rng, (0.0, 0.0, step * 0.4))


@mutation("one frame of several moved off its plane")
def _one_frame(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _need_planes(dataset, 3)
    number, frame = frame_of(dataset, rng, "PlanePositionSequence")
    position = frame.PlanePositionSequence[0]
    x, y, z = map(float, position.ImagePositionPatient)
    position.ImagePositionPatient = [x, y + 11.0, z]
    return [frame_place(number, ".*(ImagePositionPatient|DimensionIndexValues)$")]


@mutation("a tile outside the matrix")
def _outside(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    frame.PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix = 100001
    return [frame_place(number, r".*(ColumnPositionInTotalImagePixelMatrix|OffsetInSlideCoordinateSystem)$")]


@mutation("a tile off the grid")
def _off_grid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    frame.PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix += 5
    return [frame_place(number, r".*(RowPositionInTotalImagePixelMatrix|OffsetInSlideCoordinateSystem)$")]


@mutation("a tile's offset elsewhere")
def _offset(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    item = frame.PlanePositionSlideSequence[0]
    item.XOffsetInSlideCoordinateSystem = float(item.XOffsetInSlideCoordinateSystem) + 0.1
    return [frame_place(number, r".*XOffsetInSlideCoordinateSystem$")]


@mutation("a matrix of another size than its tiles")
def _matrix(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.get("DimensionOrganizationType") != "TILED_FULL":
        raise NotApplicable("TILED_FULL")
    dataset.TotalPixelMatrixColumns += dataset.Columns * 2
    return ["NumberOfFrames$", "TotalPixelMatrixColumns$"]


# -- references -----------------------------------------------------------------------------------------------------


@mutation("an unknown source UID")
def _unknown_source(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = _source_of(dataset, rng)
    source.ReferencedSOPInstanceUID = "1.2.3.4.5.6"
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


@mutation("a source of another class")
def _source_class(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = _source_of(dataset, rng)
    source.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPClassUID$")]


@mutation("a source that is the object itself")
def _itself(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = _source_of(dataset, rng)
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


def _series_of(dataset: Dataset) -> Dataset:
    need(dataset, "ReferencedSeriesSequence")
    return dataset.ReferencedSeriesSequence[0]


@mutation("a series reference without its UID")
def _series_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(_series_of(dataset), "SeriesInstanceUID")
    return [r"ReferencedSeriesSequence\[0\]\.SeriesInstanceUID$"]


@mutation("a series reference without instances")
def _no_instances(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(_series_of(dataset), "ReferencedInstanceSequence")
    return [r"ReferencedSeriesSequence\[0\]\.ReferencedInstanceSequence$"]


@mutation("a listed instance twice")
def _listed_twice(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    instances = _series_of(dataset).ReferencedInstanceSequence
    instances.append(deepcopy(instances[0]))
    return [rf"ReferencedInstanceSequence\[{len(instances) - 1}\]\.ReferencedSOPInstanceUID$"]


@mutation("a listed instance without its class")
def _listed_class(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    instances = _series_of(dataset).ReferencedInstanceSequence
    number = rng.randrange(len(instances))
    remove(instances[number], "ReferencedSOPClassUID")
    return [rf"ReferencedInstanceSequence\[{number}\]\.ReferencedSOPClassUID$"]


# -- the score ------------------------------------------------------------------------------------------------------


def as_file(dataset: Dataset) -> bytes:
    """A dataset as a file, even if it lacks what files should have."""
    stream = BytesIO()
    dataset.save_as(
        stream, enforce_file_format=False, implicit_vr=dataset.file_meta.TransferSyntaxUID.is_implicit_VR
    )
    return stream.getvalue()


def run(subject: str, good: Dataset, one: Mutation, seed: int = 1, *, judge: bool = False) -> Outcome | None:
    """Break one object in one way and look at what is found; None if the mutation does not apply to it."""
    modes = config.settings.reading_validation_mode, config.settings.writing_validation_mode
    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    try:
        broken = deepcopy(good)
        rng = random.Random(f"{seed}/{subject}/{one.name}")
        try:
            expected = list(one.apply(broken, rng))
        except (NotApplicable, AttributeError, KeyError):
            return None
        data, known = as_file(broken), as_file(deepcopy(good))
    finally:
        config.settings.reading_validation_mode, config.settings.writing_validation_mode = modes
    before = {(f.path, f.rule, f.message) for f in validate(known)}
    try:
        found = [f for f in validate(data) if f.level in GRAVE and (f.path, f.rule, f.message) not in before]
    except DicomposerError:
        found = []
    named = any(re.search(pattern, finding.path) for finding in found for pattern in expected)
    return Outcome(subject, one.name, named, found, _judged(data) if judge else None)


def _judged(data: bytes) -> bool:
    from judges import dciodvfy  # tests/helpers

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broken.dcm"
        path.write_bytes(data)
        return bool(dciodvfy(path).errors)


def score(objects: Mapping[str, Dataset], seed: int = 1, *, judge: bool = False) -> list[Outcome]:
    """Every mutation of every object that it applies to."""
    outcomes = (
        run(name, good, one, seed, judge=judge) for name, good in objects.items() for one in MUTATIONS
    )
    return [outcome for outcome in outcomes if outcome is not None]


def table(outcomes: Iterable[Outcome]) -> str:
    """A line per mutation: named / tried, and what was missed."""
    outcomes = list(outcomes)
    lines = []
    for one in MUTATIONS:
        tried = [outcome for outcome in outcomes if outcome.mutation == one.name]
        if not tried:
            lines.append(f"{one.name:55s}   - (applies to none)")
            continue
        missed = ", ".join(outcome.subject for outcome in tried if not outcome.named)
        judged = [outcome.judge for outcome in tried if outcome.judge is not None]
        beside = f"  dciodvfy {sum(judged)}/{len(judged)}" if judged else ""
        named = sum(outcome.named for outcome in tried)
        lines.append(
            f"{one.name:55s} {named}/{len(tried)}{beside}" + (f"  missed: {missed}" if missed else "")
        )
    named = sum(outcome.named for outcome in outcomes)
    kinds = len({outcome.mutation for outcome in outcomes})
    lines.append(f"{kinds} mutations, {len(outcomes)} broken objects, named in the right place: {named}")
    lines.append(f"score: {100 * named / max(1, len(outcomes)):.1f} %")
    return "\n".join(lines)


def main(arguments: list[str]) -> None:
    """Print the score."""
    names = [argument for argument in arguments if not argument.startswith("--")]
    if names:
        objects = {Path(name).name: dcmread(name) for name in names}
    else:
        from tests.validation.objects import SEGMENTATIONS

        objects = {name: make() for name, make in SEGMENTATIONS.items()}
    outcomes = score(objects, judge="--judge" in arguments)
    print(table(outcomes))
    if "--verbose" in arguments:
        for outcome in outcomes:
            if not outcome.named:
                print(
                    outcome.subject,
                    "/",
                    outcome.mutation,
                    *(f"\n    {finding}" for finding in outcome.findings),
                )


if __name__ == "__main__":
    main(sys.argv[1:])
