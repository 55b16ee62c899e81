"""Patterns of findings to leave out: names of rules, and what is none."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import pytest

import dicomposer as dc
from dicomposer import samples, validation
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.validation._ignored import check_ignored, known_rules

_RULE = re.compile(r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*) (?:PS3\.|recommended$|$)")


def _texts(tree: ast.AST) -> list[str]:
    """Texts of a module; of those with parts to fill in, the beginning."""
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [node.value for node in nodes if isinstance(node.value, str)]


def test_every_rule_that_the_source_names_is_known() -> None:
    root = Path(validation.__file__).parent
    named = {
        match[1]
        for file in root.rglob("*.py")
        for text in _texts(ast.parse(file.read_text(encoding="utf-8")))
        if (match := _RULE.match(text)) and "PS3." in text
    }
    assert len(named) > 25 and named <= known_rules()


def test_rules_of_broken_objects_are_known() -> None:
    series = samples.phantom_series("CT")
    seg = dc.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    del seg.Modality, seg.FrameOfReferenceUID
    seg.ImageType, seg.BitsAllocated, seg.ContentLabel = ["A"], 8, ""
    found = {one.rule_id for one in dc.validate(seg)}
    assert len(found) > 3 and found <= known_rules()


@pytest.mark.parametrize(
    "ignore",
    [
        "type-2",
        ["type-2"],
        ("type-*",),
        ["*"],
        ["type-2@*.Laterality"],
        ["air-*"],
        ["link-missing", "sr-*"],
        [],
    ],
)
def test_patterns_that_name_rules(ignore: Any) -> None:
    assert check_ignored(ignore) == ((ignore,) if isinstance(ignore, str) else tuple(ignore))


@pytest.mark.parametrize(
    ("pattern", "near"),
    [
        ("type2", "type-2"),
        ("Type-2", "type-2"),
        ("segment-numbers", "segment-number"),
        ("segmnt-*", "segment-number"),
        ("link_missing", "link-missing"),
        ("type-1 PS3.3 C.7.1.1", "type-1"),
        ("type-9@Rows", "type-"),
        ("zzzzzz", "the rule of a finding stands at the end of its line"),
        ("", "the rule of a finding stands at the end of its line"),
    ],
)
def test_patterns_that_name_none(pattern: str, near: str, tmp_path: Path) -> None:
    image = samples.phantom_series("CT").datasets[0]
    for call in (dc.validate, dc.validate_files):
        with pytest.raises(ArgumentError, match=f"names no rule; .*{near}"):
            call(image if call is dc.validate else tmp_path, ignore=["type-2", pattern])


def test_patterns_that_are_no_text() -> None:
    with pytest.raises(ArgumentTypeError, match="names of rules, not int"):
        check_ignored([1])  # type: ignore[list-item]


def test_one_pattern_as_text() -> None:
    image = samples.phantom_series("CT").datasets[0]
    del image.StudyID
    assert "type-2" in {one.rule_id for one in dc.validate(image)}
    assert "type-2" not in {one.rule_id for one in dc.validate(image, ignore="type-2")}
