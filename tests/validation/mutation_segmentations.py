"""Mutations of segmentations and label maps."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from copy import deepcopy

from pydicom.dataset import Dataset
from tests.validation.mutation_tools import Kinds, Mutation, NotApplicable, need, put, remove

SEGMENTATIONS = Kinds()


def mutation(name: str) -> Callable[[Callable[[Dataset, random.Random], Iterable[str]]], object]:
    """Register a mutation."""
    return SEGMENTATIONS(name, "segmentation")


# -- tools ---------------------------------------------------------------------------------------------------------


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


def _of_segmentations(name: str, apply: Callable[[Dataset, random.Random], Iterable[str]]) -> Mutation:
    return Mutation(name, apply, frozenset(["segmentation"]))


# -- attributes that are missing or empty --------------------------------------------------------------------------

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


SEGMENTATIONS.extend(
    _of_segmentations(f"without {_keyword}", _without_root(_keyword)) for _keyword in ROOT_REQUIRED
)
SEGMENTATIONS.extend(
    _of_segmentations(f"empty {_keyword}", _empty_root(_keyword)) for _keyword in ROOT_FILLED
)
SEGMENTATIONS.extend(
    _of_segmentations(f"segment without {_keyword}", _without_segment(_keyword))
    for _keyword in SEGMENT_REQUIRED
)
SEGMENTATIONS.extend(
    _of_segmentations(f"code without {_keyword}", _without_code(_keyword)) for _keyword in CODE_REQUIRED
)


# -- functional groups ---------------------------------------------------------------------------------------------


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
    SEGMENTATIONS.append(
        _of_segmentations(f"shared without {_keyword or _group}", _without_shared(_group, _keyword))
    )
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
    SEGMENTATIONS.append(
        _of_segmentations(f"a frame without {_keyword or _group}", _without_frame(_group, _keyword))
    )


@mutation("a source without its instance UID")
def _source_without_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = source_of(dataset, rng)
    remove(source, "ReferencedSOPInstanceUID")
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


def source_of(dataset: Dataset, rng: random.Random) -> tuple[int, Dataset]:
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


# -- values --------------------------------------------------------------------------------------------------------


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
        SEGMENTATIONS.append(_of_segmentations(_name, _root_value(_keyword, _vr, _value)))


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
    SEGMENTATIONS.append(_of_segmentations(_name, _segment_value(_keyword, _vr, _value)))


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
    SEGMENTATIONS.append(_of_segmentations(_name, _frame_value(_group, _keyword, _vr, _value)))


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
    SEGMENTATIONS.append(_of_segmentations(_name, _shared_value(_group, _keyword, _numbers)))


@mutation("slice spacing that is not that of the slices")
def _wrong_spacing(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    measures = shared_of(dataset, "PixelMeasuresSequence")
    need(measures, "SpacingBetweenSlices")
    need_planes(dataset)
    measures.SpacingBetweenSlices = float(measures.SpacingBetweenSlices) * 1.37
    return [r"PixelMeasuresSequence\[0\]\.SpacingBetweenSlices$", "ImagePositionPatient$"]


def need_planes(dataset: Dataset, count: int = 4) -> list[tuple[float, ...]]:
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


# -- pixels and file -----------------------------------------------------------------------------------------------


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


# -- segments ------------------------------------------------------------------------------------------------------


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
