"""``dicomposer validate``."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import BinaryIO

import typer
from rich.console import Console
from rich.markup import escape

from dicomposer import validation
from dicomposer.cli._console import err, out, working
from dicomposer.cli._paths import problem_of_input, problem_of_output, refuse
from dicomposer.cli._tables import findings_line, findings_table, shared_table
from dicomposer.errors import ArgumentError
from dicomposer.record import replacing

#: Files that are named one by one get a line each, up to this number.
_FEW = 10
_WIDE = 100_000  # columns: nothing is folded in a file


@dataclass(frozen=True)
class Job:
    """What to check, and how.

    Attributes
    ----------
    paths : Sequence[Path]
        Files, folders, archives; ``-`` for standard input.
    profiles : Sequence[str]
        Profiles beside the standard; the usual ones if there are none.
    ignore : Sequence[str]
        Rules to leave out.
    workers : int, optional
        How many processes.
    together : bool
        Whether to check the files against each other.
    timeout : float, optional
        Seconds for one file.
    """

    paths: Sequence[Path]
    profiles: Sequence[str] = ()
    ignore: Sequence[str] = ()
    workers: int | None = None
    together: bool = True
    timeout: float | None = None


@dataclass(frozen=True)
class Output:
    """What to print, and where.

    Attributes
    ----------
    format : str
        table, json, sarif or junit.
    level : str
        Lowest level to show.
    fail_on : str
        Lowest level that is a failure.
    by_file : bool, optional
        Whether a table is one of each file, rather than of findings over all; by default for one file.
    file : Path, optional
        Where to write; standard output otherwise.
    """

    format: str = "table"
    level: validation.Level = "advice"
    fail_on: validation.Level = "error"
    by_file: bool | None = None
    file: Path | None = None


def run(job: Job, output: Output) -> int:
    """Check files and folders; the exit status: 1 with a failure, 2 when there was nothing to check."""
    files = [path for path in job.paths if str(path) != "-"]
    refuse(
        chain(
            chain.from_iterable(map(problem_of_input, files)),
            [] if output.file is None else problem_of_output(output.file),
        )
    )
    if output.file is not None:
        _keep_objects(output.file, files)
    with working("Validating", quiet=False) as progress:
        report = validation.validate_files(
            list(map(_source, job.paths)),
            profiles=job.profiles or validation.DEFAULT_PROFILES,
            ignore=job.ignore,
            workers=job.workers,
            together=job.together,
            timeout=job.timeout,
            progress=progress,
        )
    _write(report, output)
    if not report:
        skipped = len(report.skipped)
        message = f"nothing to check: no DICOM file among {skipped} file{'s' * (skipped != 1)}"
        err().print(f"[bold red]error:[/] {message}", soft_wrap=True)
        return 2
    return int(any(one.findings.down_to(output.fail_on) for one in report))


def _source(path: Path) -> Path | BinaryIO:
    return sys.stdin.buffer if str(path) == "-" else path


def _keep_objects(output: Path, inputs: Sequence[Path]) -> None:
    """Refuse to write a report over what may be an input: DICOM, an archive, or what is named."""
    if not output.is_file():
        return
    with output.open("rb") as file:
        head = file.read(132)
    if head[128:] == b"DICM" or head[:2] == b"PK" or any(map(output.samefile, inputs)):
        raise ArgumentError(f"{output} is one of the inputs, or might be; choose another output")


def _write(report: validation.Report, output: Output) -> None:
    if output.format == "json":
        text = validation.as_json(report, output.level)
    elif output.format == "sarif":
        text = validation.as_sarif(report, output.level)
    elif output.format == "junit":
        text = validation.as_junit(report.down_to(output.level), output.fail_on)
    elif output.file is None:
        if report:
            _print(report, output, out())
        return
    else:
        stream = io.StringIO()
        _print(report, output, Console(file=stream, width=_WIDE, highlight=False))
        text = "\n".join(line.rstrip() for line in stream.getvalue().splitlines())
    if output.file is None:
        typer.echo(text.rstrip("\n"))
        return
    with replacing(output.file) as file:
        file.write((text.rstrip("\n") + "\n").encode())
    if report:
        out().print(_verdict(report))


def _print(report: validation.Report, output: Output, console: Console) -> None:
    by_file = len(report) == 1 if output.by_file is None else output.by_file
    named = [one for one in report if one.named]
    for one in report if by_file else named if len(named) <= _FEW else ():
        shown = one.findings.down_to(output.level)
        if len(shown) or one.named:  # of a folder, files that there is nothing to say about are counted only
            path = escape(validation.printable(one.path, line=True))
            console.print(f"[bold]{path}[/]  {findings_line(one.findings)}", soft_wrap=True)
        if by_file and len(shown):
            console.print(findings_table(shown))
    shared = [] if by_file else report.shared(output.level)
    if shared:
        # People see short paths; what goes into a file or another program can be opened as it is.
        folder = _common_folder(report) if console.is_terminal else ""
        console.print(shared_table(shared, folder))
        if folder:
            below = escape(validation.printable(folder, line=True))
            console.print(f"[dim]files are below {below}[/]", soft_wrap=True)
    console.print(_verdict(report), soft_wrap=True)


def _common_folder(report: validation.Report) -> str:
    """The folder that all files are below, with a slash at its end; "" if there is none."""
    try:
        folder = os.path.commonpath([os.path.dirname(one.path.partition("!/")[0]) for one in report])
    except ValueError:  # absolute and relative ones
        return ""
    return os.path.join(folder, "") if folder.strip("/.") else ""


def _verdict(report: validation.Report) -> str:
    """How many files were checked, and how many findings of each level there are."""
    bad = len(report.errors)
    skipped = len(report.skipped)
    return (
        f"{len(report):,} file{'s' * (len(report) != 1)} checked, "
        + (f"[bold red]{bad:,} with errors[/]" if bad else "[green]none with errors[/]")
        + (f"; {skipped:,} file{'s' * (skipped != 1)} skipped (not DICOM)" if skipped else "")
    )
