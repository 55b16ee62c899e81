"""Helpers for content trees and the evidence that they rest on."""

from __future__ import annotations

from pydicom.dataset import Dataset

from dicomposer.coding import CodedConcept, CodeLike
from dicomposer.errors import MissingAttributeError
from dicomposer.items import (
    ContentItem,
    RelationshipTypeValues,
    ValueTypeValues,
    collect_evidence,
    identity,
    walk,
)
from dicomposer.record import items_of

__all__ = ["collect_evidence", "find_content_items", "get_coded_name", "get_coded_value"]


def find_content_items(
    dataset: Dataset,
    name: CodeLike | None = None,
    value_type: ValueTypeValues | str | None = None,
    relationship_type: RelationshipTypeValues | str | None = None,
    recursive: bool = False,
) -> list[Dataset]:
    """Items below an item or a document that answer to all that is given.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The item or document; not modified.
    name : pydicom.sr.coding.Code or CodedConcept, optional
        Concept Name.
    value_type : ValueTypeValues or str, optional
        Value Type.
    relationship_type : RelationshipTypeValues or str, optional
        Relationship Type.
    recursive : bool, optional
        Whether to look at all levels below, not only the next.

    Raises
    ------
    AttributeError
        If it holds no items.
    """
    if "ContentSequence" not in dataset:
        raise MissingAttributeError("the dataset has no Content Sequence")
    wanted_name = None if name is None else identity(name)
    wanted_type = None if value_type is None else ValueTypeValues(value_type)
    wanted_relationship = None if relationship_type is None else RelationshipTypeValues(relationship_type)
    items = dataset.ContentSequence
    typed = [one if isinstance(one, ContentItem) else ContentItem.from_dataset(one) for one in items]
    return [
        item
        for item in (walk(typed) if recursive else typed)
        if (wanted_name is None or (item.name_key is not None and identity(item.name_key) == wanted_name))
        and (wanted_type is None or item.value_type is wanted_type)
        and (wanted_relationship is None or item.relationship_type is wanted_relationship)
    ]


def get_coded_name(item: Dataset) -> CodedConcept:
    """Concept Name of a content item.

    Raises
    ------
    AttributeError
        If it has none.
    """
    return _code(item, "ConceptNameCodeSequence")


def get_coded_value(item: Dataset) -> CodedConcept:
    """Code of a content item of value type CODE.

    Raises
    ------
    AttributeError
        If it has none.
    """
    return _code(item, "ConceptCodeSequence")


def _code(item: Dataset, keyword: str) -> CodedConcept:
    items = items_of(item, keyword)
    if not items:
        raise MissingAttributeError(f"the content item has no {keyword}")
    return CodedConcept.from_dataset(items[0])
