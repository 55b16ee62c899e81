"""``dicomposer show``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import typer
from rich.markup import escape
from rich.table import Table

from dicomposer import api, seg, view
from dicomposer.cli._console import out, working
from dicomposer.cli._tables import segments_table
from dicomposer.errors import UnsupportedError


@dataclass(frozen=True)
class PictureJob:
    """An overlay picture: where to, on which images, how many planes."""

    path: Path
    source: Path
    planes: int


def run(file: Path, picture: PictureJob | None, *, as_json: bool) -> None:
    """Print what an object is, and draw it."""
    dataset = api.open(file)
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
        array = view.overlay(dataset, source, planes=picture.planes)
        view.save_png(array, picture.path, legend=view.legend(dataset))
    if not as_json:
        out().print(f"[bold green]wrote[/] {escape(str(picture.path))}")


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
        console.print(segments_table(summary.segments))
