"""Templates as declarations: a class says which rows it has, one engine writes and reads them (PS3.16 Annex A).

::

    class TrackingIdentifier(Template):
        identifier = Row(TextContentItem, codes.TRACKING_IDENTIFIER, HAS_OBS_CONTEXT)
        uid = Row(UIDRefContentItem, codes.TRACKING_UID, HAS_OBS_CONTEXT)

        def __init__(self, uid, identifier=None):
            super().__init__()
            self._write(uid=uid, identifier=identifier)

A row is an attribute of its class: read, it gives the value of the item that the template holds under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Self, overload

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from dicomposer.coding import Code, is_code
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items._item import CONTENT, ContentItem
from dicomposer.items._numbers import NumContentItem
from dicomposer.items._raw import identity
from dicomposer.items._sequence import ContentSequence
from dicomposer.items.enum import RelationshipTypeValues

__all__ = ["Include", "Row", "Template", "put_below"]

_NOTHING = ContentSequence()


def put_below(item: ContentItem, items: Iterable[ContentItem]) -> None:
    """Add items below an item."""
    made = list(items)
    if not made:
        return
    if CONTENT in item._dict:
        item[CONTENT].value._append_all(made)
    else:
        item._dict[CONTENT] = DataElement(CONTENT, "SQ", ContentSequence._of(made))


class Row:
    """One row of a template, as an attribute of the class that declares it.

    Parameters
    ----------
    kind : type[ContentItem]
        Class of the item; one that makes its own name and relationship (a finding site, for example) needs no more.
    concept : Code, optional
        Concept Name.
    relationship : RelationshipTypeValues, optional
        How the item relates to the one above it.
    many : bool
        Whether there may be several; the value is then a list.
    unit : Code, optional
        Unit of a number.
    argument : str, optional
        What the constructors call it, if not as the class does.
    required : bool
        Whether the constructors refuse to go without it.
    """

    def __init__(
        self,
        kind: type[ContentItem],
        concept: Code,
        relationship: RelationshipTypeValues,
        *,
        many: bool = False,
        unit: Code | None = None,
        argument: str = "",
        required: bool = False,
    ) -> None:
        self.kind = kind
        self.concept = concept
        self.relationship = relationship
        self.many = many
        self.unit = unit
        self.name = ""
        self.argument = argument
        self.required = required
        self._identity = identity(concept)
        #: Subclasses of the value types are values themselves.
        self.whole = kind.__name__ not in _PLAIN_KINDS

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.argument = self.argument or name

    @overload
    def __get__(self, template: None, owner: type) -> Row: ...
    @overload
    def __get__(self, template: Template, owner: type) -> Any: ...
    def __get__(self, template: Template | None, owner: type) -> Any:
        if template is None:
            return self
        found = self.find(template._scope)
        if self.many:
            return [self._value(item) for item in found]
        return self._value(found[0]) if found else None

    def find(self, items: ContentSequence) -> list[ContentItem]:
        """Items of the row among those of one level."""
        named = items._by_name().get(self._identity, ())
        kind = self.kind._kind
        return [item for item in named if type(item)._kind is kind]

    def _value(self, item: ContentItem) -> Any:
        if not self.whole:
            valued: Any = item  # every value type but containers has one
            return valued.value
        return item if isinstance(item, self.kind) else self.kind._adopt(item)

    def make(self, value: Any) -> Iterator[ContentItem]:
        """Items for what a caller gave.

        Raises
        ------
        ArgumentTypeError, ArgumentError
            If it is nothing that the row can hold; the message names the row.
        """
        if self.many and (not isinstance(value, Sequence) or isinstance(value, str) or is_code(value)):
            raise ArgumentTypeError(f"{self.argument} must be a sequence, found {type(value).__name__}")
        for one in value if self.many else (value,):
            yield self._make(one)

    def _make(self, value: Any) -> ContentItem:
        if self.whole:
            if not isinstance(value, self.kind):
                raise ArgumentTypeError(
                    f"{self.argument} must be {self.kind.__name__}, found {type(value).__name__}"
                )
            return (
                value if value.relationship_type is self.relationship else value._related(self.relationship)
            )
        more = (self.unit,) if issubclass(self.kind, NumContentItem) else ()
        make: Any = self.kind  # the value types differ in what they take
        try:
            item: ContentItem = make(self.concept, value, *more, relationship_type=self.relationship)
            return item
        except ArgumentTypeError as error:
            raise ArgumentTypeError(f"{self.argument}: {error}") from None
        except ArgumentError as error:
            raise ArgumentError(f"{self.argument}: {error}") from None


_PLAIN_KINDS = frozenset(
    "CodeContentItem DateContentItem DateTimeContentItem NumContentItem PnameContentItem TextContentItem "
    "TimeContentItem UIDRefContentItem".split()
)


class Include:
    """A row that includes another template: its items stand among those of the including one.

    Parameters
    ----------
    kind : type or tuple of types
        Class of the template.
    many : bool
        Whether it may be included several times.
    argument : str, optional
        What the constructors call it, if not as the class does.
    """

    def __init__(self, *kinds: type[ContentSequence], many: bool = False, argument: str = "") -> None:
        self.kinds = kinds
        self.many = many
        self.name = ""
        self.argument = argument

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name
        self.argument = self.argument or name

    def make(self, value: Any) -> Iterator[ContentItem]:
        """Items of the templates that a caller gave."""
        given = value if self.many else (value,)
        if self.many and (isinstance(value, ContentSequence) or not isinstance(value, Sequence)):
            raise ArgumentTypeError(f"{self.argument} must be a sequence, found {type(value).__name__}")
        for one in given:
            if not isinstance(one, self.kinds):
                names = " or ".join(kind.__name__ for kind in self.kinds)
                raise ArgumentTypeError(f"{self.argument} must be {names}, found {type(one).__name__}")
            yield from one


class Template(ContentSequence):
    """Items that follow a template of PS3.16.

    Parameters
    ----------
    items : Sequence[ContentItem], optional
        The items.
    is_root : bool, optional
        Whether it holds the root of a content tree.
    """

    #: Its number in PS3.16.
    tid: ClassVar[str] = ""
    #: Whether its rows are below one item, the first; else they are its items.
    _headed: ClassVar[bool] = False

    def __init__(self, items: Sequence[ContentItem] | None = None, is_root: bool = False) -> None:
        super().__init__(items, is_root=is_root)

    @classmethod
    def rows(cls) -> dict[str, Row | Include]:
        """Rows that the class declares, in order; those of its bases first."""
        found: dict[str, Row | Include] = {}
        for base in reversed(cls.__mro__):
            found |= {name: row for name, row in vars(base).items() if isinstance(row, Row | Include)}
        return found

    @property
    def _scope(self) -> ContentSequence:
        """The items among which the rows are."""
        if not self._headed:
            return self
        if not len(self) or CONTENT not in self._items[0]._dict:
            return _NOTHING
        scope = self._items[0][CONTENT].value
        assert isinstance(scope, ContentSequence)
        return scope

    def _write(self, **values: Any) -> None:
        """Add the items of rows, in the order in which the class declares them; None is left out."""
        made: list[ContentItem] = []
        for name, row in _rows(type(self)).items():
            value = values.get(name)
            if value is not None:
                made.extend(row.make(value))
            elif isinstance(row, Row) and row.required:
                raise ArgumentTypeError(f"{row.argument} is needed")
        if self._headed:
            put_below(self._items[0], made)
        else:
            self._append_all(made)

    def _add_below(self, given: Any, kinds: tuple[type[ContentItem], ...], name: str) -> None:
        """Add items of certain classes below the first item."""
        if not isinstance(given, Sequence) or not all(isinstance(one, kinds) for one in given):
            names = " or ".join(kind.__name__ for kind in kinds)
            raise ArgumentTypeError(f"{name} must be a sequence of {names}")
        put_below(self._items[0], given)

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = False, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the items of a content sequence that follow the template.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The items.
        is_root : bool, optional
            Whether they are the root of a content tree.
        is_sr : bool, optional
            Always true for templates of reports.
        copy : bool, optional
            Whether to leave the items alone and hold deep copies.
        """
        return super().from_sequence(sequence, is_root, is_sr, copy)


_ROWS: dict[type, dict[str, Row | Include]] = {}


def _rows(cls: type[Template]) -> dict[str, Row | Include]:
    found = _ROWS.get(cls)
    if found is None:
        found = _ROWS[cls] = cls.rows()
    return found
