"""Writing modules: the standard's tables say what a module holds and what it must hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.errors import ArgumentError

__all__ = ["compose"]


def compose(dataset: Dataset, module: str, values: Mapping[str, Any]) -> None:
    """Write the attributes of one module (PS3.5 7.4 for the types).

    Parameters
    ----------
    dataset : pydicom.Dataset
        Written to.
    module : str
        Key of the module in :mod:`dicomposer.standard`, e.g. ``"general-series"``.
    values : Mapping[str, Any]
        Values by keyword. None means unknown: a type 2 attribute becomes empty, a type 3 attribute stays away.

    Raises
    ------
    ArgumentError
        If a mandatory value (type 1) is missing.
    KeyError
        If a keyword is not an attribute of the module.
    """
    attributes = {attribute.keyword: attribute for attribute in standard.module(module).attributes}
    for keyword, value in values.items():
        attribute = attributes[keyword]
        if value is not None:
            setattr(dataset, keyword, value)
        elif attribute.type == "1":
            raise ArgumentError(f"{keyword} is needed (PS3.3 {standard.module(module).section}, type 1)")
    for keyword, attribute in attributes.items():
        if attribute.type == "2" and keyword not in dataset:
            setattr(dataset, keyword, [] if attribute.vr == "SQ" else None)
