"""What every judge says of one report of the matrix.

dicom3tools cannot read a deflated dataset: a twin, unpacked by pydicom, is judged.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
from pydicom import dcmread
from pydicom.uid import ExplicitVRLittleEndian

from clients import dcmtk, pixelmed
from dicomposer import ko, sr
from dicomposer.validation import validate
from judges import dciodvfy, tid1500reader
from report_matrix import Case, Report, make
from report_reading import (
    derived_from,
    differences,
    of_dcmqi,
    plain_differences,
    read_key_objects,
    read_report,
)

__all__ = [
    "EXPLAINED",
    "JUDGES",
    "PYPI",
    "Verdicts",
    "cornerstone_says",
    "dsrdump_says",
    "judge_case",
    "pixelmed_says",
]

#: Judges of which there are Python packages, in the order of the tables.
PYPI = ("validate", "dciodvfy", "dcmqi", "highdicom", "pydicom", "dicomposer")
JUDGES = (*PYPI[:2], "dsrdump", *PYPI[2:])

#: Objections that are wrong or no objections: judge, pattern, why.
EXPLAINED: tuple[tuple[str, str, str], ...] = (
    (
        "dsrdump", r"W: The VR checker does not support this Specific Character Set: ISO_IR 192",
        "it checks no text of this character set, which PS3.3 C.12.1.1.2 allows",
    ),
    ("dsrdump", r"W: Check for template constraints not yet supported", "it says what it does not check"),
    (
        "pixelmed", r"Incorrect relationship - expected (INFERRED FROM|HAS CONCEPT MOD) - found HAS PROPERTIES$",
        "properties (PS3.16 TID 310, by TID 300 row 8 and TID 1419 row 12) are taken for rows without a concept name",
    ),
    (
        "pixelmed", r"NUM \((126073|128740),DCM.*: Incorrect relationship - expected CONTAINS - found HAS OBS CONTEXT$",
        "numbers of a time point (PS3.16 TID 1502) are taken for measurements, which have no concept name of their own",
    ),
    (
        "pixelmed", r"/\[Row \d+\] NUM \*: .*: Missing value$",
        "a number may be without a value, and a qualifier says why (PS3.3 C.18.1)",
    ),
    (
        "pixelmed", r"121058,DCM.*found 2 content items but expected 1$",
        "several procedures may be reported (PS3.16 TID 1500 row 4 has 1-n in later editions than its tables)",
    ),
    (
        "pixelmed", r"not found in context group 7452$",
        "its PS3.16 CID 7452 is of 2002, and its codes have been replaced since",
    ),
    (
        "pixelmed", r"Template 2010 .*\[Row [34]\] CODE.*Conditional content item present when condition not satisfied",
        "modifiers of PS3.16 CID 7011 are for titles such as Rejected for Quality Reasons, those of CID 7012 for Best "
        "In Set (TID 2010 rows 3 and 4); it takes one for the other",
    ),
)  # fmt: skip


@dataclass
class Verdicts:
    """Objections by judge (an empty list: content), those that are explained, and why a judge could not be asked."""

    case: Case
    errors: dict[str, list[str]] = field(default_factory=dict)
    explained: dict[str, list[str]] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)

    def hear(self, judge: str, lines: Sequence[str]) -> None:
        """Take what a judge says."""
        reasons = [(line, _reason(judge, line)) for line in lines]
        self.errors[judge] = [line for line, reason in reasons if not reason]
        self.explained[judge] = [reason for _, reason in reasons if reason]

    @property
    def failed(self) -> list[str]:
        """``judge: objection`` lines."""
        return [f"{judge}: {text}" for judge, texts in self.errors.items() for text in texts]


def _reason(judge: str, line: str) -> str:
    return next((why for name, pattern, why in EXPLAINED if name == judge and re.search(pattern, line)), "")


@dataclass(frozen=True)
class _Written:
    case: Case
    report: Report
    file: Path
    twin: Path


def judge_case(case: Case, folder: Path, names: Sequence[str] = JUDGES, keep: Path | None = None) -> Verdicts:
    """Make the report of a case, write it (also to `keep`), and ask judges."""
    verdicts = Verdicts(case)
    file = folder / f"{case.id}.dcm"
    twin = folder / f"{case.id}-twin.dcm" if case["syntax"] == "deflated" else file
    try:
        report = make(case)
        report.document.save_as(file)
        if twin != file:
            dataset = dcmread(file)
            dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
            dataset.save_as(twin, enforce_file_format=True)
    except Exception as error:  # noqa: BLE001  (one case must not end the whole matrix)
        verdicts.hear("dicomposer", [f"cannot be written: {error!r}"])
        return verdicts
    written = _Written(case, report, file, twin)
    for name in names:
        reason = _cannot(name, written)
        if reason:
            verdicts.unsupported[name] = reason
        try:
            verdicts.hear(name, _refuses(name, written) if reason else _ASK[name](written))
        except Exception as error:  # noqa: BLE001
            verdicts.hear(name, [f"{type(error).__name__}: {error}"])
    if keep is not None:
        (keep / file.name).write_bytes(file.read_bytes())
    file.unlink()
    twin.unlink(missing_ok=True)
    return verdicts


# ---- conformance -------------------------------------------------------------------------------------


def _validate(written: _Written) -> list[str]:
    return [str(one) for one in validate(written.file, level="warning")]


def _dciodvfy(written: _Written) -> list[str]:
    verdict = dciodvfy(written.twin)
    return [*verdict.errors, *([] if verdict.clean or verdict.errors else ["exit status is not 0"])]


def dsrdump_says(file: Path) -> list[str]:
    """Complaints of DCMTK's ``dsrdump``."""
    return dcmtk("dsrdump", file)[1]


def pixelmed_says(file: Path) -> list[str]:
    """Errors of PixelMed's validator of structured reports."""
    return [line for line in pixelmed(file) if line.startswith("Error")]


# ---- readers -----------------------------------------------------------------------------------------


def _cannot(judge: str, written: _Written) -> str:
    """Why a judge cannot be asked about a report; "" if it can."""
    case, groups = written.case, written.report.expected.get("groups", [])
    if judge == "highdicom" and case["kind"] == "none":
        return "it fails where Imaging Measurements is empty"
    if judge == "highdicom" and any(
        one["value"] is None for group in groups for one in group["measurements"]
    ):
        return "it fails where a measurement has no value"
    if judge == "highdicom" and case["kind"] == "derived":
        return "it reads no item that points to another one"
    if judge == "dcmqi" and case["kind"] == "key-objects":
        return "it reads measurement reports only"
    return ""


def _refuses(name: str, written: _Written) -> list[str]:
    """Hold a judge to it: what is called unsupported must fail, or an agreement would go untested."""
    try:
        problems = _ASK[name](written)
    except Exception:  # noqa: BLE001
        return []
    return [] if problems else ["reads what is said to be unsupported: compare it"]


# What a tool calls the numbers of its measurements, and the order in which it keeps the points of a shape.
_STATISTICS = {"Length": ("length",), "Bidirectional": ("length", "width"), "Probe": ("value",)}
_ORDERS = {"RectangleROI": [0, 1, 3, 2], "PlanarFreehandROI": [0, 1, 2]}


def cornerstone_says(report: Report, answer: Mapping[str, Any]) -> list[str]:
    """Differences of what Cornerstone3D's adapters read of tools: points, numbers, and the image they are drawn in.

    They take the distance of rows for that of columns, so that only square pixels are at their place: that is expected.
    """
    if "error" in answer:
        return [str(answer["error"])]
    expected, place = report.expected["groups"], report.place
    found = {one["uid"]: one for one in answer["measurements"]}
    problems = [] if len(found) == len(expected) else [f"{len(found)} tools for {len(expected)}"]
    images = [str(image.SOPInstanceUID) for image in place.images]
    for due in expected:
        one, tool = found.get(due["tracking_uid"], {}), due["tool"]
        if one.get("tool") != tool or images[one["image"]] != due["image"][1]:
            problems.append(f"{tool}: {one.get('tool')} in image {one.get('image')}")
            continue
        shapes = [np.array(points) for number in due["measurements"] for _, points in number["coordinates"]]
        points = place.in_space(np.vstack(shapes), one["image"], swapped=True)
        points = points[_ORDERS.get(tool, range(len(points)))]
        if np.shape(one["points"]) != points.shape or not np.allclose(
            one["points"], points, rtol=0, atol=1e-5
        ):
            problems.append(f"{tool}: points {one['points']} for {points.tolist()}")
        names = _STATISTICS.get(tool, ("area",))
        numbers = [number["value"] for number in due["measurements"]]
        problems += differences(tool, [one["stats"][name] for name in names], numbers)
    return problems


def _dcmqi(written: _Written) -> list[str]:
    output = written.file.with_suffix(".json")
    verdict = tid1500reader(written.file, output)
    if verdict.returncode or not output.exists():
        return [f"exit status {verdict.returncode}: {verdict.text[-300:]}"]
    found = json.loads(output.read_text("utf-8"))
    output.unlink()
    return of_dcmqi(found, written.report.expected)


def _highdicom(written: _Written) -> list[str]:
    expected = written.report.expected
    if written.case["kind"] == "key-objects":
        read = highdicom.ko.KeyObjectSelectionDocument.from_dataset(dcmread(written.file))
        found = read_key_objects(read)
        return differences("", found, {name: expected[name] for name in found})
    found = read_report(highdicom.sr.srread(written.file), expected)
    return differences("", found, {name: expected[name] for name in found})


def _pydicom(written: _Written) -> list[str]:
    return plain_differences(dcmread(written.file), written.report.expected)


def _dicomposer(written: _Written) -> list[str]:
    """Our own readers: all getters, and saving again what was read."""
    expected, problems = written.report.expected, []
    read = sr.srread if written.case["kind"] != "key-objects" else _koread
    if written.case["kind"] == "key-objects":
        document = _koread(written.file)
        found = read_key_objects(document)
        more = {
            "description": document.content.description,
            "modifiers": [(str(one.value), one.scheme_designator, one.meaning)
                          for one in document.content.document_title_modifiers],
        }  # fmt: skip
        problems += differences("", found | more, {name: expected[name] for name in found | more})
    else:
        document = read(written.file)
        found = read_report(document, expected)
        problems += differences("", found, {name: expected[name] for name in found})
        problems += differences("derived", derived_from(document), expected.get("derived", []))
    for touched in (False, True):
        document, again = read(written.file), BytesIO()
        if touched:
            list(document.content[0].children)
        document.save_as(again)
        if again.getvalue() != written.file.read_bytes():
            problems.append("saving what was read gives other bytes")
    return problems


def _koread(file: Path) -> ko.KeyObjectSelectionDocument:
    return ko.KeyObjectSelectionDocument.from_dataset(dcmread(file), copy=False)


_ASK: dict[str, Callable[[_Written], list[str]]] = {
    "validate": _validate, "dciodvfy": _dciodvfy, "dsrdump": lambda written: dsrdump_says(written.file),
    "dcmqi": _dcmqi, "highdicom": _highdicom, "pydicom": _pydicom, "dicomposer": _dicomposer,
}  # fmt: skip
