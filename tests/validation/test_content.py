"""Content items of structured reports: one good document, broken in one place at a time."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from dicomposer.validation import Findings, validate
from dicomposer.validation.content._content_relations import RELATIONSHIPS, VALUE_TYPES, permitted

CT = "1.2.840.10008.5.1.4.1.1.2"
ENHANCED_CT = "1.2.840.10008.5.1.4.1.1.2.1"
ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
COMPREHENSIVE_3D = "1.2.840.10008.5.1.4.1.1.88.34"
EXTENSIBLE = "1.2.840.10008.5.1.4.1.1.88.35"


def item(**values: Any) -> Dataset:
    made = Dataset()
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return made


def code(value: str, meaning: str = "thing", scheme: str = "99TEST") -> Dataset:
    return item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def content(
    value_type: str, relationship: str = "CONTAINS", name: str | None = "1", **values: Any
) -> Dataset:
    made = item(RelationshipType=relationship, ValueType=value_type, **values)
    if name:
        made.ConceptNameCodeSequence = [code(name)]
    return made


def reference(uid: str, sop_class: str = CT, **values: Any) -> Dataset:
    return item(ReferencedSOPClassUID=sop_class, ReferencedSOPInstanceUID=uid, **values)


def image(
    uid: str = "1.2.3.1", relationship: str = "CONTAINS", sop_class: str = CT, **values: Any
) -> Dataset:
    made = content("IMAGE", relationship, None)
    made.ReferencedSOPSequence = [reference(uid, sop_class, **values)]
    return made


def evidence(*uids: str) -> list[Dataset]:
    instances = [reference(uid) for uid in uids]
    series = item(SeriesInstanceUID="1.2.3.8", ReferencedSOPSequence=instances)
    return [item(StudyInstanceUID="1.2.3.9", ReferencedSeriesSequence=[series])]


def number(value: str = "1.5") -> Dataset:
    measured = item(NumericValue=value, MeasurementUnitsCodeSequence=[code("mm", "mm", "UCUM")])
    return content("NUM", MeasuredValueSequence=[measured])


def items() -> list[Dataset]:
    """One of each value type that a Comprehensive 3D SR may have below its root."""
    flat = content("SCOORD", GraphicType="POLYLINE", GraphicData=[0.0, 0, 1, 1, 0, 0])
    flat.ContentSequence = [image("1.2.3.1", "SELECTED FROM")]
    ring = [0.0, 0, 5, 1, 0, 5, 1, 1, 5, 0, 0, 5]
    times = content("TCOORD", TemporalRangeType="POINT", ReferencedTimeOffsets=[1.0])
    wave = content("WAVEFORM", "SELECTED FROM", None, ReferencedSOPSequence=[reference("1.2.3.2", ECG)])
    wave.ReferencedSOPSequence[0].ReferencedWaveformChannels = [1, 1]
    times.ContentSequence = [wave]
    group = content("CONTAINER", ContinuityOfContent="SEPARATE")
    group.ContentSequence = [content("CODE", ConceptCodeSequence=[code("2")]), number()]
    solid = content(
        "SCOORD3D", GraphicType="POLYGON", GraphicData=ring, ReferencedFrameOfReferenceUID="1.2.3.4"
    )
    return [
        content("TEXT", TextValue="words"),
        group,
        content("DATE", Date="20240131"),
        content("TIME", Time="1200"),
        content("DATETIME", DateTime="20240131"),
        content("UIDREF", UID="1.2.3.4"),
        content("PNAME", PersonName="A^B"),
        flat,
        solid,
        times,
        image(),
        content("COMPOSITE", ReferencedSOPSequence=[reference("1.2.3.3", "1.2.840.10008.5.1.4.1.1.88.33")]),
    ]


def report(sop_class: str = COMPREHENSIVE_3D) -> Dataset:
    made = item(
        SOPClassUID=sop_class, SOPInstanceUID="1.2.3", StudyInstanceUID="1.2.3.5", SeriesInstanceUID="1.2.3.6",
        StudyDate="20240131", StudyTime="1200", AccessionNumber="", ReferringPhysicianName="", StudyID="1",
        PatientName="A^B", PatientID="1", PatientBirthDate="", PatientSex="", Modality="SR", SeriesNumber=1,
        ReferencedPerformedProcedureStepSequence=[], Manufacturer="M", InstanceNumber=1, CompletionFlag="PARTIAL",
        VerificationFlag="UNVERIFIED", ContentDate="20240131", ContentTime="1200", PerformedProcedureCodeSequence=[],
        SeriesDate="20240131", SeriesTime="1200", ManufacturerModelName="M", DeviceSerialNumber="1",
        SoftwareVersions="1",
    )  # fmt: skip
    made.CurrentRequestedProcedureEvidenceSequence = evidence("1.2.3.1", "1.2.3.2", "1.2.3.3")
    made.ValueType, made.ContinuityOfContent = "CONTAINER", "SEPARATE"
    made.ConceptNameCodeSequence = [code("9", "title")]
    made.ContentSequence = items()
    return made


def found(dataset: Dataset) -> Findings:
    return validate(dataset, profiles=())


def test_a_good_document() -> None:
    for dataset in (report(), report(EXTENSIBLE)):
        assert not [f for f in found(dataset) if f.level in ("error", "warning")], found(dataset)


def test_the_same_of_a_file() -> None:
    dataset = report()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = UID("1.2.3")
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    assert validate(stream.getvalue()).ok
    assert not [f for f in found(dcmread(BytesIO(stream.getvalue()))) if f.level in ("error", "warning")]


def value(index: int, keyword: str, to: Any) -> Callable[[Dataset], None]:
    def apply(dataset: Dataset) -> None:
        if to is None:
            delattr(dataset.ContentSequence[index], keyword)
        else:
            setattr(dataset.ContentSequence[index], keyword, to)

    return apply


def add(child: Dataset) -> Callable[[Dataset], None]:
    return lambda dataset: dataset.ContentSequence.append(child)


def by_reference(*place: int, relationship: str = "CONTAINS", **values: Any) -> Dataset:
    return item(RelationshipType=relationship, ReferencedContentItemIdentifier=list(place), **values)


def inner_loop(dataset: Dataset) -> None:
    dataset.ContentSequence[1].ContentSequence.append(by_reference(1, 2))


def both_evidences(dataset: Dataset) -> None:
    dataset.PertinentOtherEvidenceSequence = evidence("1.2.3.1")


def frame_and_segment(dataset: Dataset) -> None:
    seg = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.ContentSequence[10] = image(sop_class=seg, ReferencedFrameNumber="1", ReferencedSegmentNumber=1)


def two_references(dataset: Dataset) -> None:
    dataset.ContentSequence[10].ReferencedSOPSequence.append(reference("1.2.3.2"))


def root_text(dataset: Dataset) -> None:
    dataset.ValueType, dataset.TextValue = "TEXT", "words"


def orphan_state(dataset: Dataset) -> None:
    state = reference("1.2.3.77", "1.2.840.10008.5.1.4.1.1.11.1")
    dataset.ContentSequence[10].ReferencedSOPSequence[0].ReferencedSOPSequence = [state]


C = "ContentSequence"
RULES: list[tuple[str, Callable[[Dataset], None], str, str]] = [
    ("sr-relationship", value(0, "RelationshipType", "HAS PROPERTIES"), f"{C}[0].RelationshipType", "error"),
    ("sr-relationship", value(10, "RelationshipType", "SELECTED FROM"), f"{C}[10].RelationshipType", "error"),
    ("sr-relationship", add(by_reference(1, 2)), f"{C}[12].RelationshipType", "error"),
    ("sr-by-reference", add(by_reference(1, 99)), f"{C}[12].ReferencedContentItemIdentifier", "error"),
    ("sr-by-reference", add(by_reference(2, 1)), f"{C}[12].ReferencedContentItemIdentifier", "error"),
    ("sr-by-reference", add(by_reference(1, 13)), f"{C}[12].ReferencedContentItemIdentifier", "error"),
    ("sr-by-reference", inner_loop, f"{C}[1].{C}[2].ReferencedContentItemIdentifier", "error"),
    (
        "sr-by-reference",
        value(0, "ReferencedContentItemIdentifier", [1, 3]),
        f"{C}[0].ReferencedContentItemIdentifier",
        "error",
    ),
    ("sr-root", root_text, "ValueType", "error"),
    ("single-item", two_references, f"{C}[10].ReferencedSOPSequence", "error"),
    ("sr-coordinates", value(7, "GraphicData", [0.0, 1, 2]), f"{C}[7].GraphicData", "error"),
    ("sr-coordinates", value(7, "GraphicType", "CIRCLE"), f"{C}[7].GraphicData", "error"),
    ("sr-coordinates", value(7, "GraphicType", "POLYGON"), f"{C}[7].GraphicType", "error"),
    (
        "sr-coordinates-3d",
        value(8, "GraphicData", [0.0, 0, 0, 1, 0, 0, 1, 1, 0]),
        f"{C}[8].GraphicData",
        "error",
    ),
    (
        "sr-coordinates-3d",
        value(8, "GraphicData", [0.0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0, 0, 0]),
        f"{C}[8].GraphicData",
        "warning",
    ),
    ("sr-coordinates-3d", value(8, "GraphicType", "ELLIPSOID"), f"{C}[8].GraphicData", "error"),
    ("sr-selected-from", value(7, C, None), f"{C}[7].{C}", "warning"),
    (
        "sr-time-coordinates",
        value(9, "ReferencedTimeOffsets", None),
        f"{C}[9].ReferencedSamplePositions",
        "error",
    ),
    ("sr-time-coordinates", value(9, "ReferencedDateTime", "2024"), f"{C}[9].ReferencedDateTime", "warning"),
    (
        "sr-image-reference",
        value(10, "ReferencedSOPSequence", [reference("1.2.3.1", ReferencedFrameNumber="1")]),
        f"{C}[10].ReferencedSOPSequence[0].ReferencedFrameNumber",
        "error",
    ),
    (
        "sr-image-reference",
        frame_and_segment,
        f"{C}[10].ReferencedSOPSequence[0].ReferencedFrameNumber",
        "warning",
    ),
    (
        "sr-image-reference",
        value(10, "ReferencedSOPSequence", [reference("1.2.3.1", COMPREHENSIVE_3D)]),
        f"{C}[10].ReferencedSOPSequence[0].ReferencedSOPClassUID",
        "warning",
    ),
    (
        "sr-evidence",
        value(10, "ReferencedSOPSequence", [reference("1.2.3.66")]),
        f"{C}[10].ReferencedSOPSequence[0].ReferencedSOPInstanceUID",
        "error",
    ),
    (
        "sr-evidence",
        orphan_state,
        f"{C}[10].ReferencedSOPSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID",
        "error",
    ),
    ("sr-evidence", both_evidences, "PertinentOtherEvidenceSequence", "error"),
]


@pytest.mark.parametrize(("rule", "apply", "path", "level"), RULES)
def test_broken(rule: str, apply: Callable[[Dataset], None], path: str, level: str) -> None:
    dataset = report()
    apply(dataset)
    named = [(f.path, f.level) for f in found(dataset) if f.rule_id == rule]
    assert (path, level) in named, named


#: Index of the item, attribute to take away.
REQUIRED = [
    (0, "TextValue"), (0, "ConceptNameCodeSequence"), (0, "RelationshipType"), (0, "ValueType"),
    (1, "ContinuityOfContent"), (2, "Date"), (3, "Time"), (4, "DateTime"), (5, "UID"), (6, "PersonName"),
    (7, "GraphicType"), (7, "GraphicData"), (8, "ReferencedFrameOfReferenceUID"), (9, "TemporalRangeType"),
    (10, "ReferencedSOPSequence"), (11, "ReferencedSOPSequence"),
]  # fmt: skip


@pytest.mark.parametrize(("index", "keyword"), REQUIRED)
def test_what_a_value_type_requires(index: int, keyword: str) -> None:
    dataset = report()
    delattr(dataset.ContentSequence[index], keyword)
    assert f"{C}[{index}].{keyword}" in {f.path for f in found(dataset).errors}


def test_deep_items_are_checked() -> None:
    dataset = report()
    inner = dataset.ContentSequence[1].ContentSequence
    del inner[1].MeasuredValueSequence[0].NumericValue
    del inner[0].ConceptCodeSequence
    paths = {f.path for f in found(dataset).errors}
    assert {
        f"{C}[1].{C}[0].ConceptCodeSequence",
        f"{C}[1].{C}[1].MeasuredValueSequence[0].NumericValue",
    } <= paths


def test_a_number_may_be_empty() -> None:
    dataset = report()
    dataset.ContentSequence[1].ContentSequence[1].MeasuredValueSequence = []
    assert found(dataset).ok


def test_what_belongs_to_another_value_type_is_named() -> None:
    dataset = report()
    dataset.ContentSequence[2].TextValue = "words"
    assert [f.path for f in found(dataset) if f.rule_id == "attribute-of-no-module"] == [f"{C}[2].TextValue"]


def test_references_by_reference_where_they_may_be() -> None:
    dataset = report()
    text = content("TEXT", TextValue="why")
    text.ContentSequence = [by_reference(1, 2, 2, relationship="INFERRED FROM")]
    dataset.ContentSequence.append(text)
    assert found(dataset).ok, found(dataset)


def test_frames_of_a_multi_frame_class() -> None:
    dataset = report()
    dataset.ContentSequence[10] = image(sop_class=ENHANCED_CT, ReferencedFrameNumber="1")
    assert found(dataset).ok


def test_items_nested_beyond_measure_end() -> None:
    dataset = report()
    place = dataset
    for _ in range(120):
        inner = content("CONTAINER", ContinuityOfContent="SEPARATE")
        place.ContentSequence = [inner]
        place = inner
    assert [f.level for f in found(dataset) if "deeper" in f.message] == ["not-evaluated"]


def test_relations_are_of_known_words() -> None:
    for key in ("basic-text-sr", "comprehensive-3d-sr", "key-object-selection-document", "extensible-sr"):
        known = permitted(key)
        assert known is not None
        for source, relationship, target, _ in known[1]:
            assert {source, target} <= VALUE_TYPES and relationship in RELATIONSHIPS
    assert permitted("ct-image") is None
