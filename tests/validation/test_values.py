"""Values against their representation: every format right and wrong."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st
from pydicom.dataset import Dataset
from tests.validation.mutations import put

from dicomposer.validation import validate
from dicomposer.validation._values import format_problem, is_plain, multiplicity_problem, value_problem

RIGHT = {
    "AE": ["STORE SCP", "a"],
    "AS": ["018M", "034Y"],
    "CS": ["ISO_IR 192", "A"],
    "DA": ["20240229", "19991231"],
    "DS": ["1", "-1.5e-3", "+.5", "1.", "0000000000000001"],
    "DT": ["2024", "20240229235960.123456+0100", "202402"],
    "IS": ["0", "-2147483648", "+12"],
    "LO": ["anything at all", "x" * 64],
    "PN": ["A^B^C^D^E", "a=b=c", ""],
    "SH": ["x" * 16],
    "ST": ["two\r\nlines"],
    "TM": ["23", "2359", "235960", "235959.123456"],
    "UI": ["1.2.840.10008.1.2", "2.25.0", "0.9.2342", "1." + "2" * 1 + "." + "9" * 60],
    "UR": ["http://a.b/c?d=e"],
    "US": [3],
}
WRONG = {
    "AE": ["a\\b", "x" * 17, "\x01"],
    "AS": ["18M", "018Q"],
    "CS": ["lower", "x" * 17, "A-B"],
    "DA": ["20230229", "2023-01-01", "20231301"],
    "DS": ["abc", "1.00000000000000000", "1,5", "nan"],
    "DT": ["20241301", "2024-01"],
    "IS": ["1.5", "2147483648", "x"],
    "LO": ["x" * 65, "a\nb"],
    "PN": ["a^b^c^d^e^f", "a=b=c=d", "x" * 65],
    "SH": ["x" * 17],
    "ST": ["\x00x", "x" * 1025],
    "TM": ["24", "1260", "12:00", "120000."],
    "UI": ["1.02", "1", "3.1", "1.40.1", "1.2.", "1.2.a", "1.2." + "9" * 61],
    "UR": ["a b"],
    "US": ["x"],
}


@pytest.mark.parametrize(("vr", "value"), [(vr, value) for vr, values in RIGHT.items() for value in values])
def test_right(vr: str, value: object) -> None:
    assert value_problem(vr, value) is None


@pytest.mark.parametrize(("vr", "value"), [(vr, value) for vr, values in WRONG.items() for value in values])
def test_wrong(vr: str, value: object) -> None:
    problem = value_problem(vr, value)
    assert problem
    assert not isinstance(value, str) or len(value) < 6 or value not in problem


@given(st.sampled_from(["CS", "DA", "IS", "LO", "SH", "TM", "UI"]), st.text(st.characters(max_codepoint=127)))
def test_what_passes_at_a_glance_passes_the_closer_look(vr: str, text: str) -> None:
    if is_plain(vr, vr, text):
        assert format_problem(vr, text.strip(" \0")) is None
    encoded = text.encode() + b" " * (len(text) % 2)
    if is_plain(vr, vr, encoded):
        assert format_problem(vr, encoded.decode().strip(" \0")) is None


@pytest.mark.parametrize(
    ("vm", "right", "wrong"),
    [
        ("1", [1], [2]),
        ("1-n", [1, 9], []),
        ("2-2n", [2, 4], [1, 3]),
        ("3-3n", [3, 6], [1, 4]),
        ("1-3", [1, 3], [4]),
        ("6", [6], [5]),
        ("1-n or 1", [1, 5], []),
        ("2-n", [2, 3], [1]),
    ],
)
def test_multiplicity(vm: str, right: list[int], wrong: list[int]) -> None:
    assert not any(multiplicity_problem("DS", vm, count) for count in right)
    assert all(multiplicity_problem("DS", vm, count) for count in wrong)


@pytest.mark.parametrize(
    ("charset", "vr", "keyword", "value", "fault"),
    [
        (b"", "LO", "Manufacturer", b"M\xfcller", True),
        (b"ISO_IR 100", "LO", "Manufacturer", b"M\xfcller", False),
        (b"ISO_IR 192", "LO", "Manufacturer", "Müller".encode(), False),
        (b"ISO_IR 192", "LO", "Manufacturer", b"M\xfcller ", True),
        (b"ISO_IR 192", "CS", "BodyPartExamined", "MÜLLER".encode(), True),
    ],
)
def test_character_sets(charset: bytes, vr: str, keyword: str, value: bytes, fault: bool) -> None:
    dataset = Dataset()
    if charset:
        put(dataset, "SpecificCharacterSet", "CS", charset)
    put(dataset, keyword, vr, value)
    found = [f for f in validate(dataset).errors if f.path == keyword]
    assert bool(found) == fault


def test_lengths_that_are_no_multiple_of_the_unit() -> None:
    dataset = Dataset()
    put(dataset, "Rows", "US", b"\1\0\2\0\3\0")
    put(dataset, "RecommendedDisplayCIELabValue", "UL", b"\1\0")
    paths = {f.path: f.rule_id for f in validate(dataset).errors}
    assert paths["Rows"] == "value-multiplicity" and paths["RecommendedDisplayCIELabValue"] == "encoding"


def test_values_of_unknown_representation_are_those_of_the_dictionary() -> None:
    dataset = Dataset()
    put(dataset, "PatientSex", "UN", b"F ")
    put(dataset, "StudyDate", "UN", b"2024-01-01")
    assert {f.path for f in validate(dataset).errors} == {"SOPClassUID", "StudyDate"}
