"""``dicomposer report`` and ``dicomposer measure``."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape
from rich.table import Table

from dicomposer import api, record
from dicomposer.cli._console import out, working
from dicomposer.cli._paths import keep_inputs, problem_of_input, problem_of_output, refuse
from dicomposer.cli._tables import findings_line, findings_table
from dicomposer.errors import ArgumentError


@dataclass(frozen=True)
class Job:
    """From where to where.

    Attributes
    ----------
    inputs : tuple[Path, ...]
        What is read beside the images.
    source : Path
        Folder or file of the images.
    output : Path or None
        File to write.
    series : str or None
        UID or number of the series.
    overwrite : bool
        Whether the output may exist.
    """

    inputs: tuple[Path, ...]
    source: Path
    output: Path | None
    series: str | None
    overwrite: bool

    def check(self) -> None:
        """Say before the work what would go wrong in it or after it."""
        problems = [line for path in (*self.inputs, self.source) for line in problem_of_input(path)]
        if self.output is not None:
            problems += problem_of_output(self.output)
        refuse(problems)
        if self.output is not None:
            keep_inputs(self.output, (*self.inputs, self.source))
            if self.output.exists() and not self.overwrite:
                raise ArgumentError(f"{self.output} exists; add --overwrite to replace it")

    def read(self, *, quiet: bool) -> Any:
        """The images, or the Segmentation that stands in their place."""
        if self.source.is_file():
            return self.source
        with working("Reading the images", quiet=quiet) as progress:
            series = int(self.series) if self.series and self.series.isdigit() else self.series
            return api.read_source(self.source, series=series, progress=progress)


def run(job: Job, options: Mapping[str, Any], *, as_json: bool) -> None:
    """Findings in a table and their images: write the report."""
    job.check()
    source = job.read(quiet=as_json)
    with working("Composing the report", quiet=as_json):
        made = api.report(job.inputs[0], source, **options)
    written(made, job, as_json=as_json)


def measure(job: Job, options: Mapping[str, Any], *, as_json: bool) -> None:
    """A Segmentation and its images: show the measurements, write the report."""
    job.check()
    source = job.read(quiet=as_json)
    with working("Measuring", quiet=as_json):
        values = {name: options[name] for name in ("value_map", "statistics") if name in options}
        table = api.measure_segments(job.inputs[0], source, **values)
        made = None if job.output is None else api.measure(job.inputs[0], source, **options)
    if as_json:
        typer.echo(json.dumps({"segments": table.to_dicts(), **facts(made, job)}, indent=2))
        return
    out().print(_table(table))
    if made is not None:
        written(made, job, as_json=False)


def facts(made: Any, job: Job) -> dict[str, Any]:
    """Save a document, and say what was written, for JSON."""
    if made is None or job.output is None:
        return {}
    record.save(made, job.output, overwrite=job.overwrite)
    return {
        "file": str(job.output),
        "bytes": job.output.stat().st_size,
        "findings": api.validate(made).down_to("advice").to_dicts(),
    }


def written(made: Any, job: Job, *, as_json: bool) -> None:
    """Save a document and say so."""
    said = facts(made, job)
    if as_json:
        typer.echo(json.dumps(said, indent=2))
        return
    console, findings = out(), api.validate(made)
    console.print(
        f"[bold green]wrote[/] {escape(said['file'])}: {type(made).__name__}, {said['bytes']} bytes"
    )
    console.print(findings_line(findings))
    worth = findings.down_to("warning")
    if len(worth):
        console.print(findings_table(worth))


_COLUMNS = ("segment", "voxels", "volume", "diameter", "long axis", "short axis", "mean", "std", "unit")


def _table(rows: Iterable[api.SegmentMeasurements]) -> Table:
    table = Table(
        *(f"{name} (mm)" if name in ("diameter", "long axis", "short axis") else name for name in _COLUMNS)
    )
    for one in rows:
        axes, values = one.axes, one.statistics
        size = one.area if one.volume is None else one.volume
        unit = "mm2" if one.volume is None else "mm3"
        table.add_row(
            escape(f"{one.number} {one.label}"), str(one.voxels), "" if size is None else f"{size:.1f} {unit}",
            _figure(one.diameter), _figure(axes.long if axes else None), _figure(axes.short if axes else None),
            _figure(values.mean if values else None), _figure(values.std if values else None),
            escape(values.unit) if values else "",
        )  # fmt: skip
    return table


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.1f}"
