"""Tables that several commands print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.markup import escape
from rich.table import Table

from dicomposer import validation, view

_STYLES = {"error": "bold red", "warning": "yellow", "advice": "cyan", "not-evaluated": "dim"}
_PATH = 32  # characters of a path in a table for people
_MANY = 4  # warnings or advice of one kind that share a line
_VARIABLE = re.compile(r'\d+|"[^"]*"|of (?:the|a) creator.*|elements?')  # figures and names of makers


def segments_table(summary: view.Summary) -> Table:
    """Segments with their colours and sizes; of fractions, the voxels above 0 and the sizes that they add up to."""
    weighted = summary.facts.get("Type") == "FRACTIONAL"
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("no.", "right"), ("", "left"), ("label", "left"), ("type", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for heading in (
        "voxels above 0" if weighted else "voxels",
        "frames",
        "weighted size" if weighted else "size",
    ):
        table.add_column(heading, justify="right")
    table.add_column("by")
    for one in summary.segments:
        red, green, blue = one.colour
        table.add_row(
            str(one.number),
            f"[rgb({red},{green},{blue})]■[/]",
            escape(one.label),
            escape(one.type),
            f"{one.voxels:,}",
            str(one.frames),
            _size(one),
            escape(one.algorithm),
        )
    return table


def _size(one: view.SegmentSummary) -> str:
    if one.area is not None:
        return f"{one.area:,.4g} mm²"
    return "" if one.volume is None else f"{one.volume:,.4g} mL"


def findings_line(findings: validation.Findings) -> str:
    """The verdict, how many findings there are of each level, and what nobody can tell."""
    verdict = "[green]valid[/]" if findings.ok else "[bold red]not valid[/]"
    counts = [
        f"[{_STYLES[level]}]{count} {level}{'s' * (count > 1 and level != 'advice')}[/]"
        for level in ("error", "warning", "advice")
        if (count := len(findings.at(level)))
    ]
    open_ = len(findings.at("not-evaluated"))
    condition = "condition" if open_ == 1 else "conditions"
    rest = f" [dim]({open_} {condition} cannot be judged from the file alone)[/]" if open_ else ""
    return ", ".join([verdict, *counts]) + rest


def _together(findings: Sequence[validation.Finding]) -> Iterator[tuple[int, int]]:
    """Number of a finding, and how many more of its kind its line stands for.

    Each error has its line. Warnings and advice that say the same of many attributes, as of a vendor's private or stray
    ones, share one: they are read as one, and would hide the rest.
    """
    kinds: dict[tuple[str, ...], list[int]] = {}
    for number, one in enumerate(findings):
        said = _VARIABLE.sub("#", one.message)
        own = (str(number),) if one.level == "error" else ()
        kinds.setdefault((one.level, one.rule, said, *own), []).append(number)
    alone = [(number, 0) for numbers in kinds.values() if len(numbers) < _MANY for number in numbers]
    shared = [(numbers[0], len(numbers) - 1) for numbers in kinds.values() if len(numbers) >= _MANY]
    yield from sorted(alone + shared)


def findings_table(findings: Sequence[validation.Finding]) -> Table:
    """One line a finding; warnings and advice that say the same of many attributes have one together."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("level")
    table.add_column("where", overflow="fold", ratio=2)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("rule", overflow="fold", ratio=1)
    for number, others in _together(findings):
        one = findings[number]
        more = f" (x{one.count})" if one.count > 1 else ""
        more += f" and {others} more" if others else ""
        table.add_row(
            f"[{_STYLES[one.level]}]{one.level}[/]",
            escape(one.path + more),
            escape(one.message),
            escape(one.rule),
        )
    return table


def shared_table(shared: Sequence[validation.SharedFinding], folder: str = "") -> Table:
    """One line a finding, whatever the number of files that have it; paths in short if their folder is given.

    Warnings and advice that say the same of many attributes have one line together.
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("level")
    table.add_column("files", justify="right")
    table.add_column("where", overflow="fold", ratio=2)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("rule", overflow="fold", ratio=1)
    table.add_column("first file", overflow="fold", ratio=2)
    for number, rest in _together([one.finding for one in shared]):
        one = shared[number]
        finding = one.finding
        more = f" (x{finding.count})" if finding.count > 1 else ""
        more += f" and {rest} more" if rest else ""
        others = "" if one.alike else " (figures differ)"
        table.add_row(
            f"[{_STYLES[finding.level]}]{finding.level}[/]",
            f"{one.files:,}",
            escape(finding.path + more),
            escape(validation.printable(finding.message) + others),
            escape(finding.rule),
            escape(_short(validation.printable(one.first, line=True), folder)),
        )
    return table


def _short(path: str, folder: str) -> str:
    """The end of a path below a folder; the whole path without one."""
    rest = path.removeprefix(folder)
    return rest if not folder or len(rest) <= _PATH else f"…{rest[1 - _PATH :]}"
