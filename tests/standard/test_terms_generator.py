"""The generator of codes and templates: its reading of the source, on an excerpt of it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from tools.tables import codes, terms
from tools.tables.__main__ import DATA, render
from tools.tables.debian import SourcePackage, mirror
from tools.tables.templates import correct
from tools.tables.xpath import UnreadableError, structure

from dicomposer.standard._store import STORE

SOURCES = Path(__file__).with_name("sources")


@pytest.fixture(scope="module")
def excerpt() -> dict[str, dict[str, object]]:
    files, _ = terms.build(
        [(SOURCES / f"{name}.xml").read_bytes() for name in ("groups", "private", "templates")]
    )
    return files


@pytest.mark.parametrize("cid", ["244", "247", "646", "7150", "7151"])
def test_groups_are_what_is_packaged(excerpt: dict[str, dict[str, object]], cid: str) -> None:
    assert excerpt["groups"][cid] == STORE.lines("terms/groups")[cid]


@pytest.mark.parametrize("tid", ["300", "300ECHO", "1400", "1410", "1500", "4019", "5013", "5013Left"])
def test_templates_are_what_is_packaged(excerpt: dict[str, dict[str, object]], tid: str) -> None:
    assert excerpt["templates"][tid] == STORE.lines("terms/templates")[tid]


def test_files_are_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = ({"groups": {"1": ["a"]}}, {})
    monkeypatch.setattr(terms, "build", lambda: files)
    assert terms.update(tmp_path / "new", render, write=False)
    assert not (tmp_path / "new").exists()
    assert terms.update(tmp_path / "new", render, write=True)
    assert not terms.update(tmp_path / "new", render, write=True)


def test_no_prose_is_packaged() -> None:
    assert {path.stem for path in (DATA / "terms").iterdir()} == {"groups", "codes", "templates", "twins"}
    text = json.dumps([STORE.lines("terms/templates")[key] for key in STORE.lines("terms/templates")])
    assert "shall" not in text
    assert "ctually" not in text


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("count(image)=0", ["#", 0, [{"type": "IMAGE"}], "=", 0]),
        ("code[concept/@cv='1' and concept/@csd='DCM']",
         ["#", 0, [{"type": "CODE", "concepts": [["DCM", "1"]]}], ">", 0]),
        ("count(../code[(concept/@cv='1' and concept/@csd='SCT') or (concept/@cv='T-1' and concept/@csd='SRT')])>0",
         ["#", 1, [{"type": "CODE", "concepts": [["SCT", "1"]]}], ">", 0]),
        ("count(//num/scoord[@relationship='CONTAINS'])>1 and count(text)=0",
         ["&", ["#", -1, [{"type": "NUM"}, {"type": "SCOORD", "relationship": "CONTAINS"}], ">", 1],
          ["#", 0, [{"type": "TEXT"}], "=", 0]]),
        ("(../value/@cv='1' and ../value/@csd='DCM') or (../value/@cv='2' and ../value/@csd='DCM')",
         ["=", 1, [["DCM", "1"], ["DCM", "2"]]]),
        ("count(code[value/@cv!='1' or value/@csd!='DCM'])>0",
         ["#", 0, [{"type": "CODE", "excluded": [["DCM", "1"]]}], ">", 0]),
        ("count(code[not (value/@cv='1' and value/@csd='D') and not (value/@cv='2' and value/@csd='D')])>0",
         ["#", 0, [{"type": "CODE", "excluded": [["D", "1"], ["D", "2"]]}], ">", 0]),
        ("number(num/value)>number(../num/value)",
         ["<>", 0, [{"type": "NUM"}], ">", [1, [{"type": "NUM"}]]]),
        ("number(num/value)>0", ["<>", 0, [{"type": "NUM"}], ">", 0.0]),
    ],
)  # fmt: skip
def test_conditions(text: str, packed: list[object]) -> None:
    assert structure(text) == packed


@pytest.mark.parametrize(
    "text",
    [
        "",
        "count(",
        "count(a) = ",
        "string(a)",
        "a[1]",
        "number(a)>1",
        "a | b",
        "count(a)=0 b",
        "'x'",
        "a['x']",
    ],
)
def test_what_is_no_condition_is_refused(text: str) -> None:
    with pytest.raises(UnreadableError):
        structure(text)


def test_twins_are_dropped() -> None:
    twins = [["SRT", "T-1", "A"], ["SCT", "1", "A"], ["SRT", "T-2", "B"], ["SCT", "1", "A again"]]
    assert codes.without_twins(twins) == [["SCT", "1", "A"], ["SRT", "T-2", "B"]]


def test_titles() -> None:
    assert codes.title("PlanarROIMeasurements") == "Planar ROI Measurements"
    assert codes.title("T1Mapping") == "T1 Mapping"


def test_rows_are_corrected_by_hand() -> None:
    rows: list[dict[str, object]] = [{"n": "1", "v": 1}, {"n": "2"}]
    correct(rows, {"tid": "1", "number": "1", "set": {"q": "M"}, "without": ["v"], "after": [{"n": "1b"}]})
    assert rows == [{"n": "1", "q": "M"}, {"n": "1b"}, {"n": "2"}]
    with pytest.raises(RuntimeError, match="0 rows 9"):
        correct(rows, {"tid": "1", "number": "9"})


def test_the_mirror_is_that_of_the_machine(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no Debian mirror"):
        mirror(tmp_path)
    (tmp_path / "sources.list").write_text("deb [signed-by=x] http://mirror.invalid/debian trixie main\n")
    assert mirror(tmp_path) == "http://mirror.invalid/debian"
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d" / "a.sources").write_text("Types: deb\nURIs: http://other.invalid/debian\n")
    assert mirror(tmp_path) == "http://other.invalid/debian"


def test_another_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.tar").write_bytes(b"x")
    good = SourcePackage("a", "1", "s", "a.tar", hashlib.sha256(b"x").hexdigest(), "2024e")
    assert good.path(tmp_path) == tmp_path / "a.tar"
    with pytest.raises(RuntimeError, match="SHA-256"):
        SourcePackage("a", "1", "s", "a.tar", "0" * 64, "2024e").path(tmp_path)
