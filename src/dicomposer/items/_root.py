"""The root of a content tree, whose attributes stand in the document itself (PS3.3 C.17.3)."""

from __future__ import annotations

from copy import deepcopy

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as PydicomSequence

from dicomposer.items._item import CONTENT, ContentItem
from dicomposer.record import base_tag, encode_items

__all__ = ["attach_content", "content_root"]

#: Continuity of Content, Value Type, Concept Name, Content Template.
_ROOT = tuple(map(base_tag, (0x0040A040, 0x0040A043, 0x0040A050, 0x0040A504)))


def attach_content(document: Dataset, root: ContentItem) -> None:
    """Put a content tree into a document, as bytes: the document shares nothing with the tree.

    Parameters
    ----------
    document : pydicom.Dataset
        With its Specific Character Set and file meta information.
    root : ContentItem
        Root of the tree; not modified.
    """
    for tag in _ROOT:
        if tag in root._dict:
            document._dict[tag] = _decoded(deepcopy(root[tag]))
    element = root._dict.get(CONTENT)
    if element is None:
        return
    if not isinstance(element, RawDataElement):
        implicit = (
            bool(getattr(document, "file_meta", None)) and document.file_meta.TransferSyntaxUID.is_implicit_VR
        )
        encoded = encode_items(element, implicit=implicit, charsets=document._character_set, same_text=False)
        if encoded is None:
            document._dict[CONTENT] = _decoded(deepcopy(element))
            return
        element = RawDataElement(CONTENT, "SQ", len(encoded), encoded, 0, implicit, True)
    document._dict[CONTENT] = element


def _decoded(element: DataElement) -> DataElement:
    """The element with everything in it decoded, so that it can be written in another character set."""
    if isinstance(element.value, PydicomSequence):
        for item in element.value:
            for inner in item:
                _decoded(inner)
    return element


def content_root(document: Dataset) -> ContentItem:
    """The root of a document's tree; the items below it are those of the document.

    Parameters
    ----------
    document : pydicom.Dataset
        A document; its content sequence is decoded one level.
    """
    root = ContentItem._of_elements(
        {tag: document._dict[tag] for tag in _ROOT if tag in document._dict}, document._character_set
    )
    element = document._dict.get(CONTENT)
    if element is not None:
        root._dict[CONTENT] = element
        root._type_children(element)
        typed = root._dict[CONTENT]
        assert isinstance(typed, DataElement)
        document._dict[CONTENT] = typed
    return root
