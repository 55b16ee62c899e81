"""Values of a dataset as plain Python values: the one place where what a file says turns into numbers and text.

Single values are read without decoding their elements where that is possible, since hundreds of source images are
looked at for a few values each. What cannot be understood is a DamagedFileError that names the attribute, never its
value.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.errors import BytesLengthException
from pydicom.filereader import read_deferred_data_element
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from dicomposer.errors import DamagedFileError, DicomposerError, MissingAttributeError

__all__ = [
    "UNDECODABLE",
    "float_values",
    "has",
    "int_value",
    "items_of",
    "required",
    "text_value",
    "text_values",
    "undecoded",
    "understood",
    "value_of",
]

_T = TypeVar("_T")

#: What pydicom raises when it decodes an element that makes no sense.
UNDECODABLE = (
    ValueError,  # of which DamagedFileError and decoding errors of text are kinds
    TypeError,
    LookupError,
    AttributeError,
    NotImplementedError,
    ArithmeticError,
    OSError,
    RecursionError,
    struct.error,
    BytesLengthException,
)
_BINARY = frozenset(("FD", "FL", "SL", "SS", "SV", "UL", "US", "UV"))


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


@cache
def _vr(keyword: str) -> str:
    return dictionary_VR(_tag(keyword))


def has(dataset: Dataset, keyword: str) -> bool:
    """Whether an attribute is there, empty or not."""
    return _tag(keyword) in dataset._dict


def value_of(dataset: Dataset, keyword: str) -> Any:
    """Decoded value of an attribute; None if absent or empty.

    Raises
    ------
    DamagedFileError
        If it cannot be decoded.
    """
    tag = _tag(keyword)
    if tag not in dataset._dict:
        return None
    try:
        value = dataset[tag].value
    except UNDECODABLE:
        raise DamagedFileError(f"{keyword} cannot be decoded", tag=int(tag)) from None
    return None if isinstance(value, str | bytes | MultiValue) and not len(value) else value


def items_of(dataset: Dataset, keyword: str) -> Sequence[Dataset]:
    """Items of a sequence; an empty one if absent.

    Raises
    ------
    DamagedFileError
        If the attribute is something else than a sequence.
    """
    value = value_of(dataset, keyword)
    if value is None:
        return ()
    if (
        not isinstance(value, Sequence)
        or isinstance(value, str | bytes | MultiValue)
        or (len(value) and not isinstance(value[0], Dataset))  # numbers come as lists
    ):
        raise DamagedFileError(f"{keyword} is not a sequence of items", tag=int(_tag(keyword)))
    return value


def fetch_deferred(dataset: Dataset) -> None:
    """Read what pydicom put off (``dcmread(defer_size=...)``), still undecoded: nothing here asks pydicom for it.

    Raises
    ------
    DamagedFileError
        If the file is not as it was.
    """
    for tag, element in dataset._dict.items():
        if isinstance(element, RawDataElement) and element.value is None and element.length:
            source = dataset.filename or dataset.buffer
            try:
                found = read_deferred_data_element(dataset.fileobj_type, source, dataset.timestamp, element)
            except (OSError, ValueError, AttributeError, TypeError) as error:
                raise DamagedFileError(
                    "what pydicom put off cannot be read any more", tag=int(tag)
                ) from error
            dataset._dict[tag] = found


def undecoded(dataset: Dataset, keyword: str) -> Any:
    """Value of an attribute, undecoded (bytes) where it was not touched yet and is text; None if absent."""
    element = dataset._dict.get(_tag(keyword))
    if element is None:
        return None
    if isinstance(element, RawDataElement) and (
        element.value is None
        or (element.VR or _vr(keyword)) in _BINARY  # implicit VR: as the dictionary says
    ):
        return value_of(dataset, keyword)  # deferred by pydicom, or binary
    return element.value


def text_values(dataset: Dataset, keyword: str) -> tuple[str, ...] | None:
    """Values of an attribute of ASCII text (UI, CS, DS, IS) as strings; None if absent or empty.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Neither changed nor decoded.
    keyword : str
        Keyword of the attribute.
    """
    value = undecoded(dataset, keyword)
    if isinstance(value, str):  # UIDs and codes, by far the most
        return (str(value).strip(),) if value else None
    if isinstance(value, bytes):
        text = value.decode("latin-1").strip(" \0")
        return tuple(part.strip(" \0") for part in text.split("\\")) if text else None
    if value is None or (hasattr(value, "__len__") and not len(value)):
        return None
    if isinstance(value, int | float) or not hasattr(value, "__iter__"):
        return (str(value).strip(),)
    return tuple(str(v).strip() for v in value)


def text_value(dataset: Dataset, keyword: str) -> str | None:
    """First value of an attribute of ASCII text; None if absent or empty."""
    values = text_values(dataset, keyword)
    return values[0] if values else None


def float_values(dataset: Dataset, keyword: str) -> tuple[float, ...] | None:
    """Values of an attribute of numbers, as a rule a decimal string; None if absent or empty.

    Raises
    ------
    DamagedFileError
        If a value is not a number.
    """
    value = undecoded(dataset, keyword)
    if isinstance(value, float | int):
        return (float(value),)
    values: Any = text_values(dataset, keyword) if not isinstance(value, MultiValue) else value
    if not values:
        return None
    try:
        return tuple(map(float, values))
    except (ValueError, TypeError, OverflowError):
        raise DamagedFileError(
            f"{keyword} holds something else than numbers", tag=int(_tag(keyword))
        ) from None


def int_value(dataset: Dataset, keyword: str) -> int | None:
    """The value of an attribute of one whole number; None if absent or empty.

    Raises
    ------
    DamagedFileError
        If it is not one whole number.
    """
    value = value_of(dataset, keyword)
    if value is None:
        return None
    try:
        number = int(value)
        whole = number == value or isinstance(value, str)
    except (ValueError, TypeError, OverflowError, ArithmeticError):
        whole = False
    if not whole:
        raise DamagedFileError(f"{keyword} is not a whole number", tag=int(_tag(keyword)))
    return number


@contextmanager
def understood(what: str) -> Iterator[None]:
    """Turn what goes wrong inside, in code that decodes something of a file, into a DamagedFileError.

    Parameters
    ----------
    what : str
        What is decoded, for the message.
    """
    try:
        yield
    except DicomposerError:
        raise
    except UNDECODABLE:
        raise DamagedFileError(f"{what} cannot be understood") from None


def required(value: _T | None, keyword: str) -> _T:
    """Refuse that a value is missing.

    Raises
    ------
    MissingAttributeError
        If it is None.
    """
    if value is None:
        raise MissingAttributeError(f"the object has no {keyword}")
    return value
