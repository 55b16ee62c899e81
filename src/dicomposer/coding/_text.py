"""Text: what a value representation allows (PS3.5 6.2) and a character set holds (PS3.3 C.12.1.1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Final

from pydicom.charset import python_encoding

from dicomposer.enum import SpecificCharacterSetValues
from dicomposer.errors import ArgumentError, ArgumentTypeError

_MAXIMUM: Final = {"AE": 16, "CS": 16, "LO": 64, "SH": 16, "LT": 10240, "ST": 1024, "UI": 64}
"""Characters of one value; the other text representations have no limit that matters here."""

_PATTERN: Final = {
    "CS": re.compile(r"[A-Z0-9 _]*"),
    "UI": re.compile(r"(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*"),
    "UR": re.compile(r"\S+( *)"),
    "AE": re.compile(r"[ -\[\]-~]*"),
    "DA": re.compile(r"\d{8}"),
    "TM": re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?"),
    "DT": re.compile(r"\d{4}(\d{2}(\d{2}(\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?"),
}
_LINE: Final = re.compile(r"[^\x00-\x1a\x1c-\x1f\x7f\\]*")
_PARAGRAPH: Final = re.compile(r"[^\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]*")
_FREE: Final = frozenset({"ST", "LT", "UT"})
_DEFAULT_REPERTOIRE: Final = frozenset({None, "", "ISO_IR 6", "ISO 2022 IR 6"})


def check_text(value: object, vr: str, name: str) -> str:
    """Return one text value that may stand in an attribute of the given value representation.

    Parameters
    ----------
    value : str
        The value. Spaces at its end, and at its beginning where they mean nothing, are dropped.
    vr : str
        A text value representation: AE, CS, DA, DT, LO, LT, SH, ST, TM, UC, UI, UR or UT.
    name : str
        The argument or attribute, for the message of an error. The value itself is never quoted.

    Raises
    ------
    ArgumentTypeError
        If the value is not a string.
    ArgumentError
        If it is empty, too long, or has characters that the representation does not allow.
    """
    if not isinstance(value, str):
        raise ArgumentTypeError(f"{name} must be a string, found {type(value).__name__}")
    text = value.rstrip(" ") if vr in _FREE else value.strip(" ")
    if not text:
        raise ArgumentError(f"{name} must not be empty")
    limit = _MAXIMUM.get(vr)
    if limit is not None and len(text) > limit:
        raise ArgumentError(f"{name} may have {limit} characters (PS3.5 6.2, {vr}), found {len(text)}")
    pattern = _PATTERN.get(vr, _PARAGRAPH if vr in _FREE else _LINE)
    if not pattern.fullmatch(text):
        raise ArgumentError(f"{name} has characters or a form that PS3.5 6.2 does not allow for {vr}")
    return text


def check_texts(values: object, vr: str, name: str) -> list[str]:
    """Return the values of a multi-valued attribute, given as one string or as a sequence of strings."""
    if isinstance(values, str):
        values = [values]
    if not isinstance(values, Sequence):
        raise ArgumentTypeError(
            f"{name} must be a string or a sequence of strings, found {type(values).__name__}"
        )
    if not values:
        raise ArgumentError(f"{name} must have at least one value")
    return [check_text(value, vr, name) for value in values]


def date_text(value: str | date, name: str = "date") -> str:
    """Return a date as a DA value, from a date or from a string (also ``YYYY-MM-DD``)."""
    if isinstance(value, date):
        return value.strftime("%Y%m%d").zfill(8)
    text = check_text(_without("-", value), "DA", name)
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        raise ArgumentError(f"{name} is not a date of the calendar") from None
    return text


def time_text(value: str | time | datetime, name: str = "time") -> str:
    """Return a time as a TM value, from a time or from a string (also ``HH:MM:SS.FFFFFF``)."""
    if isinstance(value, time | datetime):
        return value.strftime("%H%M%S.%f") if value.microsecond else value.strftime("%H%M%S")
    text = check_text(_without(":", value), "TM", name)
    _check_clock(text, name)
    return text


def datetime_text(value: str | datetime, name: str = "datetime") -> str:
    """Return a moment as a DT value, with its offset from UTC if it is known."""
    if isinstance(value, datetime):
        text = value.strftime("%Y%m%d%H%M%S").zfill(14)
        text += f".{value.microsecond:06d}" if value.microsecond else ""
        return text + (value.strftime("%z")[:5] if value.tzinfo is not None else "")
    text = check_text(value, "DT", name)
    digits = re.split("[+-]", text)[0]
    months = digits[4:6] or "01"
    date_text(digits[:4] + months + (digits[6:8] or "01"), name)
    _check_clock(digits[8:], name)
    return text


def _without(separator: str, value: object) -> object:
    return value.replace(separator, "") if isinstance(value, str) else value


def _check_clock(text: str, name: str) -> None:
    hours, minutes, seconds = text[:2] or "0", text[2:4] or "0", text[4:6] or "0"
    # 60 seconds occur with leap seconds (PS3.5 6.2, TM)
    if int(hours) > 23 or int(minutes) > 59 or int(seconds) > 60:
        raise ArgumentError(f"{name} is not a time of the day")


def check_repertoire(text: str, character_sets: object, name: str) -> None:
    """Raise if text cannot be written in the character sets of a dataset.

    Parameters
    ----------
    text : str
        The value of a text attribute.
    character_sets : str | SpecificCharacterSetValues | Sequence | None
        Value or values of Specific Character Set; None means the default repertoire (ASCII).
    name : str
        The argument or attribute, for the message.

    Raises
    ------
    ArgumentError
        If a character set is unknown, or a character is in none of them.
    """
    encodings = _encodings(character_sets)
    # with code extensions one value may mix sets, fragment by fragment (PS3.5 6.1.2.3)
    if not all(any(_encodes(letter, encoding) for encoding in encodings) for letter in set(text)):
        raise ArgumentError(f"{name} has characters that Specific Character Set cannot hold")


def _encodings(character_sets: object) -> list[str]:
    terms: Sequence[object]
    if character_sets is None or isinstance(character_sets, str | SpecificCharacterSetValues):
        terms = [character_sets]
    elif isinstance(character_sets, Sequence):
        terms = character_sets or [None]
    else:
        raise ArgumentTypeError("a character set must be a string or a sequence of strings")
    return [_encoding(term.value if isinstance(term, SpecificCharacterSetValues) else term) for term in terms]


def _encoding(term: object) -> str:
    if term in _DEFAULT_REPERTOIRE:
        return "ascii"
    if term == "ISO 2022 IR 58":
        return "gb2312"  # pydicom has an encoder of its own for it, under a name that Python does not know
    if not isinstance(term, str) or term not in python_encoding:
        raise ArgumentError("not a defined term of Specific Character Set (PS3.3 C.12.1.1.2)")
    return python_encoding[term]


def _encodes(letter: str, encoding: str) -> bool:
    try:
        letter.encode(encoding)
    except UnicodeError:
        return False
    return True
