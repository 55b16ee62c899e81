"""Look-ups in the tables of PS3.3 and PS3.6: IODs, modules, attributes."""

from __future__ import annotations

from dicomposer.standard._model import IOD, DictionaryEntry, Module
from dicomposer.standard._store import STORE
from dicomposer.standard._uids import sop_class

__all__ = ["attribute", "iod", "iods", "is_nested", "module", "modules", "root_keywords"]


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
    return STORE.iod(info.iod_name if info else str(key))


def iods() -> tuple[str, ...]:
    """Keys of all IODs."""
    return tuple(key for key in STORE.lines("iods") if not key.startswith("@"))


def module(key: str) -> Module:
    """A module of PS3.3 Annex C by its key (``"general-series"``).

    Raises
    ------
    KeyError
        The tables know no such module.
    """
    return STORE.module(key)


def modules() -> tuple[str, ...]:
    """Keys of all modules."""
    return tuple(STORE.lines("modules"))


def root_keywords() -> frozenset[str]:
    """Keywords of the attributes that some module has at the root, outside all sequences."""
    return STORE.root_keywords()


def is_nested(keyword: str) -> bool:
    """Whether an attribute stands in the items of some sequence."""
    return keyword in STORE.nested_keywords()


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
        return STORE.entry(key)
    tag = int(key)
    if tag >> 24 in (0x50, 0x60) and not tag & 0x00010000:
        tag &= 0xFF00FFFF
    return STORE.entry(tag)
