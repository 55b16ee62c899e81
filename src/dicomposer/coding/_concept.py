"""Coded concepts (PS3.3 8, Table 8.8-1)."""

from __future__ import annotations

import re
from copy import deepcopy
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

from pydicom.dataset import Dataset

from dicomposer.coding._text import check_text
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from dicomposer.record import value_of

if TYPE_CHECKING:
    from pydicom.sr.coding import Code as PydicomCode

_VALUE_KEYWORDS = ("CodeValue", "LongCodeValue", "URNCodeValue")
_URN = re.compile(r"(urn:|[a-z][a-z0-9+.-]*://)", re.IGNORECASE)
_SHORT = 16


class Code(NamedTuple):
    """A code as a plain value, with the fields of pydicom's ``Code``, whose import costs a quarter of a second.

    The two equal each other, and a :class:`CodedConcept`, if value, scheme and version of the scheme are the same.
    """

    value: str
    scheme_designator: str
    meaning: str
    scheme_version: str | None = None

    def __hash__(self) -> int:
        """Agree with equality, and with the hash of an equal pydicom ``Code``."""
        value, scheme, _ = _translated(self.value, self.scheme_designator, self.scheme_version)
        return hash(scheme + value)

    def __eq__(self, other: object) -> bool:
        """Tell whether `other` is the same code."""
        theirs = _identity(other)
        return theirs is not None and _identity(self) == theirs

    def __ne__(self, other: object) -> bool:
        """Tell whether `other` is another code, or none."""
        return not self == other


class CodedConcept(Dataset):
    """A code: value, scheme and meaning, as the item of a code sequence.

    The value goes to Code Value, to Long Code Value if it has more than 16 characters, or to URN Code Value
    if it is a URN or URL (PS3.3 8.1). Two concepts are equal if value, scheme and version of the scheme are:
    the meaning does not count, and a SNOMED-RT code equals the SNOMED CT code that replaced it.

    Parameters
    ----------
    value : str
        The code.
    scheme_designator : str
        Which scheme defines it, e.g. "SCT" or "DCM" (PS3.16 8).
    meaning : str
        What it means, for people; at most 64 characters.
    scheme_version : str | None
        Version of the scheme, if the code depends on it.

    Raises
    ------
    ArgumentTypeError
        If an argument is not a string.
    ArgumentError
        If one is empty, too long or has characters that are not allowed.
    """

    def __init__(
        self, value: str, scheme_designator: str, meaning: str, scheme_version: str | None = None
    ) -> None:
        super().__init__()
        text = check_text(value, "UC", "code value")
        if _URN.match(text):
            self.URNCodeValue = text
        elif len(text) > _SHORT:
            self.LongCodeValue = text
        else:
            self.CodeValue = text
        self.CodingSchemeDesignator = check_text(scheme_designator, "SH", "coding scheme designator")
        if scheme_version is not None:
            self.CodingSchemeVersion = check_text(scheme_version, "SH", "coding scheme version")
        self.CodeMeaning = check_text(meaning, "LO", "code meaning")

    def __hash__(self) -> int:
        """Agree with equality, and with the hash of an equal pydicom ``Code``."""
        value, scheme, _ = _translated(self.value, self.scheme_designator, self.scheme_version)
        return hash(scheme + value)

    def __eq__(self, other: object) -> bool:
        """Tell whether `other` (a concept, a pydicom ``Code``, an item of a code sequence) is the same."""
        theirs = _identity(other)
        return theirs is not None and _identity(self) == theirs

    def __ne__(self, other: object) -> bool:
        """Tell whether `other` is another concept, or none."""
        return not self == other

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Adopt the item of a code sequence.

        Parameters
        ----------
        dataset : pydicom.dataset.Dataset
            The item.
        copy : bool
            Whether to leave `dataset` alone and return a deep copy; otherwise `dataset` itself becomes a
            concept and is returned.

        Raises
        ------
        ArgumentTypeError
            If it is not a dataset.
        MissingAttributeError
            If it has no code value, no meaning, or no scheme where one is needed.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        if not any(keyword in dataset for keyword in _VALUE_KEYWORDS):
            raise MissingAttributeError("a coded concept needs Code Value, Long Code Value or URN Code Value")
        needed = ["CodeMeaning"]
        if "URNCodeValue" not in dataset:  # PS3.3 8.2: a URN tells its scheme by itself
            needed.append("CodingSchemeDesignator")
        for keyword in needed:
            if keyword not in dataset:
                raise MissingAttributeError(f"a coded concept needs the attribute {keyword}")
        adopted = deepcopy(dataset) if copy else dataset
        adopted.__class__ = cls
        assert isinstance(adopted, cls)
        return adopted

    @classmethod
    def from_code(cls, code: CodeLike) -> Self:
        """Return a concept for a pydicom ``Code``; a concept is returned as it is.

        Raises
        ------
        ArgumentTypeError
            If it is neither.
        """
        if isinstance(code, cls):
            return code
        if isinstance(code, CodedConcept):
            return cls(code.value, code.scheme_designator, code.meaning, code.scheme_version)
        fields: object = code  # Code is a named tuple; a plain one will do
        if isinstance(fields, tuple) and 3 <= len(fields) <= 4:
            return cls(*fields)
        raise ArgumentTypeError(f"a code or coded concept is needed, found {type(code).__name__}")

    @property
    def value(self) -> str:
        """The code."""
        for keyword in _VALUE_KEYWORDS:
            value = value_of(self, keyword)
            if value:
                return str(value)
        raise MissingAttributeError("the coded concept has no code value")

    @property
    def meaning(self) -> str:
        """What the code means, for people."""
        if "CodeMeaning" not in self:
            raise MissingAttributeError("the coded concept has no code meaning")
        return str(value_of(self, "CodeMeaning") or "")

    @property
    def scheme_designator(self) -> str:
        """The scheme that defines the code; empty if a URN stands alone."""
        return str(value_of(self, "CodingSchemeDesignator") or "")

    @property
    def scheme_version(self) -> str | None:
        """Version of the scheme, if stated."""
        version = value_of(self, "CodingSchemeVersion")
        return None if version is None else str(version)


CodeLike: TypeAlias = "PydicomCode | Code | CodedConcept"
"""What every argument that takes a code accepts."""


def is_code(value: object) -> bool:
    """Whether something is a code: pydicom's, ours, or a coded concept."""
    return isinstance(value, Dataset) or (hasattr(value, "scheme_designator") and hasattr(value, "meaning"))


def as_concept(code: CodeLike, name: str = "code") -> CodedConcept:
    """Return what a caller gave as a coded concept of its own, never the caller's object.

    Parameters
    ----------
    code : pydicom.sr.coding.Code | CodedConcept
        The code; also the item of a code sequence, or a tuple of value, scheme and meaning.
    name : str
        The argument, for the message of an error.

    Raises
    ------
    ArgumentTypeError
        If it is none of these.
    """
    if isinstance(code, Dataset):
        return CodedConcept.from_dataset(code)
    try:
        return CodedConcept.from_code(code)
    except ArgumentTypeError:
        raise ArgumentTypeError(
            f"{name} must be a code or coded concept, found {type(code).__name__}"
        ) from None
    except ArgumentError as error:
        raise ArgumentError(f"{name}: {error}") from None


def identity_of(code: object) -> tuple[str, str, str | None] | None:
    """Value, scheme and version that decide about equality, SNOMED-RT replaced by SNOMED CT; None if it is no code."""
    return _identity(code)


def _identity(code: object) -> tuple[str, str, str | None] | None:
    """Return what decides about equality; None if `code` is no code."""
    if isinstance(code, CodedConcept):
        return _translated(code.value, code.scheme_designator, code.scheme_version)
    if isinstance(code, Dataset):
        values = [code.get(keyword) for keyword in _VALUE_KEYWORDS if keyword in code]
        version = code.get("CodingSchemeVersion")
        if not values:
            return None
        scheme = str(code.get("CodingSchemeDesignator", ""))
        return _translated(str(values[0]), scheme, None if version is None else str(version))
    fields = [getattr(code, name, None) for name in ("value", "scheme_designator", "scheme_version")]
    if fields[0] is None or fields[1] is None:
        return None
    return _translated(str(fields[0]), str(fields[1]), fields[2])


def _translated(value: str, scheme: str, version: str | None) -> tuple[str, str, str | None]:
    """Return value, scheme and version, SNOMED-RT replaced by SNOMED CT."""
    if scheme != "SRT":
        return value, scheme, version
    # imported only when a SNOMED-RT code turns up, since it costs half a second
    from pydicom.sr._snomed_dict import mapping

    table = mapping["SRT"]
    return (table[value], "SCT", version) if value in table else (value, scheme, version)
