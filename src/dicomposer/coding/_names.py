"""Person names (VR PN, PS3.5 6.2.1)."""

from __future__ import annotations

import re
import sys
import warnings

from pydicom.valuerep import PersonName

from dicomposer.errors import ArgumentError, ArgumentTypeError

_GROUP_LIMIT = 64
_FORBIDDEN = re.compile(r"[\x00-\x1a\x1c-\x1f\x7f\\]")


def check_person_name(person_name: str | PersonName) -> None:
    r"""Check that text is a person name, and warn if it is probably none.

    Parameters
    ----------
    person_name : str | pydicom.valuerep.PersonName
        Family name, given name, middle name, prefix and suffix, separated by ``^``; up to three groups
        (alphabetic, ideographic, phonetic), separated by ``=``. An empty name is legal.

    Raises
    ------
    ArgumentTypeError
        If it is neither a string nor a name.
    ArgumentError
        If it has a backslash or control characters, more than 3 groups, or more than 5 components or 64
        characters in a group.

    Warns
    -----
    UserWarning
        If there is no caret at all: most likely the components are separated by something else. A caret at
        the end says that a single component is meant.
    """
    if not isinstance(person_name, str | PersonName):
        raise ArgumentTypeError(f"a person name must be a string, found {type(person_name).__name__}")
    text = str(person_name)
    if _FORBIDDEN.search(text):
        raise ArgumentError("a person name must not have a backslash or control characters (PS3.5 6.2.1)")
    groups = text.split("=")
    if len(groups) > 3:
        raise ArgumentError(f"a person name may have 3 groups separated by '=', found {len(groups)}")
    for group in groups:
        if len(group) > _GROUP_LIMIT:
            raise ArgumentError(f"a group of a person name may have 64 characters, found {len(group)}")
        components = len(group.split("^"))
        if components > 5:
            raise ArgumentError(f"a person name may have 5 components separated by '^', found {components}")
    if text.strip() and "^" not in text:
        warnings.warn(
            "the person name has no '^' between family and given name; "
            "if one component is meant, put a '^' at its end (PS3.5 6.2.1)",
            UserWarning,
            stacklevel=stack_level(),
        )


def stack_level() -> int:
    """The ``stacklevel`` of a warning that points at the line of the user, not at one of this package."""
    level, frame = 1, sys._getframe(1)
    package = __name__.split(".")[0]
    while frame.f_back is not None and str(frame.f_globals.get("__name__", "")).split(".")[0] == package:
        level, frame = level + 1, frame.f_back
    return level
