"""Gathering findings: the same fault in many places is one finding with a count."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from dicomposer.validation._findings import LEVELS, Finding, Level, level_rank
from dicomposer.validation._view import Item

__all__ = ["Collector"]

_NUMBERS = re.compile(r"\[\d+\]")
#: Most findings that differ in nothing but the attribute; what is beyond is one more, with a count.
MOST_PLACES = 500
#: Rule, level, path without item numbers, message.
_Key: TypeAlias = tuple[str, Level, str, str]


class Collector:
    """Findings so far.

    Parameters
    ----------
    level : str
        Lowest level that is wanted; what is below is not even gathered.
    """

    def __init__(self, level: Level = LEVELS[-1]) -> None:
        self._rank = level_rank(level)
        self._found: dict[_Key, tuple[str, int]] = {}
        self._places: dict[tuple[str, Level, str], int] = {}
        #: How often something was noted, but for rules that were not evaluated.
        self.events = 0
        #: Keys of what is noted, while somebody wants to know (see :meth:`again`).
        self.noted: list[tuple[str, Level, str, str]] | None = None

    def wants(self, level: Level) -> bool:
        """Whether findings of a level are gathered."""
        return level_rank(level) <= self._rank

    def add(self, rule: str, level: Level, path: str, message: str, count: int = 1) -> None:
        """Note a fault; the first path of those that differ only in item numbers is kept."""
        if not self.wants(level):
            return
        self.events += level != LEVELS[-1]
        key = (rule, level, _NUMBERS.sub("", path), message)
        known = self._found.get(key)
        if known is None:
            key, known = self._new(key, path)
        self._found[key] = (known[0], known[1] + count)
        if self.noted is not None:
            self.noted.append(key)

    def note(self, rule: str, level: Level, item: Item, keyword: str, message: str) -> None:
        """Note a fault of an attribute of an item, without spelling out paths of repeated ones."""
        if not self.wants(level):
            return
        self.events += level != LEVELS[-1]
        key = (rule, level, f"{item.trail}.{keyword}" if item.trail else keyword, message)
        known = self._found.get(key)
        if known is None:
            key, known = self._new(key, item.path_of(keyword))
        self._found[key] = (known[0], known[1] + 1)
        if self.noted is not None:
            self.noted.append(key)

    def _new(self, key: _Key, path: str) -> tuple[_Key, tuple[str, int]]:
        """Where a fault of a new place is counted: by itself, or with others once there are very many."""
        kind = (key[0], key[1], key[3])
        self._places[kind] = self._places.get(kind, 0) + 1
        if self._places[kind] > MOST_PLACES:
            key = (key[0], key[1], "", key[3])
        return key, self._found.get(key, (path, 0))

    def again(self, key: tuple[str, Level, str, str]) -> None:
        """Count once more what was noted, of what was not evaluated."""
        path, count = self._found[key]
        self._found[key] = (path, count + 1)

    def __iter__(self) -> Iterator[Finding]:
        for (rule, level, _, message), (path, count) in self._found.items():
            yield Finding(path, rule, level, message, count)
