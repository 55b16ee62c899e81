"""``dicomposer validate``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import typer
from rich.markup import escape

from dicomposer import api, validation
from dicomposer.cli._console import err, out, working
from dicomposer.cli._paths import problem_of_input, refuse
from dicomposer.cli._tables import findings_line, findings_table
from dicomposer.errors import DamagedFileError, NotDicomError


@dataclass(frozen=True)
class Checked:
    """A file, what there is to say about it, and whether the caller named it."""

    path: Path
    findings: validation.Findings
    named: bool


def run(paths: Sequence[Path], level: validation.Level, *, as_json: bool) -> int:
    """Check files and folders; the exit status: 1 with an error, 2 when there was nothing to check."""
    refuse(chain.from_iterable(map(problem_of_input, paths)))
    files = list(_files(paths))
    checked: list[Checked] = []
    skipped = 0
    with working("Validating", quiet=as_json) as progress:
        for done, (path, named) in enumerate(files, start=1):
            try:
                checked.append(Checked(path, api.validate(path), named))
            except NotDicomError as error:
                if named:
                    checked.append(_unreadable(path, error))
                else:
                    skipped += 1  # folders hold all sorts of files
            except DamagedFileError as error:
                checked.append(_unreadable(path, error))
            progress(done, len(files))
    errors = sum(len(one.findings.errors) for one in checked)
    if as_json:
        _print_json(checked, level, skipped)
    else:
        _print(checked, level, skipped)
    return (1 if errors else 0) if checked else 2


def _files(paths: Sequence[Path]) -> Iterator[tuple[Path, bool]]:
    """Every file, and whether the caller named it."""
    for path in paths:
        if not path.is_dir():
            yield path, True
            continue
        for found in sorted(path.rglob("*")):
            if found.is_file():
                yield found, False


def _unreadable(path: Path, error: DamagedFileError) -> Checked:
    finding = validation.Finding("", "readable PS3.10", "error", str(error))
    return Checked(path, validation.Findings([finding], "file"), named=True)


def _print_json(checked: Sequence[Checked], level: validation.Level, skipped: int) -> None:
    report = {
        "files": [
            {
                "path": str(one.path),
                "ok": one.findings.ok,
                "findings": one.findings.down_to(level).to_dicts(),
                "not_evaluated": len(one.findings.at("not-evaluated")),
            }
            for one in checked
        ],
        "errors": sum(len(one.findings.errors) for one in checked),
        "skipped": skipped,
    }
    typer.echo(json.dumps(report, indent=2))


def _print(checked: Sequence[Checked], level: validation.Level, skipped: int) -> None:
    console = out()
    for one in checked:
        shown = one.findings.down_to(level)
        if (
            len(shown) or one.named
        ):  # of a folder, the files that there is nothing to say about are counted only
            console.print(f"[bold]{escape(str(one.path))}[/]  {findings_line(one.findings)}", soft_wrap=True)
        if len(shown):
            console.print(findings_table(shown))
    if not checked:
        err().print(
            f"[bold red]error:[/] nothing to check: no DICOM file among {skipped} files", soft_wrap=True
        )
        return
    bad = sum(not one.findings.ok for one in checked)
    console.print(
        f"{len(checked)} file{'s' * (len(checked) != 1)} checked, "
        + (f"[bold red]{bad} with errors[/]" if bad else "[green]none with errors[/]")
        + (f"; {skipped} that are no DICOM skipped" if skipped else "")
    )
