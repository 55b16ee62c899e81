"""Character sets: what Specific Character Set may say, and whether text keeps to it (PS3.3 C.12.1.1.2, PS3.5 6.1.2).

Text of printable ASCII never comes here. Text with escape sequences is walked once: each designation has to be one of a
declared set, and what was designated has to be undone before delimiters and at the end (PS3.5 6.1.2.5.3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from dicomposer.validation._findings import Level

__all__ = ["charset_problem", "terms_problems"]

#: Term without its prefix -> Python's codec of its right half (or of all of it), and its designations.
_G1 = {
    "100": ("latin-1", b"-A"), "101": ("iso8859-2", b"-B"), "109": ("iso8859-3", b"-C"), "110": ("iso8859-4", b"-D"),
    "144": ("iso8859-5", b"-L"), "127": ("iso8859-6", b"-G"), "126": ("iso8859-7", b"-F"), "138": ("iso8859-8", b"-H"),
    "148": ("iso8859-9", b"-M"), "203": ("iso8859-15", b"-b"), "166": ("tis-620", b"-T"), "13": ("shift-jis", b")I"),
    "149": ("euc-kr", b"$)C"), "58": ("gb2312", b"$)A"),
}  # fmt: skip
_G0 = {"6": b"(B", "13": b"(J", "87": b"$B", "159": b"$(D"}
_SINGLE_BYTE = frozenset(name for name in _G1 if name not in ("149", "58"))
#: What Python puts before the bytes of two-byte sets in the left half.
_PREFIX = {"87": ("iso2022_jp", b"\x1b$B"), "159": ("iso2022_jp_2", b"\x1b$(D")}
_WHOLE = {"ISO_IR 192": "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
_EXTENDED = frozenset((*_G1, *_G0))
_DESIGNATION = re.compile(rb"\x1b(\([BJ]|\$B|\$\(D|\$\)[AC]|-[ABCDLGFHMbT]|\)I)")
#: Control characters of the right half, which no set of DICOM uses (PS3.5 6.1.3).
_RIGHT_CONTROL = re.compile("[\x80-\x9f]")
_DELIMITERS = {"PN": b"\\^=\t\n\x0c\r", "LT": b"\t\n\x0c\r", "ST": b"\t\n\x0c\r", "UT": b"\t\n\x0c\r"}
_OTHER_DELIMITERS = b"\\\t\n\x0c\r"


@lru_cache(maxsize=256)
def terms_problems(terms: tuple[str, ...]) -> tuple[tuple[Level, str], ...]:
    """What is wrong with the values of Specific Character Set."""
    return tuple(_terms_problems(terms))


def _terms_problems(terms: tuple[str, ...]) -> Iterator[tuple[Level, str]]:
    known = [term for term in terms if term]
    if any(term not in _WHOLE and _number(term) is None for term in known):
        yield "warning", "has a term that names no character set of the standard: readers will guess"
    if len(terms) == 1:
        if known and known[0] in ("ISO 2022 IR 87", "ISO 2022 IR 159", "ISO 2022 IR 149", "ISO 2022 IR 58"):
            yield "warning", "has a multi-byte set as its first value, which has to be of single bytes"
        return
    for term in known:
        if term in _WHOLE:
            yield "error", f"has {term} beside other values, though it does not permit code extensions"
        elif term.startswith("ISO_IR "):
            yield "error", "has several values, but not all are terms with code extensions (ISO 2022)"
            break
    if any(not term for term in terms[1:]):
        yield "error", "has an empty value behind the first"
    if len(set(known)) < len(known):
        yield "warning", "has a value twice"
    if terms and terms[0] in ("ISO 2022 IR 87", "ISO 2022 IR 159", "ISO 2022 IR 149", "ISO 2022 IR 58"):
        yield "warning", "has a multi-byte set as its first value, which has to be of single bytes"


def charset_problem(raw: bytes, vr: str, terms: tuple[str, ...]) -> str | None:
    """What is wrong with the bytes of a text, given the values of Specific Character Set that hold for it; or None.

    Parameters
    ----------
    raw : bytes
        The encoded text, not of ASCII alone.
    vr : str
        Which characters are delimiters hangs on it.
    terms : tuple of str
        Empty if none is declared.
    """
    if any(term and term not in _WHOLE and _number(term) is None for term in terms):
        return None  # a set that is not the standard's, which is said elsewhere
    extended = any(term.startswith("ISO 2022") for term in terms)
    if b"\x1b" in raw and not extended:
        return "holds an escape sequence, but Specific Character Set announces no code extensions"
    if not any(terms):
        return "has characters outside the default repertoire, and no Specific Character Set announces them"
    if extended:
        return _extended_problem(raw, vr, tuple(_number(term) or "6" for term in terms))
    term = terms[0]
    codec = (
        _WHOLE.get(term) or _G1[_number(term) or ""][0] if term in _WHOLE or _number(term) in _G1 else "ascii"
    )
    return _undecodable(raw, codec, _number(term))


def _number(term: str) -> str | None:
    """What "ISO_IR 100" and "ISO 2022 IR 100" have in common: "100"; None for others."""
    for prefix in ("ISO_IR ", "ISO 2022 IR "):
        number = term.removeprefix(prefix)
        if number != term and number in _EXTENDED:
            return number
    return None


def _undecodable(raw: bytes, codec: str, number: str | None) -> str | None:
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        return "has bytes that the Specific Character Set does not define"
    if number == "13" and any(0x80 <= byte <= 0xA0 or byte >= 0xE0 for byte in raw):
        return "has bytes that the Specific Character Set does not define"
    if _RIGHT_CONTROL.search(text):
        return "has bytes that the Specific Character Set keeps for control characters"
    return None


def _extended_problem(raw: bytes, vr: str, numbers: tuple[str, ...]) -> str | None:
    """Walk text with code extensions: what is designated, what stands there, what is undone."""
    initial = numbers[0] if numbers[0] in _G1 else None
    # ASCII and the Latin letters of JIS X 0201 are both taken for the initial left half: they differ in two characters.
    left, right = "6", initial
    allowed = {"6", *numbers}
    delimiters = _DELIMITERS.get(vr, _OTHER_DELIMITERS)
    at = 0
    while at < len(raw):
        escape = raw.find(b"\x1b", at)
        run = raw[at : len(raw) if escape < 0 else escape]
        problem, right = _run_problem(run, left, right, initial, delimiters)
        if problem or escape < 0:
            break
        match = _DESIGNATION.match(raw, escape)
        if match is None:
            return "holds an escape sequence that designates no character set of the standard"
        side, number = _designated(match[1])
        if number not in allowed:
            return "holds an escape sequence of a set that Specific Character Set does not announce"
        left, right = (number, right) if side == "left" else (left, number)
        at = match.end()
    if problem is None and left in _PREFIX:
        problem = "does not return to the initial character set at its end"
    return problem


def _designated(sequence: bytes) -> tuple[str, str]:
    """Half and number of the set that a designation calls in."""
    for number, left in _G0.items():
        if sequence == left:
            return "left", number
    return "right", next(number for number, (_, right) in _G1.items() if sequence == right)


def _run_problem(
    run: bytes, left: str, right: str | None, initial: str | None, delimiters: bytes
) -> tuple[str | None, str | None]:
    """What is wrong with bytes between two designations, and which set is in the right half behind them."""
    if left in _PREFIX:
        codec, prefix = _PREFIX[left]
        try:
            (prefix + run).decode(codec)
        except UnicodeDecodeError:
            return "has bytes that the designated character set does not define", right
        return None, right
    place = 0
    for index, byte in enumerate(run):
        if byte in delimiters:
            problem = _half_problem(run[place:index], right)
            if problem:
                return problem, right
            right, place = initial, index
    return _half_problem(run[place:], right), right


def _half_problem(part: bytes, right: str | None) -> str | None:
    """Bytes of the right half against the set that is there."""
    if part.isascii():
        return None
    if right is None:
        return "has bytes of the right half where no character set was designated for it"
    return _undecodable(part, _G1[right][0], right)
