"""Private data elements and their creators (PS3.5 7.8.1), at the root and in items."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pydicom._private_dict import private_dictionaries

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, keyword_of
from dicomposer.validation.families._inventory import inventory_of

__all__: list[str] = []

#: Odd groups that private elements may not use (PS3.5 7.1).
FORBIDDEN = frozenset((0x0001, 0x0003, 0x0005, 0x0007, 0xFFFF))
_SECTION = "PS3.5 7.8.1"


def _noted(subject: Subject) -> list[tuple[Item, int, str | None]]:
    """(item, tag, creator) of the private elements that the walk met, each path once; no creator of creators."""
    return subject.once("private elements", lambda: list(_with_creators(subject)))


def _with_creators(subject: Subject) -> Iterator[tuple[Item, int, str | None]]:
    known: dict[tuple[int, int], str | None] = {}
    for (_, tag), item in inventory_of(subject).private.items():
        block = (id(item), tag >> 8)
        if block not in known:
            known[block] = _creator(item, tag)
        if tag & 0xFFFF:  # group lengths have another rule
            yield item, tag, known[block]


@rule("private-creator", _SECTION)
def _creators(subject: Subject) -> Iterator[Issue]:
    for item, tag, creator in _noted(subject):
        number = tag & 0xFFFF
        if creator or tag >> 16 in FORBIDDEN:
            continue
        path = item.path_of(keyword_of(tag))
        if number < 0x10:
            yield Issue(path, "is not a place for a private element: their numbers begin at 0010")
        elif number <= 0xFF:
            element = item.get(tag)
            if element is not None and element.vr in ("LO", "UN") and not "".join(element.texts).strip():
                yield Issue(path, "reserves private elements, but names no creator")
            elif element is not None and element.vr not in ("LO", "UN"):
                yield Issue(path, f"reserves private elements with the VR {element.vr}, not LO")
        else:
            yield Issue(path, "is a private element that no creator has reserved", "warning")


@rule("private-group", "PS3.5 7.1")
def _groups(subject: Subject) -> Iterator[Issue]:
    for item, tag, _ in _noted(subject):
        if tag >> 16 in FORBIDDEN:
            yield Issue(item.path_of(keyword_of(tag)), "is of an odd group that private elements may not use")


@rule("private-elements", _SECTION, level="advice")
def _elements(subject: Subject) -> Iterator[Issue]:
    """One finding per creator; a creator's name is free text, so only those that pydicom knows are named."""
    tallies: dict[str, tuple[str, set[int]]] = {}
    for item, tag, creator in _noted(subject):
        if creator and tag >> 16 not in FORBIDDEN:
            tally = tallies.get(creator)
            if tally is None:
                tally = tallies[creator] = (item.path_of(keyword_of(tag)), set())
            tally[1].add(tag & 0xFFFF00FF)  # whatever block the creator has reserved
    for creator, (path, tags) in tallies.items():
        name = f'of the creator "{creator}"' if creator in _known() else "of a creator that is not well known"
        plural = "s" if len(tags) > 1 else ""
        yield Issue(path, f"private: {len(tags)} element{plural} {name}")


def _creator(item: Item, tag: int) -> str | None:
    """Who has reserved the block of a private element in the same item; None if nobody has."""
    element = item.get(tag & 0xFFFF0000 | (tag >> 8) & 0xFF)
    if element is None or element.vr == "SQ" or (tag >> 8) & 0xFF < 0x10:
        return None
    return "".join(element.texts).strip() or None


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(private_dictionaries)
