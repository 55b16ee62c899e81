"""Documents: what they say of themselves, their evidence, and that they survive files, encodings and edits."""

from __future__ import annotations

from copy import deepcopy
from io import BytesIO
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.coding_schemes import CodingSchemeIdentificationItem
from dicomposer.content import ContributingEquipment
from dicomposer.errors import ArgumentError, ArgumentTypeError, ConformanceError, MissingAttributeError
from dicomposer.items import walk
from dicomposer.validation import validate
from reports import (
    CT,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    NAME,
    PROCEDURE,
    context,
    ct,
    document,
    evidence,
    groups,
    other,
    read_again,
    report,
    simple,
    written,
)

TASTE = Code("5", "99X", "Taste")
MEASUREMENTS = Code("126010", "DCM", "Imaging Measurements")


def make(content: Any = None, kind: Any = sr.ComprehensiveSR, images: Any = None, **more: Any) -> Any:
    content = sr.MeasurementReport(context(sr), PROCEDURE, [simple(sr)]) if content is None else content
    images = [ct()] if images is None else images
    return kind(images, content, "1.2.3.1", 1, "1.2.3.2", 1, manufacturer="m", **more)


def tree(items: Any) -> list[Any]:
    """What every item of a tree says."""
    return [
        (
            one.relationship_type,
            one.value_type,
            None if one.name_key is None else one.name_key,
            str(getattr(one, "value", "")),
        )
        for one in walk(items)
    ]


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
@pytest.mark.parametrize("kind", [sr.EnhancedSR, sr.ComprehensiveSR])
def test_files_in_every_syntax(kind: Any, syntax: str) -> None:
    # observation context of a number is for the others (PS3.3 A.35.2.3)
    content = report(sr, [simple(sr) if kind is sr.EnhancedSR else groups(sr)[0]])
    made = make(content, kind, evidence(), transfer_syntax_uid=syntax)
    again = read_again(sr, made)
    assert type(again) is kind
    assert again.file_meta.TransferSyntaxUID == syntax
    assert isinstance(again.content, sr.MeasurementReport)
    assert tree(again.content) == tree(content)
    plain = dcmread(BytesIO(written(made)))  # pydicom reads the same
    assert tree(sr.ContentSequence.from_sequence(plain.ContentSequence)) == tree(content[0].children)


def test_the_full_report_in_a_file():
    content = report(sr)
    again = read_again(sr, document(sr, content))
    assert tree(again.content) == tree(content)
    assert [f for f in validate(again, sources=()) if f.level == "error"] == []


@pytest.mark.parametrize("syntax", ["1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.5"])
def test_syntaxes_of_pixels(syntax: str) -> None:
    with pytest.raises(ArgumentError, match="pixels"):
        make(transfer_syntax_uid=syntax)


def test_arguments_are_not_changed():
    content = report(sr)
    before, images = tree(content), evidence()
    states = [one.to_json() for one in images]
    made = document(sr, content)
    made.content[0].ContentSequence[0].ConceptNameCodeSequence[0].CodeMeaning = "changed"
    del made.content[0].ContentSequence[-1]
    assert tree(content) == before
    assert [one.to_json() for one in images] == states


def test_groups_can_be_used_again():
    group = simple(sr)
    first = sr.MeasurementReport(context(sr), PROCEDURE, [group])
    second = sr.MeasurementReport(context(sr), PROCEDURE, [group, simple(sr, "image")])
    assert len(make(first).content.get_planar_roi_measurement_groups()) == 1
    assert len(make(second).content.get_planar_roi_measurement_groups()) == 2


def test_what_a_document_says_of_itself():
    made = make(
        is_complete=True,
        is_final=True,
        is_verified=True,
        verifying_observer_name="Größe^Jane",
        verifying_organization="A hospital",
        institution_name="i",
        institutional_department_name="d",
        performed_procedure_codes=[PROCEDURE],
        contributing_equipment=[ContributingEquipment.for_dicomposer()],
    )
    again = read_again(sr, made)
    assert (again.CompletionFlag, again.PreliminaryFlag, again.VerificationFlag) == (
        "COMPLETE",
        "FINAL",
        "VERIFIED",
    )
    observer = again.VerifyingObserverSequence[0]
    assert observer.VerifyingObserverName == "Größe^Jane"
    assert observer.VerifyingOrganization == "A hospital"
    assert len(observer.VerificationDateTime) >= 14
    assert sr.CodedConcept.from_dataset(again.PerformedProcedureCodeSequence[0]) == PROCEDURE
    assert len(again.ContributingEquipmentSequence) == 1
    assert again.PatientID == ct().PatientID


def test_a_draft():
    made = make()
    assert (made.CompletionFlag, made.PreliminaryFlag, made.VerificationFlag) == (
        "PARTIAL",
        "PRELIMINARY",
        "UNVERIFIED",
    )
    assert "VerifyingObserverSequence" not in made


def test_requested_procedures_and_predecessors():
    request = Dataset()
    request.StudyInstanceUID = ct().StudyInstanceUID
    request.ReferencedStudySequence = []
    request.AccessionNumber = "1"
    request.PlacerOrderNumberImagingServiceRequest = request.FillerOrderNumberImagingServiceRequest = ""
    request.RequestedProcedureID = request.RequestedProcedureDescription = "x"
    request.RequestedProcedureCodeSequence = []
    first = make()
    second = make(requested_procedures=[request], previous_versions=[first])
    again = read_again(sr, second)
    assert again.ReferencedRequestSequence[0].AccessionNumber == "1"
    series = again.PredecessorDocumentsSequence[0].ReferencedSeriesSequence[0]
    assert series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first.SOPInstanceUID
    request.AccessionNumber = "2"
    assert second.ReferencedRequestSequence[0].AccessionNumber == "1"


# -- evidence ---------------------------------------------------------------------------------------------------------


def elsewhere() -> Dataset:
    found = other(CT, "1.2.9.9")
    found.StudyInstanceUID = "1.2.9"
    return found


@pytest.mark.parametrize(("record", "due"), [(True, 2), (False, 1)])
def test_evidence_of_other_studies(record: bool, due: int) -> None:
    made = make(images=[ct(), elsewhere()], record_evidence=record)
    assert len(made.get_evidence()) == due
    assert len(made.get_evidence(current_procedure_only=True)) == 1
    assert len(made.get_evidence_series()) == due
    study, series, instance, kind = made.get_evidence()[0]
    image = ct()
    assert (study, series, instance, kind) == (
        image.StudyInstanceUID,
        image.SeriesInstanceUID,
        image.SOPInstanceUID,
        image.SOPClassUID,
    )


def test_evidence_of_other_studies_that_the_content_needs():
    far = elsewhere()
    group = sr.MeasurementsAndQualitativeEvaluations(
        sr.TrackingIdentifier(), source_images=[sr.SourceImageForMeasurementGroup.from_source_image(far)]
    )
    content = sr.MeasurementReport(context(sr), PROCEDURE, [group])
    made = make(content, images=[ct(), far], record_evidence=False)
    assert [one[2] for one in made.get_evidence()] == [ct().SOPInstanceUID, far.SOPInstanceUID]


def test_what_the_content_refers_to_must_be_evidence():
    with pytest.raises(ArgumentError, match="not given as evidence"):
        make(images=[elsewhere()])


def test_collect_evidence():
    current, rest = sr.utils.collect_evidence([ct(), elsewhere()], report(sr, [])[0])
    assert (len(current), len(rest)) == (1, 1)
    current, rest = sr.utils.collect_evidence([ct(), elsewhere()], report(sr, [])[0], "1.2.9")
    assert current[0].StudyInstanceUID == "1.2.9"
    assert rest[0].StudyInstanceUID == ct().StudyInstanceUID


# -- character sets ---------------------------------------------------------------------------------------------------


def german() -> Any:
    return sr.MeasurementReport(
        sr.ObservationContext(
            sr.ObserverContext(
                codes.DCM.Person,
                sr.PersonObserverIdentifyingAttributes("Müller^Jürgen", organization_name="Öz"),
            )
        ),
        sr.CodedConcept("1", "99X", "Größe"),
        [
            simple(
                sr,
                qualitative_evaluations=[
                    sr.QualitativeEvaluation(TASTE, sr.CodedConcept("2", "99X", "schön"))
                ],
            )
        ],
        title=sr.CodedConcept("3", "99X", "Übersicht"),
    )


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("charset", [None, "ISO_IR 100", "ISO_IR 192"])
def test_text_beyond_ascii(charset: Any, syntax: str) -> None:
    again = read_again(sr, make(german(), specific_character_set=charset, transfer_syntax_uid=syntax))
    assert again.content[0].name.meaning == "Übersicht"
    assert again.content.procedures_reported[0].meaning == "Größe"
    person = again.content.get_observer_contexts()[0].observer_identifying_attributes
    assert (person.name, person.organization_name) == ("Müller^Jürgen", "Öz")
    group = again.content.get_planar_roi_measurement_groups()[0]
    assert group.get_qualitative_evaluations()[0].value.meaning == "schön"


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
def test_content_that_was_read_goes_into_documents_of_another_encoding(charset: str, syntax: str) -> None:
    latin = read_again(sr, make(german(), specific_character_set="ISO_IR 100"))
    made = make(latin.content, specific_character_set=charset, transfer_syntax_uid=syntax)
    again = read_again(sr, made)
    assert tree(again.content) == tree(german())
    # and items of one document in the tree of another
    target = read_again(sr, make(specific_character_set=charset, transfer_syntax_uid=syntax))
    container = target.content[0].ContentSequence.find(MEASUREMENTS)[0]
    for item in latin.content[0].ContentSequence.find(MEASUREMENTS)[0].children:
        container.ContentSequence.append(item)
    again = read_again(sr, target)
    values = [
        one.get_qualitative_evaluations()[0].value.meaning
        for one in again.content.get_planar_roi_measurement_groups()
        if one.get_qualitative_evaluations()
    ]
    assert values == ["schön"]


def japanese() -> bytes:
    """A Basic Text report in a character set with escape sequences."""
    dataset = Dataset()
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.88.11", "1.2.3"
    dataset.PatientName = "Yamada^Tarou=山田^太郎"
    dataset.ValueType, dataset.ContinuityOfContent = "CONTAINER", "SEPARATE"
    dataset.ConceptNameCodeSequence = [sr.CodedConcept("1", "99X", "表題")]
    items = []
    for kind, keyword, value in (
        ("TEXT", "TextValue", "所見"),
        ("PNAME", "PersonName", "Yamada^Tarou=山田^太郎"),
    ):
        item = Dataset()
        item.RelationshipType, item.ValueType = "CONTAINS", kind
        item.ConceptNameCodeSequence = [sr.CodedConcept("2", "99X", "名前")]
        setattr(item, keyword, value)
        items.append(item)
    dataset.ContentSequence = items
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = EXPLICIT
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def test_escape_sequences():
    found = sr.srread(japanese())
    assert type(found) is sr.StructuredReport
    assert found.content[0].name.meaning == "表題"
    text, name = found.content[0].children
    assert (text.value, text.name.meaning) == ("所見", "名前")
    assert name.value == "Yamada^Tarou=山田^太郎"
    made = make(sr.ContentSequence([found.content[0]], is_root=True), images=[ct()])
    again = read_again(sr, made).content[0]  # in UTF-8 now
    assert again.name.meaning == "表題"
    assert [one.value for one in again.children] == ["所見", "Yamada^Tarou=山田^太郎"]
    assert [one.name.meaning for one in again.children] == ["名前", "名前"]


def test_the_character_set_can_be_changed_after_reading():
    found = sr.srread(written(make(german(), specific_character_set="ISO_IR 100")))
    found.SpecificCharacterSet = "ISO_IR 192"
    assert tree(read_again(sr, found).content) == tree(german())


# -- codes ------------------------------------------------------------------------------------------------------------


def test_private_schemes_long_and_urn_codes():
    odd = [
        Code("1", "99OURS", "ours"),
        Code("1" * 30, "99OURS", "long"),
        Code("urn:oid:1.2.3", "99OURS", "urn"),
    ]
    evaluations = [sr.QualitativeEvaluation(TASTE, one) for one in odd]
    content = sr.MeasurementReport(context(sr), PROCEDURE, [simple(sr, qualitative_evaluations=evaluations)])
    scheme = CodingSchemeIdentificationItem("99OURS", name="Our codes", responsible_organization="Us")
    again = read_again(sr, make(content, coding_schemes=[scheme]))
    assert again.CodingSchemeIdentificationSequence[0].CodingSchemeName == "Our codes"
    found = again.content.get_planar_roi_measurement_groups()[0].get_qualitative_evaluations()
    assert [one.value for one in found] == odd


# -- reading and editing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, DEFLATED])
def test_a_group_is_added_to_a_report_that_was_read(syntax: str) -> None:
    found = read_again(sr, make(transfer_syntax_uid=syntax))
    container = found.content[0].ContentSequence.find(MEASUREMENTS)[0]
    container.ContentSequence.extend(simple(sr, "image"))
    found.content.get_planar_roi_measurement_groups()[0].get_measurements()[0][0].MeasuredValueSequence[
        0
    ].NumericValue = "77"
    again = read_again(sr, found)
    both = again.content.get_planar_roi_measurement_groups()
    assert [one.tracking_identifier for one in both] == ["planar", "image"]
    assert [one.get_measurements()[0].value for one in both] == [77, 1.5]
    assert tree(again.content) == tree(sr.srread(written(again)).content)


def test_untouched_documents_are_written_as_they_were():
    data = written(document(sr))
    found = sr.srread(data)
    assert written(found) == data
    assert found.content.get_planar_roi_measurement_groups()[0].roi.value.shape == (4, 2)
    assert written(found) == data


def test_references_inside_the_tree_survive():
    found = read_again(sr, make())
    number = found.content[0].ContentSequence.find(MEASUREMENTS)[0].children[0].children[-1]
    reference = Dataset()
    reference.RelationshipType = "INFERRED FROM"
    reference.ReferencedContentItemIdentifier = [1, 2, 3]
    number.ContentSequence = [*number.children]
    number[0x0040A730].value._list.append(reference)  # as a file has it: no value type
    again = read_again(sr, found)
    for one in (again, read_again(sr, again)):
        last = list(walk(one.content))
        held = [item for item in last if "ReferencedContentItemIdentifier" in item]
        assert len(held) == 1
        assert list(held[0].ReferencedContentItemIdentifier) == [1, 2, 3]
        assert held[0].relationship_type is sr.RelationshipTypeValues.INFERRED_FROM
        assert held[0].name_key is None
        assert one.content.get_planar_roi_measurement_groups()[0].get_measurements()[0].value == 1.5


def test_from_dataset():
    plain = dcmread(BytesIO(written(make())))
    copied = sr.ComprehensiveSR.from_dataset(plain)
    assert type(plain) is not sr.ComprehensiveSR
    assert copied is not plain
    same = sr.ComprehensiveSR.from_dataset(plain, copy=False)
    assert same is plain
    with pytest.raises(ArgumentError):
        sr.EnhancedSR.from_dataset(plain)
    with pytest.raises(ArgumentTypeError):
        sr.EnhancedSR.from_dataset("x")


def test_srread():
    with pytest.raises(ArgumentError, match="not a structured report"):
        sr.srread(written_ct())
    data = make()
    del data.ConceptNameCodeSequence
    with pytest.raises(MissingAttributeError, match="ConceptNameCodeSequence"):
        assert sr.srread(written(data)).content


def written_ct() -> bytes:
    buffer = BytesIO()
    ct().save_as(buffer)
    return buffer.getvalue()


def test_copies_are_independent():
    first = make()
    second = deepcopy(first)
    del second.content[0].ContentSequence[0]
    assert len(first.content[0].ContentSequence) == len(second.content[0].ContentSequence) + 1


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"images": []}, ArgumentError),
        ({"images": ct()}, ArgumentTypeError),
        ({"images": ["x"]}, ArgumentTypeError),
        ({"content": "x"}, ArgumentTypeError),
        ({"content": sr.ContentSequence(is_root=True)}, ArgumentError),
        ({"content": sr.TextContentItem(NAME, "x")}, ArgumentError),
        ({"content": sr.ContainerContentItem(NAME, relationship_type="CONTAINS")}, ArgumentError),
        ({"is_verified": True}, ArgumentError),
        ({"performed_procedure_codes": ["x"]}, ArgumentTypeError),
        ({"contributing_equipment": ["x"]}, ArgumentTypeError),
    ],
)
def test_mistakes(change: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        make(**change)


def test_coordinates_in_space_are_for_one_class_only():
    group = next(one for one in groups(sr) if isinstance(getattr(one, "roi", None), sr.VolumeSurface))
    content = report(sr, [group])
    for kind in (sr.EnhancedSR, sr.ComprehensiveSR):
        with pytest.raises(ConformanceError):
            make(content, kind, evidence())
    assert make(content, sr.Comprehensive3DSR, evidence())
