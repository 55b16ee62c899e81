"""The one assertion. What it needs is imported when it is called: pytest loads this in every project."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dicomposer.validation import Level, Report

__all__ = ["assert_valid_dicom"]

_MOST = 50  # findings in a message


def assert_valid_dicom(
    what: Any,
    level: Level = "error",
    *,
    ignore: Collection[str] = (),
    profiles: Collection[str] | None = None,
) -> None:
    """Check that an object, or all objects of a folder, conform to the standard.

    Parameters
    ----------
    what : pydicom.Dataset, str, PathLike, bytes, binary file-like, or a list of datasets or of paths
        A dataset or file; a folder or zip archive with all that is in it. Files that come together are checked
        against each other as well.
    level : {"error", "warning", "advice"}
        Lowest level of findings that fail.
    ignore : Collection[str]
        Findings to leave out: rules, ``"type-2*"``, or rules at paths, ``"type-2@*.Laterality"``.
    profiles : Collection[str], optional
        What to check beside the standard; by default :data:`dicomposer.validation.DEFAULT_PROFILES`.

    Raises
    ------
    AssertionError
        With the findings, if there are any of the level, or if there is no DICOM at all.
    MissingFileError, ArgumentError, ArgumentTypeError
        If there is no such file, or an argument makes no sense.
    """
    __tracebackhide__ = True
    from dicomposer.validation import DEFAULT_PROFILES

    options = {
        "level": level,
        "ignore": ignore,
        "profiles": DEFAULT_PROFILES if profiles is None else profiles,
    }
    report = _report(what, options)
    if not report:
        raise AssertionError(f"nothing to check: no DICOM file among {len(report.skipped)} files")
    found = _words(report)
    if found:
        raise AssertionError(found)


def _report(what: Any, options: dict[str, Any]) -> Report:
    """Findings on whatever was given."""
    from pydicom.dataset import Dataset

    from dicomposer.validation import FileFindings, Report, validate, validate_files

    if isinstance(what, (bytes, bytearray)):
        return validate_files(BytesIO(what), **options)
    if isinstance(what, Dataset):
        return Report([FileFindings("", validate(what, **options), named=True)])
    if isinstance(what, (list, tuple)) and what and all(isinstance(one, Dataset) for one in what):
        return Report(
            FileFindings(f"dataset {number}", validate(one, **options), named=True)
            for number, one in enumerate(what)
        )
    return validate_files(what, **options)


def _words(report: Report) -> str:
    """What was found, one line each; findings that several files have, once."""
    from dicomposer.validation import printable

    shared = report.shared()
    if not shared:
        return ""
    lines = []
    for one in shared[:_MOST]:
        more = f", and {one.files - 1} more" if one.files > 1 else ""
        place = f"{printable(one.first, line=True)}{more}: " if one.first else ""
        lines.append(f"  {place}{one.finding}")
    if len(shared) > _MOST:
        lines.append(f"  and {len(shared) - _MOST} more findings")
    bad = sum(bool(one.findings) for one in report)
    head = "not valid DICOM" if len(report) == 1 else f"{bad} of {len(report)} objects are not valid DICOM"
    return printable("\n".join([f"{head}:", *lines]))
