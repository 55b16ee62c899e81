"""Tables that several commands print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.markup import escape
from rich.table import Table

from dicomposer import validation, view

_STYLES = {"error": "bold red", "warning": "yellow", "advice": "cyan", "not-evaluated": "dim"}


def segments_table(segments: Sequence[view.SegmentSummary]) -> Table:
    """Segments with their colours and sizes."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading, justify in (("no.", "right"), ("", "left"), ("label", "left"), ("type", "left")):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    for heading in ("voxels", "frames", "size"):
        table.add_column(heading, justify="right")
    table.add_column("by")
    for one in segments:
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
    """How many findings there are of each level."""
    counts = ", ".join(
        f"[{_STYLES[level]}]{len(findings.at(level))} {level}[/]"
        for level in validation.LEVELS
        if findings.at(level)
    )
    return f"validator: {counts or '[green]no findings[/]'}"


def findings_table(findings: Iterable[validation.Finding]) -> Table:
    """One line a finding."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("level")
    table.add_column("where", overflow="fold", ratio=2)
    table.add_column("what", overflow="fold", ratio=3)
    table.add_column("rule", overflow="fold", ratio=1)
    for one in findings:
        more = f" (x{one.count})" if one.count > 1 else ""
        table.add_row(
            f"[{_STYLES[one.level]}]{one.level}[/]",
            escape(one.path + more),
            escape(one.message),
            escape(one.rule),
        )
    return table
