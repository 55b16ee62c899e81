"""The object API is called as highdicom's is: same names, parameters, order and defaults."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

import highdicom
import pytest

import dicomposer.seg
import dicomposer.seg.utils


def pairs() -> Iterator[tuple[str, Any, Any]]:
    for name in highdicom.seg.__all__:
        theirs, ours = getattr(highdicom.seg, name), getattr(dicomposer.seg, name)
        if inspect.ismodule(theirs):
            assert inspect.ismodule(ours)
            continue
        yield name, theirs, ours
        if inspect.isclass(theirs):
            for member in dir(theirs):
                found = inspect.getattr_static(theirs, member)
                if member.startswith("_") or not getattr(found, "__module__", "highdicom").startswith(
                    "highdicom"
                ):
                    continue
                if callable(getattr(theirs, member)) and member in vars(theirs):
                    yield f"{name}.{member}", getattr(theirs, member), getattr(ours, member, None)
                elif isinstance(found, property) and member in vars(theirs):
                    assert isinstance(inspect.getattr_static(ours, member), property), f"{name}.{member}"
    yield "utils.iter_segments", highdicom.seg.utils.iter_segments, dicomposer.seg.utils.iter_segments


def plain(value: Any) -> Any:
    """A default, comparable across the two libraries' own enumerations."""
    return getattr(value, "value", value)


@pytest.mark.parametrize(
    ("name", "theirs", "ours"), list(pairs()), ids=lambda v: v if isinstance(v, str) else ""
)
def test_same_call(name: str, theirs: Any, ours: Any) -> None:
    assert ours is not None, f"{name} is missing"
    try:
        expected = inspect.signature(theirs).parameters
    except ValueError:  # enumerations have no signature of their own
        assert {m.value for m in theirs} == {m.value for m in ours}
        return
    actual = inspect.signature(ours).parameters
    if inspect.isclass(theirs) and hasattr(theirs, "__members__"):
        assert {m.value for m in theirs} == {m.value for m in ours}
        return
    assert list(actual)[: len(expected)] == list(expected)
    for parameter in expected:
        assert actual[parameter].kind == expected[parameter].kind, parameter
        assert plain(actual[parameter].default) == plain(expected[parameter].default), parameter
