"""Answers to the references of conditions (see :class:`dicomposer.standard.Condition`)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dicomposer.validation._subject import PER_FRAME, SHARED, Subject
from dicomposer.validation._view import Item, tag_of

__all__ = ["lookup_for"]


def lookup_for(
    subject: Subject, item: Item, modules: Callable[[str], bool | None]
) -> Callable[[str], list[Any] | None]:
    """A function that answers references from the place of an item.

    Parameters
    ----------
    subject : Subject
    item : Item
        Where the condition stands.
    modules : callable
        Whether the module of a key is present; None if that is not known.
    """

    def lookup(reference: str) -> list[Any] | None:
        first = reference[0]
        if first == "@":
            item.outer = True
            if reference.startswith("@module."):
                present = modules(reference[8:])
                if present is None:
                    raise LookupError(reference)
                return [reference] if present else None
            return _of_frame(subject, item, reference.removeprefix("@frame."))
        if first == "/":
            item.outer = True
            return _below(subject.root, reference[1:].split("."))
        if reference.startswith("./"):
            return _below(item, reference[2:].split("."))
        if first == ".":
            item.outer = True
            outer = item.parent
            return None if outer is None else _below(outer, reference[3:].split("."))
        return _outwards(item, reference.split("."))

    return lookup


def _outwards(item: Item, keywords: list[str]) -> list[Any] | None:
    tag = tag_of(keywords[0])
    place: Item | None = item
    while place is not None:
        if tag in place.elements:
            return _below(place, keywords)
        place.outer = True
        place = place.parent
    return None


def _below(item: Item, keywords: list[str]) -> list[Any] | None:
    """Values at keywords below an item; those of all items of sequences on the way."""
    element = item.get(tag_of(keywords[0]))
    if element is None or len(keywords) == 1:
        return None if element is None else element.values
    found = [_below(inner, keywords[1:]) for inner in element.items]
    present = [values for values in found if values is not None]
    return [value for values in present for value in values] if present else None


def _of_frame(subject: Subject, item: Item, path: str) -> list[Any] | None:
    """Values in the functional groups of the frame at hand; at the level of the dataset, of any frame."""
    keywords = path.split(".")
    place: Item | None = item
    while place is not None and place.tag not in (PER_FRAME, SHARED):
        place = place.parent
    for group in (place, subject.shared):
        found = None if group is None else _of_groups(group, keywords)
        if found is not None:
            return found
    if place is not None and place.tag == PER_FRAME or subject.frames is None:
        return None
    frames = subject.frames
    inner = [
        one for one in frames.paths if one.endswith(f".{path}") and one.count(".") == path.count(".") + 1
    ]
    return frames.distinct(inner[0] if inner and path not in frames.paths else path)


def _of_groups(place: Item, keywords: list[str]) -> list[Any] | None:
    """Values of a group, or of an attribute in the items of whichever group has it."""
    found = _below(place, keywords)
    if found is not None:
        return found
    for group in place:
        if group.vr == "SQ":
            for item in group.items:
                found = _below(item, keywords)
                if found is not None:
                    return found
    return None
