"""Which transforms of grey values an image has, frame by frame (PS3.3 C.7.6.16.2.9 to .11, C.11.1, C.11.2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.coding import CodedConcept, as_concept
from dicomposer.content import LUT, VOILUTTransformation
from dicomposer.errors import DamagedFileError, IndexingError, SelectionError
from dicomposer.frame import PixelFormat
from dicomposer.image._index import FrameIndex
from dicomposer.image._parameters import ALTERNATIVES, Item, PerFrame, joined, parameters
from dicomposer.image._wanted import Wanted
from dicomposer.record import text_value, understood

__all__ = ["GreyParameters", "Line", "Table", "VOITable", "Window", "grey_parameters"]

Array = NDArray[Any]

_MODALITY = "PixelValueTransformationSequence"
_VOI = "FrameVOILUTSequence"
_MODALITY_MARKS = ("RescaleSlope", "ModalityLUTSequence")
_VOI_MARKS = ("WindowCenter", "VOILUTSequence")


@dataclass(frozen=True)
class Line:
    """``slope * stored value + intercept``, for stored values within ``mapped`` if that is given."""

    slope: float = 1.0
    intercept: float = 0.0
    mapped: tuple[float, float] | None = None


@dataclass(frozen=True, eq=False)
class Table:
    """A look-up table of stored values; a strict one covers all that there may be."""

    entries: Array
    first: int
    strict: bool = False


@dataclass(frozen=True)
class Window:
    """A window to values of interest."""

    center: float
    width: float
    function: str = "LINEAR"


@dataclass(frozen=True, eq=False)
class VOITable:
    """A look-up table to values of interest."""

    lut: LUT
    first: int

    def scaled(self, output: tuple[float, float], dtype: np.dtype[Any], *, invert: bool) -> Array:
        """The entries, stretched to an output range."""
        return self.lut.get_scaled_lut_data(output, dtype, invert)


@dataclass(frozen=True)
class GreyParameters:
    """Transforms of a frame; ``invert`` exchanges light and dark at the end."""

    modality: Line | Table | None
    voi: Window | VOITable | None
    invert: bool


def grey_parameters(
    index: FrameIndex, wanted: Wanted, fmt: PixelFormat, frames: NDArray[np.intp]
) -> PerFrame[GreyParameters]:
    """Find the transforms of some frames of a grey image.

    Raises
    ------
    IndexingError
        If one is required and not there.
    SelectionError
        If a selector names none of those that are there.
    """
    signed = bool(fmt.pixel_representation)
    if wanted.real_world is not False and not wanted.modality:
        maps = parameters(index, ALTERNATIVES, (ALTERNATIVES,)).used(frames)
        lines = maps.map(lambda item: _real_world(item, wanted, signed))
        there = [line is not None for line in lines.values]
        if all(there):
            if wanted.voi:
                raise IndexingError(
                    "a transform to values of interest is to be applied, but a real world value map takes its place; "
                    "pass apply_real_world_transform=False"
                )
            return lines.map(lambda line: GreyParameters(line, None, False))
        if wanted.real_world or any(there):
            raise IndexingError(
                "a real world value map is to be applied, but "
                + ("some frames have none" if any(there) else "the image has none")
            )
    modality = _modality(index, wanted, signed, frames)
    voi = _voi(index, wanted, signed, frames)
    invert = wanted.presentation and _is_inverse(index)
    return joined(modality, voi).map(lambda pair: GreyParameters(pair[0], pair[1], invert))


def _is_inverse(index: FrameIndex) -> bool:
    """Whether small values are meant to be light (PS3.3 C.11.6, C.7.6.3.1.2)."""
    shape = text_value(index.dataset, "PresentationLUTShape")
    if shape:
        return shape == "INVERSE"
    return text_value(index.dataset, "PhotometricInterpretation") == "MONOCHROME1"


# ---- modality -----------------------------------------------------------------------------------------


def _modality(
    index: FrameIndex, wanted: Wanted, signed: bool, frames: NDArray[np.intp]
) -> PerFrame[Line | Table | None]:
    if wanted.modality is False:
        return PerFrame.shared(None, len(frames))
    items = parameters(index, _MODALITY, _MODALITY_MARKS).used(frames)
    found = items.map(lambda item: _of_modality(item, signed))
    if wanted.modality and any(value is None for value in found.values):
        raise IndexingError("a modality transform is to be applied, but the image has none")
    return found


def _of_modality(item: Item, signed: bool) -> Line | Table | None:
    with understood("the modality transform"):
        tables = item.get("ModalityLUTSequence")
        if tables:
            lut = LUT.from_dataset(tables[0], copy=True)
            return Table(lut.lut_data, _signed(lut.first_mapped_value, signed))
        slope = item.get("RescaleSlope")
        if slope is None or slope == "":
            return None
        return Line(float(slope), float(item.get("RescaleIntercept") or 0.0))


def _signed(value: float, signed: bool) -> int:
    """A value whose VR the dictionary leaves open (US or SS), as Pixel Representation settles it (PS3.5 A.1)."""
    number = int(value)
    return number - 65536 if signed and number > 32767 else number


# ---- real world values ----------------------------------------------------------------------------------


def _real_world(item: Item, wanted: Wanted, signed: bool) -> Line | Table | None:
    maps = item.get(ALTERNATIVES) or []
    if not maps:
        return None
    chosen = maps[_choose_map(maps, wanted.real_world_selector)]
    with understood("the real world value map"):
        return _of_map(chosen, signed)


def _of_map(chosen: Any, signed: bool) -> Line | Table:
    ends = [_end(chosen, which, signed) for which in ("First", "Last")]
    table = chosen.get("RealWorldValueLUTData")
    if table is not None and len(np.atleast_1d(table)):
        entries = np.asarray(table, dtype=np.float64)
        first = ends[0]
        if first is None or (ends[1] is not None and len(entries) != int(ends[1]) - int(first) + 1):
            raise DamagedFileError("a real world value table has another length than the values it maps")
        return Table(entries, int(first), strict=True)
    slope = chosen.get("RealWorldValueSlope")
    if slope is None:
        raise DamagedFileError("a real world value map has neither a slope nor a table")
    mapped = None if ends[0] is None or ends[1] is None else (ends[0], ends[1])
    return Line(float(slope), float(chosen.get("RealWorldValueIntercept") or 0.0), mapped)


def _end(chosen: Any, which: str, signed: bool) -> float | None:
    value = chosen.get(f"RealWorldValue{which}ValueMapped")
    if value is not None:
        if isinstance(value, bytes):  # implicit VR without a context that settles it
            value = int.from_bytes(value[:2], "little")
        return _signed(value, signed)
    value = chosen.get(f"DoubleFloatRealWorldValue{which}ValueMapped")
    return None if value is None else float(value)


def _choose_map(maps: Sequence[Any], selector: Any) -> int:
    if isinstance(selector, str):
        matches = [i for i, item in enumerate(maps) if item.get("LUTLabel") == selector]
    elif isinstance(selector, int | np.integer) and not isinstance(selector, bool):
        matches = [int(selector)] if -len(maps) <= selector < len(maps) else []
    else:
        unit = as_concept(selector)
        matches = [
            i
            for i, item in enumerate(maps)
            if item.get("MeasurementUnitsCodeSequence")
            and CodedConcept.from_dataset(item.get("MeasurementUnitsCodeSequence")[0]) == unit
        ]
    if not matches:
        raise SelectionError(
            f"real_world_value_map_selector names none of the {len(maps)} real world value maps"
        )
    return matches[0]


# ---- values of interest -----------------------------------------------------------------------------------


def _voi(
    index: FrameIndex, wanted: Wanted, signed: bool, frames: NDArray[np.intp]
) -> PerFrame[Window | VOITable | None]:
    if wanted.voi is False:
        return PerFrame.shared(None, len(frames))
    selector = wanted.voi_selector
    if isinstance(selector, VOILUTTransformation):
        return PerFrame.shared(_of_voi(selector, 0, signed), len(frames))
    items = parameters(index, _VOI, _VOI_MARKS).used(frames)
    found = items.map(lambda item: _of_voi(item, selector, signed))
    if wanted.voi and any(value is None for value in found.values):
        raise IndexingError("a transform to values of interest is to be applied, but the image has none")
    return found


def _of_voi(item: Item, selector: int | str, signed: bool) -> Window | VOITable | None:
    """One of the tables, if there are any and it is one of them, else one of the windows."""
    with understood("the window or VOI LUT"):
        tables = item.get("VOILUTSequence") or []
        centers, widths = _several(item.get("WindowCenter")), _several(item.get("WindowWidth"))
    if not tables and not centers:
        return None
    if len(centers) != len(widths):
        raise DamagedFileError("Window Center and Window Width have different numbers of values")
    names = [str(table.get("LUTExplanation") or "") for table in tables]
    place = _choose(names, selector)
    if tables and place is not None:
        with understood("the VOI LUT"):
            lut = LUT.from_dataset(tables[place], copy=True)
            return VOITable(lut, _signed(lut.first_mapped_value, signed))
    names = [str(name) for name in _several(item.get("WindowCenterWidthExplanation"))]
    names = (names + [""] * len(centers))[: len(centers)]
    place = _choose(names, selector) if not tables or isinstance(selector, str) else None
    if place is None:
        raise SelectionError(
            f"voi_transform_selector names none of the {len(tables) or len(centers)} transforms"
        )
    with understood("the window"):
        function = str(item.get("VOILUTFunction") or "LINEAR")
        return Window(float(centers[place]), float(widths[place]), function)


def _several(value: Any) -> list[Any]:
    if value is None or isinstance(value, str | bytes):
        return [value] if value else []
    try:
        return list(value)
    except TypeError:
        return [value]


def _choose(names: Sequence[str], selector: int | str) -> int | None:
    if isinstance(selector, str):
        return names.index(selector) if selector in names else None
    return int(selector) if -len(names) <= selector < len(names) else None
