"""Bytes of elements that hold lists of numbers, for rules about their lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._view import Element, Item

__all__ = ["byte_count", "numbers", "value_count"]


def _bytes(element: Element) -> bytes | None:
    if element.raw is not None:
        return bytes(element.raw)
    value = element.values
    return bytes(value[0]) if value and isinstance(value[0], (bytes, bytearray)) else None


def byte_count(item: Item, keyword: str) -> int | None:
    """Bytes of an element's value; None if it is absent or stays in a file."""
    element = item.named(keyword)
    data = None if element is None else _bytes(element)
    return None if data is None else len(data)


def numbers(item: Item, keyword: str, kind: str) -> NDArray[Any] | None:
    """Numbers of an element of bytes (OF, OD, OL); None if it is absent.

    Parameters
    ----------
    item : Item
    keyword : str
    kind : str
        dtype without byte order, such as ``"f4"``. Bytes beyond the last whole number are left out.
    """
    element = item.named(keyword)
    if element is None:
        return None
    data = _bytes(element)
    if data is None:
        return np.asarray(element.values)
    order = "<" if element.little else ">"
    return np.frombuffer(data[: len(data) // int(kind[1:]) * int(kind[1:])], order + kind)


def value_count(item: Item, keyword: str) -> int | None:
    """Number of values of an element of text, without decoding them; None if it is absent."""
    element = item.named(keyword)
    if element is None:
        return None
    if element.raw is not None:
        return element.raw.count(b"\\") + 1 if element.raw else 0
    return len(element.values)
