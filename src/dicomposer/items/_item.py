"""Content items: what all value types share (PS3.3 C.17.3)."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from copy import deepcopy
from threading import RLock
from typing import Any, ClassVar, Self

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset

from dicomposer.coding import CodedConcept, CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError
from dicomposer.items._raw import (
    CodeKey,
    begin,
    blank,
    concept_below,
    filled,
    key_in,
    put_code,
    raw,
    text,
    text_in,
)
from dicomposer.items.enum import RelationshipTypeValues, ValueTypeValues
from dicomposer.record import base_tag

__all__ = ["CONTENT", "DECODING", "ContentItem", "by_reference", "item_class"]

RELATIONSHIP = base_tag(0x0040A010)
VALUE_TYPE = base_tag(0x0040A040)
NAME = base_tag(0x0040A043)
CONTENT = base_tag(0x0040A730)
_POSITION = base_tag(0x0040DB73)

#: What pydicom takes for the tag of Content Sequence.
_CONTENT_KEYS = ("ContentSequence", CONTENT, 0x0040A730, (0x0040, 0xA730))

_RELATIONSHIPS = {one.value: raw(RELATIONSHIP, "CS", text(one.value)) for one in RelationshipTypeValues}
_RELATIONSHIPS_BY_TEXT = {one.value: one for one in RelationshipTypeValues}
_VALUE_TYPES = {one.value: raw(VALUE_TYPE, "CS", text(one.value)) for one in ValueTypeValues}
_VALUE_TYPES_BY_TEXT = {one.value: one for one in ValueTypeValues}
_CLASSES: dict[str, type[ContentItem]] = {}
#: Held while items become objects, so that there is one object of each for all threads.
DECODING = RLock()


class ContentItem(Dataset):
    """One node of a content tree: a name, a value, and items below it.

    Parameters
    ----------
    value_type : ValueTypeValues or str
        What kind of value it has.
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it; None at the root, and in contexts that have no relationships.

    Raises
    ------
    ValueError
        If a value is none of the enumerated ones, or the name is no valid code.
    TypeError
        If an argument has the wrong type.
    """

    #: Value type that a subclass stands for.
    _kind: ClassVar[ValueTypeValues | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        kind = cls.__dict__.get("_kind")
        if kind is not None:
            _CLASSES[kind.value] = cls

    def __init__(
        self,
        value_type: str | ValueTypeValues,
        name: CodeLike,
        relationship_type: str | RelationshipTypeValues | None,
    ) -> None:
        begin(self)  # takes a tenth of the time of pydicom's constructor
        elements = self._dict
        if relationship_type is not None:
            if type(relationship_type) is not RelationshipTypeValues:
                relationship_type = RelationshipTypeValues(relationship_type)
            elements[RELATIONSHIP] = _RELATIONSHIPS[relationship_type._value_]
        kind = value_type if type(value_type) is ValueTypeValues else ValueTypeValues(value_type)
        elements[VALUE_TYPE] = _VALUE_TYPES[kind._value_]
        put_code(self, NAME, name, "name")

    # -- reading ----------------------------------------------------------------------------------------------------

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Adopt an item of a content sequence.

        Parameters
        ----------
        dataset : pydicom.Dataset
            The item, with all that is below it.
        copy : bool
            Whether to leave `dataset` alone and return a deep copy; otherwise `dataset` itself becomes a content
            item and is returned.

        Raises
        ------
        TypeError
            If it is no dataset.
        AttributeError
            If an attribute is missing that its value type cannot do without.
        ValueError
            If it is of another value type.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        kind = text_in(dataset._dict.get(VALUE_TYPE))
        if not kind:
            raise MissingAttributeError("a content item needs the attribute ValueType")
        if cls._kind is not None and kind != cls._kind.value:
            raise ArgumentError(f"ValueType is not {cls._kind.value}")
        return cls._adopt(deepcopy(dataset) if copy else dataset)

    @classmethod
    def _adopt(cls, dataset: Dataset) -> Self:
        """Make a dataset, which nobody else uses, an item of the class that its value type asks for."""
        wanted = item_class(text_in(dataset._dict.get(VALUE_TYPE)))
        dataset.__class__ = cls if issubclass(cls, wanted) else wanted
        assert isinstance(dataset, cls)
        dataset._check()
        children = dataset._dict.get(CONTENT)
        if children is not None and not isinstance(children, RawDataElement):
            dataset._type_children(children)
        return dataset

    @classmethod
    def _of_elements(cls, elements: Mapping[Any, Any], encodings: Any) -> ContentItem:
        """An item whose elements are still bytes."""
        kind = item_class(text_in(elements.get(VALUE_TYPE)))
        return filled(kind, elements if type(elements) is dict else dict(elements), encodings)

    def _check(self) -> None:
        """Raise if an attribute is missing that the properties cannot do without."""

    def _need(self, *keywords: str) -> None:
        for keyword in keywords:
            if keyword not in self:
                raise MissingAttributeError(
                    f"a content item of value type {self.value_type.value} needs the attribute {keyword}"
                )

    def _related(self, relationship: RelationshipTypeValues) -> Self:
        """The same item under another relationship; what is below it is shared."""
        made = blank(type(self))
        made._dict.update(self._dict)
        made._dict[RELATIONSHIP] = _RELATIONSHIPS[relationship.value]
        return made

    # -- what it is ---------------------------------------------------------------------------------------------------

    @property
    def name(self) -> CodedConcept:
        """Concept Name."""
        found = concept_below(self._dict.get(NAME), self)
        if found is None:
            raise MissingAttributeError("the content item has no concept name")
        return found

    @property
    def name_key(self) -> CodeKey | None:
        """Value, scheme, meaning and version of the concept name; None if it has none. Quick."""
        return key_in(self._dict.get(NAME), self)

    @property
    def value_type(self) -> ValueTypeValues:
        """What kind of value it has."""
        kind = text_in(self._dict.get(VALUE_TYPE))
        try:
            return _VALUE_TYPES_BY_TEXT[kind]
        except KeyError:
            raise DamagedFileError("ValueType is not one of the standard's", tag=int(VALUE_TYPE)) from None

    @property
    def relationship_type(self) -> RelationshipTypeValues | None:
        """How it relates to the item above it; None if it does not say."""
        found = text_in(self._dict.get(RELATIONSHIP))
        if not found:
            return None
        try:
            return _RELATIONSHIPS_BY_TEXT[found]
        except KeyError:
            raise DamagedFileError(
                "RelationshipType is not one of the standard's", tag=int(RELATIONSHIP)
            ) from None

    @property
    def referenced_position(self) -> tuple[int, ...] | None:
        """Where the item is that this one stands for (PS3.3 C.17.3.2.5); None if it holds a value of its own.

        1 for the root, then the number of the item in each level, from 1.
        """
        if _POSITION not in self._dict:
            return None
        value = self[_POSITION].value
        try:
            return tuple(int(one) for one in (value if isinstance(value, Sequence) else [value]))
        except (TypeError, ValueError):
            raise DamagedFileError(
                "the position of another item is not a number", tag=int(_POSITION)
            ) from None

    @property
    def children(self) -> tuple[ContentItem, ...]:
        """Items below it, in order; empty if there are none."""
        if CONTENT not in self._dict:
            return ()
        return tuple(self[CONTENT].value)

    def children_with(self, texts: Sequence[str]) -> list[ContentItem]:
        """Items below it that may have all of some texts in or below them, in order; of others nothing is decoded.

        Parameters
        ----------
        texts : Sequence[str]
            Identifiers, whose bytes are the same in all character sets.
        """
        if CONTENT not in self._dict:
            return []
        held = self[CONTENT].value
        return held._with([one.encode("ascii", "replace") for one in texts]) if texts else list(held)

    def _may_hold(self, text: bytes) -> bool:
        """Whether bytes may stand below; False is certain. Looks at what nobody has decoded."""
        element = self._dict.get(CONTENT)
        if isinstance(element, RawDataElement) and isinstance(element.value, bytes):
            return text in element.value
        return element is not None

    # -- items below it -----------------------------------------------------------------------------------------------

    def __getitem__(self, key: Any) -> Any:
        element = self._dict.get(CONTENT)
        if element is not None and key in _CONTENT_KEYS:
            self._type_children(element)
        return super().__getitem__(key)

    def _type_children(self, element: DataElement | RawDataElement) -> None:
        """Make the items below content items, one level at a time."""
        from dicomposer.items._sequence import ContentSequence, Undecoded

        if isinstance(element.value, ContentSequence):
            return
        with DECODING:
            element = self._dict[CONTENT]  # another thread may have been faster
            if isinstance(element, RawDataElement):
                found: ContentSequence = Undecoded.of_bytes(element, self._character_set)
            elif isinstance(element.value, ContentSequence):
                return
            else:
                found = ContentSequence._of(
                    one if isinstance(one, ContentItem) else ContentItem._adopt(one) for one in element.value
                )
            self._dict[CONTENT] = DataElement(CONTENT, "SQ", found)


def item_class(value_type: str) -> type[ContentItem]:
    """The class of a value type; :class:`ContentItem` itself for one that the standard does not have."""
    return _CLASSES.get(value_type, ContentItem)


def by_reference(relationship: RelationshipTypeValues, position: Sequence[int]) -> ContentItem:
    """An item that points to another one of the same document (PS3.3 C.17.3.2.5).

    Parameters
    ----------
    relationship : RelationshipTypeValues
        How the other item relates to the one above.
    position : Sequence[int]
        Where the other item is: 1 for the root, then the number of the item in each level, from 1.
    """
    item = blank(ContentItem)
    item._dict[RELATIONSHIP] = _RELATIONSHIPS[relationship.value]
    item._dict[_POSITION] = raw(int(_POSITION), "UL", struct.pack(f"<{len(position)}I", *position))
    return item
