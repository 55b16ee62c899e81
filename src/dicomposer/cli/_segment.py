"""``dicomposer segment``."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import typer
from rich.markup import escape

from dicomposer import api, record, view
from dicomposer.cli._console import out, working
from dicomposer.cli._paths import keep_inputs, problem_of_input, problem_of_output, refuse
from dicomposer.cli._tables import findings_line, findings_table, segments_table
from dicomposer.errors import ArgumentError, NotDicomError
from dicomposer.validation import Findings


@dataclass(frozen=True)
class Job:
    """From where to where.

    Attributes
    ----------
    source : Path
        Folder or file of the images.
    masks : tuple[Path, ...]
        One mask, or one a structure.
    output : Path
        File to write.
    series : str or None
        UID or number of the series.
    overwrite : bool
        Whether the output may exist.
    """

    source: Path
    masks: tuple[Path, ...]
    output: Path
    series: str | None
    overwrite: bool


def named(masks: Sequence[Path], segments: Sequence[str], labels: Sequence[str]) -> Any:
    """What --segment and --label say, as the front door takes it."""
    if segments and labels:
        raise typer.BadParameter("use --segment for labels 1, 2, 3..., or --label for other values, not both")
    if labels and len(masks) > 1:
        raise typer.BadParameter("--label goes with one mask; several masks are named by --segment")
    if segments and len(masks) > 1 and len(segments) != len(masks):
        raise typer.BadParameter(f"there are {len(masks)} masks and {len(segments)} times --segment")
    return [_named(text) for text in segments] or dict(map(_label, labels)) or None


def _named(text: str) -> str | dict[str, str]:
    """A name of the table, or the user's own text and the name that it stands for."""
    label, equals, name = (part.strip() for part in text.partition("="))
    if not equals:
        return text
    if not label or not name:
        raise typer.BadParameter(
            f"--segment takes NAME or TEXT=NAME, for example 'My tumour=glioma', not {text!r}"
        )
    return {"label": label, "name": name}


def _label(text: str) -> tuple[int, str | dict[str, str]]:
    value, _, name = text.partition("=")
    if not value.strip().isdigit() or not name.strip():
        raise typer.BadParameter(f"--label takes VALUE=NAME, for example 1=Liver, not {text!r}")
    return int(value), _named(name.strip())


def run(job: Job, segments: Any, options: Mapping[str, Any], *, as_json: bool) -> None:
    """Read, compose, check, write, report."""
    _check_output(job)
    with working("Reading the images", quiet=as_json) as progress:
        series = int(job.series) if job.series and job.series.isdigit() else job.series
        source = _read_source(job.source, series, progress)
    keep_inputs(job.output, job.masks, source)
    with working("Composing the segmentation", quiet=as_json):
        made = api.segment(_mask(job.masks), source, segments, **options)
    with working("Writing", quiet=as_json):
        record.save(made, job.output, overwrite=job.overwrite)
    summary, findings = view.summarise(made), api.validate(made)
    if as_json:
        typer.echo(json.dumps(_as_dict(job, source, summary, findings), indent=2))
        return
    _report(job, source, summary, findings)


def _check_output(job: Job) -> None:
    """Say before the work what would go wrong in it or after it."""
    refuse(
        chain(
            *map(problem_of_input, (job.source, *job.masks)),
            problem_of_output(job.output),
        )
    )
    keep_inputs(job.output, (*job.masks, *([job.source] if job.source.is_file() else [])))
    if job.output.exists() and not job.overwrite:
        raise ArgumentError(f"{job.output} exists; add --overwrite to replace it")


def _read_source(
    path: Path, series: str | int | None, progress: Callable[[int, int], None]
) -> api.SourceImages:
    try:
        return api.read_source(path, series=series, progress=progress)
    except NotDicomError as error:
        raise ArgumentError(f"{error}; the images come first, then the mask") from None


def _mask(masks: Sequence[Path]) -> Any:
    if len(masks) == 1:
        return masks[0]
    by_name = {path.name.partition(".")[0]: path for path in masks}
    if len(by_name) != len(masks):
        raise ArgumentError("two masks have the same file name, which names the structure")
    return by_name


def _as_dict(job: Job, source: api.SourceImages, summary: view.Summary, findings: Findings) -> dict[str, Any]:
    return {
        "file": str(job.output),
        "bytes": job.output.stat().st_size,
        "source_images": len(source.datasets),
        "skipped_files": source.skipped,
        **summary.to_dict(),
        "findings": findings.down_to("advice").to_dicts(),
        "not_evaluated": len(findings.at("not-evaluated")),
    }


def _report(job: Job, source: api.SourceImages, summary: view.Summary, findings: Findings) -> None:
    console = out()
    size = job.output.stat().st_size
    console.print(
        f"[bold green]wrote[/] {escape(str(job.output))}: {summary.facts['Type']}, {summary.frames} frames "
        f"of {summary.rows}x{summary.columns}, {_bytes(size)}, {escape(summary.transfer_syntax)}"
    )
    skipped = f"; {source.skipped} other files skipped" if source.skipped else ""
    console.print(f"from {len(source.datasets)} source image{'s' * (len(source.datasets) != 1)}{skipped}")
    console.print(segments_table(summary))
    console.print(findings_line(findings))
    worth = findings.down_to("warning")
    if len(worth):
        console.print(findings_table(worth))
    if findings.at("advice"):
        console.print(f"the advice: dicomposer validate {escape(shlex.quote(str(job.output)))}")


def _bytes(size: int) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000  # type: ignore[assignment]
    return f"{size:.3g} GB"
