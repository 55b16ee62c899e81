"""Numbers of measurements: as people give them, and whether they can be what their name and unit say."""

from __future__ import annotations

import math
import re
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from dicomposer import standard
from dicomposer.coding import stack_level
from dicomposer.errors import ArgumentError, TerminologyError

__all__ = ["DIMENSIONS", "as_number", "check_axes", "check_number", "check_unit"]

#: Measurements of a dimension, and its units (PS3.16).
DIMENSIONS = {"length": (7470, 7460), "area": (7471, 7461), "volume": (7472, 7462)}
#: Units of UCUM that the groups do not list.
_METRES = re.compile(r"[dcmunpk]?m(?P<power>[23]?)")
_PREFIXES = {"k": 3, "": 0, "d": -1, "c": -2, "m": -3, "u": -6, "n": -9, "p": -12}
_LITRES = re.compile(r"[dcmun]?[lL]")
_POWERS = {"": "length", "2": "area", "3": "volume"}
#: Certainties of CAD, which are in per cent (PS3.16 TID 4006); and a probability, which may be either.
_PERCENTAGES = frozenset((("DCM", "111012"), ("DCM", "111013"), ("DCM", "111047")))
_PROBABILITIES = _PERCENTAGES | {("DCM", "122157")}


def as_number(value: Any, what: str) -> int | float:
    """A number of Python; of single or half precision, the shortest decimal that is that number.

    Raises
    ------
    ArgumentError
        If it is none.
    """
    if isinstance(value, np.ndarray) and value.ndim == 0:
        value = value[()]
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        raise ArgumentError(f"{what} must have a number, not {type(value).__name__}")
    if isinstance(value, np.floating) and value.dtype.itemsize < 8:
        return float(str(value))
    number: int | float = value.item() if isinstance(value, np.generic) else value
    if isinstance(number, int) and abs(number) > sys.float_info.max:
        raise ArgumentError(f"{what} has a number that is too large")
    return number


def check_unit(code: Any, unit: Any) -> None:
    """Refuse a unit of another dimension than what was measured ("Volume" in mm, "Diameter" without a unit).

    Raises
    ------
    TerminologyError
        With units that fit.
    """
    kind = _kind_of(code)
    if kind is None or unit.scheme_designator != "UCUM":
        return
    other = _dimension_of(unit.value)
    if other == kind or (other is None and not _is_listed(unit.value)):
        return
    fitting = [fact.value for fact in standard.context_group(DIMENSIONS[kind][1]).codes]
    fitting += ["ml"] if kind == "volume" else []
    said = f"a unit of {other}" if other else "no unit of it"
    given = "no unit" if unit.value == "1" else unit.value
    if unit.value == "1":
        said = "one is needed"
    raise TerminologyError(
        f"{code.meaning!r} is a measurement of {kind}, and {given} was given: {said}; units of {kind}: "
        f"{', '.join(fitting)}",
        fitting,
    )


def check_number(code: Any, number: float, unit: Any) -> None:
    """Refuse what cannot be: negative sizes, probabilities beyond certainty, a fraction of a certainty in per cent.

    Raises
    ------
    ArgumentError, TerminologyError
        With what to write.
    """
    key = (code.scheme_designator, str(code.value))
    if _kind_of(code) is not None and number < 0:
        raise ArgumentError(f"{code.meaning!r} cannot be negative, and is {number:g}")
    if key not in _PROBABILITIES or unit.scheme_designator != "UCUM" or math.isnan(number):
        return
    if key in _PERCENTAGES and unit.value != "%":
        raise TerminologyError(
            f"{code.meaning!r} ({code.value}, {code.scheme_designator}) is in per cent: (93, '%'). A fraction is "
            "\"Probability\": (0.93, ''), or something with a code of its own: (value, scheme, meaning)",
            [str(code.meaning), "Probability"],
        )
    most = 100 if unit.value == "%" else 1
    if unit.value in ("%", "1") and not 0 <= number <= most:
        raise ArgumentError(
            f"{code.meaning!r} is {number:g}, beyond 0 to {most}"
            + (" (in per cent, write '%' as the unit)" if most == 1 and 1 < number <= 100 else "")
        )
    if unit.value == "%" and 0 < number <= 1:
        warnings.warn(
            f"{code.meaning!r} is {number:g} %, which is one per cent or less; write {100 * number:g} if a fraction "
            "was meant",
            stacklevel=stack_level(),
        )


#: Long and short, and major and minor axis (PS3.16 CID 7470).
_AXES = (("103339001", "103340004"), ("131187009", "131188004"))


def check_axes(numbers: Sequence[tuple[Any, float, Any]]) -> None:
    """Refuse a long axis that is shorter than the short one.

    Parameters
    ----------
    numbers : Sequence of (name, number, unit)
        Of one finding.

    Raises
    ------
    ArgumentError
        With both.
    """
    named = {str(code.value): (code, number, unit) for code, number, unit in numbers}
    for longer, shorter in _AXES:
        if longer not in named or shorter not in named:
            continue
        (first, long, unit), (second, short, other) = named[longer], named[shorter]
        long_size, short_size = long * _size_of(unit, other), short * _size_of(other, unit)
        if long_size < short_size * (1 - 1e-6):
            raise ArgumentError(
                f"{first.meaning!r} is shorter than {second.meaning!r}: {long:g} {unit.value} and {short:g} "
                f"{other.value}; are they swapped?"
            )


def _size_of(unit: Any, other: Any) -> float:
    """A unit of length in metres, if another one is to be compared with it; NaN if that cannot be."""
    if unit.value == other.value:
        return 1.0
    if not all(_dimension_of(one.value) == "length" for one in (unit, other)):
        return math.nan
    return float(10.0 ** _PREFIXES[unit.value[:-1]])


def _kind_of(code: Any) -> str | None:
    """The dimension of what was measured, if the groups of one have it."""
    key = str(code.value), code.scheme_designator
    found = (kind for kind, (cid, _) in DIMENSIONS.items() if standard.context_group(cid).find(*key))
    return next(found, None)


def _dimension_of(unit: str) -> str | None:
    metres = _METRES.fullmatch(unit)
    if metres is not None:
        return _POWERS[metres["power"]]
    return "volume" if _LITRES.fullmatch(unit) else None


def _is_listed(unit: str) -> bool:
    """Whether the tables have a unit: then it is known to be of no size. A word in braces ({pixels}) may be one."""
    if unit.startswith("{"):
        return False
    try:
        standard.code(unit, "UCUM")
    except KeyError:
        return False
    return True
