"""Reading single values without decoding elements: hundreds of source images are looked at for a few values each."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from dicomposer.errors import DamagedFileError

__all__ = ["float_values", "text_value", "text_values"]


def text_values(dataset: Dataset, keyword: str) -> tuple[str, ...] | None:
    """Values of an attribute of ASCII text (UI, CS, DS, IS) as strings; None if absent or empty.

    Parameters
    ----------
    dataset : pydicom.Dataset
        Neither changed nor decoded.
    keyword : str
        Keyword of the attribute.
    """
    value = _value(dataset, keyword)
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


@cache
def _tag(keyword: str) -> BaseTag:
    return Tag(keyword)


def _value(dataset: Dataset, keyword: str) -> Any:
    """Value of an element, undecoded (bytes) where it was not touched yet; None if absent."""
    element = dataset._dict.get(_tag(keyword))
    if element is None:
        return None
    if element.value is None and isinstance(element, RawDataElement):
        return dataset.get_item(_tag(keyword)).value  # deferred by pydicom
    return element.value


def text_value(dataset: Dataset, keyword: str) -> str | None:
    """First value of an attribute of ASCII text; None if absent or empty."""
    values = text_values(dataset, keyword)
    return values[0] if values else None


def float_values(dataset: Dataset, keyword: str) -> tuple[float, ...] | None:
    """Values of a decimal string attribute as numbers; None if absent or empty.

    Raises
    ------
    DamagedFileError
        If a value is not a number.
    """
    value = _value(dataset, keyword)
    if isinstance(value, float | int):
        return (float(value),)
    values = text_values(dataset, keyword) if not isinstance(value, MultiValue) else value
    if not values:
        return None
    try:
        return tuple(float(v) for v in values)
    except ValueError:
        raise DamagedFileError(f"{keyword} holds something else than numbers") from None
