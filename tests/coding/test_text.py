from __future__ import annotations

from datetime import date, datetime, time, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.valuerep import DA, DT, TM

from dicomposer.coding import (
    check_repertoire,
    check_text,
    check_texts,
    date_text,
    datetime_text,
    decimal,
    format_ds,
    time_text,
)
from dicomposer.enum import SpecificCharacterSetValues
from dicomposer.errors import ArgumentError, ArgumentTypeError


@pytest.mark.parametrize(
    ("vr", "limit"), [("SH", 16), ("LO", 64), ("ST", 1024), ("LT", 10240), ("CS", 16), ("AE", 16), ("UI", 64)]
)
def test_lengths_are_those_of_the_value_representation(vr: str, limit: int) -> None:
    letter = "1" if vr == "UI" else "A"
    assert check_text(letter * limit, vr, "x") == letter * limit
    with pytest.raises(ArgumentError, match=str(limit)):
        check_text(letter * (limit + 1), vr, "x")


@pytest.mark.parametrize(
    ("vr", "value"),
    [
        ("LO", "a\\b"),
        ("LO", "a\nb"),
        ("SH", "\x00"),
        ("CS", "lower"),
        ("UI", "1.02"),
        ("UI", "1..2"),
        ("UI", "../etc"),
        ("UI", "1.2."),
        ("DA", "2020-01-01"),
        ("UR", "a b"),
        ("LT", "\x00"),
        ("LO", ""),
        ("LO", "   "),
    ],
)
def test_what_the_representation_does_not_allow_is_refused(vr: str, value: str) -> None:
    with pytest.raises(ArgumentError):
        check_text(value, vr, "x")


def test_paragraphs_may_have_lines_and_backslashes() -> None:
    assert check_text("a\r\nb\\c", "LT", "x") == "a\r\nb\\c"


def test_messages_do_not_quote_values() -> None:
    with pytest.raises(ArgumentError) as caught:
        check_text("Secret^Name\n", "LO", "patient_id")
    assert "Secret" not in str(caught.value)
    assert "patient_id" in str(caught.value)


def test_one_or_several_values() -> None:
    assert check_texts("a", "LO", "x") == ["a"]
    assert check_texts(("a", "b"), "LO", "x") == ["a", "b"]
    for wrong in ([], 5, [5]):
        with pytest.raises((ArgumentError, ArgumentTypeError)):
            check_texts(wrong, "LO", "x")


@given(st.dates(min_value=date(1, 1, 1)))
def test_dates_read_back(day: date) -> None:
    text = date_text(day)
    assert len(text) == 8
    assert DA(text) == DA(day)
    assert date_text(text) == text
    assert date_text(day.isoformat()) == text


@given(st.times())
def test_times_read_back(moment: time) -> None:
    assert TM(time_text(moment)) == TM(moment)
    assert TM(time_text(moment.isoformat())) == TM(moment)


@given(
    st.datetimes(min_value=datetime(1000, 1, 1)),
    st.none() | st.integers(-11 * 60, 13 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
def test_moments_read_back(moment: datetime, zone: timezone | None) -> None:
    moment = moment.replace(tzinfo=zone)
    text = datetime_text(moment)
    assert DT(text) == moment
    assert datetime_text(text) == text


@pytest.mark.parametrize("wrong", ["20200230", "2020", "x", "2020010", ""])
def test_wrong_dates(wrong: str) -> None:
    with pytest.raises(ArgumentError):
        date_text(wrong)


@pytest.mark.parametrize("wrong", ["2500", "1061", "x", "101010.1234567"])
def test_wrong_times(wrong: str) -> None:
    with pytest.raises(ArgumentError):
        time_text(wrong)
    with pytest.raises(ArgumentError):
        datetime_text("20200101" + wrong)


@pytest.mark.parametrize(
    ("text", "sets", "fits"),
    [
        ("abc", None, True),
        ("é", None, False),
        ("é", "ISO_IR 100", True),
        ("é", SpecificCharacterSetValues.LATIN_ALPHABET_NO_1, True),
        ("Ж", "ISO_IR 100", False),
        ("Ж", "ISO_IR 144", True),
        ("Ж漢", "ISO_IR 192", True),
        ("éЖ", ["", "ISO 2022 IR 100", "ISO 2022 IR 144"], True),
        ("漢", ["ISO 2022 IR 6", "ISO 2022 IR 87"], True),
        ("汉", ["", "ISO 2022 IR 58"], True),
        ("漢", ["", "ISO 2022 IR 100"], False),
        ("김", ["", SpecificCharacterSetValues.KOREAN_CODE_EXTENSIONS], True),
    ],
)
def test_character_sets(text: str, sets: object, fits: bool) -> None:
    if fits:
        check_repertoire(text, sets, "x")
    else:
        with pytest.raises(ArgumentError):
            check_repertoire(text, sets, "x")


def test_unknown_character_set() -> None:
    with pytest.raises(ArgumentError):
        check_repertoire("a", "UTF-8", "x")


@given(st.floats(-1e300, 1e300))
def test_decimal_strings_fit_and_are_near(number: float) -> None:
    text = str(decimal(number, "x").original_string)
    assert len(text) <= 16
    assert text == format_ds(number)
    assert float(text) == pytest.approx(number, rel=1e-8, abs=1e-307)


@pytest.mark.parametrize("value", [np.float32(0.5), np.int16(3), 2, 0.25])
def test_decimals_of_any_number_type(value: object) -> None:
    assert float(decimal(value, "x")) == float(value)  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", ["1", None, True, 1j])
def test_decimals_of_other_things(wrong: object) -> None:
    with pytest.raises(ArgumentTypeError):
        decimal(wrong, "x")


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), np.float32("-inf")])
def test_decimals_that_are_not_finite(wrong: float) -> None:
    with pytest.raises(ArgumentError):
        decimal(wrong, "x")
