"""Single values against their value representation and multiplicity (PS3.5 6.2, 6.4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from functools import lru_cache
from typing import Any

from dicomposer.validation._charset import charset_problem, terms_problems
from dicomposer.validation._findings import Level
from dicomposer.validation._view import BINARY_FORMATS, BULK, CHARSET_TEXT, MULTI_TEXT, SINGLE_TEXT, Element

__all__ = [
    "element_notes",
    "element_problem",
    "encoded_problem",
    "format_problem",
    "multiplicity_problem",
    "value_problem",
]

_DATE = r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_TIME = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_PATTERNS = {
    "AE": re.compile(r"[\x20-\x5b\x5d-\x7e]{0,16}"),
    "AS": re.compile(r"\d{3}[DWMY]"),
    "CS": re.compile(r"[A-Z0-9 _]{0,16}"),
    "DA": re.compile(_DATE),
    "DS": re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"),
    "DT": re.compile(
        r"\d{4}(?:(?:0[1-9]|1[0-2])(?:(?:0[1-9]|[12]\d|3[01])(?:"
        + _TIME
        + r")?)?)?(?:[+-](?:0\d|1[0-4])[0-5]\d)?"
    ),
    "IS": re.compile(r"[+-]?\d+"),
    "TM": re.compile(_TIME),
    # ISO/IEC 9834-1 has given out no other arcs below the roots 0 and 1, and below 0.0 those of 26 letters only
    "UI": re.compile(
        r"(?:0\.0(?=\.(?:[1-9]|1\d|2[0-6])(?:\.|$))|0\.[1-59]|1\.[0-3]|2\.(?:0|[1-9]\d*))(?:\.(?:0|[1-9]\d*))*"
    ),
    "UR": re.compile(r"[!#-\[\]_a-z~]*"),
}
_WRONG = {
    "AE": "is not an application entity title (up to 16 printable characters)",
    "AS": "is not an age (three digits and one of D, W, M, Y)",
    "CS": "is not a code string (up to 16 of A-Z, 0-9, space and underscore)",
    "DA": "is not a date of the form YYYYMMDD",
    "DS": "is not a decimal string",
    "DT": "is not a date and time of the form YYYYMMDDHHMMSS.FFFFFF&ZZXX",
    "IS": "is not an integer string",
    "TM": "is not a time of the form HHMMSS.FFFFFF",
    "UI": "is not a well-formed UID (numbers without leading zeros, joined by dots, from an assigned root)",
    "UR": "has characters that a URI cannot have",
}
#: What former editions and queries permit, an instance does not.
_OLD_FORM = {
    "DA": (re.compile(r"\d{4}\.\d\d\.\d\d"), "is a date with dots, the form of ACR-NEMA"),
    "TM": (re.compile(r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?"), "is a time with colons, the form of ACR-NEMA"),
}
_RANGE = re.compile(r"[\d.:]*-[\d.:]*")
#: Most characters of one value (PS3.5 Table 6.2-1). A longer one could not even be stored in many databases.
_LIMITS = {
    "AE": 16, "AS": 4, "CS": 16, "DA": 8, "DS": 16, "DT": 26, "IS": 12, "LO": 64, "LT": 10240, "SH": 16,
    "ST": 1024, "TM": 14, "UI": 64,
}  # fmt: skip
#: Whose form says more than their length.
_FORMED = frozenset(("AS", "DA", "DT", "TM"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")
_CONTROL_OR_BREAK = re.compile(r"[\x00-\x1a\x1c-\x1f\x7f]")
_INTEGER_LIMIT = 2**31
_SPECIFIC_CHARACTER_SET = 0x00080005
#: VRs whose values are counted, so that an empty one shifts the meaning of the others.
_COUNTED = frozenset("DA DS DT IS TM".split())
#: A name as it was written before its components were told apart.
_OLD_NAME = re.compile(r"^[^^]*\w,\s*\w[^^]*$")
#: Kana, ideographs and Hangul.
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff]")
#: VRs of text that is padded with a space (PS3.5 6.2).
_SPACED = (SINGLE_TEXT | MULTI_TEXT) - {"UI"}
_BULK_UNITS = {"OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}


def _person_name(value: str) -> str | None:
    groups = value.split("=")
    if len(groups) > 3:
        return "has more than three component groups"
    if any(len(group) > 64 for group in groups):
        return "has a component group of more than 64 characters"
    if any(group.count("^") > 4 for group in groups):
        return "has more than five name components"
    return "holds control characters" if _CONTROL_OR_BREAK.search(value) else None


def _real_date(value: str) -> str | None:
    try:
        date(int(value[:4]) or 1, int(value[4:6]), int(value[6:8]))
    except ValueError:
        return "is not a day of the calendar"
    return None


def _integer(value: str) -> str | None:
    return None if -_INTEGER_LIMIT <= int(value) < _INTEGER_LIMIT else "is beyond a signed 32-bit integer"


_FURTHER: dict[str, Callable[[str], str | None]] = {"DA": _real_date, "IS": _integer}


def format_problem(vr: str, value: str) -> str | None:
    """What is wrong with one text value for its VR, or None.

    Parameters
    ----------
    vr : str
        Value representation of text.
    value : str
        One value, without the padding around it. An empty value is always right here.
    """
    if not value:
        return None
    if vr == "PN":
        return _person_name(value)
    limit = _LIMITS.get(vr)
    if limit is not None and len(value) > limit:
        form = _WRONG[vr] if vr in _FORMED else f"is longer than the {limit} characters of {vr}"
        return _old_form(vr, value) or form
    pattern = _PATTERNS.get(vr)
    if pattern is not None:
        if pattern.fullmatch(value) is None:
            return _old_form(vr, value) or _WRONG[vr]
        further = _FURTHER.get(vr)
        return None if further is None else further(value)
    control = _CONTROL if vr in SINGLE_TEXT else _CONTROL_OR_BREAK
    return "holds control characters" if control.search(value) else None


def _old_form(vr: str, value: str) -> str | None:
    """Whether a date or time has a form that former editions or queries permit."""
    if vr in ("DA", "TM"):
        pattern, message = _OLD_FORM[vr]
        if pattern.fullmatch(value):
            return message
        if _RANGE.fullmatch(value):
            return "is a range, which only a query may have"
    return None


def value_problem(vr: str, value: Any) -> str | None:
    """What is wrong with one decoded value, text or number, for its VR, or None."""
    if vr in BINARY_FORMATS:
        return None if isinstance(value, (int, float)) else f"is not a number, which {vr} needs"
    if vr in MULTI_TEXT or vr in SINGLE_TEXT:
        return format_problem(vr, value if isinstance(value, str) else _written(vr, value))
    return None


def _written(vr: str, value: Any) -> str:
    """Text that pydicom would write for a value that a program has set."""
    if vr == "DS" and isinstance(value, float):
        # pydicom shortens what it can when auto-formatting; only a value that its writer will refuse is wrong.
        return str(value)
    if vr == "IS" and isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


_PLAIN_TEXT = {
    "CS": r"[A-Z0-9_][A-Z0-9 _]{0,15}",
    "DA": r"\d{4}(?:0[1-9]|1[0-2])(?:0[1-9]|1\d|2[0-8])",
    "IS": r"\d{1,9} ?",
    "LO": r"[!-\[\]-~][ -\[\]-~]{0,63}",
    "SH": r"[!-\[\]-~][ -\[\]-~]{0,15}",
    "TM": _TIME + " ?",
    "UI": r"(?:1\.[0-3]|2\.[1-9]?\d)(?:\.(?:0|[1-9]\d*)){1,30}\x00?",
}
_PLAIN_OF_STR = {vr: re.compile(pattern) for vr, pattern in _PLAIN_TEXT.items()}
_PLAIN_OF_BYTES = {vr: re.compile(pattern.encode()) for vr, pattern in _PLAIN_TEXT.items()}


def is_plain(due: str, vr: str | None, value: Any) -> bool:
    """Whether an element's value is one right value of the VR that is due, without a closer look (False: look)."""
    if vr != due:
        return False
    if type(value) is bytes:
        pattern = _PLAIN_OF_BYTES.get(due)
        right = due == "US" and len(value) == 2 if pattern is None else pattern.fullmatch(value) is not None
        return right and len(value) <= 64 and not len(value) % 2
    plain = _PLAIN_OF_STR.get(due)
    return (
        plain is not None
        and isinstance(value, str)
        and len(value) <= 64
        and plain.fullmatch(value) is not None
    )


def is_hollow(element: Element) -> bool:
    """Whether there are several values, all of them empty: a lone backslash holds nothing either."""
    if element.vr not in MULTI_TEXT:
        return False
    values = element.values
    return len(values) > 1 and all(value == "" for value in values)


def element_problem(element: Element) -> str | None:
    """What is wrong with the encoding of an element as a whole: length, character set; or None."""
    raw = element.raw
    if raw is None or not raw:
        return None
    if len(raw) % 2 and element.source.__class__.__name__ == "RawDataElement":
        return "has an odd length"
    return encoded_problem(raw, element.vr, element.item.charset)


def encoded_problem(raw: bytes, vr: str, charset: Any) -> str | None:
    """What is wrong with an encoded value for its VR, its length being even or not.

    Parameters
    ----------
    raw : bytes
        The value, with its padding.
    vr : str
    charset : Sequence[str]
        Specific Character Set that holds for it.
    """
    if not raw:
        return None
    if raw[-1] == 0x20 and vr == "UI":
        return "is padded with a space instead of NUL"
    if raw[-1] == 0 and vr in _SPACED:
        return "is padded with NUL instead of a space"
    kind = BINARY_FORMATS.get(vr)
    unit = int(kind[1]) if kind else 4 if vr == "AT" else _BULK_UNITS.get(vr)
    if unit is not None and len(raw) % unit:
        return f"has a length that is not a multiple of the {unit} bytes of {vr}"
    if vr in CHARSET_TEXT and (not raw.isascii() or b"\x1b" in raw):
        return charset_problem(raw, vr, charset)
    # one space may pad several values to an even length
    if vr in ("DA", "AS") and b" " in (raw[:-1] if b"\\" in raw else raw) and raw.strip(b" "):
        return f"holds spaces, which {vr} does not allow"
    if vr == "AE" and not raw.strip(b" "):
        return "holds nothing but spaces"
    if vr in MULTI_TEXT and vr not in CHARSET_TEXT and not raw.isascii():
        return f"has characters outside the default repertoire, which {vr} does not allow"
    return None


def element_notes(element: Element) -> Iterator[tuple[Level, str]]:
    """What is worth saying of an element's values beside what is wrong with each: level and message."""
    vr = element.vr
    if element.tag == _SPECIFIC_CHARACTER_SET:
        yield from terms_problems(element.item.charset if element.values else ())
    elif vr in _COUNTED and len(element.values) > 1:
        empty = sum(value == "" for value in element.values)
        if 0 < empty < len(element.values):
            yield "warning", "has an empty value among its values"
    elif vr == "PN" and not element.empty:
        for value in element.texts:
            yield from _name_notes(value)


def _name_notes(value: str) -> Iterator[tuple[Level, str]]:
    """The groups of a name: letters, ideographs, sounds (PS3.5 6.2.1)."""
    if _IDEOGRAPHS.search(value.partition("=")[0]):
        yield "advice", "has ideographs in the group of single-byte letters, by which many programs sort"
    if _OLD_NAME.search(value.partition("=")[0]):
        yield (
            "advice",
            "has a comma but no ^ between its parts, as before DICOM: all of it is one family name",
        )


@lru_cache(maxsize=256)
def _multiplicity(vm: str) -> Callable[[int], bool]:
    alternatives = [_one_multiplicity(part.strip()) for part in vm.split(" or ")]
    return lambda count: any(fits(count) for fits in alternatives)


def _one_multiplicity(vm: str) -> Callable[[int], bool]:
    match = re.fullmatch(r"(\d+)(?:-(\d*)(n?))?", vm)
    if match is None:
        return lambda count: True
    low, high, open_ended = int(match[1]), match[2], match[3]
    if match[2] is None:
        return lambda count: count == low
    if not open_ended:
        return lambda count: low <= count <= int(high)
    step = int(high) if high else 1
    return lambda count: count >= low and count % step == 0 if step > 1 else count >= low


def multiplicity_problem(vr: str, vm: str, count: int) -> str | None:
    """Whether a number of values does not fit a multiplicity such as ``"1-n"`` or ``"2-2n"``."""
    if count == 0 or vr in SINGLE_TEXT or vr in BULK or vr == "SQ" or not vm or _multiplicity(vm)(count):
        return None
    return f"has {count} values where {vm} are due"
