"""Checking objects against the standard and against themselves.

>>> from dicomposer.validation import validate
>>> findings = validate("segmentation.dcm")  # doctest: +SKIP
>>> findings.ok  # doctest: +SKIP
True

A new whole-object rule is one function with the decorator :func:`dicomposer.validation._rules.rule` in the file of its
family; presence, values and functional groups follow the tables of :mod:`dicomposer.standard`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.validation._engine import validate
    from dicomposer.validation._families import registered
    from dicomposer.validation._findings import LEVELS, Finding, Findings, Level
    from dicomposer.validation._rules import DEFAULT_PROFILES, PROFILES, Rule
    from dicomposer.validation.families._pixels import pixel_findings
    from dicomposer.validation.files._formats import as_json, as_junit, as_sarif
    from dicomposer.validation.files._many import validate_files
    from dicomposer.validation.files._report import FileFindings, Report, SharedFinding, printable
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "_engine": "validate",
            "_families": "registered",
            "_findings": "Finding Findings LEVELS Level",
            "_rules": "DEFAULT_PROFILES PROFILES Rule",
            "families._pixels": "pixel_findings",
            "files._formats": "as_json as_junit as_sarif",
            "files._many": "validate_files",
            "files._report": "FileFindings Report SharedFinding printable",
        },
    )

__all__ = [
    "DEFAULT_PROFILES",
    "LEVELS",
    "PROFILES",
    "FileFindings",
    "Finding",
    "Findings",
    "Level",
    "Report",
    "Rule",
    "SharedFinding",
    "as_json",
    "as_junit",
    "as_sarif",
    "pixel_findings",
    "printable",
    "registered",
    "validate",
    "validate_files",
]
