"""Gathering findings: the same fault in many places is one finding with a count."""

from __future__ import annotations

import re
from collections.abc import Iterator

from dicomposer.validation._findings import LEVELS, Finding, Level, level_rank
from dicomposer.validation._view import Item

__all__ = ["Collector"]

_NUMBERS = re.compile(r"\[\d+\]")


class Collector:
    """Findings so far.

    Parameters
    ----------
    level : str
        Lowest level that is wanted; what is below is not even gathered.
    """

    def __init__(self, level: Level = LEVELS[-1]) -> None:
        self._rank = level_rank(level)
        self._found: dict[tuple[str, Level, str, str], tuple[str, int]] = {}
        #: How often something was noted, but for rules that were not evaluated.
        self.events = 0

    def wants(self, level: Level) -> bool:
        """Whether findings of a level are gathered."""
        return level_rank(level) <= self._rank

    def add(self, rule: str, level: Level, path: str, message: str, count: int = 1) -> None:
        """Note a fault; the first path of those that differ only in item numbers is kept."""
        if not self.wants(level):
            return
        self.events += level != LEVELS[-1]
        key = (rule, level, _NUMBERS.sub("", path), message)
        first, known = self._found.get(key, (path, 0))
        self._found[key] = (first, known + count)

    def note(self, rule: str, level: Level, item: Item, keyword: str, message: str) -> None:
        """Note a fault of an attribute of an item, without spelling out paths of repeated ones."""
        if not self.wants(level):
            return
        self.events += level != LEVELS[-1]
        key = (rule, level, f"{item.trail}.{keyword}" if item.trail else keyword, message)
        known = self._found.get(key)
        self._found[key] = (item.path_of(keyword), 1) if known is None else (known[0], known[1] + 1)

    def __iter__(self) -> Iterator[Finding]:
        for (rule, level, _, message), (path, count) in self._found.items():
            yield Finding(path, rule, level, message, count)
