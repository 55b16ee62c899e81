"""Names, parameters and defaults of the drop-in surface are those of highdicom 0.28."""

from __future__ import annotations

import importlib
import inspect
from enum import Enum
from typing import Any

import pytest

CASES = [
    (module, name)
    for module in ("spatial", "volume")
    for name, value in sorted(vars(importlib.import_module(f"highdicom.{module}")).items())
    if not name.startswith("_") and getattr(value, "__module__", None) == f"highdicom.{module}"
]


def parameters(function: Any) -> list[tuple[str, Any, Any]]:
    def default(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(default(item) for item in value)
        return value.value if isinstance(value, Enum) else value

    return [
        (parameter.name, parameter.kind, default(parameter.default))
        for parameter in inspect.signature(function).parameters.values()
    ]


@pytest.mark.parametrize(("module", "name"), CASES)
def test_signature(module: str, name: str) -> None:
    theirs = getattr(importlib.import_module(f"highdicom.{module}"), name)
    ours = getattr(importlib.import_module(f"dicomposer.{module}"), name)
    if not inspect.isclass(theirs):
        assert callable(ours) == callable(theirs)
        if callable(theirs):
            assert parameters(ours) == parameters(theirs)
        return
    assert parameters(ours) == parameters(theirs)
    for member, value in inspect.getmembers(theirs):
        if member.startswith("_"):
            continue
        assert hasattr(ours, member), member
        if callable(value):
            assert parameters(getattr(ours, member)) == parameters(value), member
        elif isinstance(value, property):
            assert isinstance(getattr(ours, member), property), member
            assert (getattr(ours, member).fset is None) == (value.fset is None), member
