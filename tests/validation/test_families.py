"""One fault per rule of one kind of object, and per rule that the tables of the standard are."""

from __future__ import annotations

import re
from copy import deepcopy
from pathlib import Path

import pytest
from tests.validation import mutations
from tests.validation.families import FAULTS, TABLES
from tests.validation.good import OBJECTS
from tests.validation.objects import clone, fractional

from dicomposer.validation import pixel_findings, validate

BY_NAME = {one.name: one for one in mutations.ALL}


@pytest.mark.parametrize(("rule", "place"), [*FAULTS.items(), *TABLES.items()])
def test_a_fault_is_named_by_its_rule(rule: str, place: tuple[str, str]) -> None:
    name, fault = place
    good = OBJECTS[name]()
    assert rule not in {
        finding.rule_id for finding in validate(good) if finding.level in ("error", "warning")
    }
    outcome = mutations.run(name, good, BY_NAME[fault])
    assert outcome is not None
    named = [finding.path for finding in outcome.findings if finding.rule_id == rule]
    assert any(re.search(pattern, path) for pattern in outcome.expected for path in named), outcome


def test_rules_of_other_objects_stay_silent() -> None:
    for name, make in OBJECTS.items():
        found = {finding.rule_id for finding in validate(make(), profiles=())}
        assert not found & set(FAULTS), name


#: How the parts of the checker that are no registered rules name what they find.
_NAME = re.compile(r"""(?:["']([a-z][a-z0-9-]+) (?:PS3|[{]_?SECTION)|rule_name\(\s*["']([a-z0-9-]+)["'])""")
_HERE = Path(__file__).parent
_SOURCE = _HERE.parents[1] / "src" / "dicomposer" / "validation"


def test_every_rule_of_the_tables_has_a_test() -> None:
    source = "".join(path.read_text("utf-8") for path in _SOURCE.glob("_*.py"))
    names = {first or second for first, second in _NAME.findall(source)}
    names |= {"type-1", "type-2", "type-1c", "type-2c"}
    assert len(names) > 20
    tests = "".join(path.read_text("utf-8") for path in _HERE.glob("test_*.py"))
    untested = {name for name in names - set(TABLES) if not re.search(rf"\b{name}\b", tests)}
    assert untested == set()


def test_what_cannot_be_told_is_said() -> None:
    found = {finding.rule_id for make in OBJECTS.values() for finding in validate(make())}
    assert {"condition", "module-condition"} <= found


def test_stored_values() -> None:
    made = pixel_findings(OBJECTS["label map"](), [0, 1, 99])
    assert [finding.rule_id for finding in made] == ["undescribed-value"]
    made = pixel_findings(fractional(), [0, 255, 256])
    assert {finding.rule_id for finding in made} == {"stored-value", "fractional-value"}


def test_items_that_do_not_hold_together() -> None:
    data = bytearray(mutations.as_file(OBJECTS["rt-structure-set"]()))
    at = data.index(b"\x06\x30\x39\x00SQ")  # ROI Contour Sequence: its first item claims too much
    data[at + 16 : at + 20] = b"\xff\xff\xff\x7f"
    rules = {finding.rule_id for finding in validate(bytes(data)).errors}
    assert rules & {"damaged-sequence", "damaged-file"}


def test_too_many_combinations_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    good = clone(OBJECTS["enhanced-ct-image"]())
    groups = good.SharedFunctionalGroupsSequence[0]
    kinds = groups.CTImageFrameTypeSequence
    del groups.CTImageFrameTypeSequence
    for frame, kind in zip(good.PerFrameFunctionalGroupsSequence, ("VOLUME", "SAMPLED"), strict=True):
        frame.CTImageFrameTypeSequence = deepcopy(kinds)
        frame.CTImageFrameTypeSequence[0].VolumetricProperties = kind
    monkeypatch.setattr("dicomposer.validation._groups._MOST_SAMPLES", 1)
    assert "combinations" in {finding.rule_id for finding in validate(good)}
