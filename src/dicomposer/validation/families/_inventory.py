"""What is in an object, but not in its definition: attributes of no module, retired and unknown ones.

The walk over the tables (`_presence`) meets every element anyway; those that no block of their place knows are noted
here, once per path without item numbers. What is known costs nothing. Rules then say what was noted.

An attribute that the standard has elsewhere may stand in a Standard Extended SOP Class (PS3.2 3), so it is advice; a
warning is kept for what cannot mean anything where it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from pydicom.datadict import dictionary_is_retired
from pydicom.uid import UID

from dicomposer import standard
from dicomposer.validation._findings import Level
from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import MEDIA_DIRECTORY, PER_FRAME, PIXEL_TAGS, SHARED, Subject
from dicomposer.validation._view import Item, keyword_of

__all__ = ["Inventory", "first_group", "inventory_of", "is_retired"]

#: May stand in any dataset or item: character set (PS3.5 7.5.3), MAC parameters and signatures (PS3.3 C.12.1.1.3),
#: trailing padding (PS3.5 7.2).
ANYWHERE = frozenset((0x00080005, 0x4FFE0001, 0xFFFAFFFA, 0xFFFCFFFC))
#: Groups of commands, files and media (PS3.5 7.1).
RESERVED = frozenset((0x0000, 0x0002, 0x0004, 0x0006))
#: Whose items are judged elsewhere (functional groups), or hold whatever a media profile asks for (PS3.11 A.3.3).
ELSEWHERE = frozenset((SHARED, PER_FRAME, 0x00041220))
#: What describes stored pixels and nothing else (PS3.3 C.7.6.3).
PIXEL_DESCRIPTION = frozenset(
    """SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation
    PlanarConfiguration PixelPaddingValue SmallestImagePixelValue LargestImagePixelValue""".split()
)


@lru_cache(maxsize=1024)
def is_retired(tag: int) -> bool:
    """Whether PS3.6 lists an attribute as retired; group lengths are, but for those that are still written."""
    try:
        return bool(dictionary_is_retired(tag))
    except KeyError:
        return False


def first_group(tag: int) -> int:
    """The tag under which the tables know an attribute: repeating groups go by their first."""
    return tag & 0xFF00FFFF if tag >> 24 in (0x50, 0x60) and not tag & 0x00010000 else tag


_ROOTS: dict[str, frozenset[int]] = {}


def _root_of(iod: standard.IOD) -> frozenset[int]:
    """Tags of all modules of an IOD, whether they apply or not."""
    root = _ROOTS.get(iod.key)
    if root is None:
        root = _ROOTS[iod.key] = frozenset(
            attribute.tag for usage in iod.modules for attribute in usage.module.attributes
        )
    return root


class Inventory:
    """Elements that the definition of the object does not have where they are.

    Attributes
    ----------
    strangers : dict
        (path without item numbers, tag) -> item that holds the first.
    private : dict
        The same for private elements.
    """

    def __init__(self, subject: Subject) -> None:
        iod = subject.iod
        self.iod = iod
        self.root: frozenset[int] = frozenset() if iod is None else _root_of(iod)
        self.strangers: dict[tuple[str, int], Item] = {}
        self.private: dict[tuple[str, int], Item] = {}

    def note(self, item: Item, tag: int, judged: bool) -> bool:
        """Note an element that no block of its place knows.

        Parameters
        ----------
        item, tag
            Where and what it is.
        judged : bool
            Whether the tables say at all what the item may hold.

        Returns
        -------
        bool
            Whether it is worth a word.
        """
        if tag >> 16 & 1:
            self.private.setdefault((item.trail, tag), item)
            return True
        outer = item.parent
        known = (
            tag in ANYWHERE
            or not tag & 0xFFFF
            or not judged
            or (outer is None and first_group(tag) in self.root)
            or (outer is not None and outer.parent is None and item.tag in ELSEWHERE)
        )
        if not known or (tag & 0xFFFF and is_retired(tag)):
            self.strangers.setdefault((item.trail, tag), item)
            return True
        return False


def inventory_of(subject: Subject) -> Inventory:
    """The inventory of an object, empty until it is walked over."""
    return subject.once("inventory", lambda: Inventory(subject))


def _strangers(subject: Subject) -> Iterator[tuple[Item, int, bool]]:
    """(item, tag, whether it is retired) of what was noted."""
    for (_, tag), item in inventory_of(subject).strangers.items():
        yield item, tag, is_retired(tag)


@rule("retired-attribute", "PS3.6 6", level="advice")
def _retired(subject: Subject) -> Iterator[Issue]:
    seen: set[int] = set()
    for item, tag, retired in _strangers(subject):
        if retired and first_group(tag) not in seen:
            seen.add(first_group(tag))
            yield Issue(item.path_of(keyword_of(tag)), "is retired: programs no longer have to understand it")


@rule("attribute-of-no-module", "PS3.2 3", level="advice")
def _foreign(subject: Subject) -> Iterator[Issue]:
    inventory = inventory_of(subject)
    seen: set[tuple[int, int]] = set()
    for item, tag, retired in _strangers(subject):
        # One finding per attribute of a sequence, wherever that sequence occurs.
        place = (item.tag, first_group(tag))
        if retired or place in seen or not _in_dictionary(tag) or _reserved(subject, item, tag):
            continue
        path = item.path_of(keyword_of(tag))
        if "ConvertedAttributesSequence" in path:
            continue  # anything may stand there, with its own items (PS3.3 C.7.6.16.2.25)
        seen.add(place)
        level, message = _judge(inventory, item, tag)
        yield Issue(path, message, level)


@rule("unknown-attribute", "PS3.6 6", level="warning")
def _unknown(subject: Subject) -> Iterator[Issue]:
    for item, tag, _ in _strangers(subject):
        if not _in_dictionary(tag) and not _reserved(subject, item, tag):
            message = "is not in the tables of attributes, and its group is not private"
            yield Issue(item.path_of(keyword_of(tag)), message)


@rule("reserved-group", "PS3.5 7.1")
def _reserved_groups(subject: Subject) -> Iterator[Issue]:
    for tag in subject.root.elements:
        if _reserved(subject, subject.root, tag):
            message = "is of a group that is kept for commands, file meta information and media directories"
            yield Issue(keyword_of(tag), message)


def _reserved(subject: Subject, item: Item, tag: int) -> bool:
    """Whether an element's group may not be used in a dataset of this kind."""
    group = tag >> 16
    return group in RESERVED and item.parent is None and (group != 4 or subject.sop_class != MEDIA_DIRECTORY)


def _in_dictionary(tag: int) -> bool:
    try:
        standard.attribute(first_group(tag))
    except KeyError:
        return not keyword_of(tag).startswith("(")
    return True


def _judge(inventory: Inventory, item: Item, tag: int) -> tuple[Level, str]:
    """Level and message for an attribute that the standard has, but not here."""
    keyword = keyword_of(first_group(tag))
    if item.parent is None:
        if not inventory.root.intersection(PIXEL_TAGS) and (
            tag in PIXEL_TAGS or keyword in PIXEL_DESCRIPTION
        ):
            return "warning", "is about pixels, which this kind of object has not"
        if tag in (SHARED, PER_FRAME):
            return "warning", "is for multi-frame objects with functional groups, which this kind is not"
        if keyword not in standard.root_keywords() and standard.is_nested(keyword):
            return "warning", "stands at the root, though the standard has it in items of sequences only"
        return "advice", "is an attribute of no module of this kind of object"
    if tag in (SHARED, PER_FRAME):
        return "warning", "stands in an item, though functional groups belong to the root"
    if first_group(tag) in inventory.root:
        return "advice", "is not an attribute of this sequence's items; the object itself has it"
    return "advice", "is not an attribute of this sequence's items"


# -- retired and private classes and syntaxes -----------------------------------------------------------------------


@rule("retired-uid", "PS3.6 A", level="advice")
def _retired_uids(subject: Subject) -> Iterator[Issue]:
    if _is_retired_uid(subject.sop_class):
        yield Issue("SOPClassUID", "is a retired SOP Class")
    syntax = "" if subject.meta is None else subject.meta.text("TransferSyntaxUID")
    if _is_retired_uid(syntax):
        yield Issue("TransferSyntaxUID", "is a retired transfer syntax")


@rule("private-class", "PS3.4 B.3.1.3", level="advice")
def _private_class(subject: Subject) -> Iterator[Issue]:
    if subject.sop_class and not subject.sop_class.startswith("1.2.840.10008."):
        yield Issue("SOPClassUID", "is a private SOP Class: other makers' programs may not take it")


@lru_cache(maxsize=256)
def _is_retired_uid(uid: str) -> bool:
    known = standard.transfer_syntax(uid)
    return known.retired if known is not None else bool(UID(uid).is_retired) if _registered(uid) else False


def _registered(uid: str) -> bool:
    return bool(uid) and UID(uid).name != uid
