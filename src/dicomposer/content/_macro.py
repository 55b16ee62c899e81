"""What the sequences of this package have in common: one item of a macro, made, adopted and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from copy import deepcopy
from typing import ClassVar, Self

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DicomSequence
from pydicom.valuerep import DSfloat

from dicomposer.coding import decimal
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError


def decimals(values: Iterable[object], count: int, name: str) -> list[DSfloat]:
    """Return `count` numbers as decimal strings, or say what was found instead."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise ArgumentTypeError(
            f"{name} must be a sequence of {count} numbers, found {type(values).__name__}"
        )
    numbers = [decimal(value, name) for value in values]
    if len(numbers) != count:
        raise ArgumentError(f"{name} must have {count} values, found {len(numbers)}")
    return numbers


def require(item: Dataset, keywords: Sequence[str], owner: str) -> None:
    """Raise unless `item` has all `keywords`."""
    missing = [keyword for keyword in keywords if keyword not in item]
    if missing:
        raise MissingAttributeError(f"{owner} needs the attribute {', '.join(missing)}")


class MacroSequence(DicomSequence):
    """A sequence of exactly one item that holds a macro of the standard."""

    _layouts: ClassVar[tuple[tuple[str, ...], ...]]
    """The attributes that an item must have; one tuple for each legal layout."""

    __hash__ = None  # type: ignore[assignment]  # items can change

    @classmethod
    def from_sequence(cls, sequence: DicomSequence, copy: bool = True) -> Self:
        """Adopt a sequence that is already there.

        Parameters
        ----------
        sequence : pydicom.sequence.Sequence
            A sequence of one item.
        copy : bool
            Whether to leave `sequence` alone and return a deep copy; otherwise `sequence` itself becomes an
            instance of this class and is returned.

        Raises
        ------
        ArgumentTypeError
            If it is not a sequence of pydicom.
        ArgumentError
            If it does not have exactly one item.
        MissingAttributeError
            If the item lacks an attribute of the macro.
        """
        if not isinstance(sequence, DicomSequence):
            raise ArgumentTypeError(f"a pydicom Sequence is needed, found {type(sequence).__name__}")
        if len(sequence) != 1:
            raise ArgumentError(f"{cls.__name__} must have one item, found {len(sequence)}")
        cls._check(sequence[0])
        adopted = deepcopy(sequence) if copy else sequence
        adopted.__class__ = cls
        cls._adopt(adopted[0])
        assert isinstance(adopted, cls)
        return adopted

    @classmethod
    def _check(cls, item: Dataset) -> None:
        if not any(all(keyword in item for keyword in layout) for layout in cls._layouts):
            raise MissingAttributeError(
                f"{cls.__name__} needs the attributes " + " or ".join(", ".join(x) for x in cls._layouts)
            )

    @classmethod
    def _adopt(cls, item: Dataset) -> None:
        """Make what is nested in an adopted item ours as well."""

    @classmethod
    def _compared(cls) -> tuple[str, ...]:
        """Return the attributes that decide about equality."""
        return tuple(keyword for layout in cls._layouts for keyword in layout)

    def __eq__(self, other: object) -> bool:
        """Tell whether both describe the same, value by value (an absent value equals only an absent one)."""
        if not isinstance(other, DicomSequence):
            return NotImplemented
        if len(other) != 1 or len(self) != 1:
            return False
        ours, theirs = self[0], other[0]
        return all(ours.get(keyword) == theirs.get(keyword) for keyword in self._compared())

    def __ne__(self, other: object) -> bool:
        """Tell whether anything differs."""
        equal = self.__eq__(other)
        return NotImplemented if equal is NotImplemented else not equal
