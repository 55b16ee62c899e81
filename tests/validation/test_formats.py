"""Reports for other programs."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, strategies as st

from dicomposer.standard import EDITION
from dicomposer.validation import FileFindings, Finding, Findings, Report, as_json, as_junit, as_sarif

ERROR = Finding("A[0].PatientSex", "type-2 PS3.3 C.7.1.1", "error", "is missing", 3)
WARNING = Finding("Rows", "odd PS3.3 C.2", "warning", "is 5")
ADVICE = Finding("", "viewers PS3.3 C.3", "advice", "no colour <& more>")
OPEN = Finding("(0009,1001)", "type-1c PS3.3 C.4", "not-evaluated", "depends on the patient")


@pytest.fixture
def report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Report(
        [
            FileFindings("a b/1.dcm", Findings([ADVICE, ERROR, WARNING])),
            FileFindings(str(tmp_path / "x.zip") + "!/ü.dcm", Findings([OPEN])),
            FileFindings("/elsewhere/2.dcm", Findings([ERROR])),
            FileFindings("-", Findings()),
        ],
        skipped=["notes.txt"],
    )


class TestJson:
    def test_layout(self, report):
        made = json.loads(report.to_json())
        assert set(made) == {
            *(
                "version",
                "generator",
                "edition",
                "ok",
                "errors",
                "counts",
                "skipped",
                "skipped_files",
                "files",
            )
        }
        assert (made["version"], made["edition"], made["ok"], made["errors"]) == (1, EDITION, False, 2)
        assert made["generator"]["name"] == "dicomposer"
        assert made["counts"] == {"error": 2, "warning": 1, "advice": 1, "not-evaluated": 1}
        assert (made["skipped"], made["skipped_files"]) == (1, ["notes.txt"])
        assert [set(one) for one in made["files"]] == [{"path", "ok", "not_evaluated", "findings"}] * 4
        assert [one["not_evaluated"] for one in made["files"]] == [0, 1, 0, 0]
        assert made["files"][0]["findings"][0] == {
            "path": "A[0].PatientSex",
            "tag": "(0010,0040)",
            "rule": "type-2",
            "section": "PS3.3 C.7.1.1",
            "level": "error",
            "message": "is missing",
            "count": 3,
        }

    def test_level(self, report):
        made = json.loads(as_json(report, "error"))
        assert [len(one["findings"]) for one in made["files"]] == [1, 0, 1, 0]
        assert made["counts"]["warning"] == 1


class TestSarif:
    def test_what_the_format_requires(self, report):
        """Properties that SARIF 2.1.0 requires, and their values (sections 3.13, 3.14, 3.18, 3.19, 3.27, 3.49)."""
        made = json.loads(report.to_sarif())
        assert made["version"] == "2.1.0" and made["$schema"].endswith("sarif-2.1.0.json")
        (run,) = made["runs"]
        driver = run["tool"]["driver"]
        assert driver["name"] == "dicomposer"
        rules = driver["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules) == 4
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
            assert result["message"]["text"]
            assert result["level"] in ("error", "warning", "note", "none")
            assert (result["level"] == "none") == (result["kind"] == "open")
            (place,) = result["locations"]
            address = place["physicalLocation"]["artifactLocation"]
            stated = run["artifacts"][address["index"]]["location"]
            assert {**stated, "index": address["index"]} == address
            assert re.fullmatch(r"[!-~]+", address["uri"])
            assert address["uri"].startswith("file:///") or address["uriBaseId"] == "%SRCROOT%"
        assert [invocation["executionSuccessful"] for invocation in run["invocations"]] == [True]

    def test_results(self, report):
        (run,) = json.loads(report.to_sarif())["runs"]
        assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "none", "error"]
        first = run["results"][0]
        assert first["ruleId"] == "type-2/PS3.3-C.7.1.1"
        assert first["message"]["text"] == "A[0].PatientSex: is missing (and 2 more places)"
        (logical,) = first["locations"][0]["logicalLocations"]
        assert logical["fullyQualifiedName"] == "A[0].PatientSex" and logical["name"] == "PatientSex"
        assert first["properties"] == {"tag": "(0010,0040)", "section": "PS3.3 C.7.1.1", "count": 3}
        assert "logicalLocations" not in run["results"][2]["locations"][0]
        addresses = [one["location"]["uri"] for one in run["artifacts"]]
        assert addresses == ["a%20b/1.dcm", "x.zip!/%C3%BC.dcm", "file:///elsewhere/2.dcm", "stdin"]
        rule = run["tool"]["driver"]["rules"][0]
        assert rule["shortDescription"]["text"] == "type-2 (PS3.3 C.7.1.1)"
        assert rule["properties"] == {"section": "PS3.3 C.7.1.1"}
        assert len(json.loads(as_sarif(report, "error"))["runs"][0]["results"]) == 2

    def test_names_of_members_lead_nowhere_else(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        paths = ["a.zip!/../../etc/x.dcm", "a.zip!//abs/x.dcm", "b/../a.zip!/x/./y.dcm"]
        report = Report([FileFindings(path, Findings([ERROR])) for path in paths])
        (run,) = json.loads(as_sarif(report))["runs"]
        addresses = [one["location"]["uri"] for one in run["artifacts"]]
        assert addresses == ["a.zip!/etc/x.dcm", "a.zip!/abs/x.dcm", "a.zip!/x/y.dcm"]

    def test_fingerprints_survive_other_figures(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)

        def prints(*findings, path="a.dcm"):
            made = json.loads(as_sarif(Report([FileFindings(path, Findings(findings))])))
            return [one["partialFingerprints"]["dicomposer/v1"] for one in made["runs"][0]["results"]]

        def one(item, message, rule="r PS3.3", **more):
            return prints(Finding(f"A[{item}].Rows", rule, "error", message), **more)

        same = one(0, "has 5 of 6")
        assert same == one(7, "has 15 of 16") == one(0, "has 5 of 6", path=str(tmp_path / "a.dcm"))
        others = [
            one(0, "lacks 5 of 6"),
            one(0, "has 5 of 6", path="b.dcm"),
            one(0, "has 5 of 6", rule="q PS3.3"),
        ]
        assert same not in others and len({*map(tuple, others)}) == 3


class TestJunit:
    def test_a_case_a_file(self, report):
        root = ElementTree.fromstring(report.to_junit().encode())
        assert root.tag == "testsuites"
        (suite,) = root.findall("testsuite")
        assert {name: suite.get(name) for name in ("tests", "failures", "errors", "skipped")} == {
            **{"tests": "4", "failures": "2"},
            **{"errors": "0", "skipped": "0"},
        }
        cases = suite.findall("testcase")
        assert [(case.get("classname"), case.get("name")) for case in cases][0::2] == [
            ("a b", "1.dcm"),
            ("/elsewhere", "2.dcm"),
        ]
        failed = [case.find("failure") for case in cases]
        assert [one is not None for one in failed] == [True, False, True, False]
        assert failed[0].get("message") == "A[0].PatientSex: is missing"
        assert failed[0].get("type") == "type-2" and "PS3.3 C.7.1.1" in failed[0].text
        assert "no colour <& more>" in cases[0].find("system-out").text
        properties = {one.get("name"): one.get("value") for one in suite.iter("property")}
        assert properties == {"edition": EDITION, "skipped_files": "1"}

    def test_what_fails(self, report):
        root = ElementTree.fromstring(as_junit(report, "advice"))
        assert root.get("failures") == "2"
        assert "(and 2 more)" in next(root.iter("failure")).get("message")

    @given(path=st.text(), message=st.text(), rule=st.text(min_size=1))
    def test_well_formed_whatever_the_text(self, path, message, rule):
        finding = Finding(path, rule, "error", message)
        warning = Finding(path, rule, "warning", message)
        report = Report([FileFindings(path, Findings([finding, warning]))], skipped=[path])
        (case,) = ElementTree.fromstring(report.to_junit().encode()).iter("testcase")
        assert len(case) == 2
        if message.isprintable() and path.isprintable():
            assert case[0].get("message") == (f"{path}: {message}" if path else message)
        for text in (report.to_json(), report.to_sarif(), str(report)):
            text.encode()
        json.loads(report.to_json())
        json.loads(report.to_sarif())

    def test_surrogates_and_control_characters(self):
        report = Report(
            [FileFindings("a\udcff\x00\x1b.dcm", Findings([Finding("\x01", "r", "error", "\x02]]>")]))]
        )
        ElementTree.fromstring(report.to_junit().encode())
        for text in (report.to_json(), report.to_sarif(), str(report)):
            text.encode()
