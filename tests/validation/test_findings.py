"""Findings: order, counting, and what they turn into."""

from __future__ import annotations

import json

import pytest

from dicomposer.errors import ArgumentError, ConformanceError
from dicomposer.validation import Finding, Findings
from dicomposer.validation._collect import MOST_PLACES, Collector

ERROR = Finding("A[0].B", "type-1 PS3.3 C.1", "error", "is missing")
WARNING = Finding("C", "odd PS3.3 C.2", "warning", "is odd", 3)
ADVICE = Finding("D", "no-colour viewers", "advice", "is absent")


def test_gravest_first_and_by_level() -> None:
    findings = Findings([ADVICE, WARNING, ERROR], "thing")
    assert list(findings) == [ERROR, WARNING, ADVICE]
    assert findings.errors == (ERROR,) and findings.warnings == (WARNING,)
    assert not findings.ok and Findings([ADVICE]).ok and Findings().ok
    assert list(findings.down_to("warning")) == [ERROR, WARNING]
    assert findings[1:] == Findings([WARNING, ADVICE]) and findings[0] is ERROR


def test_rule_splits_into_identifier_and_section() -> None:
    assert (ERROR.rule_id, ERROR.section) == ("type-1", "PS3.3 C.1")


def test_as_text_and_json() -> None:
    findings = Findings([ERROR, WARNING], "thing")
    assert json.loads(json.dumps(findings.to_dicts()))[1]["count"] == 3
    assert str(findings).splitlines()[0] == "error         A[0].B  is missing [type-1 PS3.3 C.1]"
    assert "C (x3)" in str(findings)
    assert str(Findings((), "thing")) == "thing: no findings"
    unjudged = Finding("A", "type-1c PS3.3 C.1", "not-evaluated", "depends on the patient")
    rest = "2 conditions cannot be judged from the file alone"
    assert str(Findings([unjudged, unjudged], "thing")) == f"thing: no findings; {rest}"
    assert str(Findings([unjudged, WARNING, unjudged])).splitlines()[1:] == [rest]
    assert repr(findings) == "<Findings on thing: 1 error, 1 warning>"
    assert str(WARNING) == "warning: C: is odd (and 2 more places) [odd PS3.3 C.2]"


def test_raise_for_errors() -> None:
    Findings([WARNING]).raise_for_errors()
    with pytest.raises(ConformanceError, match=r"thing does not conform: A\[0\].B: is missing") as caught:
        Findings([ERROR, WARNING], "thing").raise_for_errors()
    assert caught.value.findings == (ERROR, WARNING)


def test_faults_that_differ_in_item_numbers_are_one_finding() -> None:
    collector = Collector()
    for number in range(40_000):
        collector.add("r PS3.3", "error", f"A[{number}].B[0].C", "is wrong")
    collector.add("r PS3.3", "error", "A[7].D", "is wrong")
    assert [(f.path, f.count) for f in collector] == [("A[0].B[0].C", 40_000), ("A[7].D", 1)]


def test_a_fault_of_very_many_attributes_does_not_flood() -> None:
    collector = Collector()
    for number in range(MOST_PLACES + 200):
        collector.add("r PS3.3", "error", f"A{number}", "is wrong", 2)
    found = list(collector)
    assert len(found) == MOST_PLACES + 1 and found[0].path == "A0" and found[0].count == 2
    assert (found[-1].path, found[-1].count) == (f"A{MOST_PLACES}", 400)


def test_unknown_level() -> None:
    with pytest.raises(ArgumentError, match="not one of error, warning"):
        Findings().down_to("fatal")  # type: ignore[arg-type]


def test_tags_of_paths() -> None:
    def tag(path: str) -> str:
        return Finding(path, "r PS3.3", "error", "m").tag

    assert tag("PatientSex") == "(0010,0040)"
    assert tag("ReferencedSeriesSequence[3].SeriesInstanceUID") == "(0020,000E)"
    assert tag("ReferencedSeriesSequence[3]") == "(0008,1115)"
    assert tag("ReferencedSeriesSequence[3].(0009,1001)") == "(0009,1001)"
    assert tag("") == tag("nothing") == tag("A.nothing") == ""
    assert Finding("A[1].B[22].C", "r", "error", "m").plain_path == "A.B.C"
