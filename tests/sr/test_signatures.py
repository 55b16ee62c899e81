"""The object API is called as highdicom's is: same names, parameters, order, defaults and properties."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import highdicom
import pydicom
import pytest

import dicomposer

MODULES = (
    "sr",
    "sr.coding",
    "sr.content",
    "sr.enum",
    "sr.sop",
    "sr.templates",
    "sr.utils",
    "sr.value_types",
    "ko",
    "ko.content",
    "ko.sop",
)
#: What the peer's modules only borrow from elsewhere.
BORROWED = frozenset(("UID", "DA", "DS", "DT", "TM"))


def homes() -> Iterator[tuple[str, Any, Any]]:
    for path in MODULES:
        theirs, ours = highdicom, dicomposer
        for part in path.split("."):
            theirs, ours = getattr(theirs, part), getattr(ours, part)
        yield path, theirs, ours


def names() -> list[tuple[str, Any, Any]]:
    found = []
    for path, theirs, ours in homes():
        public = getattr(theirs, "__all__", None) or [
            name
            for name, value in vars(theirs).items()
            if not name.startswith("_")
            and name not in BORROWED
            and not inspect.ismodule(value)
            and getattr(value, "__module__", theirs.__name__) == theirs.__name__
            and (callable(value) or name.isupper())
        ]
        found += [(f"{path}.{name}", getattr(theirs, name), getattr(ours, name, None)) for name in public]
    return found


def members() -> list[tuple[str, Any, Any]]:
    found = []
    seen = set()
    for path, theirs, ours in names():
        if not inspect.isclass(theirs) or issubclass(theirs, highdicom.enum.Enum) or theirs in seen:
            continue
        seen.add(theirs)
        for base in theirs.__mro__:
            if not base.__module__.startswith("highdicom"):
                continue
            for name, value in vars(base).items():
                if name.startswith("_") or not (
                    callable(getattr(theirs, name)) or isinstance(value, property)
                ):
                    continue
                found.append((f"{path}.{name}", theirs, ours))
    return sorted(set(found), key=lambda one: one[0])


def plain(value: Any) -> Any:
    """A default, comparable across the two libraries' own classes."""
    return getattr(value, "value", value)


def compare(theirs: Any, ours: Any, *, extra: tuple[str, ...] = ()) -> None:
    expected = inspect.signature(theirs).parameters
    actual = {n: p for n, p in inspect.signature(ours).parameters.items() if n not in extra or n in expected}
    expected = {n: p for n, p in expected.items() if n not in ("args", "kwargs")}
    assert [n for n in actual if n not in ("_", "__")][: len(expected)] == list(expected)
    for name, parameter in expected.items():
        assert actual[name].kind == parameter.kind, name
        assert plain(actual[name].default) == plain(parameter.default), name


def test_names_are_many():
    assert len(names()) > 140
    assert len(members()) > 250


@pytest.mark.parametrize(("name", "theirs", "ours"), names(), ids=lambda v: v if isinstance(v, str) else "")
def test_same_names_and_constructors(name: str, theirs: Any, ours: Any) -> None:
    assert ours is not None, f"{name} is missing"
    if inspect.ismodule(theirs):
        assert inspect.ismodule(ours)
    elif inspect.isclass(theirs) and issubclass(theirs, highdicom.enum.Enum):
        assert {m.name: m.value for m in theirs}.items() <= {m.name: m.value for m in ours}.items()
    elif inspect.isclass(theirs) or inspect.isfunction(theirs):
        compare(theirs, ours)


@pytest.mark.parametrize(("name", "theirs", "ours"), members(), ids=lambda v: v if isinstance(v, str) else "")
def test_same_members(name: str, theirs: type, ours: type) -> None:
    member = name.rsplit(".", 1)[1]
    expected, actual = inspect.getattr_static(theirs, member), inspect.getattr_static(ours, member, None)
    assert actual is not None, f"{name} is missing"
    if isinstance(expected, property):
        assert not callable(actual), f"{name} is a property"
    else:
        # more of ours (is_sr) stands where the peer has nothing
        compare(getattr(theirs, member), getattr(ours, member), extra=("is_sr",))


BASES = {
    pydicom.Dataset: ("ContentItem", "CodedConcept"),
    pydicom.Sequence: ("ContentSequence", "ReferencedSegment", "VolumeSurface", "MeasurementReport"),
}


@pytest.mark.parametrize(("base", "name"), [(base, name) for base, names in BASES.items() for name in names])
def test_classes_are_those_of_pydicom(base: type, name: str) -> None:
    assert issubclass(getattr(dicomposer.sr, name), base)


@pytest.mark.parametrize(
    "name", [n for n in highdicom.sr.__all__ if inspect.isclass(getattr(highdicom.sr, n))]
)
def test_same_inheritance(name: str) -> None:
    theirs, ours = getattr(highdicom.sr, name), getattr(dicomposer.sr, name)
    expected = {base.__name__ for base in theirs.__mro__ if base.__name__ in highdicom.sr.__all__}
    assert expected <= {base.__name__ for base in ours.__mro__}


def test_module_attributes():
    assert dicomposer.ko.SOP_CLASS_UIDS == highdicom.ko.SOP_CLASS_UIDS
    assert dicomposer.sr.SOP_CLASS_UIDS >= highdicom.sr.SOP_CLASS_UIDS
    language = dicomposer.sr.coding.DEFAULT_LANGUAGE
    assert dicomposer.sr.templates.DEFAULT_LANGUAGE is language
    assert (language.value, language.meaning) == (
        highdicom.sr.templates.DEFAULT_LANGUAGE.value,
        highdicom.sr.templates.DEFAULT_LANGUAGE.meaning,
    )
    assert len(dicomposer.sr.__all__) >= len(highdicom.sr.__all__)
