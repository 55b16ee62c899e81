"""Look-up tables of grey values, and the transformations that use them (PS3.3 C.11.1, .2, .4 and .6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import Any, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from dicomposer.coding import check_text, check_texts, decimal
from dicomposer.content._macro import require
from dicomposer.content._tables import apply_table, checked_table, entries, inverted, scaled, set_table
from dicomposer.enum import PresentationLUTShapeValues, RescaleTypeValues, VOILUTFunctionValues
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.pixels import apply_voi_window

Array: TypeAlias = npt.NDArray[Any]


class LUT(Dataset):
    """A look-up table.

    A pixel of the value `first_mapped_value` becomes ``lut_data[0]``, the next value ``lut_data[1]`` and so
    on; pixels below the first become the first entry, pixels beyond the last the last one.

    Parameters
    ----------
    first_mapped_value : int
        Pixel value of the first entry. Negative values are for images with signed pixels.
    lut_data : numpy.ndarray
        The entries: one dimension, uint8 or uint16, at most 65536.
    lut_explanation : str | None
        What the table is for, in words.

    Raises
    ------
    ArgumentError
        If the array has another shape or type, or a value cannot be encoded.
    """

    def __init__(self, first_mapped_value: int, lut_data: Array, lut_explanation: str | None = None) -> None:
        super().__init__()
        table = checked_table(lut_data, "lut_data")
        set_table(self, ("LUTDescriptor", "LUTData"), int(first_mapped_value), table)
        if lut_explanation is not None:
            self.LUTExplanation = check_text(lut_explanation, "LO", "lut_explanation")

    @property
    def lut_data(self) -> Array:
        """The entries: one dimension, uint8 or uint16."""
        return entries(self, "LUTDescriptor", "LUTData")

    @property
    def number_of_entries(self) -> int:
        """Number of entries."""
        return int(self.LUTDescriptor[0]) % 65536 or 65536

    @property
    def first_mapped_value(self) -> int:
        """Pixel value of the first entry."""
        return int(self.LUTDescriptor[1])

    @property
    def bits_per_entry(self) -> int:
        """Bits of an entry: 8 or 16 in tables made here, anything from 8 to 16 in those of others."""
        return int(self.LUTDescriptor[2])

    @classmethod
    def from_dataset(cls, dataset: Dataset, copy: bool = True) -> Self:
        """Adopt the item of a LUT sequence.

        Parameters
        ----------
        dataset : pydicom.dataset.Dataset
            The item.
        copy : bool
            Whether to return a deep copy; otherwise `dataset` itself becomes an instance of this class.

        Raises
        ------
        ArgumentTypeError
            If it is not a dataset.
        MissingAttributeError
            If it has no LUT Descriptor or no LUT Data.
        """
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"a dataset is needed, found {type(dataset).__name__}")
        require(dataset, ["LUTDescriptor", "LUTData"], cls.__name__)
        adopted = deepcopy(dataset) if copy else dataset
        adopted.__class__ = cls
        assert isinstance(adopted, cls)
        return adopted

    def get_scaled_lut_data(
        self,
        output_range: tuple[float, float] = (0.0, 1.0),
        dtype: npt.DTypeLike | None = np.float64,
        invert: bool = False,
    ) -> Array:
        """Return the entries stretched linearly: the least and the greatest become the ends of a range.

        Parameters
        ----------
        output_range : tuple[float, float]
            What the least and the greatest entry become.
        dtype : numpy.typing.DTypeLike | None
            A floating point type; None for float64.
        invert : bool
            Whether the least entry becomes the upper end instead.

        Raises
        ------
        ArgumentError
            If the range is empty or upside down, or the type is not of floating point.
        """
        return scaled(self.lut_data, output_range, dtype, invert=invert)

    def get_inverted_lut_data(self) -> Array:
        """Return the entries mirrored within their own range: the least becomes the greatest."""
        return inverted(self.lut_data)

    def apply(self, array: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """Look pixels up.

        Parameters
        ----------
        array : numpy.ndarray
            Pixels of any shape, of an integer type.
        dtype : numpy.typing.DTypeLike | None
            Type of the result; None for that of the table. Only types that hold every entry.

        Returns
        -------
        numpy.ndarray
            The entries, in the shape of `array`.

        Raises
        ------
        ArgumentError
            If the pixels are not integers.
        ArgumentTypeError
            If `dtype` cannot hold every entry.
        """
        return apply_table(array, self.lut_data, self.first_mapped_value, dtype)


class ModalityLUT(LUT):
    """Item of the Modality LUT Sequence (PS3.3 C.11.1).

    Parameters
    ----------
    lut_type : str | RescaleTypeValues
        Unit of the result.
    first_mapped_value, lut_data, lut_explanation
        As for :class:`LUT`.
    """

    def __init__(
        self,
        lut_type: RescaleTypeValues | str,
        first_mapped_value: int,
        lut_data: Array,
        lut_explanation: str | None = None,
    ) -> None:
        super().__init__(first_mapped_value, lut_data, lut_explanation)
        self.ModalityLUTType = _unit(lut_type, "lut_type")


class VOILUT(LUT):
    """Item of the VOI LUT Sequence (PS3.3 C.11.2). The parameters are those of :class:`LUT`."""


class PresentationLUT(LUT):
    """Item of the Presentation LUT Sequence (PS3.3 C.11.4). The parameters are those of :class:`LUT`."""


class ModalityLUTTransformation(Dataset):
    """From stored values to values with a unit: a line or a table (PS3.3 C.11.1).

    Parameters
    ----------
    rescale_intercept, rescale_slope : float | None
        The line: ``slope * stored value + intercept``.
    rescale_type : str | RescaleTypeValues | None
        Unit of the result of the line.
    modality_lut : ModalityLUT | None
        The table, instead of the line.

    Raises
    ------
    ArgumentTypeError
        If not exactly one of line (all three) and table is given.
    """

    def __init__(
        self,
        rescale_intercept: int | float | None = None,
        rescale_slope: int | float | None = None,
        rescale_type: RescaleTypeValues | str | None = None,
        modality_lut: ModalityLUT | None = None,
    ) -> None:
        super().__init__()
        line = {
            "rescale_intercept": rescale_intercept,
            "rescale_slope": rescale_slope,
            "rescale_type": rescale_type,
        }
        if modality_lut is not None:
            _refuse(line, "modality_lut is")
            if not isinstance(modality_lut, ModalityLUT):
                raise ArgumentTypeError("modality_lut must be a ModalityLUT")
            self.ModalityLUTSequence = [modality_lut]
            return
        missing = [name for name, value in line.items() if value is None]
        if rescale_type is None or missing:
            raise ArgumentTypeError(f"{', '.join(missing)} must be given when modality_lut is not")
        self.RescaleIntercept = decimal(rescale_intercept, "rescale_intercept")
        self.RescaleSlope = decimal(rescale_slope, "rescale_slope")
        self.RescaleType = _unit(rescale_type, "rescale_type")

    def has_lut(self) -> bool:
        """Tell whether it is a table."""
        return "ModalityLUTSequence" in self

    def apply(self, array: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """Transform pixels.

        Parameters
        ----------
        array : numpy.ndarray
            Pixels of any shape; of an integer type for a table.
        dtype : numpy.typing.DTypeLike | None
            Type of the result; None for float64, or for that of the table.

        Raises
        ------
        ArgumentError
            If `dtype` is an integer type and a result might not fit.
        """
        if self.has_lut():
            table = self.ModalityLUTSequence[0]
            data = entries(table, "LUTDescriptor", "LUTData")
            return apply_table(array, data, int(table.LUTDescriptor[1]), dtype)
        slope, intercept = float(self.RescaleSlope), float(self.RescaleIntercept)
        wanted = np.dtype(np.float64 if dtype is None else dtype)
        if wanted.kind == "f":
            return np.asarray(np.asarray(array).astype(wanted) * slope + intercept)
        if wanted.kind not in "iu":
            raise ArgumentError(f"pixels cannot be rescaled to {wanted}")
        if not (slope.is_integer() and intercept.is_integer()):
            raise ArgumentError("an integer type needs an integer slope and intercept")
        return _rescaled_integers(np.asarray(array), int(slope), int(intercept), wanted)


class VOILUTTransformation(Dataset):
    """From values to what is shown of them: windows, tables or both to choose from (PS3.3 C.11.2).

    Parameters
    ----------
    window_center, window_width : float | Sequence[float] | None
        One or more windows. A width must be above 0, and at least 1 for the function LINEAR (C.11.2.1.2.1).
    window_explanation : str | Sequence[str] | None
        What each window is for.
    voi_lut_function : str | VOILUTFunctionValues | None
        How the windows are applied; LINEAR if not given.
    voi_luts : Sequence[VOILUT] | None
        One or more tables.

    Raises
    ------
    ArgumentTypeError
        If neither windows nor tables are given, or parts of a window without the others.
    ArgumentError
        If a value is not legal.
    """

    def __init__(
        self,
        window_center: float | Sequence[float] | None = None,
        window_width: float | Sequence[float] | None = None,
        window_explanation: str | Sequence[str] | None = None,
        voi_lut_function: VOILUTFunctionValues | str | None = None,
        voi_luts: Sequence[VOILUT] | None = None,
    ) -> None:
        super().__init__()
        extras = {
            "window_width": window_width,
            "window_explanation": window_explanation,
            "voi_lut_function": voi_lut_function,
        }
        if window_center is None:
            _refuse(extras, "window_center is not")
            if voi_luts is None:
                raise ArgumentTypeError("window_center or voi_luts must be given")
        else:
            if window_width is None:
                raise ArgumentTypeError("window_width must be given when window_center is")
            self._set_windows(window_center, window_width, window_explanation, voi_lut_function)
        if voi_luts is not None:
            if not voi_luts:
                raise ArgumentError("voi_luts must not be empty")
            if not all(isinstance(table, VOILUT) for table in voi_luts):
                raise ArgumentTypeError("voi_luts must be VOILUT objects")
            self.VOILUTSequence = list(voi_luts)

    def _set_windows(
        self,
        center: float | Sequence[float],
        width: float | Sequence[float],
        explanation: str | Sequence[str] | None,
        function: VOILUTFunctionValues | str | None,
    ) -> None:
        centers = [decimal(value, "window_center") for value in _several(center)]
        widths = [decimal(value, "window_width") for value in _several(width)]
        if len(centers) != len(widths):
            raise ArgumentTypeError("window_center and window_width must have the same number of values")
        kind = VOILUTFunctionValues(function or VOILUTFunctionValues.LINEAR)
        least = min(widths)
        if least <= 0:
            raise ArgumentError(f"window_width must be greater than 0, found {least}")
        if kind is VOILUTFunctionValues.LINEAR and least < 1:
            raise ArgumentError(
                f"window_width must be at least 1 for LINEAR (PS3.3 C.11.2.1.2.1), found {least}; "
                "LINEAR_EXACT takes any width above 0"
            )
        self.WindowCenter = centers if len(centers) > 1 else centers[0]
        self.WindowWidth = widths if len(widths) > 1 else widths[0]
        if explanation is not None:
            texts = check_texts(explanation, "LO", "window_explanation")
            if len(texts) != len(centers):
                raise ArgumentError("window_explanation must have as many values as window_center")
            self.WindowCenterWidthExplanation = texts if len(texts) > 1 else texts[0]
        if function is not None:
            self.VOILUTFunction = kind.value

    def has_lut(self) -> bool:
        """Tell whether there are tables."""
        return "VOILUTSequence" in self

    def has_window(self) -> bool:
        """Tell whether there are windows."""
        return "WindowCenter" in self

    def apply(
        self,
        array: Array,
        output_range: tuple[float, float] = (0.0, 1.0),
        voi_transform_selector: int | str = 0,
        dtype: npt.DTypeLike | None = None,
        invert: bool = False,
        prefer_lut: bool = False,
    ) -> Array:
        """Transform pixels.

        Parameters
        ----------
        array : numpy.ndarray
            Values of any shape; of an integer type for a table.
        output_range : tuple[float, float]
            The range of the result.
        voi_transform_selector : int | str
            Which window or table: its index, also from the end, or its explanation.
        dtype : numpy.typing.DTypeLike | None
            A floating point type; None for float64.
        invert : bool
            Whether the least value becomes the upper end of the range instead.
        prefer_lut : bool
            Whether a table is applied if there are both.

        Raises
        ------
        IndexError
            If there is no such window or table.
        ArgumentError
            If the range or the types do not fit.
        """
        if self.has_lut() and (prefer_lut or not self.has_window()):
            tables = list(self.VOILUTSequence)
            table = tables[
                _choose([str(x.get("LUTExplanation", "")) for x in tables], voi_transform_selector)
            ]
            data = scaled(entries(table, "LUTDescriptor", "LUTData"), output_range, dtype, invert=invert)
            return apply_table(array, data, int(table.LUTDescriptor[1]), None)
        centers, widths = _several(self.WindowCenter), _several(self.WindowWidth)
        named = self.get("WindowCenterWidthExplanation")
        names = [str(name) for name in ([named] if isinstance(named, str) else named or [])]
        names += [""] * (len(centers) - len(names))
        index = _choose(names, voi_transform_selector)
        function = VOILUTFunctionValues(self.get("VOILUTFunction") or "LINEAR")
        center, width = float(centers[index]), float(widths[index])
        return apply_voi_window(np.asarray(array), center, width, function, output_range, dtype, invert)


class PresentationLUTTransformation(Dataset):
    """From shown values to P-values: a shape or a table (PS3.3 C.11.4 and C.11.6).

    Parameters
    ----------
    presentation_lut_shape : str | PresentationLUTShapeValues | None
        The shape; IDENTITY if neither is given.
    presentation_lut : PresentationLUT | None
        The table, instead of the shape.

    Raises
    ------
    ArgumentTypeError
        If both are given.
    """

    def __init__(
        self,
        presentation_lut_shape: PresentationLUTShapeValues | str | None = None,
        presentation_lut: PresentationLUT | None = None,
    ) -> None:
        super().__init__()
        if presentation_lut is None:
            shape = PresentationLUTShapeValues(presentation_lut_shape or PresentationLUTShapeValues.IDENTITY)
            self.PresentationLUTShape = shape.value
            return
        if presentation_lut_shape is not None:
            raise ArgumentTypeError("presentation_lut_shape and presentation_lut must not both be given")
        if not isinstance(presentation_lut, PresentationLUT):
            raise ArgumentTypeError("presentation_lut must be a PresentationLUT")
        self.PresentationLUTSequence = [presentation_lut]


def _unit(value: RescaleTypeValues | str, name: str) -> str:
    # defined terms: others are legal (C.11.1.1.2)
    return value.value if isinstance(value, RescaleTypeValues) else check_text(value, "LO", name)


def _refuse(arguments: Mapping[str, object], reason: str) -> None:
    given = [name for name, value in arguments.items() if value is not None]
    if given:
        raise ArgumentTypeError(f"{', '.join(given)} must not be given when {reason}")


def _several(value: Any) -> list[Any]:
    return list(value) if isinstance(value, Sequence | np.ndarray) else [value]


def _choose(names: list[str], selector: int | str) -> int:
    if isinstance(selector, str):
        if selector in names:
            return names.index(selector)
    elif -len(names) <= selector < len(names):
        return selector
    raise IndexError(f"voi_transform_selector names none of the {len(names)} transformations")


def _rescaled_integers(array: Array, slope: int, intercept: int, dtype: np.dtype[Any]) -> Array:
    if array.dtype.kind not in "iu":
        raise ArgumentError("an integer type needs integer pixels")
    limits, kept = np.iinfo(array.dtype), np.iinfo(dtype)
    ends = sorted((slope * int(limits.min) + intercept, slope * int(limits.max) + intercept))
    if ends[0] < kept.min or ends[1] > kept.max:
        raise ArgumentError(
            f"{dtype} cannot hold what slope {slope} and intercept {intercept} make of {array.dtype} pixels: "
            f"{ends[0]} to {ends[1]}"
        )
    return np.add(np.multiply(array, slope, dtype=dtype, casting="unsafe"), intercept, dtype=dtype)
