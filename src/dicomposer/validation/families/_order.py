"""How the elements stand in the file: their order, group lengths, what is before and behind them (PS3.5 7, PS3.10 7).

Nothing here looks at values; a file without group lengths whose elements ascend costs a few look-ups.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydicom.dataelem import RawDataElement

from dicomposer.record import read_notes
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, keyword_of

__all__: list[str] = []

_LONG = frozenset("OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_UNDEFINED = 0xFFFFFFFF


def _of_file(subject: Subject) -> bool:
    return subject.from_file


@rule("element-order", "PS3.5 7.1", applies=_of_file)
def _order(subject: Subject) -> Iterator[Issue]:
    for tag, twice in read_notes(subject.dataset).disorder:
        message = "stands twice; the last one counts here" if twice else "stands behind a higher tag"
        yield Issue(keyword_of(tag), message)


@rule("trailing-bytes", "PS3.10 7.2", applies=_of_file)
def _trailing(subject: Subject) -> Iterator[Issue]:
    if read_notes(subject.dataset).left_over:
        yield Issue("", "bytes that are not an element follow the last one")


@rule("preamble", "PS3.10 7.1", applies=_of_file)
def _preamble(subject: Subject) -> Iterator[Issue]:
    if getattr(subject.dataset, "preamble", None) is None:
        yield Issue("", "the file has no preamble of 128 bytes with the prefix DICM")


@rule("meta-length", "PS3.10 7.1", applies=_of_file)
def _meta_length(subject: Subject) -> Iterator[Issue]:
    if subject.meta is None or not subject.meta.elements:
        return
    stated = subject.meta.number("FileMetaInformationGroupLength")
    length = _length_of(subject.meta, 0x0002)
    if stated is not None and length is not None and length != stated:
        yield Issue("FileMetaInformationGroupLength", "is not the length of the group")


@rule("group-length", "PS3.5 7.2", level="advice")
def _group_lengths(subject: Subject) -> Iterator[Issue]:
    given = [tag for tag in subject.root.elements if not tag & 0xFFFF and tag >> 16 > 4]
    if given:
        message = "is a group length, which is retired: it has to be kept right whenever the group changes"
        yield Issue(keyword_of(given[0]), message, count=len(given))
    for tag in given if subject.from_file else ():
        element = subject.root.get(tag)
        stated = element.values if element is not None else []
        length = _length_of(subject.root, tag >> 16)
        if length is not None and stated and stated[0] != length:
            yield Issue(keyword_of(tag), "is not the length of its group", "warning")


def _length_of(item: Item, group: int) -> int | None:
    """Bytes of the elements of a group behind its length; None if that cannot be told from what was read."""
    total = 0
    for tag, source in item.elements.items():
        if tag >> 16 == group and tag & 0xFFFF:
            size = _size(source)
            if size is None:
                return None
            total += size
    return total


def _size(source: Any) -> int | None:
    """Bytes of an element with its header."""
    if not isinstance(source, RawDataElement):
        return None
    header = 12 if not source.is_implicit_VR and source.VR in _LONG else 8
    if source.length == _UNDEFINED:  # the value goes up to its delimiter of 8 bytes
        return header + len(source.value) + 8 if isinstance(source.value, bytes) else None
    return header + source.length
