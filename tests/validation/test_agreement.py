"""The comparison with dciodvfy: what an error is about, and that every difference on a sample is explained."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from tools.agreement import NOTES, Comparison, attribute_of, compare, differences, table

VERDICTS = {"same", "warning", "theirs", "ours", "scope", "later"}
FILES = [
    "CT_small.dcm",
    "SC_rgb_2frame.dcm",
    "emri_small.dcm",
    "liver_1frame.dcm",
    "rtstruct.dcm",
    "US1_UNCI.dcm",
]


def notes() -> list[dict[str, str]]:
    return list(tomllib.loads(NOTES.read_text("utf-8"))["difference"])


@pytest.mark.parametrize(
    ("line", "keyword"),
    [
        ("Error - </Laterality(0020,0060)> - Missing attribute - Module=<GeneralSeries>", "Laterality"),
        ("Error - </A(0008,1115)[1]/ContourImageSequence(3006,0016)> - Missing", "ContourImageSequence"),
        ("Error - </(3109,000d)> - Bad private owner value - empty value", "(3109,000D)"),
        ("Error - Information Object Not found", ""),
    ],
)
def test_attribute_of_an_error_line(line: str, keyword: str) -> None:
    assert attribute_of(line) == keyword


def test_every_note_says_what_and_why() -> None:
    for note in notes():
        assert note["side"] in ("ours", "theirs")
        assert note["verdict"] in VERDICTS
        assert len(note["why"]) > 20
        for key in ("iod", "file", "keyword", "message"):
            re.compile(note.get(key, ""))


def test_no_difference_on_a_sample_is_open() -> None:
    paths = [get_testdata_file(name) for name in FILES]
    results = [compare(Path(str(path))) for path in paths]
    found = differences(results, notes())
    assert [one for one in found if not one.note] == []
    _, total = table(results, found)
    assert total["files"] == len(FILES)
    assert total["missing"] == 0


def test_a_difference_without_a_note_is_open() -> None:
    result = Comparison("x.dcm", "ct-image", ours={"Rows": ["Rows: is missing [type-1 PS3.3 C.7.6.3]"]})
    (one,) = differences([result], notes())
    assert not one.note
    _, total = table([result], [one])
    assert total["only ours"] == 1
