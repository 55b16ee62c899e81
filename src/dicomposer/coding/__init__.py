"""Codes, identifiers, names and times."""

from __future__ import annotations

from dicomposer.coding._concept import Code, CodedConcept, CodeLike, as_concept, identity_of, is_code
from dicomposer.coding._decimal import decimal, format_ds
from dicomposer.coding._names import check_person_name, stack_level
from dicomposer.coding._schemes import CodingSchemeIdentificationItem, CodingSchemeResourceItem
from dicomposer.coding._text import (
    check_repertoire,
    check_text,
    check_texts,
    date_text,
    datetime_text,
    time_text,
)
from dicomposer.coding._uids import (
    UID,
    Clock,
    UIDSource,
    check_uid,
    counted_uids,
    derived_uid,
    injected,
    new_uid,
    now,
)
from dicomposer.coding.terminology import TERMINOLOGY, Term, Terminology

__all__ = [
    "TERMINOLOGY",
    "UID",
    "Clock",
    "Code",
    "CodeLike",
    "CodedConcept",
    "CodingSchemeIdentificationItem",
    "CodingSchemeResourceItem",
    "Term",
    "Terminology",
    "UIDSource",
    "as_concept",
    "check_person_name",
    "check_repertoire",
    "check_text",
    "check_texts",
    "check_uid",
    "counted_uids",
    "date_text",
    "datetime_text",
    "decimal",
    "derived_uid",
    "format_ds",
    "identity_of",
    "injected",
    "is_code",
    "new_uid",
    "now",
    "stack_level",
    "time_text",
]
