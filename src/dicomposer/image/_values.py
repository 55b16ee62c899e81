"""Reading single values without decoding elements: hundreds of source images are looked at for a few values each."""

from __future__ import annotations

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset

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
    tag = tag_for_keyword(keyword)
    if tag is None or tag not in dataset:
        return None
    element = dataset.get_item(tag)
    value = element.value
    if isinstance(element, RawDataElement) and isinstance(value, bytes):
        text = value.decode("ascii", "replace").strip(" \0")
        return tuple(part.strip(" \0") for part in text.split("\\")) if text else None
    if value is None or value == "" or (hasattr(value, "__len__") and not len(value)):
        return None
    if isinstance(value, str | int | float) or not hasattr(value, "__iter__"):
        return (str(value).strip(),)
    return tuple(str(v).strip() for v in value)


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
    values = text_values(dataset, keyword)
    if values is None:
        return None
    try:
        return tuple(float(v) for v in values)
    except ValueError:
        raise DamagedFileError(f"{keyword} holds something else than numbers") from None
