"""Conditions of the objects that we read as sources or write as documents: truth tables, and none left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from tools.coverage import PAGE, page

from dicomposer import standard
from dicomposer.standard import Attribute, Condition, Lookup

#: IODs every condition of which is a predicate or says why it is not.
WORKED_THROUGH = """
acquisition-context-sr advanced-blending-presentation-state basic-text-sr blending-softcopy-presentation-state
breast-tomosynthesis-image chest-cad-sr colon-cad-sr color-softcopy-presentation-state comprehensive-3d-sr
comprehensive-sr computed-radiography-image ct-image deformable-spatial-registration digital-intra-oral-x-ray-image
digital-mammography-x-ray-image digital-x-ray-image encapsulated-cda encapsulated-mtl encapsulated-obj
encapsulated-pdf encapsulated-stl enhanced-ct-image enhanced-mr-color-image enhanced-mr-image enhanced-pet-image
enhanced-sr enhanced-xa-image extensible-sr grayscale-softcopy-presentation-state key-object-selection-document
legacy-converted-enhanced-ct-image legacy-converted-enhanced-mr-image legacy-converted-enhanced-pet-image
mammography-cad-sr microscopy-bulk-simple-annotations mr-image multi-frame-grayscale-byte-secondary-capture-image
multi-frame-grayscale-word-secondary-capture-image multi-frame-single-bit-secondary-capture-image
multi-frame-true-color-secondary-capture-image nuclear-medicine-image parametric-map patient-radiation-dose-sr
planar-mpr-volumetric-presentation-state positron-emission-tomography-image procedure-log
pseudo-color-softcopy-presentation-state radiopharmaceutical-radiation-dose-sr real-world-value-mapping rt-dose
rt-image rt-plan rt-structure-set secondary-capture-image segmentation simplified-adult-echo-sr spatial-registration
surface-segmentation ultrasound-image ultrasound-multi-frame-image vl-whole-slide-microscopy-image
volume-rendering-volumetric-presentation-state x-ray-angiographic-image x-ray-radiation-dose-sr
x-ray-radiofluoroscopic-image xa-xrf-grayscale-softcopy-presentation-state
""".split()


def of(values: dict[str, Any]) -> Lookup:
    """A lookup over references as conditions write them; a plain keyword answers for every scope."""

    def answer(path: str) -> Sequence[Any] | None:
        value = values.get(path, values.get(path.removeprefix("@frame.").lstrip("./")))
        return value if value is None or isinstance(value, list) else [value]

    return answer


def conditional(attributes: Sequence[Attribute], place: str) -> Iterator[tuple[str, Condition | None]]:
    for attribute in attributes:
        where = f"{place}.{attribute.keyword}"
        if attribute.type in ("1C", "2C"):
            yield where, attribute.condition
        yield from conditional(attribute.items, where)


@pytest.mark.parametrize("key", WORKED_THROUGH)
def test_no_condition_is_left_out(key: str) -> None:
    iod = standard.iod(key)
    found: list[tuple[str, Condition | None]] = []
    for usage in iod.modules:
        if usage.usage == "C":
            found.append((usage.module.key, usage.condition))
        found += conditional(usage.module.attributes, usage.module.key)
    for group in iod.functional_groups:
        if group.usage == "C":
            found.append((group.keyword, group.condition))
        found += conditional([group.attribute], "group")
    assert [where for where, condition in found if condition is None] == []


def test_every_reference_names_an_attribute_or_a_module() -> None:
    for key in WORKED_THROUGH:
        for usage in standard.iod(key).modules:
            for where, condition in conditional(usage.module.attributes, usage.module.key):
                for path in condition.references if condition else ():
                    if path.startswith("@module."):
                        assert path.removeprefix("@module.") in standard.modules(), where
                        continue
                    words = path.removeprefix("@frame.").lstrip("./").split(".")
                    assert all(standard.attribute(word).keyword == word for word in words), where


SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
MAP = "parametric-map-image"
CONTEXT = "acquisition-context:AcquisitionContextSequence"
CELL = "sr-document-content:TabulatedValuesSequence.CellValuesSequence"
ANN = "microscopy-bulk-simple-annotations:AnnotationGroupSequence"
TEXT = "graphic-annotation:GraphicAnnotationSequence.TextObjectSequence"
POINT = "rt-beams:BeamSequence.ControlPointSequence"
AREA = "displayed-area:DisplayedAreaSelectionSequence"
PLAIN = (False, False)
FREE = (False, True)
DUE = (True, True)
OPEN = (None, None)


@pytest.mark.parametrize(
    ("place", "values", "expected"),
    [
        # C.37.1.2
        ("microscopy-bulk-simple-annotations:ReferencedImageSequence", {"AnnotationCoordinateType": "2D"}, DUE),
        ("microscopy-bulk-simple-annotations:ReferencedImageSequence", {"AnnotationCoordinateType": "3D"}, FREE),
        (f"{ANN}.PointCoordinatesData", {}, DUE),
        (f"{ANN}.PointCoordinatesData", {"DoublePointCoordinatesData": b"12345678"}, PLAIN),
        (f"{ANN}.LongPrimitivePointIndexList", {"GraphicType": "POLYGON"}, DUE),
        (f"{ANN}.LongPrimitivePointIndexList", {"GraphicType": "ELLIPSE"}, PLAIN),
        (f"{ANN}.ReferencedOpticalPathIdentifier", {"AnnotationAppliesToAllOpticalPaths": "NO"}, DUE),
        (f"{ANN}.ReferencedOpticalPathIdentifier", {"AnnotationAppliesToAllOpticalPaths": "YES"}, PLAIN),
        (f"{ANN}.AnnotationGroupAlgorithmIdentificationSequence", {"AnnotationGroupGenerationType": "AUTOMATIC"}, DUE),
        (f"{ANN}.AnnotationGroupAlgorithmIdentificationSequence", {"AnnotationGroupGenerationType": "MANUAL"}, PLAIN),
        # C.7.6.14, 10.2: the value type tells what an item holds; items from before may lack it
        (f"{CONTEXT}.ConceptCodeSequence", {"ValueType": "CODE"}, DUE),
        (f"{CONTEXT}.ConceptCodeSequence", {"ValueType": "DATETIME"}, PLAIN),
        (f"{CONTEXT}.ConceptCodeSequence", {}, FREE),
        (f"{CONTEXT}.ReferencedSOPSequence", {"ValueType": "WAVEFORM"}, DUE),
        # C.18.10: a number that cannot be given has a qualifier in its place
        (f"{CELL}.SelectorFDValue", {"SelectorAttributeVR": "FD"}, DUE),
        (f"{CELL}.SelectorFDValue", {"SelectorAttributeVR": "FD", "NumericValueQualifierCodeSequence": [1]}, PLAIN),
        (f"{CELL}.SelectorFDValue", {"SelectorAttributeVR": "DS"}, PLAIN),
        (f"{CELL}.SelectorAttributeVR", {}, DUE),
        (f"{CELL}.SelectorAttributeVR", {"ReferencedContentItemIdentifier": [1, 2]}, PLAIN),
        (f"{CELL}.TableRowNumber", {}, DUE),
        (f"{CELL}.TableRowNumber", {"TableColumnNumber": 1}, OPEN),
        # C.8.32.2
        (f"{MAP}:BitsStored", {"PixelData": b"1"}, DUE),
        (f"{MAP}:BitsStored", {"FloatPixelData": b"1"}, PLAIN),
        (f"{MAP}:ICCProfile", {"PixelPresentation": "COLOR_RANGE"}, DUE),
        (f"{MAP}:PaletteColorLookupTableUID", {"PixelPresentation": "COLOR_RANGE"}, DUE),
        (
            f"{MAP}:PaletteColorLookupTableUID",
            {"PixelPresentation": "COLOR_RANGE", "RedPaletteColorLookupTableDescriptor": [256, 0, 8]},
            PLAIN,
        ),
        # C.10.4
        (f"{AREA}.PresentationPixelSpacing", {"PresentationSizeMode": "TRUE SIZE"}, DUE),
        (f"{AREA}.PresentationPixelSpacing", {"PresentationSizeMode": "MAGNIFY"}, FREE),
        (f"{AREA}.PresentationPixelSpacing", {}, PLAIN),
        (f"{AREA}.PixelOriginInterpretation", {"ReferencedImageSequence.ReferencedSOPClassUID": SLIDE}, DUE),
        (f"{AREA}.PixelOriginInterpretation", {"ReferencedImageSequence.ReferencedSOPClassUID": "1.2"}, FREE),
        # C.10.5
        (f"{TEXT}.AnchorPoint", {}, DUE),
        (f"{TEXT}.AnchorPoint", {"BoundingBoxTopLeftHandCorner": [1, 1]}, FREE),
        (f"{TEXT}.BoundingBoxTopLeftHandCorner", {"AnchorPoint": [1, 1]}, FREE),
        (
            f"{TEXT}.BoundingBoxTopLeftHandCorner",
            {"AnchorPoint": [1, 1], "BoundingBoxBottomRightHandCorner": [2, 2]},
            DUE,
        ),
        ("graphic-annotation:GraphicAnnotationSequence.GraphicObjectSequence.GraphicFilled",
         {"GraphicType": "CIRCLE"}, DUE),
        ("graphic-annotation:GraphicAnnotationSequence.GraphicObjectSequence.GraphicFilled",
         {"GraphicType": "POLYLINE"}, OPEN),
        ("graphic-annotation:GraphicAnnotationSequence.GraphicObjectSequence.GraphicFilled",
         {"GraphicType": "POINT"}, PLAIN),
        # C.8.8.14: the first control point says everything
        (f"{POINT}.GantryAngle", {"ControlPointIndex": 0}, DUE),
        (f"{POINT}.GantryAngle", {"ControlPointIndex": 1}, OPEN),
        ("rt-dose:DoseGridScaling", {"PixelData": b"1"}, DUE),
        ("rt-dose:DoseGridScaling", {}, PLAIN),
        ("rt-dose:GridFrameOffsetVector", {"FrameIncrementPointer": 0x3004000C}, DUE),
        # C.20.2, C.8.22, C.17.2
        ("spatial-registration:RegistrationSequence.FrameOfReferenceUID", {}, DUE),
        ("spatial-registration:RegistrationSequence.FrameOfReferenceUID", {"ReferencedImageSequence": [1]}, FREE),
        ("enhanced-pet-corrections:DecayCorrectionDateTime", {"DecayCorrected": "YES"}, DUE),
        ("key-object-document:IdenticalDocumentsSequence", {"CurrentRequestedProcedureEvidenceSequence": [1, 2]}, DUE),
        ("key-object-document:IdenticalDocumentsSequence", {"CurrentRequestedProcedureEvidenceSequence": [1]}, PLAIN),
        ("sr-document-general:VerifyingObserverSequence", {"VerificationFlag": "VERIFIED"}, DUE),
        ("sr-document-general:VerifyingObserverSequence", {"VerificationFlag": "UNVERIFIED"}, PLAIN),
        # C.7.9: segmented data do instead of plain ones
        ("image-pixel:RedPaletteColorLookupTableData", {"PhotometricInterpretation": "PALETTE COLOR"}, DUE),
        (
            "image-pixel:RedPaletteColorLookupTableData",
            {"PhotometricInterpretation": "PALETTE COLOR", "SegmentedRedPaletteColorLookupTableData": b"1"},
            PLAIN,
        ),
        # C.8.6.1, C.8.6.3: types that another module overrides
        ("general-series:Modality", {}, DUE),
        ("general-series:Modality", {"@module.sc-equipment": [1]}, FREE),
        ("multi-frame:FrameIncrementPointer", {"@module.sc-multi-frame-image": [1], "NumberOfFrames": 1}, FREE),
        ("multi-frame:FrameIncrementPointer", {"@module.sc-multi-frame-image": [1], "NumberOfFrames": 2}, DUE),
        # C.7.3.1, C.7.6.1
        ("general-series:Laterality", {"BodyPartExamined": "BREAST"}, DUE),
        ("general-series:Laterality", {"BodyPartExamined": "BREAST", "ImageLaterality": "L"}, PLAIN),
        ("general-series:Laterality", {"BodyPartExamined": "CHEST"}, PLAIN),
        ("general-series:Laterality", {"BodyPartExamined": "EXTREMITY"}, OPEN),
        ("general-image:PatientOrientation", {}, DUE),
        ("general-image:PatientOrientation", {"@module.image-plane": [1]}, FREE),
        ("general-image:PatientOrientation", {"SharedFunctionalGroupsSequence": [1]}, FREE),
    ],
)  # fmt: skip
def test_truth(place: str, values: dict[str, Any], expected: tuple[bool | None, bool | None]) -> None:
    module, _, path = place.partition(":")
    first, *rest = path.split(".")
    attribute = standard.module(module).attribute(first)
    for keyword in rest:
        attribute = attribute.item(keyword)
    condition = attribute.condition
    assert condition is not None
    assert (condition.evaluate(of(values)), condition.permits(of(values))) == expected


@pytest.mark.parametrize("uid", ["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"])
@pytest.mark.parametrize(
    ("group", "keyword"),
    [
        ("PixelMeasuresSequence", "PixelSpacing"),
        ("PixelMeasuresSequence", "SliceThickness"),
        ("PlanePositionSequence", "ImagePositionPatient"),
        ("PlaneOrientationSequence", "ImageOrientationPatient"),
    ],
)
def test_segmentations_in_a_frame_of_reference_have_their_geometry(
    uid: str, group: str, keyword: str
) -> None:
    # A.51.5.1: as binary ones, so label maps
    condition = standard.iod(uid).functional_group(group).attribute.item(keyword).condition
    assert condition is not None
    assert condition.evaluate(of({"SOPClassUID": uid, "FrameOfReferenceUID": "1.2"})) is True


@pytest.mark.parametrize(
    ("iod", "module", "values", "expected"),
    [
        ("parametric-map", "floating-point-image-pixel", {"FloatPixelData": b"1"}, True),
        ("parametric-map", "image-pixel", {"FloatPixelData": b"1"}, False),
        ("parametric-map", "common-instance-reference", {"DerivationImageSequence": [1]}, True),
        (
            "microscopy-bulk-simple-annotations",
            "frame-of-reference",
            {"AnnotationCoordinateType": "3D"},
            True,
        ),
        (
            "microscopy-bulk-simple-annotations",
            "frame-of-reference",
            {"AnnotationCoordinateType": "2D"},
            False,
        ),
        (
            "nuclear-medicine-image",
            "nm-reconstruction",
            {"ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO"]},
            True,
        ),
        ("rt-dose", "multi-frame", {"PixelData": b"1", "NumberOfFrames": 3}, True),
        ("rt-dose", "multi-frame", {"PixelData": b"1"}, False),
        ("grayscale-softcopy-presentation-state", "graphic-layer", {"GraphicAnnotationSequence": [1]}, True),
        ("grayscale-softcopy-presentation-state", "graphic-layer", {}, None),
    ],
)
def test_modules(iod: str, module: str, values: dict[str, Any], expected: bool | None) -> None:
    condition = standard.iod(iod).module(module).condition
    assert condition is not None
    assert condition.evaluate(of(values)) is expected


def test_codes_of_nuclear_medicine_need_no_meaning() -> None:
    # C.8.4.6, C.8.4.10, C.8.4.11: type 3 for historical reasons; the modules of PET do not say so
    orientation = standard.module("nm-pet-patient-orientation").attribute("PatientOrientationCodeSequence")
    isotope, pet = (
        standard.module(key)
        .attribute("RadiopharmaceuticalInformationSequence")
        .item("RadionuclideCodeSequence")
        for key in ("nm-isotope", "pet-isotope")
    )
    assert [one.item("CodeMeaning").type for one in (orientation, isotope, pet)] == ["3", "3", "1"]


def test_overviews_of_slides_show_the_label() -> None:
    # C.8.12.4
    rules = standard.module("whole-slide-microscopy-image").attribute("SpecimenLabelInImage").values
    for flavor, expected in {
        "OVERVIEW": {"YES"},
        "LABEL": {"YES"},
        "VOLUME": {"NO"},
        "THUMBNAIL": {"NO"},
    }.items():
        lookup = of({"ImageType": ["ORIGINAL", "PRIMARY", flavor, "NONE"]})
        held = [one.values for one in rules if one.condition is None or one.condition.evaluate(lookup)]
        assert frozenset.intersection(*held) == expected


def test_the_page_of_conditions_is_that_of_the_tables() -> None:
    assert PAGE.read_text("utf-8") == page()
