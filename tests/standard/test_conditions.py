"""The predicates: truth tables, three-valued logic, and conditions of the tables on small data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, strategies as st

from dicomposer import standard
from dicomposer.standard import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Count,
    Lookup,
    Not,
    NotEvaluated,
    OneOf,
    Predicate,
    Present,
)

TRUE = Present("There")
FALSE = Present("Absent")
UNKNOWN = NotEvaluated("nobody knows")
VALUES = {"There": [1], "Empty": [], "Type": ["ORIGINAL", "PRIMARY"], "Number": [8], "Text": ["12 "]}


def lookup(path: str) -> Sequence[Any] | None:
    if path == "Hidden":
        raise LookupError(path)
    return VALUES.get(path)


def of(**values: Any) -> Lookup:
    """A lookup over one flat data set; "frame_X" stands for @frame.X, "root_X" for /X."""
    table = {
        key.replace("frame_", "@frame.").replace("root_", "/").replace("item_", "./"): value
        for key, value in values.items()
    }

    def answer(path: str) -> Sequence[Any] | None:
        value = table.get(path, table.get(path.lstrip("./")))
        if value is None:
            return None
        return value if isinstance(value, list) else [value]

    return answer


@pytest.mark.parametrize(
    ("predicate", "expected"),
    [
        (Present("There"), True),
        (Present("Absent"), False),
        (Present("Empty"), True),
        (Present("Empty", filled=True), False),
        (Present("There", filled=True), True),
        (Present("Hidden"), None),
        (OneOf("Type", ("ORIGINAL",)), True),
        (OneOf("Type", ("PRIMARY",)), True),
        (OneOf("Type", ("PRIMARY",), 0), False),
        (OneOf("Type", ("PRIMARY",), 1), True),
        (OneOf("Type", ("PRIMARY",), 2), False),
        (OneOf("Number", (8,)), True),
        (OneOf("Number", ("8",)), True),
        (OneOf("Text", ("12",)), True),
        (OneOf("Text", (12,)), True),
        (OneOf("Type", (12,)), False),
        (OneOf("Absent", ("A",)), False),
        (OneOf("Hidden", ("A",)), None),
        (OneOf("Type", ("DERIVED",), 0, negated=True), True),
        (OneOf("Type", ("ORIGINAL",), 0, negated=True), False),
        (OneOf("Absent", ("DERIVED",), negated=True), False),
        (OneOf("Empty", ("DERIVED",), negated=True), False),
        (Compare("Number", True, 7), True),
        (Compare("Number", True, 8), False),
        (Compare("Number", False, 9), True),
        (Compare("Text", True, 11), True),
        (Compare("Type", True, 0), False),
        (Compare("Absent", True, 0), False),
        (Compare("Hidden", True, 0), None),
        (Compare("Number", True, 0, 1), False),
        (Count("Type", 1), True),
        (Count("Type", 2), False),
        (Count("Absent", 0), False),
        (Count("Hidden", 0), None),
        (UNKNOWN, None),
        (Not(TRUE), False),
        (Not(FALSE), True),
        (Not(UNKNOWN), None),
        (AllOf((TRUE, UNKNOWN)), None),
        (AllOf((UNKNOWN, FALSE)), False),
        (AllOf((TRUE, TRUE)), True),
        (AnyOf((FALSE, UNKNOWN)), None),
        (AnyOf((UNKNOWN, TRUE)), True),
        (AnyOf((FALSE, FALSE)), False),
        (AllOf(()), True),
        (AnyOf(()), False),
    ],
)
def test_truth(predicate: Predicate, expected: bool | None) -> None:
    assert predicate.evaluate(lookup) is expected


leaves = st.sampled_from([TRUE, FALSE, UNKNOWN, Present("Hidden"), OneOf("Type", ("ORIGINAL",), 0)])
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, max_size=3).map(lambda parts: AllOf(tuple(parts))),
        st.lists(inner, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=12,
)


@given(trees)
def test_double_negation(tree: Predicate) -> None:
    assert Not(Not(tree)).evaluate(lookup) is tree.evaluate(lookup)


@given(st.lists(trees, max_size=4))
def test_de_morgan(parts: list[Predicate]) -> None:
    negated = tuple(Not(part) for part in parts)
    assert Not(AllOf(tuple(parts))).evaluate(lookup) is AnyOf(negated).evaluate(lookup)


@given(trees, st.booleans())
def test_what_is_known_does_not_change_when_more_is(tree: Predicate, truth: bool) -> None:
    """Kleene's logic: an answer given in ignorance stays right however the unknown turns out."""

    def settle(node: Predicate) -> Predicate:
        match node:
            case NotEvaluated() | Present("Hidden"):
                return TRUE if truth else FALSE
            case Not(part):
                return Not(settle(part))
            case AllOf(items):
                return AllOf(tuple(settle(part) for part in items))
            case AnyOf(items):
                return AnyOf(tuple(settle(part) for part in items))
        return node

    before, after = tree.evaluate(lookup), settle(tree).evaluate(lookup)
    assert after is not None
    assert before is None or before is after


@given(trees, st.one_of(st.booleans(), trees))
def test_permission_follows_requirement(predicate: Predicate, otherwise: bool | Predicate) -> None:
    condition = Condition(predicate, otherwise, "2026b")
    required, permitted = condition.evaluate(lookup), condition.permits(lookup)
    if required:
        assert permitted is True
    if otherwise is True:
        assert permitted is True
    if otherwise is False:
        assert permitted is required
    assert condition.may_be_present is (otherwise is True)


def test_references_and_reason() -> None:
    condition = Condition(
        AllOf((Present("A"), Not(OneOf("B", ("x",))), UNKNOWN)), Compare("C", True, 1), "2026b"
    )
    assert condition.references == ("A", "B", "C")
    assert condition.reason == "nobody knows"
    assert Condition(TRUE, False, "2026b").reason == ""


def required(module: str, path: str, **values: Any) -> tuple[bool | None, bool | None]:
    """(required, permitted) of an attribute in a data set."""
    first, *rest = path.split(".")
    attribute = standard.module(module).attribute(first)
    for keyword in rest:
        attribute = attribute.item(keyword)
    assert attribute.condition is not None
    return attribute.condition.evaluate(of(**values)), attribute.condition.permits(of(**values))


@pytest.mark.parametrize(
    ("module", "path", "values", "expected"),
    [
        # Table C.8.20-2
        (
            "segmentation-image",
            "SegmentationFractionalType",
            {"SegmentationType": "FRACTIONAL"},
            (True, True),
        ),
        ("segmentation-image", "SegmentationFractionalType", {"SegmentationType": "BINARY"}, (False, False)),
        ("segmentation-image", "MaximumFractionalValue", {"SegmentationType": "LABELMAP"}, (False, False)),
        (
            "segmentation-image",
            "SegmentSequence.SegmentAlgorithmName",
            {"SegmentAlgorithmType": "MANUAL"},
            (False, False),
        ),
        (
            "segmentation-image",
            "SegmentSequence.SegmentAlgorithmName",
            {"SegmentAlgorithmType": "AUTOMATIC"},
            (True, True),
        ),
        (
            "segmentation-image",
            "SegmentSequence.RecommendedDisplayCIELabValue",
            {"SegmentationType": "LABELMAP", "PhotometricInterpretation": "PALETTE COLOR"},
            (False, False),
        ),
        (
            "segmentation-image",
            "SegmentSequence.RecommendedDisplayCIELabValue",
            {"SegmentationType": "LABELMAP", "PhotometricInterpretation": "MONOCHROME2"},
            (False, True),
        ),
        # C.8.20.4: tracking identifiers come in pairs
        ("segmentation-image", "SegmentSequence.TrackingID", {"TrackingUID": "1.2"}, (True, True)),
        ("segmentation-image", "SegmentSequence.TrackingUID", {}, (False, False)),
        # A.51.4, C.7.5.1
        (
            "general-equipment",
            "PixelPaddingValue",
            {"PixelData": "x", "SegmentationType": "LABELMAP"},
            (False, True),
        ),
        (
            "general-equipment",
            "PixelPaddingValue",
            {"PixelData": "x", "SegmentationType": "BINARY"},
            (False, False),
        ),
        (
            "general-equipment",
            "PixelPaddingValue",
            {"PixelData": "x", "PixelPaddingRangeLimit": 4},
            (True, True),
        ),
        # C.7.6.17, C.7.6.16
        ("multi-frame-dimension", "DimensionIndexSequence", {}, (True, True)),
        (
            "multi-frame-dimension",
            "DimensionIndexSequence",
            {"DimensionOrganizationType": "TILED_FULL"},
            (False, True),
        ),
        (
            "segmentation-multi-frame-functional-groups",
            "PerFrameFunctionalGroupsSequence",
            {"DimensionOrganizationType": "TILED_FULL"},
            (False, True),
        ),
        # Table C.7.6.17-1: a tag that stands in a functional group, and one that does not
        (
            "multi-frame-dimension",
            "DimensionIndexSequence.FunctionalGroupPointer",
            {"DimensionIndexPointer": 0x0062000B},
            (True, True),
        ),
        (
            "multi-frame-dimension",
            "DimensionIndexSequence.FunctionalGroupPointer",
            {"DimensionIndexPointer": 0x00080060},
            (False, False),
        ),
        # C.12.2: one of two sequences lists what is referenced
        (
            "common-instance-reference",
            "ReferencedSeriesSequence",
            {"SourceImageSequence": ["i"]},
            (True, True),
        ),
        (
            "common-instance-reference",
            "ReferencedSeriesSequence",
            {"SourceImageSequence": ["i"], "StudiesContainingOtherReferencedInstancesSequence": ["i"]},
            (None, None),
        ),
        # C.8.12.14
        (
            "microscope-slide-layer-tile-organization",
            "TotalPixelMatrixFocalPlanes",
            {"DimensionOrganizationType": "TILED_FULL"},
            (True, True),
        ),
        # 8.8: one of three attributes holds the code
        ("segmentation-image", "ConceptNameCodeSequence.CodeValue", {}, (True, True)),
        ("segmentation-image", "ConceptNameCodeSequence.CodeValue", {"LongCodeValue": "x"}, (False, False)),
        (
            "segmentation-image",
            "ConceptNameCodeSequence.CodingSchemeDesignator",
            {"CodeValue": "x"},
            (True, True),
        ),
        ("segmentation-image", "ConceptNameCodeSequence.URNCodeValue", {"CodeValue": "x"}, (False, False)),
        # C.7.3.1: by SOP Class
        ("general-series", "PatientPosition", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, (True, True)),
        ("general-series", "PatientPosition", {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, (False, True)),
        (
            "general-series",
            "PatientPosition",
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "PatientOrientationCodeSequence": ["item"]},
            (False, False),
        ),
        # C.7.6.3
        ("image-pixel", "PlanarConfiguration", {"SamplesPerPixel": 3}, (True, True)),
        ("image-pixel", "PlanarConfiguration", {"SamplesPerPixel": 1}, (False, False)),
        ("image-pixel", "PixelData", {}, (True, True)),
        # C.7.6.5: the pointer holds a tag
        ("cine", "FrameTime", {"FrameIncrementPointer": 0x00181063}, (True, True)),
        ("cine", "FrameTime", {"FrameIncrementPointer": 0x00181065}, (False, False)),
        # C.8.9.1
        ("pet-series", "NumberOfTimeSlices", {"SeriesType": ["DYNAMIC", "IMAGE"]}, (True, True)),
        ("pet-series", "NumberOfTimeSlices", {"SeriesType": ["STATIC", "IMAGE"]}, (False, False)),
        # C.21.2: coordinates of the item around it
        (
            "spatial-fiducials",
            "FiducialSetSequence.FiducialSequence.ContourData",
            {"FrameOfReferenceUID": "1.2"},
            (True, True),
        ),
        ("spatial-fiducials", "FiducialSetSequence.FiducialSequence.ContourData", {}, (False, False)),
        # C.36.2.2.5.1.1: the first control point has all, later ones what differs
        (
            "c-arm-photon-electron-beam",
            "CArmPhotonElectronControlPointSequence.CumulativeMeterset",
            {"RTControlPointIndex": 1, "RTRecordFlag": "YES"},
            (True, True),
        ),
        (
            "c-arm-photon-electron-beam",
            "CArmPhotonElectronControlPointSequence.CumulativeMeterset",
            {"RTControlPointIndex": 2, "RTRecordFlag": "YES"},
            (None, None),
        ),
        (
            "c-arm-photon-electron-beam",
            "CArmPhotonElectronControlPointSequence.CumulativeMeterset",
            {"RTControlPointIndex": 1, "RTRecordFlag": "NO"},
            (False, True),
        ),
        # C.8.8.26: records count control points by reference, plans by themselves
        (
            "rt-ion-beams-session-record",
            "TreatmentSessionIonBeamSequence.IonControlPointDeliverySequence.TableTopPitchAngle",
            {"ReferencedControlPointIndex": 0},
            (True, True),
        ),
        (
            "rt-ion-beams",
            "IonBeamSequence.IonControlPointSequence.TableTopPitchAngle",
            {"ControlPointIndex": 0},
            (True, True),
        ),
        # Table C.36.9-2: by the class of what is referenced
        (
            "segment-reference",
            "SegmentReferenceSequence.DirectSegmentReferenceSequence.ReferencedROINumber",
            {"ReferencedSOPSequence.ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.481.3"},
            (True, True),
        ),
        (
            "segment-reference",
            "SegmentReferenceSequence.DirectSegmentReferenceSequence.ReferencedROINumber",
            {"ReferencedSOPSequence.ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"},
            (False, False),
        ),
        (
            "segment-reference",
            "SegmentReferenceSequence.DirectSegmentReferenceSequence.ReferencedROINumber",
            {"ReferencedSOPSequence.ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.66.7"},
            (None, None),
        ),
        # C.34.7: of what was performed, not of what is defined
        (
            "instructions",
            "InstructionSequence.InstructionPerformedFlag",
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.200.8"},
            (True, True),
        ),
        (
            "instructions",
            "InstructionSequence.InstructionPerformedFlag",
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.200.1"},
            (False, False),
        ),
        # C.8.21.3: of the same item
        (
            "breast-tomosynthesis-acquisition",
            "XRay3DAcquisitionSequence.FieldOfViewOrigin",
            {"XRayReceptorType": "DIGITAL_DETECTOR"},
            (True, True),
        ),
        # C.7.6.16: images of secondary capture need no group per frame
        (
            "multi-frame-grayscale-byte-secondary-capture-image-multi-frame-functional-groups",
            "PerFrameFunctionalGroupsSequence",
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.7.2"},
            (None, True),
        ),
        # C.7.3.1: no data set tells whether a body part is one of a pair
        ("general-series", "Laterality", {}, (None, None)),
        ("general-series", "Laterality", {"ImageLaterality": "L"}, (False, False)),
    ],
)
def test_conditions_of_attributes(
    module: str, path: str, values: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    assert required(module, path, **values) == expected


@pytest.mark.parametrize(
    ("group", "values", "expected"),
    [
        # Table A.51-2: geometry or derivation
        ("PixelMeasuresSequence", {"root_FrameOfReferenceUID": "1"}, (True, True)),
        (
            "PixelMeasuresSequence",
            {"root_FrameOfReferenceUID": "1", "frame_DerivationImageSequence": ["i"]},
            (False, True),
        ),
        ("PlanePositionSequence", {"frame_DerivationImageSequence": ["i"]}, (False, False)),
        ("DerivationImageSequence", {}, (True, True)),
        (
            "DerivationImageSequence",
            {
                "frame_PixelMeasuresSequence": ["i"],
                "frame_PlanePositionSequence": ["i"],
                "frame_PlaneOrientationSequence": ["i"],
            },
            (False, True),
        ),
        (
            "PlanePositionSlideSequence",
            {"root_FrameOfReferenceUID": "1", "root_TotalPixelMatrixOriginSequence": ["i"]},
            (True, True),
        ),
        (
            "PlanePositionSlideSequence",
            {
                "root_FrameOfReferenceUID": "1",
                "root_TotalPixelMatrixOriginSequence": ["i"],
                "root_DimensionOrganizationType": "TILED_FULL",
            },
            (False, True),
        ),
        ("PlanePositionSlideSequence", {"root_FrameOfReferenceUID": "1"}, (False, False)),
        ("SegmentIdentificationSequence", {"root_SegmentationType": "BINARY"}, (True, True)),
        ("SegmentIdentificationSequence", {"root_SegmentationType": "LABELMAP"}, (False, False)),
        (
            "SegmentIdentificationSequence",
            {"root_SegmentationType": "BINARY", "root_DimensionOrganizationType": "TILED_FULL"},
            (False, True),
        ),
        ("FrameContentSequence", {}, (True, True)),
        ("FrameContentSequence", {"root_DimensionOrganizationType": "TILED_FULL"}, (False, True)),
    ],
)
def test_conditions_of_segmentation_groups(
    group: str, values: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    condition = standard.iod("segmentation").functional_group(group).condition
    assert condition is not None
    assert (condition.evaluate(of(**values)), condition.permits(of(**values))) == expected


@pytest.mark.parametrize(
    ("iod", "module", "values", "expected"),
    [
        ("segmentation", "frame-of-reference", {}, (True, True)),  # Table A.51-1
        ("segmentation", "frame-of-reference", {"frame_DerivationImageSequence": ["i"]}, (False, True)),
        ("segmentation", "common-instance-reference", {"frame_DerivationImageSequence": ["i"]}, (True, True)),
        ("segmentation", "common-instance-reference", {}, (False, False)),
        (
            "segmentation",
            "palette-color-lookup-table",
            {"root_PhotometricInterpretation": "PALETTE COLOR"},
            (True, True),
        ),
        ("segmentation", "icc-profile", {"root_PhotometricInterpretation": "MONOCHROME2"}, (False, False)),
        (  # Table A.32.8-1
            "vl-whole-slide-microscopy-image",
            "frame-of-reference",
            {"root_ImageType": ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]},
            (True, True),
        ),
        (
            "vl-whole-slide-microscopy-image",
            "frame-of-reference",
            {"root_ImageType": ["ORIGINAL", "PRIMARY", "LABEL", "NONE"]},
            (False, True),
        ),
        (
            "enhanced-ct-image",
            "cardiac-synchronization",
            {},
            (None, None),
        ),  # Table A.38-1: how it was acquired
    ],
)
def test_conditions_of_modules(
    iod: str, module: str, values: dict[str, Any], expected: tuple[bool | None, bool | None]
) -> None:
    condition = standard.iod(iod).module(module).condition
    assert condition is not None
    assert (condition.evaluate(of(**values)), condition.permits(of(**values))) == expected
