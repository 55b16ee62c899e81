"""The checker as a whole: inputs, levels, sources, what it leaves alone, what it survives."""

from __future__ import annotations

import random
from contextlib import suppress
from copy import deepcopy
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from pydicom import dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from tests.validation.mutations import put
from tests.validation.objects import SEGMENTATIONS, binary, clone, ct_series, encoded, label_map, uid

from dicomposer import record
from dicomposer.errors import ArgumentError, ArgumentTypeError, NotDicomError
from dicomposer.validation import _rules, pixel_findings, validate

GRAVE = ("error", "warning")


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_good_objects_have_neither_errors_nor_warnings(name: str) -> None:
    findings = validate(encoded(SEGMENTATIONS[name]()))
    assert not [str(f) for f in findings if f.level in GRAVE]


@pytest.mark.parametrize("name", SEGMENTATIONS)
def test_raw_and_decoded_say_the_same(name: str) -> None:
    data = encoded(SEGMENTATIONS[name]())
    decoded = dcmread(BytesIO(data))
    decoded.walk(lambda dataset, element: None)
    # Of rules that could not be evaluated, equal encoded items are counted once.
    raw, built, file = (
        {(f.path, f.rule, f.level, f.message) for f in validate(source)}
        for source in (record.read(BytesIO(data)), decoded, data)
    )
    assert raw == built == file


def test_path_bytes_and_file_object(tmp_path: Path) -> None:
    data = encoded(binary())
    path = tmp_path / "seg.dcm"
    path.write_bytes(data)
    assert validate(path) == validate(str(path)) == validate(data) == validate(BytesIO(data))


def test_the_dataset_is_left_as_it_is() -> None:
    dataset = record.read(BytesIO(encoded(binary())))
    before = dict(dataset._dict)
    validate(dataset, sources=ct_series())
    assert dict(dataset._dict) == before
    assert all(dataset._dict[tag] is element for tag, element in before.items())
    assert any(isinstance(e, RawDataElement) and e.VR == "SQ" for e in before.values())


def test_levels() -> None:
    everything = validate(binary())
    assert {f.level for f in everything} == {"not-evaluated"}
    assert not validate(binary(), level="advice")
    with pytest.raises(ArgumentError):
        validate(binary(), level="silly")  # type: ignore[arg-type]


def test_not_dicom_and_not_a_file() -> None:
    with pytest.raises(NotDicomError):
        validate(b"no DICOM at all, but long enough to look for a preamble" * 5)
    with pytest.raises(ArgumentTypeError):
        validate(7)


def test_a_truncated_file_is_a_finding() -> None:
    findings = validate(encoded(binary())[:-200])
    assert [f.rule_id for f in findings.errors] == ["damaged-file"]


def test_a_damaged_sequence_is_named_and_the_rest_is_checked() -> None:
    dataset = clone(binary())
    put(dataset, "SegmentSequence", "SQ", b"not items at all")
    del dataset.ContentLabel
    assert {"SegmentSequence", "ContentLabel"} <= {f.path for f in validate(dataset).errors}


def test_unknown_and_missing_class() -> None:
    dataset = clone(binary())
    dataset.SOPClassUID = "1.2.3.4"
    assert "sop-class" in {f.rule_id for f in validate(dataset) if f.level == "not-evaluated"}
    del dataset.SOPClassUID
    assert [f.path for f in validate(dataset).errors] == ["SOPClassUID"]


def test_content_of_reports_is_checked() -> None:
    from pydicom.data import get_testdata_file

    paths = {f.path for f in validate(str(get_testdata_file("test-SR.dcm"))).errors}
    assert "ContentSequence[4].ReferencedSOPSequence[0].ReferencedFrameNumber" in paths


def test_messages_never_quote_values() -> None:
    dataset = clone(binary())
    secret = "QUITE^SECRET^NAME^OF^A^PATIENT"
    dataset.PatientName = secret
    dataset.PatientID = "SECRET" * 20
    dataset.PatientSex = "SECRET"
    text = str(validate(dataset))
    assert "PatientName" in text and "PatientID" in text and "SECRET" not in text


def test_one_finding_for_a_fault_in_every_frame() -> None:
    dataset = clone(binary())
    for item in dataset.PerFrameFunctionalGroupsSequence:
        del item.FrameContentSequence[0].DimensionIndexValues
    found = [f for f in validate(dataset).errors if f.path.endswith("DimensionIndexValues")]
    assert len(found) == 1


def test_edits_through_pydicom_are_seen() -> None:
    dataset = record.read(BytesIO(encoded(binary())))
    assert validate(dataset).ok
    del dataset.PerFrameFunctionalGroupsSequence[2].FrameContentSequence
    found = validate(dataset).errors
    assert [f.path for f in found] == ["PerFrameFunctionalGroupsSequence[2].FrameContentSequence"]


def test_a_rule_that_stumbles_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rules, "RULES", dict(_rules.RULES))

    @_rules.rule("stumbles", "PS3.3 C.1")
    def _stumbles(subject: object) -> list[_rules.Issue]:
        raise ValueError("private text")

    found = [f for f in validate(binary()) if f.rule_id == "stumbles"]
    assert [f.level for f in found] == ["not-evaluated"] and "private text" not in found[0].message


def test_rules_have_one_name_each() -> None:
    with pytest.raises(ValueError, match="taken"):
        _rules.rule("high-bit", "PS3.5")


def test_pixel_values_counted_by_the_caller() -> None:
    dataset = label_map()
    assert pixel_findings(dataset, {0, 1, 3}).ok
    found = pixel_findings(dataset, [0, 7, 9]).errors
    assert [(f.path, f.count) for f in found] == [("SegmentSequence", 2)] and "7, 9" in found[0].message
    assert validate(dataset, pixels={0, 1}).ok and not validate(dataset, pixels={77}).ok
    assert "pixel-values" in {f.rule_id for f in validate(dataset, pixels=False)}


def test_sources_that_are_the_sources() -> None:
    assert not [f for f in validate(binary(), sources=ct_series()) if f.level in GRAVE]


@pytest.mark.parametrize(
    ("keyword", "value", "path"),
    [
        ("PatientID", "another", "PatientID"),
        ("StudyInstanceUID", uid(77), "StudyInstanceUID"),
        ("FrameOfReferenceUID", uid(78), "FrameOfReferenceUID"),
        ("SeriesInstanceUID", uid(79), "ReferencedSeriesSequence[0].SeriesInstanceUID"),
        (
            "SOPClassUID",
            "1.2.840.10008.5.1.4.1.1.4",
            "ReferencedSeriesSequence[0].ReferencedInstanceSequence[0].ReferencedSOPClassUID",
        ),
    ],
)
def test_sources_that_are_others(keyword: str, value: str, path: str) -> None:
    others = [deepcopy(source) for source in ct_series()]
    for other in others:
        setattr(other, keyword, value)
    assert [f.path for f in validate(binary(), sources=others).errors] == [path]


def test_a_source_that_was_not_given() -> None:
    found = [f for f in validate(binary(), sources=ct_series()[:2]) if f.rule_id == "source-reference"]
    assert found and found[0].level == "warning" and found[0].path.endswith("ReferencedSOPInstanceUID")


@settings(max_examples=60)
@given(st.integers(0, 2**32))
def test_bytes_that_were_changed_never_raise_anything_else(seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(encoded(rng.choice([binary, label_map])()))
    for _ in range(rng.randrange(1, 6)):
        data[rng.randrange(128, len(data))] = rng.randrange(256)
    with suppress(NotDicomError):
        validate(bytes(data))


@settings(max_examples=40)
@given(st.integers(0, 2**32))
def test_elements_that_were_lost_never_raise(seed: int) -> None:
    rng = random.Random(seed)
    dataset = clone(SEGMENTATIONS[rng.choice(sorted(SEGMENTATIONS))]())
    holders: list[Dataset] = [dataset]
    dataset.walk(lambda inner, element: holders.append(inner))
    for _ in range(rng.randrange(1, 8)):
        holder = rng.choice(holders)
        if len(holder):
            del holder[rng.choice(list(holder.keys()))]
    validate(dataset)
