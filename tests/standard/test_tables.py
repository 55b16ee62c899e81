"""Facts of the tables, compared by hand with the section of the standard that each test names."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydicom.uid import UID

from dicomposer import standard
from dicomposer.standard import IOD, Attribute, Module

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
WORKED_THROUGH = [
    SEGMENTATION,
    LABEL_MAP,
    "1.2.840.10008.5.1.4.1.1.2",  # CT
    "1.2.840.10008.5.1.4.1.1.4",  # MR
    "1.2.840.10008.5.1.4.1.1.128",  # PET
    "1.2.840.10008.5.1.4.1.1.1",  # CR
    "1.2.840.10008.5.1.4.1.1.1.1",  # DX
    "1.2.840.10008.5.1.4.1.1.6.1",  # US
    "1.2.840.10008.5.1.4.1.1.3.1",  # US multi-frame
    "1.2.840.10008.5.1.4.1.1.77.1.6",  # whole slide
    "1.2.840.10008.5.1.4.1.1.2.1",  # enhanced CT
    "1.2.840.10008.5.1.4.1.1.4.1",  # enhanced MR
    "1.2.840.10008.5.1.4.1.1.7",  # secondary capture and its multi-frame kin
    "1.2.840.10008.5.1.4.1.1.7.1",
    "1.2.840.10008.5.1.4.1.1.7.2",
    "1.2.840.10008.5.1.4.1.1.7.3",
    "1.2.840.10008.5.1.4.1.1.7.4",
]


def image_attribute(keyword: str) -> Attribute:
    return standard.module("segmentation-image").attribute(keyword)


def allowed(attribute: Attribute, **dataset: object) -> set[str]:
    """Values that the enumerations of an attribute leave, in a data set with these values."""

    def lookup(path: str) -> list[object] | None:
        value = dataset.get(path.lstrip("./"))
        return None if value is None else [value]

    rules = [
        rule
        for rule in attribute.values
        if rule.kind == "enumerated" and (rule.condition is None or rule.condition.evaluate(lookup))
    ]
    return set.intersection(*(set(rule.values) for rule in rules))


def everything(attributes: tuple[Attribute, ...]) -> Iterator[Attribute]:
    for attribute in attributes:
        yield attribute
        yield from everything(attribute.items)


def all_attributes(iod: IOD) -> Iterator[Attribute]:
    for usage in iod.modules:
        yield from everything(usage.module.attributes)
    for group in iod.functional_groups:
        yield from everything((group.attribute,))


def test_all_iods_and_sop_classes_are_there() -> None:
    assert standard.EDITION == "2026b"
    assert len(standard.iods()) == 175
    assert len(standard.sop_classes()) == 180
    for key in standard.iods():
        iod = standard.iod(key)
        assert iod.modules
        assert iod.edition == standard.EDITION


def test_segmentation_and_label_map_are_one_iod() -> None:  # A.51, PS3.4 B.5
    assert standard.iod(SEGMENTATION) is standard.iod(LABEL_MAP) is standard.iod("segmentation")
    assert standard.iod("segmentation").section == "A.51"
    label_map = standard.sop_class(LABEL_MAP)
    assert label_map is not None
    assert label_map.name == "Label Map Segmentation Storage"
    assert label_map.keyword == "LabelMapSegmentationStorage"
    assert label_map.iod_name == "segmentation"


def test_modules_of_the_segmentation_iod() -> None:  # Table A.51-1
    iod = standard.iod("segmentation")
    usage = {use.module.key: (use.entity, use.usage) for use in iod.modules}
    assert usage["patient"] == ("Patient", "M")
    assert usage["general-study"] == ("Study", "M")
    assert usage["segmentation-series"] == ("Series", "M")
    assert usage["frame-of-reference"] == ("Frame of Reference", "C")
    assert usage["enhanced-general-equipment"] == ("Equipment", "M")
    assert usage["microscope-slide-layer-tile-organization"] == ("Image", "C")
    assert usage["palette-color-lookup-table"] == ("Image", "C")
    assert usage["icc-profile"] == ("Image", "C")
    assert usage["common-instance-reference"] == ("Image", "C")
    assert usage["specimen"] == ("Image", "U")
    assert usage["multi-frame-dimension"] == ("Image", "M")
    assert len(usage) == 26
    assert iod.entities_of("PatientID") == {"Patient"}
    assert iod.entities_of("FrameOfReferenceUID") == {"Frame of Reference"}
    with pytest.raises(KeyError):
        iod.module("ct-image")


@pytest.mark.parametrize(
    ("keyword", "kind"),
    [
        ("ImageType", "1"),
        ("ContentLabel", "1"),
        ("ContentDescription", "2"),
        ("ContentCreatorName", "3"),
        ("SegmentationType", "1"),
        ("SegmentationFractionalType", "1C"),
        ("MaximumFractionalValue", "1C"),
        ("SegmentsOverlap", "3"),
        ("SegmentSequence", "1"),
        ("LossyImageCompression", "1"),
    ],
)
def test_types_of_the_segmentation_image_module(keyword: str, kind: str) -> None:  # Table C.8.20-2
    attribute = image_attribute(keyword)
    assert attribute.type == kind
    assert attribute.edition == "2026b"


def test_items_of_segment_sequence() -> None:  # Table C.8.20-4
    items = {attribute.keyword: attribute for attribute in image_attribute("SegmentSequence").items}
    assert (
        items["SegmentNumber"].type == items["SegmentLabel"].type == items["SegmentAlgorithmType"].type == "1"
    )
    assert items["SegmentAlgorithmName"].type == "1C"
    assert items["SegmentAlgorithmName"].vm == "1-n"
    assert items["SegmentedPropertyTypeCodeSequence"].item("CodeMeaning").type == "1"
    assert items["TrackingUID"].condition is not None
    with pytest.raises(KeyError):
        items["SegmentNumber"].item("CodeMeaning")


@pytest.mark.parametrize(
    ("keyword", "values", "expected"),
    [
        ("BitsAllocated", {"SegmentationType": "BINARY"}, {"1"}),
        ("BitsAllocated", {"SegmentationType": "FRACTIONAL"}, {"8"}),
        ("BitsAllocated", {"SegmentationType": "LABELMAP"}, {"8", "16"}),
        ("BitsStored", {"SegmentationType": "LABELMAP", "BitsAllocated": 16}, {"16"}),
        ("BitsStored", {"SegmentationType": "LABELMAP", "BitsAllocated": 8}, {"8"}),
        ("HighBit", {"SegmentationType": "BINARY"}, {"0"}),
        ("HighBit", {"SegmentationType": "LABELMAP", "BitsAllocated": 16}, {"15"}),
        ("PhotometricInterpretation", {"SegmentationType": "FRACTIONAL"}, {"MONOCHROME2"}),
        ("PhotometricInterpretation", {"SegmentationType": "LABELMAP"}, {"MONOCHROME2", "PALETTE COLOR"}),
        ("SegmentsOverlap", {"SegmentationType": "BINARY"}, {"YES", "UNDEFINED", "NO"}),
        ("SegmentsOverlap", {"SegmentationType": "LABELMAP"}, {"NO"}),
        ("SegmentationType", {"/SOPClassUID": SEGMENTATION}, {"BINARY", "FRACTIONAL", "LABELMAP"}),
        ("SegmentationFractionalType", {"SegmentationType": "FRACTIONAL"}, {"PROBABILITY", "OCCUPANCY"}),
        ("SamplesPerPixel", {}, {"1"}),
        ("PixelRepresentation", {}, {"0"}),
    ],
)
def test_enumerations_follow_the_segmentation_type(
    keyword: str, values: dict[str, object], expected: set[str]
) -> None:  # Table C.8.20-2
    assert allowed(image_attribute(keyword), **values) == expected


def test_sop_classes_of_segmentations_differ_by_type() -> None:  # PS3.4 B.5.1.25
    attribute = image_attribute("SegmentationType")
    assert allowed(attribute, SOPClassUID=SEGMENTATION) == {"BINARY", "FRACTIONAL"}
    assert allowed(attribute, SOPClassUID=LABEL_MAP) == {"LABELMAP"}


def test_image_type_of_segmentations_by_place() -> None:  # Table C.8.20-2
    assert {rule.index: rule.values for rule in image_attribute("ImageType").values} == {
        0: frozenset({"DERIVED"}),
        1: frozenset({"PRIMARY"}),
    }


def test_functional_groups_of_the_segmentation_iod() -> None:  # Table A.51-2
    iod = standard.iod("segmentation")
    assert {group.keyword for group in iod.functional_groups} == {
        "PixelMeasuresSequence",
        "PlanePositionSequence",
        "PlaneOrientationSequence",
        "PlanePositionSlideSequence",
        "DerivationImageSequence",
        "FrameContentSequence",
        "SegmentIdentificationSequence",
    }
    assert {group.usage for group in iod.functional_groups} == {"C"}
    content = iod.functional_group("FrameContentSequence")
    assert (content.placement, content.section) == ("per-frame", "C.7.6.16.2.2")
    assert content.tag == 0x00209111
    assert "DimensionIndexValues" in {attribute.keyword for attribute in content.attributes}
    assert iod.functional_group("DerivationImageSequence").attribute.type == "2"
    with pytest.raises(KeyError):
        iod.functional_group("CTExposureSequence")


def test_functional_groups_of_slides() -> None:  # Table A.32.8-2
    iod = standard.iod("1.2.840.10008.5.1.4.1.1.77.1.6")
    groups = {group.keyword: (group.usage, group.placement) for group in iod.functional_groups}
    assert groups["PixelMeasuresSequence"] == ("M", "shared")
    assert groups["WholeSlideMicroscopyImageFrameTypeSequence"] == ("M", "shared")
    assert groups["FrameContentSequence"] == ("U", "per-frame")
    assert groups["OpticalPathIdentificationSequence"] == ("C", "any")


def test_functional_group_sequences_hold_nothing_in_the_module() -> None:
    module = standard.module("enhanced-ct-image-multi-frame-functional-groups")
    assert module.attribute("SharedFunctionalGroupsSequence").items == ()
    assert module.attribute("PerFrameFunctionalGroupsSequence").type == "1C"


@pytest.mark.parametrize(
    ("module", "keyword", "kind", "section"),
    [
        ("patient", "PatientID", "2", "C.7.1.1"),
        ("patient", "PatientName", "2", "C.7.1.1"),
        ("general-study", "StudyInstanceUID", "1", "C.7.2.1"),
        ("general-series", "Modality", "1C", "C.7.3.1"),  # type 3 with SC Equipment (C.8.6.1)
        ("frame-of-reference", "PositionReferenceIndicator", "2", "C.7.4.1"),
        ("enhanced-general-equipment", "SoftwareVersions", "1", "C.7.5.2"),
        ("image-plane", "ImageOrientationPatient", "1", "C.7.6.2"),
        ("sop-common", "SOPInstanceUID", "1", "C.12.1"),
        ("ct-image", "RescaleIntercept", "1", "C.8.2.1"),
        ("whole-slide-microscopy-image", "AcquisitionDateTime", "1", "C.8.12.4"),
    ],
)
def test_types_of_common_modules(module: str, keyword: str, kind: str, section: str) -> None:
    attribute = standard.module(module).attribute(keyword)
    assert (attribute.type, attribute.section) == (kind, section)


def test_what_items_hold_is_shared_not_copied() -> None:
    first = image_attribute("SegmentSequence").item("SegmentedPropertyTypeCodeSequence")
    assert first.items
    assert standard.iod("segmentation").module("segmentation-image").module is standard.module(
        "segmentation-image"
    )


@pytest.mark.parametrize("uid", WORKED_THROUGH)
def test_every_condition_is_worked_through(uid: str) -> None:
    iod = standard.iod(uid)
    for attribute in all_attributes(iod):
        if attribute.type in ("1C", "2C"):
            assert attribute.condition is not None, attribute.keyword
            assert attribute.condition.edition
    for use in iod.modules:
        assert (use.condition is not None) == (use.usage == "C"), use.module.key
    for group in iod.functional_groups:
        assert group.usage
        assert (group.condition is not None) == (group.usage == "C"), group.keyword


def test_every_reference_names_attributes_of_the_dictionary() -> None:
    for uid in WORKED_THROUGH:
        for attribute in all_attributes(standard.iod(uid)):
            for path in attribute.condition.references if attribute.condition else ():
                if path.startswith("@module."):
                    assert path.removeprefix("@module.") in standard.modules()
                    continue
                words = path.removeprefix("@frame.").removeprefix("..").lstrip("./")
                assert all(standard.attribute(word).keyword == word for word in words.split("."))


def test_dictionary() -> None:  # PS3.6
    assert standard.attribute("SegmentationType").vr == "CS"
    assert standard.attribute(0x00620001).keyword == "SegmentationType"
    assert standard.attribute("ImagePositionPatient").vm == "3"
    assert standard.attribute("SmallestImagePixelValue").vr == "US or SS"
    assert standard.attribute("GenderIdentitySequence").tag == 0x00100041  # not in pydicom 3.0
    assert standard.attribute("GenderIdentitySequence").vr == "SQ"
    assert standard.attribute("OverlayData").tag == 0x60003000
    assert standard.attribute(0x60043000).keyword == "OverlayData"
    assert standard.module("overlay-plane").attribute("OverlayRows").repeating
    assert not image_attribute("SegmentSequence").repeating
    with pytest.raises(KeyError):
        standard.attribute("NoSuchKeyword")
    with pytest.raises(KeyError):
        standard.attribute(0x00091001)


@pytest.mark.parametrize(
    ("uid", "implicit", "little", "deflated", "encapsulated", "lossless", "lossy"),
    [
        ("1.2.840.10008.1.2", True, True, False, False, True, False),
        ("1.2.840.10008.1.2.1", False, True, False, False, True, False),
        ("1.2.840.10008.1.2.1.99", False, True, True, False, True, False),
        ("1.2.840.10008.1.2.2", False, False, False, False, True, False),
        ("1.2.840.10008.1.2.5", False, True, False, True, True, False),
        ("1.2.840.10008.1.2.4.50", False, True, False, True, False, True),
        ("1.2.840.10008.1.2.4.80", False, True, False, True, True, False),
        ("1.2.840.10008.1.2.4.91", False, True, False, True, True, True),
        ("1.2.840.10008.1.2.4.110", False, True, False, True, True, False),
        ("1.2.840.10008.1.2.4.112", False, True, False, True, True, True),
        ("1.2.840.10008.1.2.4.202", False, True, False, True, True, False),
        ("1.2.840.10008.1.2.8.1", False, True, False, True, True, False),
    ],
)
def test_transfer_syntaxes(  # PS3.5 Annex A
    uid: str, implicit: bool, little: bool, deflated: bool, encapsulated: bool, lossless: bool, lossy: bool
) -> None:
    syntax = standard.transfer_syntax(uid)
    assert syntax is not None
    assert (syntax.implicit_vr, syntax.little_endian, syntax.deflated) == (implicit, little, deflated)
    assert (syntax.encapsulated, syntax.lossless, syntax.lossy) == (encapsulated, lossless, lossy)
    assert standard.uid_name(uid) == syntax.name


def test_uids_that_nobody_knows() -> None:
    assert standard.sop_class("1.2.3") is None
    assert standard.transfer_syntax(SEGMENTATION) is None
    assert standard.uid_name("1.2.3") == "1.2.3"
    assert standard.uid_name("1.2.840.10008.1.1") == "Verification SOP Class"
    assert standard.uid_name(LABEL_MAP) == "Label Map Segmentation Storage"
    for key in ("no-such-iod", "1.2.3", "@edition", ""):
        with pytest.raises(KeyError):
            standard.iod(key)
    with pytest.raises(KeyError):
        standard.module("no-such-module")


def test_syntax_and_class_tables_agree_with_pydicom() -> None:
    for syntax in standard.transfer_syntaxes():
        uid = UID(syntax.uid)
        if uid.name != uid:  # pydicom knows it
            assert (uid.is_implicit_VR, uid.is_little_endian) == (syntax.implicit_vr, syntax.little_endian)
            # pydicom does not count JPIP Referenced Deflate as deflated (PS3.5 A.7)
            assert uid.is_deflated == (syntax.deflated and "JPIP" not in syntax.name), syntax.name
            assert uid.keyword == syntax.keyword
    for sop_class in standard.sop_classes():
        known = UID(sop_class.uid)
        assert known.keyword in ("", sop_class.keyword)


def test_nothing_is_read_at_import() -> None:
    code = (
        "import sys, dicomposer.standard as s;"
        "from dicomposer.standard._store import STORE;"
        "sys.exit(bool(STORE._files or STORE._entries))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_threads_get_the_same_objects() -> None:
    from dicomposer.standard._store import Store

    store = Store()
    keys = standard.iods()[:40] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(store.iod, keys))
    first: dict[str, IOD] = {}
    for key, iod in zip(keys, found, strict=True):
        assert first.setdefault(key, iod) is iod


def test_facts_cannot_be_changed() -> None:
    module = standard.module("patient")
    with pytest.raises(AttributeError):
        module.name = "Another"  # type: ignore[misc]
    assert isinstance(module, Module)
    assert isinstance(module.attributes, tuple)


def values_of(module: str, keyword: str) -> list[tuple[str, frozenset[str], int | None]]:
    return [
        (rule.kind, rule.values, rule.index) for rule in standard.module(module).attribute(keyword).values
    ]


def test_values_that_were_wrong_errors_once() -> None:
    # C.8.7.1: tags are compared as numbers, signs of numbers do not count
    assert values_of("x-ray-image", "FrameIncrementPointer") == [
        ("enumerated", frozenset({str(0x00181063), str(0x00181065)}), None)
    ]
    assert values_of("dx-image", "PixelIntensityRelationshipSign") == [
        ("enumerated", frozenset({"1", "-1"}), None)
    ]
    # Table C.8-82: Enhanced MR Color shares the module of Enhanced MR
    samples = standard.module("enhanced-mr-image").attribute("SamplesPerPixel").values
    assert [rule.values for rule in samples if rule.condition is None] == [frozenset({"1", "3"})]
    # C.8.12.4.1.1: terms are defined, so that others are allowed
    kinds = {index: kind for kind, _, index in values_of("whole-slide-microscopy-image", "ImageType")}
    assert kinds == {0: "enumerated", 1: "enumerated", 2: "defined", 3: "defined"}


def test_current_frames_of_real_time_flows_have_their_groups() -> None:
    """C.7.6.27, left empty by the source of the structure."""
    for kind in ("video-endoscopic-image", "video-photographic-image", "audio-waveform"):
        module = standard.module(f"real-time-{kind}-current-frame-functional-groups")
        time = module.attribute("CurrentFrameFunctionalGroupsSequence").item("TimeOfFrameGroupSequence")
        assert (time.type, time.item("FrameOriginTimestamp").vr) == ("1", "OB")
