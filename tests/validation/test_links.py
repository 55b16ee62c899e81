"""What objects say of others that are at hand."""

from __future__ import annotations

from copy import deepcopy

import pytest
from pydicom.dataset import Dataset
from tests.validation import objects, together
from tests.validation.objects import uid
from tests.validation.together import Files, found

from dicomposer.validation import validate
from dicomposer.validation._engine import Options
from dicomposer.validation._subject import Subject
from dicomposer.validation.files._entities import across
from dicomposer.validation.files._facts import facts_of

LISTED = "ReferencedSeriesSequence[0].ReferencedInstanceSequence"
SOURCE = "PerFrameFunctionalGroupsSequence[2].DerivationImageSequence[0].SourceImageSequence[0]"
MR = "1.2.840.10008.5.1.4.1.1.4"
OTHER = uid(51, 1)


def said(files: Files) -> set[tuple[str, str, str, str]]:
    return {(name, f.rule_id, f.path, f.level) for name, all_ in found(files).items() for f in all_}


def result() -> Files:
    """Slices and one segmentation of them."""
    files = together.segmented()
    return deepcopy({name: one for name, one in files.items() if name.startswith("ct") or name == "binary"})


def source(dataset: Dataset, frame: int = 2) -> Dataset:
    return dataset.PerFrameFunctionalGroupsSequence[frame].DerivationImageSequence[0].SourceImageSequence[0]


def test_class_in_the_list() -> None:
    files = result()
    files["binary"].ReferencedSeriesSequence[0].ReferencedInstanceSequence[3].ReferencedSOPClassUID = MR
    assert said(files) == {("binary", "link-class", f"{LISTED}[3].ReferencedSOPClassUID", "error")}


def test_class_in_a_frame() -> None:
    files = result()
    source(files["binary"]).ReferencedSOPClassUID = MR
    assert said(files) == {("binary", "link-class", f"{SOURCE}.ReferencedSOPClassUID", "error")}


def test_frame_numbers() -> None:
    files = result()
    source(files["binary"]).ReferencedFrameNumber = 2
    assert said(files) == {("binary", "link-frame", f"{SOURCE}.ReferencedFrameNumber", "error")}
    source(files["binary"]).ReferencedFrameNumber = 1
    assert not said(files)


def test_segment_numbers() -> None:
    files = deepcopy(together.enhanced())
    item = files["report"].ContentSequence[0].ReferencedSOPSequence[0]
    item.ReferencedSegmentNumber = [1, 4]
    path = "ContentSequence[0].ReferencedSOPSequence[0].ReferencedSegmentNumber"
    assert ("report", "link-segment", path, "error") in said(files)


def test_series_of_an_instance() -> None:
    files = result()
    files["binary"].ReferencedSeriesSequence[0].SeriesInstanceUID = OTHER
    findings = found(files)["binary"]
    assert [(f.rule_id, f.level, f.count) for f in findings] == [("link-series", "error", 6)]
    assert findings[0].path == "ReferencedSeriesSequence[0].SeriesInstanceUID"


def test_study_of_an_instance() -> None:
    files = deepcopy(together.results())
    evidence = files["key_objects"].CurrentRequestedProcedureEvidenceSequence[0]
    evidence.StudyInstanceUID = OTHER
    path = "CurrentRequestedProcedureEvidenceSequence[0].StudyInstanceUID"
    assert {one for one in said(files) if one[3] == "error"} == {("key_objects", "link-study", path, "error")}


def test_study_and_series_of_structures() -> None:
    files = deepcopy(together.phantom())
    study = files["structures"].ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    study.ReferencedSOPInstanceUID = OTHER
    study.RTReferencedSeriesSequence[0].SeriesInstanceUID = OTHER
    path = "ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]"
    assert said(files) == {
        ("structures", "link-study", f"{path}.ReferencedSOPInstanceUID", "error"),
        ("structures", "link-series", f"{path}.RTReferencedSeriesSequence[0].SeriesInstanceUID", "error"),
    }


def test_study_of_a_series_without_the_instance() -> None:
    files = deepcopy(together.enhanced())
    raw = files["image"].ReferencedRawDataSequence[0]
    assert raw.ReferencedSeriesSequence[0].SeriesInstanceUID == files["image"].SeriesInstanceUID
    raw.StudyInstanceUID = OTHER
    assert {rule for name, rule, _, level in said(files) if level == "error"} == {"link-study"}


def test_a_result_in_another_study() -> None:
    files = result()
    files["binary"].StudyInstanceUID = OTHER
    assert {(rule, level) for _, rule, _, level in said(files)} == {("link-other-study", "error")}
    files["binary"].PatientID = "x"
    found_ = {(rule, level) for _, rule, _, level in said(files)}
    assert ("link-patient", "warning") in found_


def test_other_studies_are_fine_where_they_are_said() -> None:
    files = result()
    files["binary"].StudyInstanceUID = OTHER
    study = Dataset()
    study.StudyInstanceUID = files["ct0"].StudyInstanceUID
    study.ReferencedSeriesSequence = files["binary"].ReferencedSeriesSequence
    files["binary"].StudiesContainingOtherReferencedInstancesSequence = [study]
    del files["binary"].ReferencedSeriesSequence
    assert not said(files)


def test_frame_of_reference_of_a_result() -> None:
    files = result()
    files["binary"].FrameOfReferenceUID = OTHER
    assert said(files) == {("binary", "link-frame-of-reference", "FrameOfReferenceUID", "warning")}


def test_frame_of_reference_of_structures() -> None:
    files = deepcopy(together.phantom())
    files["structures"].ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID = OTHER
    findings = found(files)["structures"]
    assert [(f.rule_id, f.level, f.count) for f in findings] == [("link-frame-of-reference", "warning", 8)]


def test_a_registration_may_leave_its_space() -> None:
    files = {"ct": deepcopy(objects.ct_series()[0]), "mr": deepcopy(objects.ct_series()[1])}
    files["mr"].FrameOfReferenceUID, files["mr"].SeriesInstanceUID = OTHER, uid(51, 2)
    made = Dataset()
    for keyword in ("PatientID", "PatientName", "StudyInstanceUID", "FrameOfReferenceUID", "StudyDate"):
        made[keyword] = files["ct"][keyword]
    made.SOPClassUID, made.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.66.1", uid(51, 3)
    made.SeriesInstanceUID, made.Modality = uid(51, 4), "REG"
    items = []
    for one in files.values():
        reference, item = Dataset(), Dataset()
        reference.ReferencedSOPClassUID = one.SOPClassUID
        reference.ReferencedSOPInstanceUID = one.SOPInstanceUID
        item.FrameOfReferenceUID, item.ReferencedImageSequence = one.FrameOfReferenceUID, [reference]
        items.append(item)
    made.RegistrationSequence = items
    assert not [one for one in said({**files, "registration": made}) if one[3] != "advice"]
    items[1].FrameOfReferenceUID = files["ct"].FrameOfReferenceUID
    path = "RegistrationSequence[1].ReferencedImageSequence[0].ReferencedSOPInstanceUID"
    expected = ("registration", "link-frame-of-reference", path, "warning")
    assert expected in said({**files, "registration": made})


def test_sizes_without_a_frame_of_reference() -> None:
    files = result()
    del files["binary"].FrameOfReferenceUID
    assert not said(files)
    files["binary"].Rows = 64
    assert said(files) == {("binary", "link-size", "Rows", "warning")}


def test_a_missing_instance_of_a_series_at_hand() -> None:
    files = result()
    del files["ct2"], files["ct4"]
    findings = found(files)["binary"]
    assert [(f.rule_id, f.level, f.count) for f in findings] == [("link-missing", "warning", 2)]
    assert findings[0].path == f"{LISTED}[2].ReferencedSOPInstanceUID"


def test_a_result_alone_is_no_noise() -> None:
    for files in (together.segmented(), together.results(), together.enhanced()):
        for name, one in files.items():
            assert not found({name: one})[name]
    only = {name: one for name, one in together.results().items() if not name.startswith("ct")}
    assert not [one for one in said(only) if one[3] != "advice"]


def test_predecessors_may_be_gone() -> None:
    files = {"report": objects.test_file("test-SR.dcm")}
    assert "PredecessorDocumentsSequence" in files["report"]
    assert not said(files)


def test_raw_and_decoded_say_the_same() -> None:
    for files in (together.segmented(), together.enhanced()):
        read = {name: together.read(one) for name, one in files.items()}
        decoded = deepcopy(read)
        for one in decoded.values():
            one.walk(lambda dataset, element: None)
        for name in files:
            raw_facts, decoded_facts = (facts_of(Subject(every[name])) for every in (read, decoded))
            assert raw_facts.attributes == decoded_facts.attributes
            assert raw_facts.references == decoded_facts.references
            assert raw_facts.places == decoded_facts.places


@pytest.mark.parametrize("broken", ["file", "class", "instance"])
def test_directories(broken: str) -> None:
    files = deepcopy(together.directory())
    records = files["DICOMDIR"].DirectoryRecordSequence
    number = next(n for n, one in enumerate(records) if "ReferencedFileID" in one)
    keyword, value, level = {
        "file": ("ReferencedFileID", ["NO", "WHERE"], "warning"),
        "class": ("ReferencedSOPClassUIDInFile", MR, "error"),
        "instance": ("ReferencedSOPInstanceUIDInFile", OTHER, "error"),
    }[broken]
    setattr(records[number], keyword, value)
    path = f"DirectoryRecordSequence[{number}].{keyword}"
    assert ("DICOMDIR", "directory-file", path, level) in said(files)


@pytest.mark.parametrize("keyword", ["SeriesInstanceUID", "StudyInstanceUID", "PatientID"])
def test_a_directory_names_the_entities_of_its_files(keyword: str) -> None:
    files = deepcopy(together.directory())
    for one in files["DICOMDIR"].DirectoryRecordSequence:
        if keyword in one:
            setattr(one, keyword, OTHER)
    found = [one for one in said(files) if one[1] == "directory-key"]
    assert found and {(name, level) for name, _, _, level in found} == {("DICOMDIR", "error")}


def test_a_directory_in_a_folder_below_in_small_letters() -> None:
    """Media are often copied into folders, by systems that write names in small letters."""
    files = {f"disc/{name.lower()}": one for name, one in together.directory().items()}
    assert not [one for one in said(files) if one[3] != "advice"]


def test_a_directory_of_unknown_place() -> None:
    facts = facts_of(Subject(together.directory()["DICOMDIR"], from_file=True))
    assert facts.files
    assert across([facts], Options()) == [[]]


# -- the same against sources in memory -----------------------------------------------------------------------------


def test_sources() -> None:
    sources = list(objects.ct_series())
    dataset = deepcopy(objects.binary())
    assert validate(dataset, sources=sources).ok
    source(dataset).ReferencedFrameNumber = 2
    findings = [f for f in validate(dataset, sources=sources) if f.rule_id == "source-reference"]
    assert [(f.path, f.level) for f in findings] == [(f"{SOURCE}.ReferencedFrameNumber", "error")]


def test_sources_of_another_study() -> None:
    sources = [deepcopy(one) for one in objects.ct_series()]
    for one in sources:
        one.StudyInstanceUID = OTHER
    rules = {(f.rule_id, f.path) for f in validate(objects.binary(), sources=sources).errors}
    assert ("source-entity", "StudyInstanceUID") in rules
