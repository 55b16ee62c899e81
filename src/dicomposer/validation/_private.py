"""Private data elements and their creators (PS3.5 7.8.1)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import keyword_of

__all__: list[str] = []


@rule("private-creator", "PS3.5 7.8.1")
def _creators(subject: Subject) -> Iterator[Issue]:
    elements = subject.root.elements
    odd = [int(tag) for tag in elements if int(tag) >> 16 & 1 and int(tag) & 0xFFFF]
    claimed = {tag for tag in odd if 0x10 <= tag & 0xFFFF <= 0xFF}
    for tag in odd:
        if tag & 0xFFFF < 0x10:
            yield Issue(keyword_of(tag), "is no place for a private element: their numbers begin at 0010")
        elif tag in claimed:
            element = subject.root.get(tag)
            if element is not None and element.vr != "SQ" and not "".join(element.texts).strip():
                yield Issue(keyword_of(tag), "reserves private elements, but names no creator")
