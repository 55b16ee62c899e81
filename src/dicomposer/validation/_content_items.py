"""Content items of structured reports, as the profiles need them (PS3.3 C.17.3, PS3.16 TID 1500)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item

__all__ = [
    "REPORTS",
    "TRACKING_IDENTIFIER",
    "TRACKING_UID",
    "child",
    "children",
    "code_of",
    "concept",
    "is_report",
    "measurement_groups",
    "segments_of",
    "walk",
]

#: SOP Classes whose content tree may follow TID 1500.
REPORTS = frozenset(
    f"1.2.840.10008.5.1.4.1.1.88.{number}" for number in (11, 22, 33, 34, 35)
)  # Basic Text, Enhanced, Comprehensive, Comprehensive 3D, Extensible
TRACKING_IDENTIFIER, TRACKING_UID = "112039", "112040"
_MEASUREMENTS, _GROUP = "126010", "125007"


def is_report(subject: Subject) -> bool:
    """Whether the object is a structured report for measurements and findings."""
    return subject.sop_class in REPORTS


def code_of(item: Item, sequence: str) -> tuple[str, str]:
    """Code value and coding scheme of the first item of a sequence; empty if absent."""
    found = item.items(sequence)
    if not found:
        return "", ""
    return found[0].text("CodeValue"), found[0].text("CodingSchemeDesignator")


def concept(item: Item) -> str:
    """Code value of a content item's name, if its scheme is DCM; else ""."""
    value, scheme = code_of(item, "ConceptNameCodeSequence")
    return value if scheme == "DCM" else ""


def children(item: Item, name: str) -> list[Item]:
    """Content items directly below one, of a certain name."""
    return [one for one in item.items("ContentSequence") if concept(one) == name]


def measurement_groups(subject: Subject) -> list[Item]:
    """Measurement groups of a report, those of all TID 1410, 1411 and 1501."""
    return subject.once("measurement groups", lambda: _groups(subject.root))


def _groups(root: Item) -> list[Item]:
    return [group for container in children(root, _MEASUREMENTS) for group in children(container, _GROUP)]


def walk(item: Item) -> Iterator[Item]:
    """All content items below one."""
    for inner in item.items("ContentSequence"):
        yield inner
        yield from walk(inner)


def child(item: Item, name: str) -> Item | None:
    """The first content item directly below one, of a certain name."""
    return next((one for one in item.items("ContentSequence") if concept(one) == name), None)


def segments_of(item: Item) -> Iterator[tuple[str, int]]:
    """Instances and segment numbers that a content item itself refers to."""
    if item.text("ValueType") != "IMAGE":
        return
    for reference in item.items("ReferencedSOPSequence"):
        for number in reference.values("ReferencedSegmentNumber"):
            yield reference.uid("ReferencedSOPInstanceUID"), int(number)
