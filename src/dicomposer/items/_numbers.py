"""Numbers with their units (PS3.3 C.18.1)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.coding import (
    Code,
    CodedConcept,
    CodeLike,
    format_ds,
)
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError
from dicomposer.items._codes import dcm
from dicomposer.items._item import ContentItem
from dicomposer.items._raw import (
    concept_below,
    encoded_code,
    encoded_item,
    first_item,
    put_code,
    raw,
    text,
    text_in,
)
from dicomposer.items.enum import (
    RelationshipTypeValues,
    ValueTypeValues,
)
from dicomposer.record import base_tag

__all__ = ["NumContentItem"]

Relationship = str | RelationshipTypeValues | None

_MEASURED_VALUES, _NUMERIC_VALUE, _FLOATING, _UNITS = map(
    base_tag, (0x0040A300, 0x0040A30A, 0x0040A161, 0x004008EA)
)
_NUMERATOR, _DENOMINATOR = base_tag(0x0040A162), base_tag(0x0040A163)
_QUALIFIERS = base_tag(0x0040A301)

#: Why there is no number (CID 42).
_NOT_A_NUMBER = dcm("114000", "Not a number")
_NEGATIVE_INFINITY = dcm("114001", "Negative Infinity")
_POSITIVE_INFINITY = dcm("114002", "Positive Infinity")

Number = int | float | Fraction | Decimal


class NumContentItem(ContentItem):
    """A number with its unit, or the reason why there is none (PS3.3 C.18.1).

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    value : int, float, fractions.Fraction, decimal.Decimal or None
        The number. What a Decimal String cannot hold exactly is stored as a Floating Point Value as well, and a
        fraction also as numerator and denominator. None, NaN and infinities have neither value nor unit in the
        object, but a qualifier.
    unit : pydicom.sr.coding.Code or CodedConcept
        Its unit, of UCUM. It may be None if there is no number.
    qualifier : pydicom.sr.coding.Code or CodedConcept, optional
        What is particular about the number, or why there is none (CID 42); NaN and infinities have theirs by
        themselves.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.

    Raises
    ------
    ValueError
        If there is neither a number nor a qualifier, or a fraction does not fit into 32 bits.
    """

    _kind = ValueTypeValues.NUM

    def __init__(
        self,
        name: CodeLike,
        value: Number | None,
        unit: CodeLike | None,
        qualifier: CodeLike | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.NUM, name, relationship_type)
        number, reason = _number(value)
        if number is None:
            if unit is not None:
                encoded_code(unit, "unit")  # not written, but checked
            self._dict[_MEASURED_VALUES] = raw(_MEASURED_VALUES, "SQ", b"")
            if qualifier is None and reason is None:
                raise ArgumentError("a qualifier must say why there is no value (PS3.3 C.18.1)")
        else:
            self._put_number(number, unit)
        if qualifier is not None or reason is not None:
            put_code(self, _QUALIFIERS, reason if qualifier is None else qualifier, "qualifier")  # type: ignore[arg-type]

    def _put_number(self, number: int | float | Fraction, unit: Any) -> None:
        written = _whole(number) if isinstance(number, int) else format_ds(float(number))
        elements: list[tuple[int, str, bytes]] = [(_NUMERIC_VALUE, "DS", text(written))]
        if float(written) != float(number):
            elements.insert(0, (_FLOATING, "FD", np.float64(number).astype("<f8").tobytes()))
        if isinstance(number, Fraction):
            # between Floating Point Value and Numeric Value, by their tags
            elements[-1:-1] = _ratio(number)
        units = encoded_code(unit, "unit")
        if units is not None:
            elements.insert(0, (_UNITS, "SQ", units))
            self._dict[_MEASURED_VALUES] = raw(_MEASURED_VALUES, "SQ", encoded_item(elements))
            return
        item = Dataset()  # the unit has text beyond ASCII, or more than a code
        put_code(item, _UNITS, unit, "unit")
        for tag, vr, encoded in elements:
            item._dict[base_tag(tag)] = raw(tag, vr, encoded)
        self.MeasuredValueSequence = [item]

    def _check(self) -> None:
        self._need("MeasuredValueSequence")

    @property
    def value(self) -> int | float | None:
        """The number, as exact as it is stored; None if there is none (see :attr:`qualifier`)."""
        measured = self._measured
        if not measured:
            return None
        exact = measured.get(_FLOATING)
        if exact is not None:
            return float(_binary(exact, "<f8"))
        written = text_in(measured.get(_NUMERIC_VALUE)).strip()
        try:
            number = float(written)
        except ValueError:
            raise DamagedFileError("NumericValue is not a number", tag=int(_NUMERIC_VALUE)) from None
        return int(written) if written.lstrip("+-").isdigit() else number

    @property
    def rational(self) -> Fraction | None:
        """The number as the fraction that is stored; None if none is.

        Raises
        ------
        DamagedFileError
            If its denominator is zero, or missing.
        """
        numerator, denominator = self._measured.get(_NUMERATOR), self._measured.get(_DENOMINATOR)
        if numerator is None:
            return None
        below = 0 if denominator is None else int(_binary(denominator, "<u4"))
        if below == 0:
            raise DamagedFileError("RationalDenominatorValue is zero or missing", tag=int(_DENOMINATOR))
        return Fraction(int(_binary(numerator, "<i4")), below)

    @property
    def unit(self) -> CodedConcept | None:
        """Its unit; None if there is no number."""
        measured = self._measured
        if not measured:
            return None
        found = concept_below(measured.get(_UNITS), self)
        if found is None:
            raise MissingAttributeError("the content item has no unit")
        return found

    @property
    def _measured(self) -> Mapping[Any, Any]:
        return first_item(self._dict.get(_MEASURED_VALUES))

    @property
    def qualifier(self) -> CodedConcept | None:
        """What is particular about the number, or why there is none."""
        return concept_below(self._dict.get(_QUALIFIERS), self)


def _number(value: Any) -> tuple[int | float | Fraction | None, Code | None]:
    """A number that can be written, or None and the reason for it.

    Raises
    ------
    ArgumentTypeError
        If it is something else than a number.
    """
    if value is None:
        return None, None
    if isinstance(value, bool) or not isinstance(
        value, int | float | np.integer | np.floating | Fraction | Decimal
    ):
        raise ArgumentTypeError(f"value must be a number, found {type(value).__name__}")
    if isinstance(value, int | np.integer):
        return int(value), None
    if isinstance(value, Fraction):
        return value, None
    number = float(value)
    if math.isnan(number):
        return None, _NOT_A_NUMBER
    if math.isinf(number):
        return None, _POSITIVE_INFINITY if number > 0 else _NEGATIVE_INFINITY
    return number, None


def _whole(value: int) -> str:
    written = str(value)
    if len(written) <= 16:
        return written
    try:
        return format_ds(float(value))
    except OverflowError:
        raise ArgumentError("value is too large for a number of 64 bits") from None


def _ratio(value: Fraction) -> list[tuple[int, str, bytes]]:
    if not (-(2**31) <= value.numerator < 2**31 and value.denominator < 2**32):
        raise ArgumentError("numerator and denominator of a fraction must fit into 32 bits (PS3.3 C.18.1)")
    return [
        (_NUMERATOR, "SL", np.int32(value.numerator).astype("<i4").tobytes()),
        (_DENOMINATOR, "UL", np.uint32(value.denominator).astype("<u4").tobytes()),
    ]


def _binary(element: Any, dtype: str) -> Any:
    """A single binary number, decoded or not; dtype is that of little endian."""
    if not isinstance(element.value, bytes):
        try:
            return np.dtype(dtype).type(element.value)
        except (TypeError, ValueError, OverflowError):
            raise DamagedFileError("not one number", tag=int(element.tag)) from None
    kind = np.dtype(dtype)
    if len(element.value) != kind.itemsize:
        raise DamagedFileError(f"{kind.itemsize} bytes are needed", tag=int(element.tag))
    return np.frombuffer(element.value, kind if element.is_little_endian else kind.newbyteorder())[0]
