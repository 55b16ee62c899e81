"""Reports for other programs: JSON, SARIF 2.1.0 for code scanning, JUnit XML for test reports."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dicomposer.standard import EDITION
from dicomposer.validation._findings import Finding, Level, level_rank
from dicomposer.validation.files._report import FileFindings, Report, figureless, printable

__all__ = ["JSON_VERSION", "as_json", "as_junit", "as_sarif"]

#: Version of the layout of :func:`as_json`: a new one for what breaks readers, the same for additions.
JSON_VERSION = 1

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {"error": "error", "warning": "warning", "advice": "note", "not-evaluated": "none"}
#: What XML 1.0 cannot hold, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version("dicomposer")
    except PackageNotFoundError:  # run from its sources
        return "0"


def as_json(report: Report, level: Level = "not-evaluated") -> str:
    """A report as JSON.

    Parameters
    ----------
    report : Report
        What to write.
    level : {"not-evaluated", "advice", "warning", "error"}
        Lowest level of the findings to list; the counts are of all.

    Returns
    -------
    str
        An object with ``version`` (1) of the layout, ``generator``, ``edition`` of the standard, ``ok``, ``errors``
        (how many findings are errors), ``counts`` by level, ``skipped`` (how many files are no DICOM),
        ``skipped_files``, and ``files``: for each ``path``, ``ok``, ``not_evaluated`` (how many conditions could not
        be judged) and ``findings`` with path, tag, rule, section, level, message and count.
    """
    counts = report.counts()
    whole = {
        "version": JSON_VERSION,
        "generator": {"name": "dicomposer", "version": _version()},
        "edition": EDITION,
        "ok": report.ok,
        "errors": counts["error"],
        "counts": counts,
        "skipped": len(report.skipped),
        "skipped_files": [printable(path) for path in report.skipped],
        "files": [
            {
                "path": printable(one.path),
                "ok": one.ok,
                "not_evaluated": len(one.findings.at("not-evaluated")),
                "findings": one.findings.down_to(level).to_dicts(),
            }
            for one in report
        ],
    }
    return json.dumps(whole, indent=2)


def as_sarif(report: Report, level: Level = "not-evaluated") -> str:
    """A report as SARIF 2.1.0.

    Errors, warnings and advice are results of the levels error, warning and note; what could not be evaluated is of
    the kind "open". Files below the working folder have relative addresses. Fingerprints do not depend on item
    numbers and figures, so that a finding is known again in the next run.

    Parameters
    ----------
    report : Report
        What to write.
    level : {"not-evaluated", "advice", "warning", "error"}
        Lowest level to write.
    """
    level_rank(level)
    rules: dict[str, int] = {}
    artifacts: dict[str, int] = {}
    results = []
    for one in report:
        uri = _uri(one.path)
        index = artifacts.setdefault(uri, len(artifacts))
        for finding in one.findings.down_to(level):
            number = rules.setdefault(finding.rule, len(rules))
            results.append(_result(finding, uri, number, index))
    driver = {
        "name": "dicomposer",
        "semanticVersion": _version(),
        "rules": _rules(rules),
        "properties": {"edition": EDITION},
    }
    run = {
        "tool": {"driver": driver},
        "invocations": [{"executionSuccessful": True}],
        "artifacts": [{"location": _location(uri)} for uri in artifacts],
        "results": results,
        "properties": {"skipped": len(report.skipped)},
    }
    return json.dumps({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2)


def _rules(rules: Iterable[str]) -> list[dict[str, Any]]:
    """Descriptors of rules. One rule may rest on several sections: each is a descriptor with its own identifier."""
    described = []
    for rule in rules:
        name, _, section = rule.partition(" ")
        text = f"{name} ({section})" if section else name
        described.append(
            {
                "id": rule.replace(" ", "/", 1).replace(" ", "-"),
                "name": name,
                "shortDescription": {"text": text},
                "properties": {"section": section},
            }
        )
    return described


def _result(finding: Finding, uri: str, rule: int, artifact: int) -> dict[str, Any]:
    text = finding.message + (f" (and {finding.count - 1} more places)" if finding.count > 1 else "")
    place: dict[str, Any] = {"physicalLocation": {"artifactLocation": {**_location(uri), "index": artifact}}}
    if finding.path:
        name = finding.path.rpartition(".")[2]
        place["logicalLocations"] = [{"name": name, "fullyQualifiedName": finding.path, "kind": "member"}]
    return {
        "ruleId": finding.rule.replace(" ", "/", 1).replace(" ", "-"),
        "ruleIndex": rule,
        "kind": "open" if finding.level == "not-evaluated" else "fail",
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": f"{finding.path}: {text}" if finding.path else text},
        "locations": [place],
        "partialFingerprints": {"dicomposer/v1": _fingerprint(finding, uri)},
        "properties": {"tag": finding.tag, "section": finding.section, "count": finding.count},
    }


def _fingerprint(finding: Finding, uri: str) -> str:
    parts = (uri, finding.rule, finding.plain_path, figureless(finding.message))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]


def _location(uri: str) -> dict[str, str]:
    """An artifact's address, relative to the root of the sources if it is below the working folder."""
    return {"uri": uri} if uri.startswith("file:") else {"uri": uri, "uriBaseId": "%SRCROOT%"}


def _uri(path: str) -> str:
    """Address of a file: relative with slashes below the working folder, absolute elsewhere."""
    if path == "-":
        return "stdin"
    folder = os.getcwd()
    # The name of a member is not a path of this machine, and must not lead out of its archive.
    outer, inside, member = path.partition("!/")
    whole = os.path.normpath(os.path.join(folder, outer))
    if inside:
        whole += inside + "/".join(one for one in member.split("/") if one not in ("", ".", ".."))
    below = os.path.relpath(whole, folder) if whole.startswith(folder.rstrip(os.sep) + os.sep) else None
    if below is not None:
        return quote(os.fsencode(below.replace(os.sep, "/")), safe="/!")
    return Path(whole).as_uri()


def as_junit(report: Report, fail_on: Level = "error") -> str:
    """A report as JUnit XML: a test case a file, failed if it has a finding of the level or a more severe one.

    Parameters
    ----------
    report : Report
        What to write.
    fail_on : {"error", "warning", "advice"}
        Lowest level that fails a test case. What is below is in its ``system-out``.
    """
    cases = []
    failed = 0
    for one in report:
        grave = one.findings.down_to(fail_on)
        failed += bool(grave)
        cases.append(_case(one, fail_on))
    counts = f'tests="{len(report)}" failures="{failed}" errors="0" skipped="0"'
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<testsuites name="dicomposer" {counts}>',
        f'<testsuite name="dicomposer.validate" {counts}>',
        f'<properties><property name="edition" value="{EDITION}"/>'
        f'<property name="skipped_files" value="{len(report.skipped)}"/></properties>',
        *cases,
        "</testsuite>",
        "</testsuites>",
    ]
    return "\n".join(lines) + "\n"


def _case(one: FileFindings, fail_on: Level) -> str:
    """A test case: the file's folder is its class."""
    folder, _, name = one.path.replace(os.sep, "/").rpartition("/")
    grave = one.findings.down_to(fail_on)
    rest = [finding for finding in one.findings if level_rank(finding.level) > level_rank(fail_on)]
    parts = [f"<testcase classname={_attribute(folder or '.')} name={_attribute(name)}>"]
    if grave:
        more = f" (and {len(grave) - 1} more)" if len(grave) > 1 else ""
        place = f"{grave[0].path}: " if grave[0].path else ""
        first = _attribute(f"{place}{grave[0].message}{more}")
        body = "\n".join(map(str, grave))
        parts.append(f"<failure message={first} type={_attribute(grave[0].rule_id)}>{_text(body)}</failure>")
    if rest:
        parts.append(f"<system-out>{_text(chr(10).join(map(str, rest)))}</system-out>")
    return "\n".join([*parts, "</testcase>"])


def _text(text: str) -> str:
    """Text as XML, without what XML cannot hold."""
    plain = _NOT_XML.sub("\ufffd", text)
    return plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _attribute(text: str) -> str:
    """Text as a quoted attribute of XML, in which line ends would become spaces."""
    plain = _text(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f'"{plain}"'
