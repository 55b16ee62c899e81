"""Numbers: exact, as fractions, or missing for a reason (PS3.3 C.18.1)."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError
from reports import LENGTH, MM, NAME, round_trip


def num(value: Any, **more: Any) -> Any:
    return sr.NumContentItem(NAME, value, MM, relationship_type="CONTAINS", **more)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_float_comes_back_exactly(value: float) -> None:
    item = num(value)
    assert item.value == value
    assert len(item.MeasuredValueSequence[0]["NumericValue"].value.original_string) <= 16


@given(st.integers(1 - 10**15, 10**16 - 1))
def test_whole_numbers_stay_whole(value: int) -> None:
    found = num(value).value
    assert found == value
    assert isinstance(found, int)


@pytest.mark.parametrize("value", [0.1, 1 / 3, math.pi * 1e-300, 123456789.123456789, -5.0, 0])
def test_numbers_come_back_from_files(value: float) -> None:
    again = round_trip(num(value))
    assert again.value == value
    assert again.unit == MM
    assert again.qualifier is None
    assert again.rational is None


def test_an_exact_decimal_has_no_floating_point_value():
    assert "FloatingPointValue" not in num(0.125).MeasuredValueSequence[0]
    assert num(1 / 3).MeasuredValueSequence[0].FloatingPointValue == 1 / 3


@given(st.integers(-(2**31), 2**31 - 1), st.integers(1, 2**32 - 1))
def test_fractions_come_back(numerator: int, denominator: int) -> None:
    value = Fraction(numerator, denominator)
    item = num(value)
    assert item.rational == value
    assert item.value == pytest.approx(float(value), rel=1e-15)


def test_fractions_in_files():
    again = round_trip(num(Fraction(-1, 3)))
    measured = again.MeasuredValueSequence[0]
    assert (measured.RationalNumeratorValue, measured.RationalDenominatorValue) == (-1, 3)
    assert again.rational == Fraction(-1, 3)
    assert again.value == -1 / 3


@pytest.mark.parametrize("value", [Fraction(2**31, 1), Fraction(1, 2**32), Fraction(-(2**31) - 1, 7)])
def test_fractions_beyond_32_bits(value: Fraction) -> None:
    with pytest.raises(ArgumentError, match="32 bits"):
        num(value)


@pytest.mark.parametrize("value", [Decimal("1.25"), np.float32(1.25), np.float64(1.25)])
def test_other_kinds_of_numbers(value: Any) -> None:
    assert num(value).value == 1.25


@pytest.mark.parametrize("value", ["5", True, 1j, [1.0], np.array([1.0])])
def test_what_is_no_number(value: Any) -> None:
    with pytest.raises(ArgumentTypeError):
        num(value)


def test_too_large():
    with pytest.raises(ArgumentError, match="too large"):
        num(10**400)


@pytest.mark.parametrize(
    ("value", "code"), [(math.nan, "114000"), (-math.inf, "114001"), (math.inf, "114002")]
)
def test_what_is_not_finite_says_so(value: float, code: str) -> None:
    again = round_trip(num(value))
    assert again.value is None
    assert again.unit is None
    assert again.rational is None
    assert (again.qualifier.value, again.qualifier.scheme_designator) == (code, "DCM")
    assert "MeasuredValueSequence" in again
    assert len(again.MeasuredValueSequence) == 0


def test_a_reason_instead_of_a_number():
    failed = Code("114006", "DCM", "Measurement failure")
    item = round_trip(sr.NumContentItem(NAME, None, None, failed, "CONTAINS"))
    assert (item.value, item.unit, item.qualifier) == (None, None, failed)
    assert num(math.nan, qualifier=failed).qualifier == failed
    with pytest.raises(ArgumentError, match="qualifier"):
        num(None)


def test_missing_numbers_in_measurements():
    measured = sr.Measurement(LENGTH, math.nan, MM)
    assert measured.value is None
    assert measured.qualifier.meaning == "Not a number"


def test_units_beyond_ascii():
    unit = sr.CodedConcept("um", "UCUM", "µm")
    item = round_trip(sr.NumContentItem(NAME, Fraction(1, 3), unit))
    assert item.unit.meaning == "µm"
    assert item.rational == Fraction(1, 3)
    assert item.value == 1 / 3


@pytest.mark.parametrize(("keyword", "value"), [("NumericValue", None), ("RationalDenominatorValue", 0)])
def test_numbers_that_are_none(keyword: str, value: Any) -> None:
    item = num(Fraction(1, 3))
    setattr(item.MeasuredValueSequence[0], keyword, value)
    if keyword == "NumericValue":
        del item.MeasuredValueSequence[0].FloatingPointValue
    with pytest.raises(DamagedFileError):
        assert item.value if keyword == "NumericValue" else item.rational


def test_edits_are_seen():
    item = num(5)
    item.MeasuredValueSequence[0].NumericValue = 7
    assert item.value == 7
