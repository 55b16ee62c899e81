"""What several files say of one patient, study, series, device or space; good collections, and seeded faults."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace

import pytest
from pydicom.dataset import Dataset
from tests.validation import good, objects, together
from tests.validation.objects import uid
from tests.validation.together import COLLECTIONS, Files, found, score

from dicomposer.validation._engine import Options
from dicomposer.validation._subject import Subject
from dicomposer.validation.files._collection import collection_rules
from dicomposer.validation.files._entities import across
from dicomposer.validation.files._facts import Facts, facts_of

Break = Callable[[list[Dataset]], None]
OTHER = uid(50, 1)


def said(files: Files) -> set[tuple[str, str, str, str]]:
    """(file, rule, path, level) of each finding."""
    return {(name, f.rule_id, f.path, f.level) for name, all_ in found(files).items() for f in all_}


def setting(keyword: str, value: object, *numbers: int) -> Break:
    def apply(slices: list[Dataset]) -> None:
        for number in numbers:
            setattr(slices[number], keyword, value)

    return apply


def missing(keyword: str, number: int) -> Break:
    return lambda slices: slices[number].__delattr__(keyword)


def doubled(changed: bool) -> Break:
    def apply(slices: list[Dataset]) -> None:
        copy = deepcopy(slices[1])
        if changed:
            copy.SliceThickness = 9
        slices.append(copy)

    return apply


def another_study(patient: str) -> Break:
    """The last two slices are a study of their own."""

    def apply(slices: list[Dataset]) -> None:
        for one in slices[4:]:
            one.StudyInstanceUID, one.SeriesInstanceUID = uid(50, 2), uid(50, 3)
            if patient == "name":
                one.PatientName = "Another^Name"
            else:
                one.PatientID = patient

    return apply


#: Break six slices of one series: rule, file, path, level of the only finding.
SLICES: dict[str, tuple[Break, tuple[str, str, str, str]]] = {
    "model": (
        setting("ManufacturerModelName", "x", 2),
        ("ct2", "series-attribute", "ManufacturerModelName", "error"),
    ),
    "software": (
        setting("SoftwareVersions", "x", 2),
        ("ct2", "series-attribute", "SoftwareVersions", "warning"),
    ),
    "series": (
        setting("SeriesDescription", "x", 0),
        ("ct0", "series-attribute", "SeriesDescription", "error"),
    ),
    "name": (setting("PatientName", "x", 5), ("ct5", "study-attribute", "PatientName", "warning")),
    "date": (setting("StudyDate", "20010101", 1), ("ct1", "study-attribute", "StudyDate", "warning")),
    "indicator": (
        setting("PositionReferenceIndicator", "x", 1),
        ("ct1", "frame-of-reference-attribute", "PositionReferenceIndicator", "warning"),
    ),
    "unsaid": (missing("StudyDescription", 3), ("ct3", "unsaid-attribute", "StudyDescription", "advice")),
    "empty": (setting("StudyID", "", 3), ("ct3", "unsaid-attribute", "StudyID", "advice")),
    "modality": (setting("Modality", "MR", 3), ("ct3", "series-modality", "Modality", "error")),
    "study": (setting("StudyInstanceUID", OTHER, 3), ("ct3", "series-study", "StudyInstanceUID", "error")),
    "space": (
        setting("FrameOfReferenceUID", OTHER, 3),
        ("ct3", "series-frame-of-reference", "FrameOfReferenceUID", "error"),
    ),
    "patient": (setting("PatientID", "x", 3), ("ct3", "study-patient", "PatientID", "error")),
    "shared space": (another_study("x"), ("ct4", "frame-of-reference-patient", "PatientID", "warning")),
    "other name": (another_study("name"), ("ct4", "patient-attribute", "PatientName", "warning")),
    "kinds": (
        lambda slices: setting("FrameOfReferenceUID", slices[0].SeriesInstanceUID, *range(6))(slices),
        ("ct0", "uid-kinds", "FrameOfReferenceUID", "advice"),
    ),
    "kinds of a series": (
        lambda slices: setting("SeriesInstanceUID", slices[0].StudyInstanceUID, *range(6))(slices),
        ("ct0", "uid-kinds", "SeriesInstanceUID", "error"),
    ),
    "number": (setting("InstanceNumber", 1, 3), ("ct3", "instance-number", "InstanceNumber", "advice")),
    "copy": (doubled(False), ("ct6", "duplicate-instance", "SOPInstanceUID", "warning")),
    "other contents": (doubled(True), ("ct6", "duplicate-instance", "SOPInstanceUID", "error")),
}


def slices() -> list[Dataset]:
    """Six slices, of a patient with a name."""
    made = [deepcopy(one) for one in objects.ct_series()]
    for one in made:
        one.PatientName, one.StudyID, one.StudyDescription, one.SoftwareVersions = "A^B", "1", "study", "1"
        one.SeriesDescription, one.PositionReferenceIndicator = "series", "SN"
    return made


@pytest.mark.parametrize("name", SLICES)
def test_slices(name: str) -> None:
    apply, expected = SLICES[name]
    files = slices()
    assert not said(together.named("ct", files))
    apply(files)
    assert expected in said(together.named("ct", files))
    # One fault is said once: at the odd file, by one rule (a series in two studies is a space in two as well).
    assert len(said(together.named("ct", files))) <= 2


#: Rules that other tests show: of references, in test_links.py, and of concatenations, below.
ELSEWHERE = {
    "concatenation", "directory-file", "directory-key", "link-class", "link-frame",
    "link-frame-of-reference", "link-missing", "link-other-study", "link-patient", "link-segment",
    "link-series", "link-size", "link-study", "series-patient",
}  # fmt: skip


def test_every_rule_is_shown() -> None:
    shown = {rule for _, (_, rule, _, _) in SLICES.values()}
    assert {rule.id for rule in collection_rules()} == shown | ELSEWHERE
    assert not shown & ELSEWHERE


def test_a_series_in_two_studies_of_two_patients() -> None:
    files = slices()
    files[2].StudyInstanceUID, files[2].PatientID = OTHER, "x"
    rules = {rule for _, rule, _, _ in said(together.named("ct", files))}
    assert {"series-study", "series-patient"} <= rules


def test_without_a_majority_it_is_said_once() -> None:
    files = slices()
    for number, one in enumerate(files):
        one.SeriesDescription = f"series {number}"
    findings = found(together.named("ct", files))
    assert [(f.rule_id, f.count) for f in findings["ct0"]] == [("series-attribute", 6)]
    assert "6 different values" in findings["ct0"][0].message
    assert not any(findings[f"ct{number}"] for number in range(1, 6))


def test_of_many_odd_files_the_first_stands_for_all() -> None:
    facts = facts_of(Subject(slices()[0]))
    odd = slices()[0]
    odd.StudyDate = "20010101"
    del odd.StudyDescription
    other = facts_of(Subject(odd))
    files = [replace(facts, instance=f"1.2.{n}", number=n) for n in range(20)]
    files += [replace(other, instance=f"1.3.{n}", number=n, series="1.4") for n in range(15)]
    findings = across(files, Options())
    assert {(f.rule_id, f.path, f.count) for f in findings[20]} == {
        ("study-attribute", "StudyDate", 15),
        ("unsaid-attribute", "StudyDescription", 15),
    }
    assert sum(map(len, findings)) == 2


def test_what_is_one_value_in_other_words() -> None:
    files = slices()
    files[1].PatientName = "A^B^^^"
    files[2].SeriesNumber = "01"
    files[2].SpecificCharacterSet = "ISO_IR 192"
    for one in files:
        one.StudyDescription = "Prüfung"
        one.SpecificCharacterSet = one.get("SpecificCharacterSet") or "ISO_IR 100"
    for one in files[:2] + files[3:]:
        one.SeriesNumber = "1"
    read = [together.read(one) for one in files]
    assert not said(together.named("ct", read))


def test_issuers_that_one_device_leaves_out() -> None:
    files = slices()
    files[0].IssuerOfPatientID = "hospital"
    assert not said(together.named("ct", files))
    for one in files:
        one.IssuerOfPatientID = "hospital"
    files[3].IssuerOfPatientID = "elsewhere"
    assert said(together.named("ct", files)) == {("ct3", "study-attribute", "IssuerOfPatientID", "warning")}


def test_atlases_are_shared() -> None:
    files = slices()
    another_study("x")(files)
    for one in files:
        one.FrameOfReferenceUID = "1.2.840.10008.1.4.1.1"
    assert not said(together.named("ct", files))


def test_the_same_in_another_transfer_syntax() -> None:
    image = objects.test_file("MR_small.dcm")
    files = {"plain": image, "rle": objects.test_file("MR_small_RLE.dcm")}
    assert said(files) == {("rle", "duplicate-instance", "SOPInstanceUID", "warning")}


def test_instance_numbers_of_multi_frame_objects() -> None:
    one, other = deepcopy(objects.binary()), deepcopy(objects.binary())
    other.SOPInstanceUID = other.file_meta.MediaStorageSOPInstanceUID = OTHER
    found_ = said({"one": one, "other": other})
    assert found_ == {("other", "instance-number", "InstanceNumber", "warning")}


CONCATENATIONS = {
    "twice the same": ("InConcatenationNumber", 1, "InConcatenationNumber", "error"),
    "beyond": ("InConcatenationNumber", 3, "InConcatenationNumber", "error"),
    "total": ("InConcatenationTotalNumber", 3, "InConcatenationTotalNumber", "error"),
    "offset": ("ConcatenationFrameOffsetNumber", 2, "ConcatenationFrameOffsetNumber", "error"),
    "source": ("SOPInstanceUIDOfConcatenationSource", OTHER, "SOPInstanceUIDOfConcatenationSource", "error"),
}


@pytest.mark.parametrize("name", CONCATENATIONS)
def test_concatenations(name: str) -> None:
    keyword, value, path, level = CONCATENATIONS[name]
    files = deepcopy(together.parts())
    setattr(files["part1"], keyword, value)
    assert ("part1", "concatenation", path, level) in said(files)


def test_a_part_is_missing() -> None:
    files = dict(together.parts())
    del files["part0"]
    assert said(files) == {("part1", "concatenation", "InConcatenationTotalNumber", "warning")}


# -- collections ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", COLLECTIONS)
def test_good_collections(name: str) -> None:
    """No error and no warning on what is right; what is advised is what highdicom leaves out, or an old UID."""
    advised = {rule for _, rule, _, level in said(COLLECTIONS[name]()) if level == "advice"}
    assert not {one for one in said(COLLECTIONS[name]()) if one[3] != "advice"}
    assert advised <= {"unsaid-attribute", "uid-kinds"}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_faults_are_named(name: str) -> None:
    outcomes = score([name])
    missed = [one.fault for one in outcomes if not one.named]
    assert outcomes
    assert not missed


def test_nothing_to_compare() -> None:
    assert across([], Options()) == []
    assert found({"one": good.small_ct()[0]}) == {"one": []}
    assert found({"empty": Dataset(), "too": Dataset()}) == {"empty": [], "too": []}


def test_levels_and_what_is_left_out() -> None:
    files = together.named("ct", slices())
    files["ct1"].StudyDate = "20010101"
    facts = [facts_of(Subject(one)) for one in files.values()]
    assert any(across(facts, Options()))
    assert not any(across(facts, Options(level="error")))
    assert not any(across(facts, Options(ignore=("study-*",))))


# -- facts ----------------------------------------------------------------------------------------------------------


def test_facts_hold_no_values() -> None:
    one = slices()[0]
    one.PatientName, one.PatientID, one.StudyDescription = "Verysecret^Name", "SECRET-77", "secret study"
    facts = facts_of(Subject(one))
    stored = pickle.dumps(facts)
    assert b"ecret" not in stored.lower()
    assert pickle.loads(stored) == facts
    assert len(stored) < 2000


def test_the_key_changes_digests() -> None:
    one = slices()[0]
    first, second = (facts_of(Subject(one), key=key) for key in (b"a", b"b"))
    assert first.patient != second.patient
    assert first.attributes != second.attributes
    with pytest.raises(ValueError, match="keys"):
        across([first, second], Options())


def test_facts_do_not_touch_the_dataset() -> None:
    dataset = together.read(objects.binary())
    before = {int(tag): type(element) for tag, element in dataset._dict.items()}
    facts_of(Subject(dataset))
    assert {int(tag): type(element) for tag, element in dataset._dict.items()} == before


def test_facts_of_damaged_references() -> None:
    dataset = together.read(objects.binary())
    element = dataset._dict[0x00081115]
    dataset._dict[0x00081115] = element._replace(value=element.value[:-20])  # type: ignore[union-attr]
    facts = facts_of(Subject(dataset))
    assert isinstance(facts, Facts)
    assert facts.instance == dataset.SOPInstanceUID


def test_ten_thousand_files() -> None:
    """Grows with the number of files, not with its square; one finding per odd file."""
    facts = facts_of(Subject(slices()[0]))
    many = [replace(facts, instance=f"1.2.{n}", number=n, series=f"1.3.{n // 400}") for n in range(10_000)]
    odd = replace(many[7], modality="MR")
    findings = across([*many[:7], odd, *many[8:]], Options())
    assert [f.rule_id for f in findings[7]] == ["series-modality"]
    assert sum(map(len, findings)) == 1
