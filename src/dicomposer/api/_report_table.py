"""Findings in tables and files: CSV, JSON, data frames."""

from __future__ import annotations

import csv
import json
import math
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from dicomposer.api._report_regions import PLACES, SHAPES
from dicomposer.api._report_terms import column_parts, evaluation_code, measured
from dicomposer.errors import ArgumentError, MissingFileError, TerminologyError

__all__ = ["rows_of"]

_PLAIN = ("label", "site", "laterality", "tracking_id", "tracking_uid", "comment")
_REGION = (*SHAPES, *PLACES, "segment", "segmentation")
_EVALUATION = "evaluation:"
_SUFFIXES = (".csv", ".tsv", ".json")
#: Keys of a finding that a JSON file may have as lists, and the form of their entries.
_ENTRIES = {"measurements": "[name, number, unit]", "evaluations": "[name, answer]"}


def rows_of(table: Any) -> list[tuple[str, Any]]:
    """Findings of a CSV or JSON file or of a data frame, each with what messages call it.

    Parameters
    ----------
    table : str, os.PathLike or pandas.DataFrame
        The table.
    """
    if hasattr(table, "columns"):
        records = table.to_dict("records")
        return _findings(
            list(map(str, table.columns)), ((f"row {n}", one) for n, one in enumerate(records)), None
        )
    path = Path(os.fspath(table))
    if not path.exists():
        raise MissingFileError(f"no such file: {path}", path)
    suffix = path.suffix.lower()
    if suffix not in _SUFFIXES:
        raise ArgumentError(f"{path.name} must be one of {', '.join(_SUFFIXES)}")
    text = path.read_text(encoding="utf-8-sig")
    return _of_json(path, text) if suffix == ".json" else _of_csv(path, text, suffix)


def _of_json(path: Path, text: str) -> list[tuple[str, Any]]:
    try:
        read = json.loads(text, object_pairs_hook=partial(_once, path.name))
    except json.JSONDecodeError as error:
        raise ArgumentError(f"{path.name} is not JSON: {error.msg} in line {error.lineno}") from None
    if isinstance(read, Mapping) and "findings" in read:
        read = read["findings"]
    if not isinstance(read, list) or not all(isinstance(one, Mapping) for one in read):
        raise ArgumentError(f"{path.name} must hold a list of findings, each an object")
    found = []
    for number, one in enumerate(read):
        finding, where = dict(one), f"{path.name}, finding {number + 1}"
        for key in _ENTRIES:
            if isinstance(finding.get(key), list):
                finding[key] = _by_name(finding[key], key, where)
        if isinstance(finding.get("region"), Mapping):
            finding["region"] = _located(dict(finding["region"]), path.parent)
        found.append((where, finding))
    return found


def _once(file: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of a key that is there twice, Python keeps the last value and says nothing."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ArgumentError(f"{file} has the key {key!r} twice in one object")
        found[key] = value
    return found


def _by_name(entries: list[Any], key: str, where: str) -> dict[Any, Any]:
    """Measurements or evaluations of a JSON list by their names: keys of JSON objects are text, names may be codes."""
    found: dict[Any, Any] = {}
    for entry in entries:
        if not isinstance(entry, list) or len(entry) != _ENTRIES[key].count(",") + 1:
            raise ArgumentError(f"{where}: each of {key!r} must be {_ENTRIES[key]}")
        name, *rest = entry
        if isinstance(name, list) and len(name) == 3:
            name = tuple(map(str, name))
        if not isinstance(name, str | tuple):
            raise ArgumentError(f"{where}: a name in {key!r} must be text or a code [value, scheme, meaning]")
        if name in found:
            raise ArgumentError(f"{where}: {name!r} is twice in {key!r}")
        found[name] = tuple(rest) if len(rest) > 1 else rest[0]
    return found


def _of_csv(path: Path, text: str, suffix: str) -> list[tuple[str, Any]]:
    lines = text.splitlines()
    separator = (
        "\t" if suffix == ".tsv" else ";" if lines and ";" in lines[0] and "," not in lines[0] else ","
    )
    reader = csv.DictReader(lines, delimiter=separator)
    columns = [str(name).strip() for name in reader.fieldnames or ()]
    if not columns:
        raise ArgumentError(f"{path.name} is empty; its first line names the columns")
    reader.fieldnames = columns

    def numbered() -> Iterable[tuple[str, Mapping[str, Any]]]:
        for row in reader:
            where = f"{path.name}, line {reader.line_num}"
            if None in row:
                raise ArgumentError(f"{where} has more fields than the first line has columns")
            yield where, row

    return _findings(columns, numbered(), path.parent)


def _findings(
    columns: list[str], rows: Iterable[tuple[str, Mapping[str, Any]]], folder: Path | None
) -> list[tuple[str, Any]]:
    kinds = {column: _kind(column) for column in columns}
    repeated = {column for column in columns if columns.count(column) > 1}
    if repeated:
        raise ArgumentError(f"the table has column {sorted(repeated)[0]!r} twice")
    if "label" not in kinds:
        raise ArgumentError("the table has no column 'label': what was found")
    return [(where, _finding(row, kinds, where, folder)) for where, row in rows]


def _kind(column: str) -> tuple[str, Any]:
    """What a column holds, with codes looked up once."""
    try:
        if column in _PLAIN:
            return "plain", column
        if column in _REGION:
            return "region", column
        if column.lower().startswith(_EVALUATION):
            return "evaluation", evaluation_code(column[len(_EVALUATION) :].strip())
        parts = column_parts(column)
        if parts is not None:
            return "measurement", measured(*parts)
    except TerminologyError as error:
        raise _in_a_table(f"column {column!r}", error) from None
    raise ArgumentError(
        f"column {column!r} is not known: measurements are called with their unit, 'Volume [cm3]' or 'Score []', "
        f"evaluations 'evaluation: Margin'; other columns are {', '.join((*_PLAIN, *_REGION))}"
    )


def _finding(
    row: Mapping[str, Any], kinds: Mapping[str, tuple[str, Any]], where: str, folder: Path | None
) -> dict[str, Any]:
    finding: dict[str, Any] = {"measurements": {}, "evaluations": {}}
    region: dict[str, Any] = {}
    filled: dict[tuple[str, tuple[str, ...]], str] = {}
    for column, (kind, what) in kinds.items():
        value = row.get(column)
        if _is_missing(value):
            continue
        if kind == "plain":
            finding[what] = str(value).strip() if isinstance(value, str) else value
            continue
        if kind == "region":
            region[what] = value
            continue
        key = _Key(what if kind == "evaluation" else what[0])
        first = filled.setdefault((kind, key), column)
        if first != column:
            raise ArgumentError(
                f"{where}: columns {first!r} and {column!r} both are {key[2]!r} ({key[0]}, {key[1]}); a finding has "
                "one of a name, so one of them must be empty"
            )
        if kind == "evaluation":
            finding["evaluations"][key] = _answer(value, where, column)
        else:
            finding["measurements"][key] = (_number(value, where, column), what[1])
    if region:
        finding["region"] = _located(region, folder)
    return finding


class _Key(tuple[str, str, str]):
    """A code as a key of a dictionary: value, scheme, meaning."""

    __slots__ = ()

    def __new__(cls, code: Any) -> _Key:
        scheme = getattr(code, "scheme_designator", None)
        return super().__new__(cls, (str(code.value), str(scheme), str(code.meaning)))


def _is_missing(value: Any) -> bool:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return isinstance(value, str) and not value.strip() or type(value).__name__ in ("NAType", "NaTType")


def _number(value: Any, where: str, column: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise ArgumentError(f"{where}, column {column!r}: a number is needed, such as 8.2") from None
    if not math.isfinite(number):
        raise ArgumentError(
            f"{where}, column {column!r}: the number is not finite; leave the field empty if there is none"
        )
    return int(number) if number == int(number) and abs(number) < 2**53 else number


def _answer(value: Any, where: str, column: str) -> Any:
    try:
        return evaluation_code(value.strip() if isinstance(value, str) else value, "answer")
    except TerminologyError as error:
        raise _in_a_table(f"{where}, column {column!r}", error) from None


def _in_a_table(where: str, error: TerminologyError) -> TerminologyError:
    """Headings and fields of tables are names: who is told to pass a code needs another form."""
    more = (
        ". Tables hold names only: give findings with codes as JSON or in Python"
        if "a code" in str(error)
        else ""
    )
    return TerminologyError(f"{where}: {error}{more}", error.suggestions)


def _located(region: dict[str, Any], folder: Path | None) -> dict[str, Any]:
    """Files are named from where the table lies, if they are not there from here."""
    file = region.get("segmentation")
    if folder is not None and isinstance(file, str) and not Path(file).exists() and (folder / file).exists():
        region["segmentation"] = str(folder / file)
    return region
