"""Sequences of content items, with an index by name."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self, cast

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as PydicomSequence

from dicomposer.coding import CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.items._item import CONTENT, DECODING, RELATIONSHIP, ContentItem
from dicomposer.items._raw import Identity, identity, scanned, spans_of
from dicomposer.items.enum import ValueTypeValues

__all__ = ["ContentSequence", "Undecoded"]


class ContentSequence(PydicomSequence):
    """Content items of one level: the items below an item, or the root of a tree.

    Parameters
    ----------
    items : Sequence[ContentItem] or ContentSequence, optional
        The items.
    is_root : bool, optional
        Whether it holds the root of a content tree: a container without a relationship.
    is_sr : bool, optional
        Whether its items belong to a structured report, where each says how it relates to the one above; in other
        places (acquisition context, specimen preparation) none does.

    Raises
    ------
    ValueError
        If it is to be a root outside a report.
    TypeError
        If something is no content item, or the root no container.
    AttributeError
        If an item has no relationship type where it needs one, or has one where it may not.
    """

    def __init__(
        self,
        items: Sequence[ContentItem] | ContentSequence | None = None,
        is_root: bool = False,
        is_sr: bool = True,
    ) -> None:
        if is_root and not is_sr:
            raise ArgumentError("the root of a content tree is always one of a structured report")
        self._is_root = bool(is_root)
        self._is_sr = bool(is_sr)
        self._index: dict[Identity, list[ContentItem]] | None = None
        super().__init__(items)

    @classmethod
    def _of(cls, items: Iterable[ContentItem], is_root: bool = False, is_sr: bool = True) -> Self:
        """A sequence of items that are taken as they are, since files of others are read leniently."""
        made = cls.__new__(cls)
        made._is_root, made._is_sr, made._index = is_root, is_sr, None
        made._list = list(items)
        return made

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items of a content sequence.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The items.
        is_root, is_sr : bool, optional
            As for the class.
        copy : bool, optional
            Whether to leave the items alone and hold deep copies.

        Raises
        ------
        TypeError, AttributeError, ValueError
            As :meth:`ContentItem.from_dataset` does.
        """
        items = []
        for item in sequence:
            if isinstance(item, ContentItem) and not copy:
                items.append(item)
            else:
                items.append(ContentItem.from_dataset(item, copy=copy))
        return cls._of(items, is_root, is_sr)

    @property
    def is_root(self) -> bool:
        """Whether it holds the root of a content tree."""
        return self._is_root

    @property
    def is_sr(self) -> bool:
        """Whether its items say how they relate to the item above."""
        return self._is_sr

    def _append_all(self, items: Iterable[ContentItem]) -> None:
        """Add items that are known to be right."""
        self._index = None
        self._list.extend(items)

    # -- finding ------------------------------------------------------------------------------------------------------

    def find(self, name: CodeLike) -> Self:
        """Items of a name, in order.

        Parameters
        ----------
        name : pydicom.sr.coding.Code or CodedConcept
            Concept Name; its meaning does not matter.
        """
        found = self._by_name().get(identity(name), ())
        return type(self)._of(found, False, self._is_sr)

    def get_nodes(self) -> Self:
        """Items that have items below them."""
        found = [item for item in self._items if CONTENT in item._dict]
        return type(self)._of(found, False, self._is_sr)

    def _with(self, texts: Sequence[bytes]) -> list[ContentItem]:
        """Items that may have all of some bytes below them."""
        return [item for item in self._items if all(item._may_hold(text) for text in texts)]

    def _by_name(self) -> dict[Identity, list[ContentItem]]:
        index = self._index
        if index is None:
            index = defaultdict(list)
            for item in self._items:
                key = item.name_key
                if key is not None:
                    index[identity(key)].append(item)
            self._index = index  # when it is whole: other threads look at it
        return index

    @property
    def _items(self) -> list[ContentItem]:
        return cast("list[ContentItem]", self._list)

    def __contains__(self, val: object) -> bool:
        return any(item is val or item == val for item in self._items)

    def __iter__(self) -> Iterator[ContentItem]:
        return iter(self._items)

    def index(self, val: ContentItem, *_: Any) -> int:
        """Place of an item.

        Raises
        ------
        ValueError
            If it is not there.
        """
        for place, item in enumerate(self._items):
            if item is val or item == val:
                return place
        raise ValueError("the item is not in the sequence")

    # -- changing -----------------------------------------------------------------------------------------------------

    def append(self, val: ContentItem) -> None:  # type: ignore[override]
        """Put an item at the end."""
        self._index = None
        super().append(val)

    def extend(self, val: Iterable[ContentItem]) -> None:  # type: ignore[override]
        """Put items at the end."""
        self._index = None
        super().extend(val)

    def __iadd__(self, other: Iterable[Dataset]) -> Self:
        self._index = None
        return super().__iadd__(other)

    def insert(self, position: int, val: ContentItem) -> None:  # type: ignore[override]
        """Put an item at a place."""
        self._index = None
        super().insert(position, val)

    def __setitem__(self, idx: slice | int, val: Any) -> None:
        self._index = None
        super().__setitem__(idx, val)

    def __delitem__(self, idx: slice | int) -> None:
        self._index = None
        super().__delitem__(idx)

    def __getitem__(self, idx: Any) -> Any:
        return self._list[idx]

    def _validate(self, item: Any) -> ContentItem:  # type: ignore[override]
        if not isinstance(item, ContentItem):
            raise ArgumentTypeError(f"content items are needed, found {type(item).__name__}")
        related = RELATIONSHIP in item._dict
        if self._is_root:
            if related:
                raise MissingAttributeError("the item at the root must have no relationship type")
            if item.value_type is not ValueTypeValues.CONTAINER:
                raise ArgumentTypeError("the item at the root must be a container")
        elif related and not self._is_sr:
            raise MissingAttributeError("an item outside a structured report must have no relationship type")
        elif self._is_sr and not related:
            raise MissingAttributeError("the item must have a relationship type")
        return item


class Undecoded(ContentSequence):
    """Items that are still bytes. It becomes a plain sequence when anything but :meth:`_with` looks at its items."""

    _element: RawDataElement
    _encodings: Any
    #: Items that were decoded already, by place: there is one object of each.
    _known: dict[int, ContentItem]
    _spans: list[tuple[int, int]] | None

    @classmethod
    def of_bytes(cls, element: RawDataElement, encodings: Any) -> ContentSequence:
        """Items of an element that nobody has decoded; `encodings` are the character sets of what it stands in."""
        made = cls.__new__(cls)
        made._is_root, made._is_sr, made._index = False, True, None
        made._element, made._encodings, made._known, made._spans = element, encodings, {}, None
        return made

    @property
    def _list(self) -> list[ContentItem]:  # type: ignore[override]
        with DECODING:
            state = self.__dict__
            if "_list" not in state:  # else another thread was faster
                items = [ContentItem._of_elements(one, self._encodings) for one in scanned(self._element)]
                for place, item in self._known.items():
                    items[place] = item
                state["_list"] = items
                self.__class__ = ContentSequence  # type: ignore[assignment]
                del state["_element"], state["_encodings"], state["_known"], state["_spans"]
            found: list[ContentItem] = state["_list"]
            return found

    def _with(self, texts: Sequence[bytes]) -> list[ContentItem]:
        with DECODING:
            if type(self) is not Undecoded:
                return ContentSequence._with(self, texts)
            return self._found(texts)

    def _found(self, texts: Sequence[bytes]) -> list[ContentItem]:
        data = self._element.value or b""
        if self._spans is None:
            self._spans = spans_of(self._element)
        starts = [start for start, _ in self._spans]
        places = set.intersection(
            *({bisect_right(starts, at) - 1 for at in _all(text, data)} for text in texts)
        )
        # one that somebody holds already may have been changed since
        places |= {place for place, item in self._known.items() if all(map(item._may_hold, texts))}
        return [self._one(place) for place in sorted(places) if place >= 0]

    def _one(self, place: int) -> ContentItem:
        if place not in self._known:
            assert self._spans is not None
            (elements,) = scanned(self._element, self._spans[place])
            self._known[place] = ContentItem._of_elements(elements, self._encodings)
        return self._known[place]


def _all(text: bytes, data: bytes) -> Iterator[int]:
    """Where a text stands in bytes."""
    at = data.find(text)
    while at >= 0:
        yield at
        at = data.find(text, at + 1)
