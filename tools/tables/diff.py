"""What differs between two versions of the tables, in terms of modules and paths rather than of lines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

Files = dict[str, dict[str, Any]]


def _read(texts: dict[str, str]) -> Files:
    return {
        name: {
            key: json.loads(value) for key, _, value in (line.partition("\t") for line in text.splitlines())
        }
        for name, text in texts.items()
    }


def _rows(files: Files, rows: list[list[str]], place: str) -> Iterator[tuple[str, str]]:
    for row in rows:
        keyword, kind, section, condition, values, items, count, contexts = (row + [""] * 8)[:8]
        path = f"{place}{keyword}"
        facts = [kind, section, files["conditions"].get(condition), files["values"].get(values), count]
        facts.append(files.get("contexts", {}).get(contexts))
        yield path, json.dumps([fact for fact in facts if fact])
        if items:
            yield from _rows(files, files["lists"][items], path + ".")


def facts(texts: dict[str, str]) -> dict[str, str]:
    """Every fact of the tables by its place."""
    files = _read(texts)
    found: dict[str, str] = {}
    for key, module in files.get("modules", {}).items():
        found.update(_rows(files, module[2], f"{key}:"))
    for key, iod in files.get("iods", {}).items():
        if key.startswith("@"):
            found[key] = iod
            continue
        for module, usage, condition, entity in iod[2]:
            found[f"{key} / {module}"] = json.dumps([usage, entity, files["conditions"].get(condition)])
        for name, row, usage, condition, placement, section in iod[3]:
            place = f"{key} / {row[0]}"
            found[place] = json.dumps([name, usage, placement, section, files["conditions"].get(condition)])
            found.update(_rows(files, [row], f"{key} / "))
    for name in ("uids", "dictionary"):
        found.update({f"{name} {key}": json.dumps(value) for key, value in files.get(name, {}).items()})
    return found


def differences(before: dict[str, str], after: dict[str, str]) -> Iterator[str]:
    """Lines "- place: fact", "+ place: fact" for what was taken away and added."""
    old, new = facts(before), facts(after)
    for place in sorted(old.keys() | new.keys()):
        if old.get(place) != new.get(place):
            if place in old:
                yield f"- {place}: {old[place]}"
            if place in new:
                yield f"+ {place}: {new[place]}"
