"""Encapsulated documents: their media type, length and first bytes (PS3.3 C.24.2)."""

from __future__ import annotations

from collections.abc import Iterator

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation.families._bulk import byte_count

__all__: list[str] = []

_SECTION = "PS3.3 C.24.2"
_TYPE = "MIMETypeOfEncapsulatedDocument"
#: SOP Class -> media types of its documents (PS3.3 A.45, A.85, A.92).
_TYPES: dict[str, tuple[str, ...]] = {
    "1.2.840.10008.5.1.4.1.1.104.1": ("application/pdf",),
    "1.2.840.10008.5.1.4.1.1.104.2": ("text/xml",),
    "1.2.840.10008.5.1.4.1.1.104.3": ("model/stl",),
    "1.2.840.10008.5.1.4.1.1.104.4": ("model/obj",),
    "1.2.840.10008.5.1.4.1.1.104.5": ("model/mtl",),
}
_PDF = "1.2.840.10008.5.1.4.1.1.104.1"


def _is_document(subject: Subject) -> bool:
    return subject.sop_class in _TYPES


@rule("document-type", _SECTION, applies=_is_document)
def _media_type(subject: Subject) -> Iterator[Issue]:
    stated, due = subject.text(_TYPE), _TYPES[subject.sop_class]
    if stated and stated.lower() not in due:
        yield Issue(_TYPE, f"is not {' or '.join(due)}, which documents of this class are")


@rule("document-length", _SECTION, applies=_is_document)
def _length(subject: Subject) -> Iterator[Issue]:
    stated, size = (
        subject.number("EncapsulatedDocumentLength"),
        byte_count(subject.root, "EncapsulatedDocument"),
    )
    if stated is not None and size is not None and size != stated + stated % 2:
        message = f"is {stated:.0f}, but the document has {size} bytes with its padding"
        yield Issue("EncapsulatedDocumentLength", message, None if stated > size else "warning")


@rule("document-content", _SECTION, applies=lambda subject: subject.sop_class == _PDF, level="warning")
def _content(subject: Subject) -> Iterator[Issue]:
    element = subject.root.named("EncapsulatedDocument")
    if element is None or element.raw is None or not len(element.raw):
        return
    # Readers look for the mark in the first 1024 bytes (ISO 32000)
    if b"%PDF" not in bytes(element.raw[:1024]):
        yield Issue("EncapsulatedDocument", "does not begin as a PDF document does")
