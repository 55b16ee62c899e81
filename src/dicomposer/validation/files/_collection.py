"""Facts of several files side by side, and the registry of the rules that compare them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import standard
from dicomposer.validation._findings import LEVELS, Level
from dicomposer.validation._rules import Issue
from dicomposer.validation.files._facts import ATTRIBUTES, Facts
from dicomposer.validation.files._gather import REFERENCES

__all__ = ["Collection", "CollectionRule", "collection_rule", "collection_rules", "differing", "grouped"]

#: A fault and the number of the file that has it.
Found = tuple[int, Issue]
CollectionCheck = Callable[["Collection"], Iterator[Found]]


@dataclass(frozen=True, slots=True)
class CollectionRule:
    """A rule on several files; as :class:`dicomposer.validation.Rule`, but that it yields the file as well."""

    id: str
    section: str
    level: Level
    check: CollectionCheck


_RULES: dict[str, CollectionRule] = {}


def collection_rule(
    id: str, section: str, *, level: Level = "error"
) -> Callable[[CollectionCheck], CollectionCheck]:
    """Register a function as a rule on several files.

    Raises
    ------
    ValueError
        If the identifier is taken or not a plain word, or the level is unknown.
    """
    if id in _RULES or " " in id or level not in LEVELS:
        raise ValueError(f"rule {id!r}: taken, not one word, or of an unknown level")

    def register(check: CollectionCheck) -> CollectionCheck:
        _RULES[id] = CollectionRule(id, section, level, check)
        return check

    return register


def collection_rules() -> tuple[CollectionRule, ...]:
    """Rules on several files, in the order of registration."""
    return tuple(_RULES.values())


class Collection:
    """Facts of several files, as columns.

    Parameters
    ----------
    facts : Sequence[Facts]
        With digests of one key.
    """

    def __init__(self, facts: Sequence[Facts]) -> None:
        self.facts = tuple(facts)
        if len({one.key for one in self.facts}) > 1:
            raise ValueError("the facts have digests of different keys")

    def __len__(self) -> int:
        return len(self.facts)

    def _digests(self, uids: list[str]) -> NDArray[np.uint64]:
        return np.array([one.digest(uid) for one, uid in zip(self.facts, uids, strict=True)], np.uint64)

    @cached_property
    def sop_classes(self) -> NDArray[np.uint64]:
        """Digest of the class of each file."""
        return self._digests([one.sop_class for one in self.facts])

    @cached_property
    def instances(self) -> NDArray[np.uint64]:
        """Digest of SOP Instance UID of each file."""
        return self._digests([one.instance for one in self.facts])

    @cached_property
    def series(self) -> NDArray[np.uint64]:
        """Digest of Series Instance UID of each file."""
        return self._digests([one.series for one in self.facts])

    @cached_property
    def studies(self) -> NDArray[np.uint64]:
        """Digest of Study Instance UID of each file."""
        return self._digests([one.study for one in self.facts])

    @cached_property
    def spaces(self) -> NDArray[np.uint64]:
        """Digest of Frame of Reference UID of each file."""
        return self._digests([one.frame_of_reference for one in self.facts])

    @cached_property
    def patients(self) -> NDArray[np.uint64]:
        """Digest of the patient of each file."""
        return np.array([one.patient for one in self.facts], np.uint64)

    @cached_property
    def names(self) -> NDArray[np.uint64]:
        """Digest of the patient's name in each file."""
        return np.array([one.name for one in self.facts], np.uint64)

    @cached_property
    def frames(self) -> NDArray[np.int64]:
        """Number of frames of each file; 0 where it is no image."""
        return np.array([one.frames for one in self.facts], np.int64)

    @cached_property
    def attributes(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Attributes of the entities of all files (:data:`ATTRIBUTES`), and the file of each."""
        return _stacked([one.attributes for one in self.facts], ATTRIBUTES)

    @cached_property
    def references(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """References of all files (:data:`REFERENCES`), and the file of each."""
        return _stacked([one.references for one in self.facts], REFERENCES)

    @cached_property
    def targets(self) -> NDArray[np.int64]:
        """File that each reference means, the first of several copies; -1 where none of the files is it."""
        return self.find(self.references[0]["instance"])

    def find(self, instances: NDArray[np.uint64]) -> NDArray[np.int64]:
        """The first file that is an instance, -1 where there is none."""
        known, first = np.unique(self.instances, return_index=True)
        if not known.size:
            return np.full(len(instances), -1)
        place = np.minimum(np.searchsorted(known, instances), known.size - 1)
        return np.where((known[place] == instances) & (instances != 0), first[place], -1)

    def at_places(self, holds: Callable[[str], bool]) -> NDArray[np.bool_]:
        """Whether something holds for the path of the item of each reference."""
        answers = np.array([holds(place) for one in self.facts for place in one.places], bool)
        starts = np.cumsum([0, *(len(one.places) for one in self.facts)])
        table, files = self.references
        return np.asarray(answers[starts[files] + table["place"]])

    def path(self, row: int, keyword: str) -> str:
        """Path of an attribute of the item of a reference."""
        table, files = self.references
        place = self.facts[files[row]].places[table["place"][row]]
        return f"{place.replace('*', str(table['at'][row]))}.{keyword}"


def _stacked(tables: list[bytes], form: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Rows of all tables, and the number of the table of each."""
    sizes = [len(table) // form.itemsize for table in tables]
    return np.frombuffer(b"".join(tables), form), np.repeat(np.arange(len(tables)), sizes)


def grouped(keys: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Numbers of the rows of each key that two or more rows have, in their order; the key 0 is none."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(keys) else np.empty(0, int)
    sizes = np.diff(np.r_[starts, len(keys)])
    for start, size in zip(starts[sizes > 1].tolist(), sizes[sizes > 1].tolist(), strict=True):
        if ordered[start]:
            yield order[start : start + size]


def differing(keys: NDArray[Any], values: NDArray[Any]) -> Iterator[NDArray[np.int64]]:
    """Numbers of the rows of each key whose rows have several values; the key 0 is none, the value 0 unknown."""
    known = np.flatnonzero((keys != 0) & (values != 0))
    order = known[np.lexsort((values[known], keys[known]))]
    changes = (keys[order][1:] == keys[order][:-1]) & (values[order][1:] != values[order][:-1])
    suspects = np.unique(keys[order][1:][changes])
    if suspects.size:
        chosen = known[np.isin(keys[known], suspects)]
        ranks = np.unique(keys[chosen], return_inverse=True)[1] + 1
        for rows in grouped(ranks):
            yield chosen[rows]


def combined(*columns: NDArray[Any]) -> NDArray[np.int64]:
    """One number from 1 for each distinct combination of columns."""
    number = np.zeros(len(columns[0]), np.int64)
    for column in columns:
        ranks = np.unique(column, return_inverse=True)[1]
        number = np.unique(number * (int(ranks.max(initial=0)) + 1) + ranks, return_inverse=True)[1]
    return number + 1


def minority(rows: NDArray[np.int64], values: NDArray[Any]) -> tuple[NDArray[np.int64], int]:
    """Rows that have not the most frequent value (of two, that of the first row), and how many have that.

    Where no value is that of at least half of the rows, there is no side to be on: no rows, and how many values
    there are.
    """
    distinct, first, counts = np.unique(values, return_index=True, return_counts=True)
    best = min(range(len(distinct)), key=lambda index: (-counts[index], first[index]))
    if 2 * counts[best] < len(rows):
        return rows[:0], len(distinct)
    return rows[values != distinct[best]], int(counts[best])


@lru_cache(maxsize=1024)
def has_module(sop_class: str, key: str) -> bool:
    """Whether the IOD of a class has a module."""
    if standard.sop_class(sop_class) is None:
        return False
    return any(usage.module.key == key for usage in standard.iod(sop_class).modules)


@lru_cache(maxsize=256)
def has_functional_groups(sop_class: str) -> bool:
    """Whether the IOD of a class has functional groups."""
    return standard.sop_class(sop_class) is not None and bool(standard.iod(sop_class).functional_groups)
