"""The tables of 2020: per attribute its type, section, condition (as a fingerprint) and values.

The prose of a condition is never kept: it is reduced to a fingerprint, under which ``reviewed.toml`` holds
the predicate that a person wrote after reading it. If the prose changes, its fingerprint does, and the
predicate is no longer found.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydicom.datadict import keyword_for_tag

from tools.tables import sources

Path = tuple[str, ...]
_STARTS = re.compile(
    r"required|shall be present|may be present|shall not be present|only if|if and only", re.I
)
_RULES = re.compile(
    r"<strong>([^<]*(?:Enumerated Values|Defined Terms)[^<]*)</strong>(.*?)</dl>", re.S | re.I
)


@dataclass(frozen=True)
class Row:
    """One row of a table of 2020."""

    type: str
    section: str
    text: tuple[str, ...]
    rules: tuple[tuple[str, tuple[str, ...]], ...]

    @property
    def condition(self) -> str:
        """The part of the description that states the condition (empty if none)."""
        start = next((n for n, line in enumerate(self.text) if _STARTS.search(line)), None)
        return "" if start is None else " ".join(self.text[start:])


def fingerprint(text: str) -> str:
    """Short name of a text."""
    return hashlib.sha256(re.sub(r"\s+", " ", text).strip().encode()).hexdigest()[:10]


def lines(markup: str) -> tuple[str, ...]:
    """The paragraphs of a description, without the lists of values in it."""
    markup = re.sub(r"<dl>.*?</dl>", "", markup, flags=re.S)
    markup = re.sub(r"</?(p|li|br|div|td|dd|dt)[^>]*>", "\n", markup)
    plain = html.unescape(re.sub(r"<[^>]+>", "", markup)).replace("\u200b", "")
    found = (re.sub(r"\s+", " ", line).strip() for line in plain.split("\n"))
    return tuple(line for line in found if line)


def _terms(markup: str) -> tuple[str, ...]:
    found = re.findall(r"<dt>(.*?)</dt>", markup, re.S)
    plain = (html.unescape(re.sub(r"<[^>]+>", "", term)).replace("\u200b", "").strip() for term in found)
    return tuple(term for term in plain if term)


def _row(record: dict[str, Any]) -> Row:
    markup = record["description"]
    rules = tuple(
        (re.sub(r"\s+", " ", html.unescape(title)).strip(), _terms(body))
        for title, body in _RULES.findall(markup)
    )
    kind = record["type"] if record["type"] in ("1", "1C", "2", "2C", "3") else ""
    return Row(kind, section(record["linkToStandard"]), lines(markup), rules)


def section(link: str) -> str:
    """The section of PS3.3 in the address of a table ("C.8.20.2")."""
    found = re.search(r"sect_([A-Z0-9.]+?)\.html", link)
    table = re.search(r"#table_(C\.[0-9.]*[0-9])-", link)
    name = found.group(1) if found else ""
    if table and table.group(1).startswith(name + "."):
        name = table.group(1)
    return name


class Older:
    """Rows by module or macro and path of keywords."""

    def __init__(self) -> None:
        self._wheel = sources.rules()
        self._keywords = {r["id"].lower(): r["keyword"] for r in self._wheel.json("attributes")}

    def _read(self, name: str) -> Iterator[tuple[str, Path, Row]]:
        for record in self._wheel.json(name):
            owner, *tags = record["path"].split(":")
            yield owner, tuple(self._keyword(tag) for tag in tags), _row(record)

    def _keyword(self, tag: str) -> str:
        return keyword_for_tag(int(tag.lower().replace("x", "0"), 16)) or self._keywords.get(tag.lower(), tag)

    @cached_property
    def modules(self) -> dict[tuple[str, Path], Row]:
        """Rows of modules."""
        return {(owner, path): row for owner, path, row in self._read("module_to_attributes")}

    @cached_property
    def macros(self) -> dict[str, dict[Path, Row]]:
        """Rows of macros."""
        found: dict[str, dict[Path, Row]] = {}
        for owner, path, row in self._read("macro_to_attributes"):
            found.setdefault(owner, {})[path] = row
        return found

    @cached_property
    def names(self) -> dict[str, tuple[str, str]]:
        """(name, section) of modules and macros."""
        records = self._wheel.json("modules") + self._wheel.json("macros")
        return {r["id"]: (r["name"], section(r["linkToStandard"])) for r in records}

    @cached_property
    def iods(self) -> dict[str, tuple[str, str, str]]:
        """SOP Class UID -> (id of the IOD, its name, section)."""
        by_name = {r["name"]: r for r in self._wheel.json("ciods")}
        found = {}
        for record in self._wheel.json("sops"):
            iod = by_name.get(record["ciod"])
            if iod:
                where = re.search(r"#table_(A\.[0-9.]*[0-9])-", iod["linkToStandard"])
                found[record["id"]] = (iod["id"], iod["name"], where.group(1) if where else "")
        return found

    @cached_property
    def usages(self) -> dict[tuple[str, str], tuple[str, str]]:
        """(IOD, module) -> (usage, condition)."""
        records = self._wheel.json("ciod_to_modules")
        return {(r["ciodId"], r["moduleId"]): (r["usage"], r["conditionalStatement"] or "") for r in records}

    @cached_property
    def groups(self) -> dict[str, list[tuple[str, str, str]]]:
        """IOD -> functional groups (macro, usage, condition)."""
        found: dict[str, list[tuple[str, str, str]]] = {}
        for r in self._wheel.json("ciod_to_fg_macros"):
            found.setdefault(r["ciodId"], []).append(
                (r["macroId"], r["usage"], r["conditionalStatement"] or "")
            )
        return found

    @cached_property
    def suffixes(self) -> dict[Path, Row | None]:
        """Ends of nested paths (1 to 4 keywords), where they say the same wherever they occur, else None."""
        found: dict[Path, Row | None] = {}
        rows = [(path, row, False) for (_, path), row in self.modules.items()]
        rows += [(path, row, True) for macro in self.macros.values() for path, row in macro.items()]
        for path, row, inside in rows:
            for length in range(1, min(4, len(path)) + 1):
                if length == len(path) == 1 and not inside:
                    continue  # at the top level of a module, the same attribute has a meaning of its own
                end = path[-length:]
                known = found.setdefault(end, row)
                if known is not None and (known.type, known.condition) != (row.type, row.condition):
                    found[end] = None
        return found
