"""``dicomposer measurements``."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

import typer
from rich.markup import escape

from dicomposer import api, record, sr
from dicomposer.cli._console import out, working
from dicomposer.cli._paths import keep_inputs, problem_of_input, problem_of_output, refuse
from dicomposer.cli._reports import measurements_table
from dicomposer.errors import ArgumentError, MissingDependencyError

_SUFFIXES = (".csv", ".json", ".parquet")


def run(
    paths: Sequence[Path], output: Path | None, *, skip_damaged: bool, overwrite: bool, as_json: bool
) -> None:
    """Print the measurements of reports, or write them."""
    problems = chain.from_iterable(problem_of_input(path) for path in paths)
    refuse(chain(problems, problem_of_output(output) if output else ()))
    if output is not None:
        if output.suffix.lower() not in _SUFFIXES:
            raise ArgumentError(f"--output writes {', '.join(_SUFFIXES)}; not {output.name}")
        keep_inputs(output, paths)
        if output.exists() and not overwrite:
            raise ArgumentError(f"{output} exists; replace it with --overwrite")
    listed = as_json or (output is not None and output.suffix.lower() == ".json")
    with working("Reading", quiet=as_json):
        rows = api.measurement_rows(
            list(paths), points="list" if listed else "wkt", damaged="skip" if skip_damaged else "raise"
        )
    if output is not None:
        _write(rows, output)
    if as_json:
        typer.echo(json.dumps(rows))
    elif output is not None:
        out().print(f"[bold green]wrote[/] {escape(str(output))} [dim]({len(rows):,} rows)[/]")
    elif rows:
        out().print(measurements_table(rows))
    else:
        out().print("no structured report with measurements there")


def _write(rows: list[dict[str, Any]], output: Path) -> None:
    suffix = output.suffix.lower()
    if suffix == ".parquet":
        _need_pyarrow()
    with record.replacing(output, durable=False) as file:
        if suffix == ".csv":
            file.write(_csv(rows).encode("utf-8"))
        elif suffix == ".json":
            file.write(json.dumps(rows, indent=1).encode("utf-8"))
        else:
            _parquet(rows, file)


#: What a formula begins with, for programs that open CSV files.
_FORMULAS = tuple("=+-@\t\r")


def _csv(rows: list[dict[str, Any]]) -> str:
    """Rows as CSV: shapes as well-known text, what is nested as JSON."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(api.MEASUREMENT_COLUMNS)
    for row in rows:
        values = (row[column] for column in api.MEASUREMENT_COLUMNS)
        writer.writerow(
            [json.dumps(one) if isinstance(one, list | dict) else _harmless(one) for one in values]
        )
    return text.getvalue()


def _harmless(cell: Any) -> Any:
    """A cell that a spreadsheet will not run as a formula: text that begins like one gets a quote before it."""
    return f"'{cell}" if isinstance(cell, str) and cell[:1] in _FORMULAS and cell[:1] else cell


def _need_pyarrow() -> None:
    try:
        import pyarrow  # noqa: F401 - only asked for
    except ImportError:
        raise MissingDependencyError("writing Parquet", "pyarrow", "arrow") from None


def _parquet(rows: list[dict[str, Any]], file: BinaryIO) -> None:
    from pyarrow import parquet

    parquet.write_table(sr.to_arrow(rows, api.MEASUREMENT_COLUMNS), file)
