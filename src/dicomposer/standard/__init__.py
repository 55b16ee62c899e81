"""The standard as data: which attribute is required where, of which type, with which values.

Facts come from generated tables (see ``tools/tables`` and the decision record 0002); each carries the
edition of the standard that states it. Nothing is read at import; an IOD is decoded at its first use and
then shared.

>>> from dicomposer import standard
>>> segmentation = standard.iod("segmentation")
>>> segmentation.module("segmentation-image").module.attribute("SegmentationType").type
'1'
"""

from __future__ import annotations

from dicomposer.standard._codes import (
    CodeFact,
    CodeMatch,
    ContextGroup,
    code,
    codes,
    context_group,
    context_groups,
    current_codes,
)
from dicomposer.standard._condition import (
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Count,
    Lookup,
    Not,
    NotEvaluated,
    OneOf,
    Predicate,
    Present,
)
from dicomposer.standard._model import (
    IOD,
    Attribute,
    ContextBinding,
    DictionaryEntry,
    FunctionalGroupUsage,
    Module,
    ModuleUsage,
    SOPClassInfo,
    TransferSyntax,
    ValueRule,
)
from dicomposer.standard._store import STORE as _STORE
from dicomposer.standard._templates import (
    AllItems,
    AnyItems,
    CodeConstraint,
    ItemCount,
    ItemPath,
    ItemPattern,
    ItemValue,
    NumberComparison,
    Template,
    TemplateCondition,
    TemplateRow,
    template,
    templates,
)
from dicomposer.standard._uids import sop_class, sop_classes, transfer_syntax, transfer_syntaxes, uid_name

__all__ = [
    "EDITION",
    "IOD",
    "AllItems",
    "AllOf",
    "AnyItems",
    "AnyOf",
    "Attribute",
    "CodeConstraint",
    "CodeFact",
    "CodeMatch",
    "Compare",
    "Condition",
    "ContextBinding",
    "ContextGroup",
    "Count",
    "DictionaryEntry",
    "FunctionalGroupUsage",
    "ItemCount",
    "ItemPath",
    "ItemPattern",
    "ItemValue",
    "Lookup",
    "Module",
    "ModuleUsage",
    "Not",
    "NotEvaluated",
    "NumberComparison",
    "OneOf",
    "Predicate",
    "Present",
    "SOPClassInfo",
    "Template",
    "TemplateCondition",
    "TemplateRow",
    "TransferSyntax",
    "ValueRule",
    "attribute",
    "code",
    "codes",
    "context_group",
    "context_groups",
    "current_codes",
    "iod",
    "iods",
    "is_nested",
    "module",
    "modules",
    "root_keywords",
    "sop_class",
    "sop_classes",
    "template",
    "templates",
    "transfer_syntax",
    "transfer_syntaxes",
    "uid_name",
]

EDITION = "2026b"
"""Edition of the structure of the tables: modules, nesting, types. Conditions and values carry their own."""


def iod(key: str) -> IOD:
    """An Information Object Definition of PS3.3 Annex A.

    Parameters
    ----------
    key
        Key of the IOD (``"segmentation"``) or UID of a storage SOP Class.

    Raises
    ------
    KeyError
        The tables know no such IOD or SOP Class.
    """
    info = sop_class(key)
    return _STORE.iod(info.iod_name if info else str(key))


def iods() -> tuple[str, ...]:
    """Keys of all IODs."""
    return tuple(key for key in _STORE.lines("iods") if not key.startswith("@"))


def module(key: str) -> Module:
    """A module of PS3.3 Annex C by its key (``"general-series"``).

    Raises
    ------
    KeyError
        The tables know no such module.
    """
    return _STORE.module(key)


def modules() -> tuple[str, ...]:
    """Keys of all modules."""
    return tuple(_STORE.lines("modules"))


def root_keywords() -> frozenset[str]:
    """Keywords of the attributes that some module has at the root, outside all sequences."""
    return _STORE.root_keywords()


def is_nested(keyword: str) -> bool:
    """Whether an attribute stands in the items of some sequence."""
    return keyword in _STORE.nested_keywords()


def attribute(key: str | int) -> DictionaryEntry:
    """What PS3.6 says of an attribute: tag, name, VR, VM.

    Parameters
    ----------
    key
        Keyword, or tag as a number. Any group of a repeating group is understood (0x60020010).

    Raises
    ------
    KeyError
        Neither the tables nor pydicom's dictionary know it (a private attribute, for example).
    """
    if isinstance(key, str):
        return _STORE.entry(key)
    tag = int(key)
    if tag >> 24 in (0x50, 0x60) and not tag & 0x00010000:
        tag &= 0xFF00FFFF
    return _STORE.entry(tag)
