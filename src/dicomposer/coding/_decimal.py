"""Decimal strings (VR DS): at most 16 characters, PS3.5 6.2."""

from __future__ import annotations

import math
import numbers

from pydicom.valuerep import DSfloat

from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.record import format_ds

__all__ = ["decimal", "format_ds"]


def decimal(value: object, name: str) -> DSfloat:
    """Return a number as the decimal string that stands in the file.

    Parameters
    ----------
    value : float
        Any real number, also of numpy.
    name : str
        The argument or attribute, for the message of an error.

    Returns
    -------
    pydicom.valuerep.DSfloat
        The number nearest to `value` that 16 characters can hold; a float that prints as that text.

    Raises
    ------
    ArgumentTypeError
        If `value` is not a real number.
    ArgumentError
        If `value` is not finite.
    """
    if isinstance(value, str | bytes | bool) or not isinstance(value, numbers.Real):
        raise ArgumentTypeError(f"{name} must be a number, found {type(value).__name__}")
    number = float(value)
    if not math.isfinite(number):
        raise ArgumentError(f"{name} must be finite, found {number}")
    return DSfloat(format_ds(number))
