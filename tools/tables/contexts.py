"""Item counts of sequences, read from the tables of 2020, and context groups of code sequences, written by hand.

No source has the context groups: the tables of 2020 leave out the lines in which a macro is included, and that is where
they stand. ``overlay_contexts.toml`` has them by place and edition.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword

from tools.tables import predicates
from tools.tables.older import Older, Row

KeyPath = tuple[str, ...]
OVERLAY = Path(__file__).parent / "overlay_contexts.toml"
_SPEC = re.compile(r"([BD]) (\d+)(?: \| (.+))?")
_STRENGTHS = {"B": "baseline", "D": "defined"}
_NUMBERS = {"a single": "1", "only one": "1", "only a single": "1", "one": "1", "two": "2", "zero or one": "0-1",
            "no more than one": "0-1", "one or two": "1-2", "only one or two": "1-2", "one, two, or three": "1-3",
            "one or more": "1-n", "two or more": "2-n", "zero or more": "0-n"}  # fmt: skip
#: A sentence that says nothing but how many items there are. Those that depend on something are left out.
_COUNT = re.compile(
    rf"({'|'.join(sorted(_NUMBERS, key=len, reverse=True))}) items? (?:shall be|are|is|may be) ?"
    r"(?:included|permitted|present)(?: ?(?:in|for) ?(?:this|the) sequence)?",
    re.I,
)
_DEPENDS = re.compile(r"\b(?:if|unless|when|where)\b", re.I)


def count_of(text: Iterable[str]) -> str:
    """How many items the paragraphs of a description allow ("1", "0-1", "2-n"); empty if they do not say."""
    found = set()
    for line in text:
        for sentence in re.split(r"\.\s*(?=[A-Z]|$)", line):
            match = _COUNT.search(sentence)
            if match and _DEPENDS.search(sentence):
                return ""
            if match and match.group() == sentence.strip():
                found.add(_NUMBERS[match.group(1).lower()])
    return found.pop() if len(found) == 1 else ""


class Counts:
    """Item counts by place."""

    def __init__(self, older: Older) -> None:
        self._older = older
        self._ends: dict[KeyPath, str] = {}
        rows = [(path, row) for (_, path), row in older.modules.items()]
        rows += [(path, row) for macro in older.macros.values() for path, row in macro.items()]
        for path, row in rows:
            if not _is_sequence(path[-1]):
                continue
            count = count_of(row.text)
            for length in range(1, min(4, len(path)) + 1):
                end = path[-length:]
                # an end of a path counts if it says the same wherever it occurs
                self._ends[end] = count if self._ends.setdefault(end, count) == count else ""
        self._hand = tomllib.loads(OVERLAY.read_text("utf-8")).get("count", {})
        self.used: set[str] = set()

    def of(self, owner: str, path: KeyPath) -> str:
        """The count at a place: by hand, as of 2020 at that place, or as all ends of paths like it have it."""
        if not _is_sequence(path[-1]):
            return ""
        place = _place(self._hand, owner, path)
        if place:
            self.used.add(place)
            return str(self._hand[place])
        row: Row | None = self._older.modules.get((owner, path)) or self._older.macros.get(owner, {}).get(
            path
        )
        if row is not None:
            return count_of(row.text)
        for length in range(min(4, len(path)), 0, -1):
            if path[-length:] in self._ends:
                return self._ends[path[-length:]]
        return ""

    def unused(self) -> list[str]:
        """Places by hand that are nowhere in the tables."""
        return sorted(self._hand.keys() - self.used)


class Contexts:
    """Context groups by place, as lines of the package data: [cid, strength, condition, edition, section]."""

    def __init__(self) -> None:
        editions = tomllib.loads(OVERLAY.read_text("utf-8"))["context"]
        self._specs: dict[str, tuple[list[str], str]] = {}
        for edition, places in editions.items():
            for place, specs in places.items():
                if place in self._specs:
                    raise ValueError(f"{place} has context groups twice")
                self._specs[place] = ([specs] if isinstance(specs, str) else specs, edition)
        self.used: set[str] = set()

    def of(self, owner: str, path: KeyPath, section: str) -> list[tuple[list[Any], Any]]:
        """(binding, condition as predicate or None) of a place."""
        place = _place(self._specs, owner, path)
        if not place:
            return []
        self.used.add(place)
        specs, edition = self._specs[place]
        found = []
        for spec in specs:
            match = _SPEC.fullmatch(spec)
            if match is None:
                raise ValueError(f"{place}: {spec!r} is no context group")
            strength, cid, condition = match.groups()
            code = [*predicates.parse(condition), edition] if condition else None
            found.append(([int(cid), _STRENGTHS[strength], "", edition, section], code))
        return found

    def unused(self) -> list[str]:
        """Places that are nowhere in the tables."""
        return sorted(self._specs.keys() - self.used)


def _place(known: dict[str, Any], owner: str, path: KeyPath) -> str:
    """The entry for a path: of its exact place, else of its longest end."""
    if f"{owner}:{'.'.join(path)}" in known:
        return f"{owner}:{'.'.join(path)}"
    ends = (f"*:{'.'.join(path[start:])}" for start in range(len(path)))
    return next((end for end in ends if end in known), "")


def _is_sequence(keyword: str) -> bool:
    tag = tag_for_keyword(keyword)
    return tag is not None and dictionary_VR(tag) == "SQ"
