"""``dicomposer terms``: names of structures, and of measurements."""

from __future__ import annotations

import json

import typer
from rich.markup import escape
from rich.table import Table

from dicomposer import api
from dicomposer.cli._console import err, out
from dicomposer.coding import terminology


def run(query: str, *, as_json: bool) -> bool:
    """Print the terms that a query finds; false when there are none."""
    found = _search(query)
    if as_json:
        typer.echo(json.dumps([_as_dict(term) for term in found], indent=2))
    elif found:
        _print(found)
    else:
        err().print(f"no term has {escape(repr(query))} in its names; `dicomposer terms` lists them all")
    return bool(found)


def run_measurements(query: str, *, as_json: bool) -> bool:
    """Print the names of measurements that a query finds; false when there are none."""
    found = api.measurement_names(query)
    if as_json:
        rows = [
            {"name": one.code.meaning, "value": one.code.value, "scheme": one.code.scheme} for one in found
        ]
        typer.echo(json.dumps(rows, indent=2))
    elif found:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for heading in ("name", "code", "scheme", "also"):
            table.add_column(heading, overflow="fold")
        for one in found:
            also = (text for text in one.meanings if text != one.code.meaning)
            table.add_row(*map(escape, (one.code.meaning, one.code.value, one.code.scheme, "; ".join(also))))
        out().print(table)
    else:
        err().print(
            f"no measurement has a name like {escape(repr(query))}; "
            "`dicomposer terms --measurements` lists the usual ones"
        )
    return bool(found)


def _search(query: str) -> list[terminology.Term]:
    """Terms that have every word of the query in one of their names."""
    words = query.lower().replace("_", " ").split()
    return [
        term
        for term in terminology.terms()
        if all(word in " ".join((term.name, term.label, *term.aliases)).lower() for word in words)
    ]


def _code(concept: object) -> str:
    return "" if concept is None else f"{concept.scheme_designator} {concept.value} {concept.meaning}"  # type: ignore[attr-defined]


def _as_dict(term: terminology.Term) -> dict[str, object]:
    return {
        "name": term.name,
        "label": term.label,
        "category": _code(term.category),
        "type": _code(term.type),
        "modifiers": [_code(modifier) for modifier in term.modifiers],
        "region": _code(term.region),
        "region_modifiers": [_code(modifier) for modifier in term.region_modifiers],
        "colour": list(term.colour),
        "aliases": list(term.aliases),
    }


def _print(found: list[terminology.Term]) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in ("", "name", "label", "type", "where", "also"):
        table.add_column(heading, overflow="fold")
    for term in found:
        red, green, blue = term.colour
        kind = [term.type.meaning, *(modifier.meaning for modifier in term.modifiers)]
        where = [code.meaning for code in (term.region, *term.region_modifiers) if code is not None]
        table.add_row(
            f"[rgb({red},{green},{blue})]■[/]",
            escape(term.name),
            escape(term.label),
            escape(f"{', '.join(kind)} ({term.type.scheme_designator} {term.type.value})"),
            escape(", ".join(where)),
            escape(", ".join(term.aliases)),
        )
    console = out()
    console.print(table)
    console.print(f"{len(found)} terms")
