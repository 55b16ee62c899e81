"""``dicomposer show``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import typer
from pydicom.dataset import Dataset
from rich.markup import escape
from rich.table import Table

from dicomposer import api, ko, record, seg, sr, view
from dicomposer.cli._console import out, working
from dicomposer.cli._paths import keep_inputs, problem_of_input, problem_of_output, refuse
from dicomposer.cli._reports import content_tree, facts_table, measurements_table
from dicomposer.cli._tables import segments_table
from dicomposer.errors import ArgumentError, NotAFileError, UnsupportedError


@dataclass(frozen=True)
class PictureJob:
    """An overlay picture: where to, on which images, how many planes."""

    path: Path
    source: Path
    planes: int


@dataclass(frozen=True)
class ReportJob:
    """What to show of a report: a page to write, the table of measurements, who the patient is."""

    html: Path | None = None
    table: bool = False
    patient: bool = False


def run(file: Path, picture: PictureJob | None, report: ReportJob, *, as_json: bool) -> None:
    """Print what an object is, and draw it."""
    refuse(
        chain(
            problem_of_input(file),
            *([problem_of_input(picture.source), problem_of_output(picture.path)] if picture else []),
            *([problem_of_output(report.html)] if report.html else []),
        )
    )
    if file.is_dir():
        raise NotAFileError(f"{file} is a folder; give one DICOM file of it", file)
    if picture is not None:
        if picture.path.suffix.lower() != ".png":
            raise ArgumentError(f"--png writes PNG: let the name end in .png, not {picture.path.name}")
        keep_inputs(picture.path, [file, picture.source] if picture.source.is_file() else [file])
    dataset = api.open(file)
    if isinstance(dataset, sr.StructuredReport | ko.KeyObjectSelectionDocument) and picture is None:
        _show_report(dataset, file, report, as_json=as_json)
        return
    if report != ReportJob():
        raise UnsupportedError("--html, --table and --patient are for structured reports and key objects")
    with working("Counting voxels", quiet=as_json):
        summary = view.summarise(dataset)
    if as_json:
        typer.echo(json.dumps(summary.to_dict(), indent=2))
    else:
        _print(summary)
    if picture is None:
        return
    if not isinstance(dataset, seg.Segmentation):
        raise UnsupportedError(f"--png draws segmentations; this is: {summary.sop_class}")
    with working("Drawing", quiet=as_json) as progress:
        source = api.read_source(picture.source, series=view.source_series(dataset), progress=progress)
        keep_inputs(picture.path, [], source)
        array = view.overlay(dataset, source, planes=picture.planes)
        view.save_png(array, picture.path, legend=view.legend(dataset))
    if not as_json:
        out().print(f"[bold green]wrote[/] {escape(str(picture.path))}")


def _show_report(dataset: Dataset, file: Path, job: ReportJob, *, as_json: bool) -> None:
    """Print a report or a selection of key objects, and write its page."""
    if job.html is not None:
        if job.html.suffix.lower() not in (".html", ".htm"):
            raise ArgumentError(f"--html writes HTML: let the name end in .html, not {job.html.name}")
        keep_inputs(job.html, [file])
        with record.replacing(job.html, durable=False) as page:
            page.write(sr.html_of(dataset, job.patient).encode("utf-8"))
    if as_json:
        found = sr.rows_of(dataset, "list") if job.table else sr.document_dict(dataset)
        typer.echo(json.dumps(found, indent=None if job.table else 1))
        return
    if job.html is not None:
        out().print(f"[bold green]wrote[/] {escape(str(job.html))}")
        return
    console = out()
    if job.table:
        console.print(measurements_table(sr.rows_of(dataset, "list")))
        return
    console.print(facts_table(sr.facts_of(dataset, job.patient)))
    console.print()
    if console.is_terminal:
        console.print(content_tree(dataset, job.patient))
    else:
        typer.echo(sr.text_of(dataset, job.patient), nl=False)


def _print(summary: view.Summary) -> None:
    console = out()
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    rows = {
        "SOP class": summary.sop_class,
        "Modality": summary.modality,
        "Transfer syntax": summary.transfer_syntax,
        "Pixels": f"{summary.frames} frames of {summary.rows}x{summary.columns}" if summary.frames else "",
        **summary.facts,
        "SOP instance UID": summary.sop_instance_uid,
        "Series UID": summary.series_instance_uid,
        **{
            f"Refers to series {number}": f"{one.series_instance_uid} ({one.instances} instances)"
            for number, one in enumerate(summary.references, start=1)
        },
    }
    for name, value in rows.items():
        if value:
            table.add_row(name, escape(value))
    console.print(table)
    if summary.segments:
        console.print()
        console.print(segments_table(summary))
