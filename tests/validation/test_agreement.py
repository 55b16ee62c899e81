"""The comparison with dciodvfy: what an error is about, and that every difference on a sample is explained."""

from __future__ import annotations

import gzip
import re
import tarfile
import tomllib
from collections import Counter
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from tools.agreement import NOTES, Comparison, attribute_of, column_of, compare, differences, shares, tally
from tools.agreement_files import ARCHIVES, command, is_dicom, members

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
        ('Error - </(0019,1008,"Anon")[1]> - Value invalid for this VR [CS] = <Anon>', "(0019,1008)"),
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
    total = tally(results, notes(), lambda result: result.iod)["**all**"]
    assert total["files"] == len(FILES)
    assert total["missing"] == 0


def test_a_difference_without_a_note_is_open() -> None:
    result = Comparison("x.dcm", "ct-image", ours={"Rows": ["Rows: is missing [type-1 PS3.3 C.7.6.3]"]})
    (one,) = differences([result], notes())
    assert not one.note
    assert tally([result], [], lambda result: result.iod)["ct-image"]["only ours"] == 1


@pytest.mark.parametrize(
    ("place", "verdict", "column"),
    [
        ({"ours": {"Rows": ["x"]}}, "theirs", "found"),
        ({}, "same", "found"),
        ({"warned": {"Rows": ["x"]}}, "theirs", "warning"),
        ({"warned": {"Rows": ["x"]}}, "scope", "scope"),
        ({"undecided": {"Rows": ["x"]}}, "theirs", "undecided"),
        ({}, "theirs", "unsettled"),
        ({}, "later", "missing"),
        ({}, "open", "missing"),
    ],
)
def test_an_error_counts_in_one_column(
    place: dict[str, dict[str, list[str]]], verdict: str, column: str
) -> None:
    assert column_of(Comparison("x.dcm", "ct-image", **place), "Rows", verdict) == column  # type: ignore[arg-type]


def test_an_attribute_with_several_explanations_counts_as_the_weakest() -> None:
    result = Comparison("x.dcm", "ct-image", theirs={"Rows": ["Error - one", "Error - two"]})
    explained = [
        {"side": "theirs", "message": "one", "verdict": "theirs", "why": ""},
        {"side": "theirs", "message": "two", "verdict": "later", "why": ""},
    ]
    rows = tally([result], explained, lambda result: result.iod)
    assert rows["ct-image"]["missing"] == 1 and rows["ct-image"]["unsettled"] == 0


def test_shares_tell_what_is_exempted() -> None:
    text = shares(Counter({"theirs": 10, "found": 6, "warning": 1, "undecided": 2, "unsettled": 1}))
    assert "found as errors 6 of 10 (60.0 %)" in text and "found as errors 6 of 7 (85.7 %)" in text


def test_archives_are_pinned() -> None:
    for archive in ARCHIVES:
        assert re.fullmatch(r"[0-9a-f]{64}", archive.sha256)
        assert archive.version in " ".join(command(archive, "."))


def test_members_of_an_archive_are_inflated(tmp_path: Path) -> None:
    content = bytes(128) + b"DICM"
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as bundle:
        (tmp_path / "one.dcm.gz").write_bytes(gzip.compress(content))
        bundle.add(tmp_path / "one.dcm.gz", "one.dcm.gz")
    assert list(members(tmp_path / "a.tar.gz")) == [("one.dcm", content)]
    (tmp_path / "plain").write_bytes(content)
    assert is_dicom(tmp_path / "plain")
    assert not is_dicom(tmp_path / "a.tar.gz")
