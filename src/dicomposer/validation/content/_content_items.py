"""Content items of structured reports, as the profiles need them (PS3.3 C.17.3, PS3.16 TID 1500)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dicomposer.errors import DamagedFileError
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item
from dicomposer.validation.content._content_tree import TEXT, Node, content_tree

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
    "root_of",
    "segments_of",
    "text_of",
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


def concept(node: Node) -> str:
    """Code value of a content item's name, if its scheme is DCM; else ""."""
    known: str | None = node.form.kept.get("concept")
    if known is None:
        value, scheme = code_of(node.item, "ConceptNameCodeSequence")
        known = node.form.kept["concept"] = value if scheme == "DCM" else ""
    return known


def below(node: Node) -> Sequence[Node]:
    """Content items directly below one.

    Raises
    ------
    DamagedFileError
        If they cannot be read.
    """
    if node.problem and not node.children:
        raise DamagedFileError(node.problem)
    return node.children


def children(node: Node, name: str) -> list[Node]:
    """Content items directly below one, of a certain name."""
    return [one for one in below(node) if concept(one) == name]


def measurement_groups(subject: Subject) -> list[Node]:
    """Measurement groups of a report, those of all TID 1410, 1411 and 1501."""
    return subject.once("measurement groups", lambda: _groups(root_of(subject)))


def root_of(subject: Subject) -> Node:
    """The root of the content tree."""
    return content_tree(subject)[0]


def _groups(root: Node) -> list[Node]:
    return [group for container in children(root, _MEASUREMENTS) for group in children(container, _GROUP)]


def walk(node: Node) -> Iterator[Node]:
    """All content items below one."""
    waiting = [iter(below(node))]
    while waiting:
        inner = next(waiting[-1], None)
        if inner is None:
            waiting.pop()
            continue
        yield inner
        waiting.append(iter(below(inner)))


def child(node: Node, name: str) -> Node | None:
    """The first content item directly below one, of a certain name."""
    return next((one for one in below(node) if concept(one) == name), None)


def text_of(node: Node) -> str:
    """The text of a content item of value type TEXT."""
    if node.own is not None and node.form.free == TEXT:
        return node.own.decode("ascii").strip()
    return node.item.text("TextValue")


def segments_of(node: Node) -> Sequence[tuple[str, int]]:
    """Instances and segment numbers that a content item itself refers to."""
    if node.value_type != "IMAGE":
        return ()
    known: list[tuple[str, int]] | None = node.form.kept.get("segments")
    if known is None:
        known = node.form.kept["segments"] = [
            (reference.uid("ReferencedSOPInstanceUID"), int(number))
            for reference in node.item.items("ReferencedSOPSequence")
            for number in reference.values("ReferencedSegmentNumber")
        ]
    return known
