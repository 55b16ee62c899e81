"""Specific Character Set and text, against pydicom's samples and against what breaks them."""

from __future__ import annotations

from pathlib import Path

import pydicom
import pytest

from dicomposer.validation import validate
from dicomposer.validation._charset import charset_problem, terms_problems
from dicomposer.validation._values import element_notes, format_problem
from dicomposer.validation._view import Element, Item

SAMPLES = Path(pydicom.__file__).parent / "data" / "charset_files"


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.dcm")), ids=lambda path: path.stem)
def test_samples_of_all_sets_are_right(path: Path) -> None:
    assert not [f for f in validate(path) if f.rule_id == "encoding"]


@pytest.mark.parametrize(
    ("terms", "level"),
    [
        (("ISO_IR 100",), None),
        (("", "ISO 2022 IR 87"), None),
        (("ISO 2022 IR 13", "ISO 2022 IR 87", "ISO 2022 IR 159"), None),
        (("ISO_IR 192",), None),
        (("ISO_IR 192", "ISO 2022 IR 100"), "error"),
        (("ISO 2022 IR 6", "GB18030"), "error"),
        (("ISO_IR 100", "ISO_IR 101"), "error"),
        (("ISO 2022 IR 6", ""), "error"),
        (("ISO 2022 IR 100", "ISO 2022 IR 100"), "warning"),
        (("ISO 2022 IR 87",), "warning"),
        (("ISO 2022 IR 149", "ISO 2022 IR 6"), "warning"),
    ],
)
def test_terms_and_their_combinations(terms: tuple[str, ...], level: str | None) -> None:
    assert [found for found, _ in terms_problems(terms)] == ([] if level is None else [level])


JAPANESE = ("", "ISO 2022 IR 87")
KANJI = b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"


@pytest.mark.parametrize(
    ("raw", "terms", "part"),
    [
        (KANJI, JAPANESE, None),
        (KANJI, (), "announces no code extensions"),
        (KANJI, ("ISO_IR 100",), "announces no code extensions"),
        (KANJI, ("", "ISO 2022 IR 149"), "does not announce"),
        (KANJI[:-3], JAPANESE, "return to the initial"),
        (b"A=\x1b$Z;3ED\x1b(B", JAPANESE, "no character set of the standard"),
        (b"Hong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce", ("", "ISO 2022 IR 149"), None),
        # the designation ends with the delimiter
        (b"Hong=\x1b$)C\xfb\xf3^\xd1\xce", ("", "ISO 2022 IR 149"), "no character set was designated"),
        (b"A\xc3\xa4", ("ISO_IR 192",), None),
        (b"A\xe4", ("ISO_IR 192",), "does not define"),
        (b"A\xe4", (), "no Specific Character Set announces"),
        (b"A\xe4", ("ISO_IR 100",), None),
        (b"A\x93", ("ISO_IR 100",), "control characters"),
        (b"\xd4\xcf", ("ISO_IR 13",), None),
        (b"\x8e\x52", ("ISO_IR 13",), "does not define"),
        (b"\xe4", ("SOMETHING ELSE",), None),
    ],
)
def test_bytes_of_text(raw: bytes, terms: tuple[str, ...], part: str | None) -> None:
    found = charset_problem(raw, "PN", terms)
    assert found is None if part is None else found is not None and part in found


def test_the_set_of_an_item_holds_for_it() -> None:
    from pydicom.dataset import Dataset

    root, inner = Dataset(), Dataset()
    root.SpecificCharacterSet, inner.SpecificCharacterSet = "ISO_IR 100", "ISO_IR 192"
    root.RequestedProcedureCodeSequence = [inner, Dataset()]
    items = Item.of(root).items("RequestedProcedureCodeSequence")
    assert [item.charset for item in items] == [("ISO_IR 192",), ("ISO_IR 100",)]


@pytest.mark.parametrize(
    ("vr", "value", "part"),
    [
        ("DA", "2024.01.31", "with dots"),
        ("DA", "20240101-20240131", "range"),
        ("DA", "20240131-", "range"),
        ("TM", "12:30:00", "with colons"),
        ("TM", "1200-1300", "range"),
        ("DA", "20240131A", "not a date"),
        ("DA", "20240140", "not a date"),
    ],
)
def test_forms_of_queries_and_of_former_editions(vr: str, value: str, part: str) -> None:
    assert part in (format_problem(vr, value) or "")


def element(keyword: str, value: object) -> Element:
    from pydicom.dataset import Dataset

    dataset = Dataset()
    setattr(dataset, keyword, value)
    found = Item.of(dataset).named(keyword)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("keyword", "value", "levels"),
    [
        ("PatientName", "A^B", []),
        ("PatientName", "A^B=山田^太郎=やまだ^たろう", []),
        ("PatientName", "山田^太郎", ["advice"]),
        ("StudyDate", ["20240101", "", "20240102"], ["warning"]),
        ("ImageType", ["ORIGINAL", "", "X"], []),
    ],
)
def test_notes_on_values(keyword: str, value: object, levels: list[str]) -> None:
    assert [level for level, _ in element_notes(element(keyword, value))] == levels
