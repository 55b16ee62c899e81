"""Real world value maps of images: which one gives their values (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._report_terms import unit_code
from dicomposer.coding import Code, CodedConcept, CodeLike, as_concept, is_code
from dicomposer.errors import ArgumentError, GeometryError, TerminologyError

__all__ = ["ValueMap", "ValueMapLike", "value_map_of"]

#: A LUT Label, or a unit: a UCUM code, a usual spelling, or a code.
ValueMapLike: TypeAlias = "str | CodeLike"

_MAPS = "RealWorldValueMappingSequence"
_PER_FRAME = "PerFrameFunctionalGroupsSequence"
_SHARED = "SharedFunctionalGroupsSequence"
_NO_UNITS = Code("1", "UCUM", "no units")
#: "Quantity", the name of what a Quantity Definition Sequence says first (PS3.16 CID 7180 has the values).
_QUANTITY = "246205007"


@dataclass(frozen=True)
class ValueMap:
    """A real world value map.

    Attributes
    ----------
    label : str
        LUT Label.
    unit : Code
        Unit of the values.
    quantity : Code or None
        What the values are, if the map says it (Quantity Definition Sequence).
    selector : int, str or CodedConcept
        What tells it from the others of its frame when the image is read.
    """

    label: str
    unit: Code
    quantity: Code | None
    selector: int | str | CodedConcept = 0


def value_map_of(image: Dataset, wanted: ValueMapLike | None = None) -> ValueMap | None:
    """The map that gives the values of an image; None if it has none.

    Parameters
    ----------
    image : pydicom.Dataset
        An image of any kind; maps of frames, of all frames or of the image itself.
    wanted : str or code, optional
        Label or unit of the map to take where there are several.

    Raises
    ------
    ArgumentError
        If there are several and none or no single one is chosen, or there is none of that label or unit.
    GeometryError
        If frames have maps to different quantities.
    """
    found = [_chosen(maps, wanted) for maps in _distinct_maps(image)]
    if not found:
        if wanted is not None:
            raise ArgumentError(
                f"value_map {_shown(wanted)} names no map: the images have no real world value map"
            )
        return None
    first = found[0]
    if any((one.unit, one.quantity) != (first.unit, first.quantity) for one in found):
        raise GeometryError("the frames of the image hold values of several kinds (Real World Value Mapping)")
    return first


def _distinct_maps(image: Dataset) -> list[list[ValueMap]]:
    """The maps of each frame, where these differ: its own, else those of all frames, else those of the image."""
    if _PER_FRAME in image:
        table = record.FrameTable.of_dataset(image)
        paths = [path for path in table.paths if path.split(".")[0].split("[")[0] == _MAPS]
        if paths:
            names = ("LUTLabel", "CodeValue", "CodingSchemeDesignator", "CodeMeaning")
            told = [path for path in paths if path.endswith(names)] or paths
            codes = np.stack([np.asarray(table.categories(path).codes) for path in told], axis=1)
            _, firsts = np.unique(codes, axis=0, return_index=True)
            holder = Dataset()
            table.select(firsts.astype(np.intp)).attach(holder)
            return [maps for frame in record.items_of(holder, _PER_FRAME) if (maps := _maps(frame))]
    for shared in record.items_of(image, _SHARED)[:1]:
        if _MAPS in shared:
            return [_maps(shared)] if _maps(shared) else []
    maps = _maps(image)
    return [maps] if maps else []


def _maps(holder: Dataset) -> list[ValueMap]:
    return [
        ValueMap(record.text_value(item, "LUTLabel") or "", _unit(item), _quantity(item), number)
        for number, item in enumerate(record.items_of(holder, _MAPS))
    ]


def _unit(item: Dataset) -> Code:
    units = record.items_of(item, "MeasurementUnitsCodeSequence")
    return _code(units[0]) if units else _NO_UNITS


def _quantity(item: Dataset) -> Code | None:
    for said in record.items_of(item, "QuantityDefinitionSequence"):
        names, values = (
            record.items_of(said, keyword) for keyword in ("ConceptNameCodeSequence", "ConceptCodeSequence")
        )
        if names and values and record.text_value(names[0], "CodeValue") == _QUANTITY:
            return _code(values[0])
    return None


def _code(item: Dataset) -> Code:
    value = next(
        (item.get(name) for name in ("CodeValue", "LongCodeValue", "URNCodeValue") if item.get(name)), ""
    )
    return Code(str(value), str(item.get("CodingSchemeDesignator", "")), str(item.get("CodeMeaning", "")))


def _chosen(maps: Sequence[ValueMap], wanted: ValueMapLike | None) -> ValueMap:
    if wanted is None:
        if len(maps) > 1:
            raise ArgumentError(
                f"the images have {len(maps)} real world value maps: {_listed(maps)}; choose one with value_map= (its "
                "label or its unit), or pass statistics=False"
            )
        return maps[0]
    text = wanted.strip() if isinstance(wanted, str) else None
    matches = [one for one in maps if text is not None and one.label == text]
    if not matches:
        codes = _units(wanted)
        matches = [one for one in maps if (one.unit.scheme_designator, one.unit.value) in codes]
    if len(matches) != 1:
        raise ArgumentError(
            f"value_map {_shown(wanted)} names {len(matches) or 'none'} of the {len(maps)} real world value maps of "
            f"the images: {_listed(maps)}; give the label or the unit of one"
        )
    (one,) = matches
    selector: str | CodedConcept = one.label
    if not one.label or sum(other.label == one.label for other in maps) > 1:
        unit = one.unit
        selector = CodedConcept(unit.value, unit.scheme_designator, unit.meaning or unit.value)
    return ValueMap(one.label, one.unit, one.quantity, selector)


def _units(wanted: ValueMapLike) -> set[tuple[str, str]]:
    """What a unit may be: the code itself, and that of its usual spelling."""
    given: Any = wanted
    if not isinstance(given, str):
        unit = unit_code(as_concept(given, "value_map") if is_code(given) else given)
        return {(str(unit.scheme_designator), str(unit.value))}
    codes = {("UCUM", given.strip())}
    with suppress(TerminologyError):  # then it is a label that none of the maps has
        codes.add(("UCUM", str(unit_code(given).value)))
    return codes


def _listed(maps: Sequence[ValueMap]) -> str:
    return ", ".join(f"{one.label!r} in {one.unit.value}" for one in maps)


def _shown(wanted: Any) -> str:
    return repr(wanted) if isinstance(wanted, str) else repr(str(getattr(wanted, "value", wanted)))
