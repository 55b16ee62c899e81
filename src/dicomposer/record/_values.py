"""Values of data elements <-> bytes (PS3.5 section 6.2), one distinct value at a time."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
from pydicom.charset import decode_bytes, encode_string
from pydicom.valuerep import TEXT_VR_DELIMS

from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError

#: numpy kinds of the binary VRs, without byte order.
BINARY = {
    "US": "u2",
    "SS": "i2",
    "UL": "u4",
    "SL": "i4",
    "UV": "u8",
    "SV": "i8",
    "FL": "f4",
    "FD": "f8",
}
BYTES = frozenset(("OB", "OW", "OD", "OF", "OL", "OV", "UN"))
#: Width in bytes that a change of byte order swaps, for VRs whose values are wider than a byte.
WIDTH = {vr: int(kind[1]) for vr, kind in BINARY.items()} | {
    "AT": 2,
    "OW": 2,
    "OF": 4,
    "OL": 4,
    "OD": 8,
    "OV": 8,
}
SINGLE = frozenset(("LT", "ST", "UT", "UR"))  # the backslash is an ordinary character
TEXT = frozenset(("LO", "LT", "PN", "SH", "ST", "UC", "UT"))  # Specific Character Set applies
_LATIN = ("iso8859",)


def format_ds(value: float) -> str:
    """Format a number as a Decimal String: at most 16 characters, the nearest that fits.

    Parameters
    ----------
    value : float
        A finite number.

    Returns
    -------
    str
        The shortest text that gives the very number back, if it fits in 16 characters (PS3.5 6.2); otherwise the
        text of 16 characters or fewer that comes nearest.

    Raises
    ------
    ArgumentError
        If the number is not finite.
    """
    number = float(value)
    if not math.isfinite(number):
        raise ArgumentError("a Decimal String (DS) cannot hold a number that is not finite")
    text = repr(number)
    if text.endswith(".0"):
        text = text[:-2]
    if len(text) <= 16:
        return text
    size = abs(number)
    if 1e-3 <= size < 1e13:
        # Digits after the point until 16 characters are full; no exponent form holds more digits here.
        digits = 14 - (number < 0) - (len(str(int(size))) - 1)
        text = f"{number:.{digits}f}"
        return _strip(text if len(text) <= 16 else f"{number:.{digits - 1}f}")  # 9.99... rounds to 10.0...
    fitting = [text for text in _decimal_candidates(number) if len(text) <= 16]
    return min(fitting, key=lambda text: abs(Decimal(text) - Decimal(number)))


def _decimal_candidates(number: float) -> list[str]:
    """Return texts of `number` in positional and in exponent form, most digits first."""
    candidates = []
    if 1e-5 < abs(number) < 1e16:
        whole = len(str(int(abs(number))))
        room = 16 - whole - 1 - (number < 0)
        if room > 0:
            candidates.append(_strip(f"{number:.{room}f}"))
        candidates.append(f"{number:.0f}")
    for digits in range(14, 5, -1):
        mantissa, exponent = f"{number:.{digits}e}".split("e")
        text = f"{_strip(mantissa)}e{int(exponent)}"
        if len(text) <= 16:
            candidates.append(text)
            break
    return candidates


def _strip(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _parts(value: Any) -> Sequence[Any]:
    """Return the values of one element as a sequence; None and empty mean no value."""
    if value is None:
        return ()
    if isinstance(value, (str, bytes)):
        return (value,) if value else ()
    if isinstance(value, (list, tuple)):
        return value
    if isinstance(value, np.ndarray):
        return list(np.atleast_1d(value).tolist())
    try:
        return tuple(value) if hasattr(value, "__iter__") and not hasattr(value, "components") else (value,)
    except TypeError:
        return (value,)


def binary_array(values: Any, vr: str, path: str, order: str = "<") -> np.ndarray:
    """Return numbers as an array of a binary VR's type, refusing what does not fit."""
    array = np.asarray(values)
    kind = np.dtype(order + BINARY[vr])
    if array.dtype.kind not in "iufb":
        raise ArgumentTypeError(f"{path}: {vr} takes numbers, not {array.dtype}")
    if kind.kind in "iu" and array.size:
        if array.dtype.kind == "f" and not np.array_equal(array, np.floor(array)):
            raise ArgumentError(f"{path}: {vr} takes whole numbers")
        limits = np.iinfo(kind)
        low, high = array.min(), array.max()
        if int(low) < limits.min or int(high) > limits.max:
            raise ArgumentError(f"{path}: {vr} holds {limits.min} to {limits.max}, not {low} to {high}")
    return array.astype(kind)


def encode_value(value: Any, vr: str, path: str, order: str = "<", charsets: Sequence[str] = _LATIN) -> bytes:
    """Encode one element's value, padded to an even length."""
    if vr in BYTES:
        if not isinstance(value, (bytes, bytearray, memoryview)):
            raise ArgumentTypeError(f"{path}: {vr} takes bytes")
        data = bytes(value)
        return data + b"\0" if len(data) % 2 else data
    parts = _parts(value)
    if vr in BINARY:
        return binary_array(parts, vr, path, order).tobytes() if len(parts) else b""
    if vr == "AT":
        tags = [int(part) for part in parts]
        return np.array([(tag >> 16, tag & 0xFFFF) for tag in tags], order + "u2").tobytes()
    if vr == "DS":
        text = "\\".join(part if isinstance(part, str) else format_ds(float(part)) for part in parts)
    elif vr == "IS":
        text = "\\".join(_format_is(part, path) for part in parts)
    else:
        text = "\\".join(str(part) for part in parts)
    return _encode_text(text, vr, path, charsets)


def _format_is(part: Any, path: str) -> str:
    if isinstance(part, str):
        return part
    number = int(part)
    if number != part or not -(2**31) <= number < 2**31:
        raise ArgumentError(f"{path}: an Integer String (IS) holds whole numbers of 32 bits")
    return str(number)


def _encode_text(text: str, vr: str, path: str, charsets: Sequence[str]) -> bytes:
    try:
        data = text.encode("ascii")
    except UnicodeEncodeError as error:
        if vr not in TEXT:
            raise ArgumentError(f"{path}: {vr} takes ASCII characters only") from error
        try:
            data = bytes(encode_string(text, list(charsets)))
        except (UnicodeError, ValueError, LookupError) as failed:
            raise ArgumentError(f"{path}: the text does not fit the Specific Character Set") from failed
    if len(data) % 2:
        data += b"\0" if vr == "UI" else b" "
    return data


def decoder(vr: str, path: str, little: bool, charsets: Sequence[str] = _LATIN) -> Callable[[bytes], Any]:
    """Return the function that decodes one value: None if empty, a scalar, or a tuple of several values."""
    order = "<" if little else ">"
    if vr in BINARY:
        kind = np.dtype(order + BINARY[vr])

        def numbers(data: bytes) -> Any:
            if len(data) % kind.itemsize:
                raise DamagedFileError(f"{path}: {len(data)} bytes are not whole {vr} values")
            return _plain(np.frombuffer(data, kind).tolist())

        return numbers
    if vr in BYTES:
        return bytes
    if vr == "AT":

        def tags(data: bytes) -> Any:
            if len(data) % 4:
                raise DamagedFileError(f"{path}: {len(data)} bytes are not whole tags")
            pairs = np.frombuffer(data, order + "u2").reshape(-1, 2).tolist()
            return _plain([group << 16 | element for group, element in pairs])

        return tags
    if vr in ("DS", "IS"):
        return lambda data: _parse_numbers(data, vr, path)
    return lambda data: _parse_text(data, vr, charsets)


def _plain(values: list[Any]) -> Any:
    return None if not values else values[0] if len(values) == 1 else tuple(values)


def _parse_numbers(data: bytes, vr: str, path: str) -> Any:
    text = data.strip(b" \0")
    if not text:
        return None
    try:
        numbers = [float(part) if part.strip() else math.nan for part in text.split(b"\\")]
        if vr == "IS":
            return _plain([int(number) for number in numbers])
    except (ValueError, OverflowError) as error:
        raise DamagedFileError(f"{path}: a value is not a number") from error
    return _plain(list(numbers))


def _parse_text(data: bytes, vr: str, charsets: Sequence[str]) -> Any:
    data = data.rstrip(b"\0 ")
    if vr in TEXT:
        text = (
            data.decode("ascii") if data.isascii() and b"\x1b" not in data else _decode_text(data, charsets)
        )
    else:
        text = data.decode("latin-1")
    if not text:
        return None
    if vr in SINGLE or "\\" not in text:
        return text if vr in SINGLE else text.strip(" ")
    return tuple(part.strip(" ") for part in text.split("\\"))


def _decode_text(data: bytes, charsets: Sequence[str]) -> str:
    try:
        return str(decode_bytes(data, list(charsets), TEXT_VR_DELIMS))
    except (UnicodeError, LookupError, ValueError):
        return data.decode("latin-1")
