"""One mutation per rule: break a good object, expect that finding in that place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from tests.validation import mutations
from tests.validation.families import FAULTS
from tests.validation.objects import (
    SEGMENTATIONS,
    clone,
    ct_series,
    encoded,
    fractional,
    label_map,
    slide,
    tiled_full,
    uid,
)

from dicomposer.validation import registered, validate

Break = Callable[[Dataset], None]
FRAMES = "PerFrameFunctionalGroupsSequence"
SHARED = "SharedFunctionalGroupsSequence[0]"


def frames(dataset: Dataset) -> Sequence:
    return dataset.PerFrameFunctionalGroupsSequence


def shared(dataset: Dataset) -> Dataset:
    return dataset.SharedFunctionalGroupsSequence[0]


def setter(path: str, value: object) -> Break:
    """Set an attribute at a path of keywords and item numbers, such as ``A.0.B``."""

    def apply(dataset: Dataset) -> None:
        *steps, keyword = path.split(".")
        place = dataset
        for step in steps:
            place = place[int(step)] if step.isdigit() else getattr(place, step)
        if value is None:
            delattr(place, keyword)
        else:
            setattr(place, keyword, value)

    return apply


def no_offsets(dataset: Dataset) -> None:
    dataset.PixelData = encapsulate([b"\0\0"] * 3)


def positions(*places: tuple[float, float, float]) -> Break:
    """Give the planes of a segmentation other places, in their order."""

    def apply(dataset: Dataset) -> None:
        known = sorted({tuple(f.PlanePositionSequence[0].ImagePositionPatient) for f in frames(dataset)})
        moved = dict(zip(known, places, strict=False))
        for frame in frames(dataset):
            item = frame.PlanePositionSequence[0]
            item.ImagePositionPatient = list(moved[tuple(item.ImagePositionPatient)])

    return apply


def stack(*depths: float, slope: float = 0.0) -> Break:
    return positions(*((-100.0 + slope * depth, -90.0, depth) for depth in depths))


def reversed_indices(dataset: Dataset) -> None:
    first = [f.FrameContentSequence[0] for f in frames(dataset)]
    swap = {2: 3, 3: 2}
    for item in first:
        segment, position = item.DimensionIndexValues
        item.DimensionIndexValues = [segment, swap.get(position, position)]


def twice_in_palette(dataset: Dataset) -> None:
    dataset.PhotometricInterpretation = "PALETTE COLOR"


def own_source(dataset: Dataset) -> None:
    source = frames(dataset)[1].DerivationImageSequence[0].SourceImageSequence[0]
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID


def again(path: str) -> Break:
    def apply(dataset: Dataset) -> None:
        place: Dataset = dataset
        *steps, keyword = path.split(".")
        for step in steps:
            place = place[int(step)] if step.isdigit() else getattr(place, step)
        items = getattr(place, keyword)
        items.append(deepcopy(items[0]))

    return apply


def tracked(dataset: Dataset) -> None:
    for item in dataset.SegmentSequence[:2]:
        item.TrackingID, item.TrackingUID = "one", uid(88)


def in_stack(dataset: Dataset) -> None:
    frames(dataset)[1].FrameContentSequence[0].StackID = "1"
    frames(dataset)[1].FrameContentSequence[0].InStackPositionNumber = 0


def label_map_on_a_slide(dataset: Dataset) -> None:
    dataset.TotalPixelMatrixColumns = dataset.TotalPixelMatrixRows = 128


SOURCE = "DerivationImageSequence[0].SourceImageSequence[0]"
#: Rule -> (object, how to break it, path, level)
BREAKS: Mapping[str, tuple[str, Break, str, str]] = {
    "meta-identity": (
        "binary",
        setter("file_meta.MediaStorageSOPInstanceUID", uid(1)),
        "MediaStorageSOPInstanceUID",
        "error",
    ),
    "number-of-frames": ("binary", setter("NumberOfFrames", 2), "NumberOfFrames", "error"),
    "shared-groups": (
        "binary",
        setter("SharedFunctionalGroupsSequence", None),
        "SharedFunctionalGroupsSequence",
        "error",
    ),
    "uid-reuse": ("binary", setter("SeriesInstanceUID", uid(1, 1)), "StudyInstanceUID", "error"),
    "high-bit": ("binary", setter("HighBit", 3), "HighBit", "error"),
    "samples": ("binary", setter("SamplesPerPixel", 3), "SamplesPerPixel", "error"),
    "image-size": ("binary", setter("Columns", 0), "Columns", "error"),
    "photometric-syntax": ("fractional", setter("BitsAllocated", 1), "BitsAllocated", "error"),
    "pixel-length": ("binary", setter("PixelData", bytes(100)), "PixelData", "error"),
    "encapsulation": ("fractional", no_offsets, "PixelData", "error"),
    "maximum-fraction": (
        "fractional",
        setter("MaximumFractionalValue", 256),
        "MaximumFractionalValue",
        "error",
    ),
    "segment-number": (
        "binary",
        setter("SegmentSequence.1.SegmentNumber", 1),
        "SegmentSequence[1].SegmentNumber",
        "error",
    ),
    "referenced-segment": (
        "binary",
        setter(f"{FRAMES}.4.SegmentIdentificationSequence.0.ReferencedSegmentNumber", 9),
        f"{FRAMES}[4].SegmentIdentificationSequence[0].ReferencedSegmentNumber",
        "error",
    ),
    "segmentation-class": ("label_map", setter("SegmentsOverlap", "YES"), "SegmentsOverlap", "error"),
    "palette": ("label_map", twice_in_palette, "RedPaletteColorLookupTableDescriptor", "error"),
    "padding-value": ("label_map", setter("PixelPaddingValue", 99), "PixelPaddingValue", "warning"),
    "tracking": ("binary", tracked, "SegmentSequence[0].TrackingUID", "warning"),
    "dimension-pointer": (
        "binary",
        setter("DimensionIndexSequence.1.DimensionIndexPointer", BaseTag(0x00100020)),
        "DimensionIndexSequence[1].DimensionIndexPointer",
        "error",
    ),
    "dimension-target": (
        "binary",
        setter("DimensionIndexSequence.1.DimensionIndexPointer", BaseTag(0x00209056)),
        "DimensionIndexSequence[1].DimensionIndexPointer",
        "warning",
    ),
    "dimension-organization": (
        "binary",
        setter("DimensionIndexSequence.1.DimensionOrganizationUID", uid(66)),
        "DimensionIndexSequence[1].DimensionOrganizationUID",
        "error",
    ),
    "dimension-index-values": (
        "binary",
        setter(f"{FRAMES}.5.FrameContentSequence.0.DimensionIndexValues", [1, 2, 3]),
        f"{FRAMES}[5].FrameContentSequence[0].DimensionIndexValues",
        "error",
    ),
    "dimension-index-unique": (
        "binary",
        setter(f"{FRAMES}.1.FrameContentSequence.0.DimensionIndexValues", [1, 1]),
        f"{FRAMES}[1].FrameContentSequence[0].DimensionIndexValues",
        "warning",
    ),
    "dimension-index-consistent": (
        "binary",
        setter(f"{FRAMES}.1.FrameContentSequence.0.DimensionIndexValues", [1, 1]),
        f"{FRAMES}[1].FrameContentSequence[0].DimensionIndexValues",
        "error",
    ),
    "dimension-index-gap": (
        "liver",
        setter(f"{FRAMES}.2.FrameContentSequence.0.DimensionIndexValues", [1, 7]),
        "DimensionIndexSequence",
        "advice",
    ),
    "dimension-order": (
        "binary",
        reversed_indices,
        f"{FRAMES}[*].FrameContentSequence[0].DimensionIndexValues",
        "warning",
    ),
    "in-stack-position": (
        "binary",
        in_stack,
        f"{FRAMES}[1].FrameContentSequence[0].InStackPositionNumber",
        "warning",
    ),
    "orientation": (
        "binary",
        setter(
            "SharedFunctionalGroupsSequence.0.PlaneOrientationSequence.0.ImageOrientationPatient",
            [1, 0, 0, 0.6, 0.8, 0],
        ),
        f"{SHARED}.PlaneOrientationSequence[0].ImageOrientationPatient",
        "error",
    ),
    "pixel-spacing": (
        "binary",
        setter("SharedFunctionalGroupsSequence.0.PixelMeasuresSequence.0.PixelSpacing", [0, 1]),
        f"{SHARED}.PixelMeasuresSequence[0].PixelSpacing",
        "error",
    ),
    "slice-spacing": (
        "binary",
        setter("SharedFunctionalGroupsSequence.0.PixelMeasuresSequence.0.SliceThickness", -1),
        f"{SHARED}.PixelMeasuresSequence[0].SliceThickness",
        "error",
    ),
    "geometry-complete": (
        "binary",
        setter("SharedFunctionalGroupsSequence.0.PlaneOrientationSequence", None),
        f"{SHARED}.PlaneOrientationSequence",
        "warning",
    ),
    "frame-position": (
        "binary",
        stack(-20, -17.5, -15, -11.5, -10),
        f"{FRAMES}[*].PlanePositionSequence[0].ImagePositionPatient",
        "warning",
    ),
    "total-pixel-matrix": (
        "tiled_sparse",
        setter("TotalPixelMatrixRows", 0),
        "TotalPixelMatrixRows",
        "error",
    ),
    "tiled-full": ("tiled_full", setter("TotalPixelMatrixRows", 900), "NumberOfFrames", "error"),
    "tile-position": (
        "tiled_sparse",
        setter(f"{FRAMES}.2.PlanePositionSlideSequence.0.RowPositionInTotalImagePixelMatrix", 5000),
        f"{FRAMES}[2].PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix",
        "error",
    ),
    "tile-offset": (
        "tiled_sparse",
        setter(f"{FRAMES}.2.PlanePositionSlideSequence.0.YOffsetInSlideCoordinateSystem", 7.0),
        f"{FRAMES}[2].PlanePositionSlideSequence[0].YOffsetInSlideCoordinateSystem",
        "error",
    ),
    "tile-size": ("tiled_sparse", setter("Rows", 5000), "Columns", "advice"),
    "unlisted-reference": (
        "binary",
        setter(
            f"{FRAMES}.2.DerivationImageSequence.0.SourceImageSequence.0.ReferencedSOPInstanceUID", uid(55)
        ),
        f"{FRAMES}[2].{SOURCE}.ReferencedSOPInstanceUID",
        "error",
    ),
    "own-reference": ("binary", own_source, f"{FRAMES}[1].{SOURCE}.ReferencedSOPInstanceUID", "error"),
    "repeated-reference": (
        "binary",
        again("ReferencedSeriesSequence.0.ReferencedInstanceSequence"),
        "ReferencedSeriesSequence[0].ReferencedInstanceSequence[*].ReferencedSOPInstanceUID",
        "warning",
    ),
    "reference-class": (
        "binary",
        setter(
            f"{FRAMES}.2.DerivationImageSequence.0.SourceImageSequence.0.ReferencedSOPClassUID",
            "1.2.840.10008.5.1.4.1.1.4",
        ),
        f"{FRAMES}[2].{SOURCE}.ReferencedSOPClassUID",
        "error",
    ),
    "repeated-series": (
        "binary",
        again("ReferencedSeriesSequence"),
        "ReferencedSeriesSequence[1].SeriesInstanceUID",
        "warning",
    ),
    "frame-of-reference": ("binary", setter("FrameOfReferenceUID", None), "FrameOfReferenceUID", "error"),
    "no-colour": (
        "binary",
        setter("SegmentSequence.1.RecommendedDisplayCIELabValue", None),
        "SegmentSequence[1].RecommendedDisplayCIELabValue",
        "advice",
    ),
    "label-map-slide": ("label_map", label_map_on_a_slide, "SegmentationType", "advice"),
}
#: Rules of which a test of its own below shows the finding.
ELSEWHERE = {
    "attribute-of-no-module", "background-item", "compressed-segmentation", "date-sanity", "direction",
    "element-order", "fractional", "group-length", "image-type", "laterality", "lossy", "meta-encoding",
    "meta-length", "meta-presence", "meta-syntax", "orientation-match", "pixel-vr", "preamble", "private-class",
    "private-creator", "private-elements", "private-group", "reserved-group", "retired-attribute", "retired-uid",
    "single-frame", "source-entity", "source-reference", "sr-by-reference", "sr-coordinates", "sr-coordinates-3d",
    "sr-evidence", "sr-image-reference", "sr-relationship", "sr-root", "sr-selected-from",
    "sr-time-coordinates", "trailing-bytes", "unknown-attribute", "window-width",
}  # fmt: skip


def test_every_rule_has_a_mutation() -> None:
    # Profiles have tests of their own: test_viewers.py, test_air.py; rules of one kind of object: test_families.py
    standard = {rule.id for rule in registered() if rule.profile == "standard"}
    tested = set(BREAKS) | ELSEWHERE | set(FAULTS)
    assert standard <= tested <= {rule.id for rule in registered()}
    assert not set(BREAKS) & ELSEWHERE


@pytest.mark.parametrize("rule", BREAKS)
def test_broken(rule: str) -> None:
    name, apply, path, level = BREAKS[rule]
    dataset = clone(SEGMENTATIONS[name]())
    assert rule not in {f.rule_id for f in validate(dataset)}
    apply(dataset)
    found = [f for f in validate(dataset) if f.rule_id == rule]
    assert [f.level for f in found] == [level], found
    before, star, after = path.partition("[*]")
    assert (
        found[0].path == path
        if not star
        else found[0].path.startswith(before) and found[0].path.endswith(after)
    )


def test_a_frame_off_its_stack_is_an_error_where_a_volume_is_declared() -> None:
    dataset = clone(SEGMENTATIONS["binary"]())
    stack(-20, -17.5, -15, -11.5, -10)(dataset)
    dataset.DimensionOrganizationType = "3D"
    assert [f.path for f in validate(dataset).errors if f.rule_id == "frame-position"]


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (stack(-17.5, -15, -10, -7.5, -5), "follows a gap"),
        (stack(-17.5, -15, -12.5, -10, -7.5, slope=0.2), "tilted by 11.31 degrees"),
    ],
)
def test_what_is_legal_and_makes_trouble_is_advice(apply: Break, message: str) -> None:
    dataset = clone(SEGMENTATIONS["binary"]())
    apply(dataset)
    found = [f for f in validate(dataset) if f.rule_id == "frame-position"]
    assert [f.level for f in found] == ["advice"] and message in found[0].message


def test_advice_for_viewers() -> None:
    assert "fractional" in {f.rule_id for f in validate(fractional())}
    assert "background-item" in {f.rule_id for f in validate(label_map())}
    dataset = clone(fractional())
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.90"
    assert "compressed-segmentation" in {f.rule_id for f in validate(dataset, pixels=False)}


def test_file_meta_information() -> None:
    dataset = clone(fractional())
    del dataset.file_meta.ImplementationClassUID
    dataset.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.999"
    found = {f.rule_id: f.path for f in validate(dataset)}
    assert found["meta-syntax"] == "TransferSyntaxUID" and "meta-presence" not in found
    data = encoded(SEGMENTATIONS["binary"]())
    broken = dcmread(BytesIO(data))
    broken.file_meta.ImplementationClassUID = ""
    found = {f.rule_id: f.path for f in validate(mutations.as_file(broken))}
    assert found["meta-presence"] == "ImplementationClassUID"


def test_lossy_syntax_of_an_image_that_lost_nothing() -> None:
    dataset = dcmread(str(get_testdata_file("JPEG-lossy.dcm")))
    dataset.LossyImageCompression = "00"
    assert [f.path for f in validate(dataset) if f.rule_id == "lossy"] == ["LossyImageCompression"]


def test_words_in_encapsulated_pixels() -> None:
    data = bytearray(encoded(fractional()))
    at = data.rindex(b"\xe0\x7f\x10\x00OB")
    data[at + 4 : at + 6] = b"OW"
    assert [f.path for f in validate(bytes(data)).errors] == ["PixelData"]


def test_tiled_full_needs_no_frame_items() -> None:
    assert "PerFrameFunctionalGroupsSequence" not in tiled_full()
    assert validate(tiled_full()).ok and not [f for f in validate(tiled_full()) if f.level == "warning"]


def test_slide_that_is_itself_tiled_full() -> None:
    assert not [f for f in validate(slide()) if f.rule_id.startswith("til")]


def test_single_images_are_checked_too() -> None:
    image = clone(ct_series()[0])
    image.PixelSpacing = [0.0, 1.0]
    image.ImageOrientationPatient = [1, 0, 0, 1, 0, 0]
    assert {f.path for f in validate(image).errors} >= {"PixelSpacing", "ImageOrientationPatient"}


def of_file(name: str) -> dict[str, str]:
    """Rule -> path of the errors of one of pydicom's files."""
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return {f.rule_id: f.path for f in validate(path).errors}


def test_directions_have_unit_length() -> None:
    image = dcmread(get_testdata_file("emri_small.dcm"))
    for vector, levels in (([0, 0, 0], ["warning"]), ([1, 1, 0], ["error"]), ([0.6, 0.0, -0.8], [])):
        image.VelocityEncodingDirection = vector
        found = [f for f in validate(image) if f.rule_id == "direction"]
        assert [f.level for f in found] == levels
        assert all(f.path == "VelocityEncodingDirection" for f in found)


def test_the_spacing_of_a_single_row_may_be_0() -> None:
    image = dcmread(get_testdata_file("CT_small.dcm"))
    for rows, spacing, wrong in (
        (1, [0, 1], False),
        (1, [1, 0], True),
        (1, [-1, 1], True),
        (128, [0, 1], True),
    ):
        image.Rows, image.PixelSpacing = rows, spacing
        assert ("pixel-spacing" in {f.rule_id for f in validate(image)}) is wrong


def test_an_implicit_dataset_behind_an_explicit_transfer_syntax() -> None:
    assert of_file("SC_rgb_jpeg.dcm")["meta-encoding"] == "TransferSyntaxUID"
    assert "meta-encoding" not in of_file("SC_rgb.dcm")


def test_an_image_of_one_frame_has_one() -> None:
    assert of_file("SC_rgb_2frame.dcm")["single-frame"] == "NumberOfFrames"
    assert "single-frame" not in of_file("emri_small.dcm")


@pytest.mark.parametrize(("tag", "broken"), [(0x3109000D, True), (0x31090010, True), (0x31090011, False)])
def test_private_creators(tag: int, broken: bool) -> None:
    image = dcmread(get_testdata_file("CT_small.dcm"))
    image.add_new(tag, "LO", "SOMEONE" if tag == 0x31090011 else "")
    found = {f.path for f in validate(image).errors if f.rule_id == "private-creator"}
    assert found == ({f"({tag >> 16:04X},{tag & 0xFFFF:04X})"} if broken else set())


def test_lossy_jpeg_has_two_colour_models() -> None:
    image = dcmread(get_testdata_file("SC_rgb_jpeg_dcmtk.dcm"))
    errors = {f.path for f in validate(image).errors if f.rule_id == "photometric-syntax"}
    assert errors == {"PhotometricInterpretation"}
    image.PhotometricInterpretation = "YBR_FULL_422"
    assert not [f for f in validate(image).errors if f.rule_id == "photometric-syntax"]
