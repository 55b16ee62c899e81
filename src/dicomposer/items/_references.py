"""Objects that a content tree refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from dicomposer.items._item import CONTENT, ContentItem
from dicomposer.items._raw import first_item, text_in
from dicomposer.items._sequence import ContentSequence
from dicomposer.record import base_tag

__all__ = ["references", "walk"]

_REFERENCES = base_tag(0x00081199)
_CLASS, _INSTANCE = base_tag(0x00081150), base_tag(0x00081155)


def walk(items: Iterable[ContentItem]) -> Iterator[ContentItem]:
    """Every item, each before those below it, whatever the depth."""
    pending: list[Iterator[Any]] = [iter(items)]
    while pending:
        item = next(pending[-1], None)
        if item is None:
            pending.pop()
            continue
        yield item
        element = item._dict.get(CONTENT)
        if element is not None:
            below = element.value if isinstance(element.value, ContentSequence) else item[CONTENT].value
            pending.append(iter(below))


def references(items: Iterable[ContentItem]) -> dict[str, str]:
    """SOP Instance UID -> SOP Class UID of everything that is referred to, in the order of the tree."""
    found: dict[str, str] = {}
    for item in walk(items):
        element = item._dict.get(_REFERENCES)
        if element is not None:
            referred = first_item(element)
            instance = text_in(referred.get(_INSTANCE))
            if instance:
                found.setdefault(instance, text_in(referred.get(_CLASS)))
    return found
