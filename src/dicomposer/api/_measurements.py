"""``measurements``: the numbers of many reports as one table."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias

from pydicom.dataset import Dataset

from dicomposer import record, sr
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    MissingFileError,
    NotDicomError,
)

__all__ = ["MEASUREMENT_COLUMNS", "ReportLike", "measurement_rows", "measurements"]

ReportLike: TypeAlias = "str | os.PathLike[str] | BinaryIO | Dataset"

#: Columns of the table: the file, and what the report says.
MEASUREMENT_COLUMNS: tuple[str, ...] = ("file", *sr.COLUMNS)


def measurements(
    reports: ReportLike | Iterable[ReportLike],
    *,
    points: sr.Points = "array",
    damaged: Literal["raise", "skip"] = "raise",
) -> Any:
    """Measurements and evaluations of structured reports as one pandas DataFrame.

    Parameters
    ----------
    reports : path, binary file, Dataset, or several of them
        Reports of any template and any writer; folders with all that is below them, where what is no report is left
        out.
    points : {"array", "list", "wkt"}
        Shapes as arrays of shape (n, 2) (column, row, in pixels) or (n, 3) (x, y, z, in mm), as nested lists, or as
        well-known text; a list of them where a group has several.
    damaged : {"raise", "skip"}
        Whether a report that does not hold together is an error or is left out.

    Returns
    -------
    pandas.DataFrame
        One row a measurement (``kind`` is ``"measurement"``; ``value``, ``unit``) or evaluation (``"evaluation"``;
        ``coded_value`` or ``text``), with the columns :data:`MEASUREMENT_COLUMNS`. Codes have three columns: the
        meaning under the name, value and scheme under ``_code`` and ``_scheme``. Of reports without measurement
        groups, each number is a row, and ``path`` and ``context`` say where it stands.

    Raises
    ------
    MissingDependencyError
        Without pandas; :func:`measurement_rows` gives the same as dictionaries.
    MissingFileError, NotDicomError, DamagedFileError
        If a file is not there, no DICOM, or does not hold together; the message names it.
    ArgumentError, ArgumentTypeError
        If one that was named is no report.
    """
    return sr.to_dataframe(measurement_rows(reports, points=points, damaged=damaged), MEASUREMENT_COLUMNS)


def measurement_rows(
    reports: ReportLike | Iterable[ReportLike],
    *,
    points: sr.Points = "array",
    damaged: Literal["raise", "skip"] = "raise",
) -> list[dict[str, Any]]:
    """The rows of :func:`measurements` as dictionaries, for which no other package is needed.

    Parameters
    ----------
    reports : path, binary file, Dataset, or several of them
        As for :func:`measurements`.
    points : {"array", "list", "wkt"}
        How shapes are given.
    damaged : {"raise", "skip"}
        Whether a report that does not hold together is an error or is left out.
    """
    if damaged not in ("raise", "skip"):
        raise ArgumentError(f"damaged must be 'raise' or 'skip', not {damaged!r}")
    rows: list[dict[str, Any]] = []
    for name, source, named in _sources(reports):
        try:
            document = source if isinstance(source, Dataset) else record.read(source, lazy=True)
            if not _has_content(document):
                if named:
                    raise ArgumentError(f"{name or 'the dataset'} is no structured report")
                continue
            found = sr.rows_of(document, points)
        except NotDicomError as error:
            if named:
                raise NotDicomError(f"{name or 'the stream'} is no DICOM file ({error})") from error
            continue
        except DamagedFileError as error:
            if damaged == "skip":
                continue
            raise DamagedFileError(f"{name or 'the report'}: {error}") from error
        rows += [{"file": name} | row for row in found]
    return rows


def _has_content(document: Dataset) -> bool:
    return "ValueType" in document and "ConceptNameCodeSequence" in document


def _sources(given: ReportLike | Iterable[ReportLike]) -> Iterator[tuple[str | None, Any, bool]]:
    """Name, what to read, and whether the caller named it."""
    alone = isinstance(given, str | os.PathLike | Dataset) or hasattr(given, "read")
    for one in [given] if alone else given:  # type: ignore[union-attr]
        if isinstance(one, Dataset):
            name = getattr(one, "filename", None)
            yield str(name) if isinstance(name, str | os.PathLike) else None, one, True
        elif isinstance(one, str | os.PathLike):
            yield from _files(Path(one))
        elif hasattr(one, "read"):
            yield None, one, True
        else:
            raise ArgumentTypeError(
                f"a report must be a file, a folder or a dataset, not {type(one).__name__}"
            )


def _files(path: Path) -> Iterator[tuple[str, Path, bool]]:
    if not path.exists():
        raise MissingFileError(f"no such file or folder: {path}", path)
    if not path.is_dir():
        yield str(path), path, True
        return
    for inner in sorted(one for one in path.rglob("*") if one.is_file()):
        yield str(inner), inner, False
