"""Structured reports on a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydicom.dataset import Dataset
from rich.markup import escape
from rich.table import Table
from rich.tree import Tree

from dicomposer import sr

_LINES = 2000  # items of a tree on a terminal: more is for files
_STYLES = {"NUM": "bold green", "CODE": "cyan", "TEXT": "", "PNAME": ""}


def facts_table(facts: Mapping[str, str]) -> Table:
    """Names and texts, one a line."""
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold")
    table.add_column(overflow="fold")
    for name, text in facts.items():
        table.add_row(name, escape(text))
    return table


def content_tree(document: Dataset, patient: bool) -> Tree:
    """The content as a tree; the first items of very long ones."""
    trees: list[Tree] = []
    left = 0
    for number, line in enumerate(sr.lines_of(document, patient)):
        if number >= _LINES:
            left += 1
            continue
        name, value = escape(line.name), escape(line.value)
        style = "dim" if line.refers_to else _STYLES.get(line.kind, "dim")
        parts = [f"[bold]{name}[/]" if name and line.kind == "CONTAINER" else name]
        parts.append(f"[{style}]{value}[/]" if value and style else value)
        label = ": ".join(filter(None, parts)) or escape(line.text)
        del trees[line.depth :]
        trees.append(trees[-1].add(label) if trees else Tree(label, guide_style="dim"))
    if left:
        trees[0].add(f"[yellow]... and {left:,} more items: see --json, --html or --table[/]")
    return trees[0]


def measurements_table(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Measurements and evaluations, one a line, with what people look for; the columns that say something."""
    columns = {
        "file": [_last(row.get("file")) for row in rows],
        "group": [_text(row["group"]) for row in rows],
        "tracking": [_text(row["tracking_id"]) for row in rows],
        "finding": [_text(row["finding"]) for row in rows],
        "site": [_site(row) for row in rows],
        "where": ["" if row["group"] is not None else _text(row["path"]) for row in rows],
        "name": [_text(row["name"]) for row in rows],
        "derivation": [_text(row["derivation"]) for row in rows],
        "value": [_value(row) for row in rows],
        "unit": [_text(row["unit"]) if row["unit"] != "1" else "" for row in rows],
        "region": [_region(row) for row in rows],
    }
    shown = [name for name, texts in columns.items() if any(texts) or name == "value"]
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in shown:
        table.add_column(name, justify="right" if name in ("group", "value") else "left", overflow="fold")
    for index in range(len(rows)):
        table.add_row(*(escape(columns[name][index]) for name in shown))
    return table


def _text(value: Any) -> str:
    return "" if value is None else " ".join(sr.printable(str(value)).split())


def _last(path: str | None) -> str:
    return "" if path is None else _text(path.replace("\\", "/").rpartition("/")[2])


def _site(row: Mapping[str, Any]) -> str:
    return ", ".join(filter(None, (_text(row["finding_site"]), _text(row["laterality"]))))


def _value(row: Mapping[str, Any]) -> str:
    if row["value"] is not None:
        return f"{row['value']:.8g}"
    return _text(row["coded_value"] or row["text"] or row["qualifier"])


def _region(row: Mapping[str, Any]) -> str:
    if row["segment_number"] is not None:
        return f"segment {row['segment_number']}"
    return _text(row["region_type"] or row["coordinates_type"])
