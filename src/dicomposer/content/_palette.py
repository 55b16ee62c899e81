"""Palettes: from single values to colours (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6 and C.7.9.2)."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt
from pydicom.dataset import Dataset

from dicomposer.coding import UID, check_uid
from dicomposer.content._macro import require
from dicomposer.content._tables import apply_table, checked_table, entries, set_table, words_of
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError
from dicomposer.pixels import CIELabColor

Array: TypeAlias = npt.NDArray[Any]

_COLOURS: Final = ("red", "green", "blue")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2
_MOST = 65536


class _Channel(Dataset):
    """What the tables of one colour have in common, however their data are stored."""

    _DATA: Final = "{}PaletteColorLookupTableData"

    _color: str

    @classmethod
    def _keywords(cls, color: str) -> tuple[str, str]:
        if color not in _COLOURS:
            raise ArgumentError(f"color must be one of {', '.join(_COLOURS)}")
        name = color.capitalize()
        return f"{name}PaletteColorLookupTableDescriptor", cls._DATA.format(name)

    @property
    def _descriptor(self) -> Any:
        return self[self._keywords(self.color)[0]].value

    @property
    def color(self) -> str:
        """The colour: "red", "green" or "blue"."""
        for color in _COLOURS:
            if self._keywords(color)[0] in self:
                return color
        raise MissingAttributeError("the palette has no descriptor")

    @property
    def lut_data(self) -> Array:
        """The entries: one dimension, uint8 or uint16."""
        return entries(self, *self._keywords(self.color))

    @property
    def number_of_entries(self) -> int:
        """Number of entries, expanded."""
        return int(self._descriptor[0]) % _MOST or _MOST

    @property
    def first_mapped_value(self) -> int:
        """Pixel value of the first entry."""
        return int(self._descriptor[1])

    @property
    def bits_per_entry(self) -> int:
        """Bits of an entry: 8 or 16."""
        return int(self._descriptor[2])

    @classmethod
    def extract_from_dataset(cls, dataset: Dataset, color: str) -> Self:
        """Take the table of one colour out of a dataset, for example an image; the dataset stays as it is.

        Parameters
        ----------
        dataset : pydicom.dataset.Dataset
            The dataset.
        color : str
            "red", "green" or "blue".

        Raises
        ------
        MissingAttributeError
            If the dataset has no such table.
        """
        keywords = cls._keywords(color)
        require(dataset, keywords, f"a {color} palette")
        made = cls.__new__(cls)
        Dataset.__init__(made)
        for keyword in keywords:
            element = dataset[keyword]
            vr, value = element.VR, element.value
            if " or " in vr:  # the dictionary leaves a choice, and the file did not make it
                vr = "OW" if isinstance(value, bytes) else "US"
            if isinstance(value, bytes) and vr == "OW" and dataset.original_encoding[1] is False:
                value = np.frombuffer(value, ">u2").astype("<u2").tobytes()  # words of a big-endian file
            made.add_new(keyword, vr, value)
        return made


class PaletteColorLUT(_Channel):
    """Table of one colour of a palette.

    Parameters
    ----------
    first_mapped_value : int
        Pixel value of the first entry; see :class:`LUT`.
    lut_data : numpy.ndarray
        The entries: one dimension, uint8 or uint16.
    color : str
        "red", "green" or "blue".

    Raises
    ------
    ArgumentError
        If the array has another shape or type, or the colour is another.
    """

    def __init__(self, first_mapped_value: int, lut_data: Array, color: str) -> None:
        super().__init__()
        set_table(self, self._keywords(color), first_mapped_value, checked_table(lut_data, "lut_data"))

    def apply(self, array: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """Look pixels up; see :meth:`LUT.apply`."""
        return apply_table(array, self.lut_data, self.first_mapped_value, dtype)


class SegmentedPaletteColorLUT(_Channel):
    """Table of one colour of a palette, stored as segments (PS3.3 C.7.9.2).

    Parameters
    ----------
    first_mapped_value : int
        Pixel value of the first entry; see :class:`LUT`.
    segmented_lut_data : numpy.ndarray
        The segments: one dimension, uint8 or uint16.
    color : str
        "red", "green" or "blue".

    Raises
    ------
    ArgumentError
        If the array has another shape or type, the colour is another, or the segments do not hold together.
    """

    _DATA = "Segmented{}PaletteColorLookupTableData"  # type: ignore[misc]

    def __init__(self, first_mapped_value: int, segmented_lut_data: Array, color: str) -> None:
        super().__init__()
        segments = checked_table(segmented_lut_data, "segmented_lut_data")
        try:
            count = len(expand_segments(segments))
        except DamagedFileError as error:
            raise ArgumentError(f"segmented_lut_data: {error}") from None
        set_table(self, self._keywords(color), first_mapped_value, segments, count)

    @property
    def segmented_lut_data(self) -> Array:
        """The segments: one dimension, uint8 or uint16."""
        return words_of(self[self._keywords(self.color)[1]].value, self.bits_per_entry)

    @property
    def lut_data(self) -> Array:
        """The entries, expanded: one dimension, uint8 or uint16."""
        return expand_segments(self.segmented_lut_data, self.number_of_entries)

    def apply(self, array: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """Look pixels up; see :meth:`LUT.apply`."""
        return apply_table(array, self.lut_data, self.first_mapped_value, dtype)


Channel: TypeAlias = PaletteColorLUT | SegmentedPaletteColorLUT


class PaletteColorLUTTransformation(Dataset):
    """A palette: the tables of the three colours (Palette Color Lookup Table Module, PS3.3 C.7.9).

    Parameters
    ----------
    red_lut, green_lut, blue_lut : PaletteColorLUT | SegmentedPaletteColorLUT
        The tables; all of one kind, with the same number of entries, first mapped value and bits.
    palette_color_lut_uid : str | UID | None
        Identifier of the palette.

    Raises
    ------
    ArgumentTypeError
        If a table is of another kind.
    ArgumentError
        If the tables do not fit one another.
    """

    def __init__(
        self,
        red_lut: Channel,
        green_lut: Channel,
        blue_lut: Channel,
        palette_color_lut_uid: UID | str | None = None,
    ) -> None:
        super().__init__()
        tables = (red_lut, green_lut, blue_lut)
        for table, color in zip(tables, _COLOURS, strict=True):
            if not isinstance(table, PaletteColorLUT | SegmentedPaletteColorLUT):
                raise ArgumentTypeError(f"{color}_lut must be a PaletteColorLUT or SegmentedPaletteColorLUT")
            if table.color != color:
                raise ArgumentError(f"{color}_lut is the table of {table.color}")
        if len({type(table) for table in tables}) > 1:
            raise ArgumentTypeError("the three tables must be of the same kind")
        for name in ("number_of_entries", "first_mapped_value", "bits_per_entry"):
            values = [getattr(table, name) for table in tables]
            if len(set(values)) > 1:
                raise ArgumentError(f"the three tables must have the same {name}, found {values}")
        for element in (element for table in tables for element in table):
            self.add_new(element.tag, element.VR, deepcopy(element.value))
        if palette_color_lut_uid is not None:
            self.PaletteColorLookupTableUID = check_uid(palette_color_lut_uid, "palette_color_lut_uid")

    @classmethod
    def from_colors(
        cls,
        colors: Sequence[str],
        first_mapped_value: int = 0,
        palette_color_lut_uid: UID | str | None = None,
    ) -> Self:
        """Make a palette of 8 bits from names of colours.

        Parameters
        ----------
        colors : Sequence[str]
            One colour for each pixel value from `first_mapped_value`: a CSS name ("red", "Crimson"),
            "#ff7733" or "rgb(255, 119, 51)".
        first_mapped_value : int
            Pixel value of the first colour.
        palette_color_lut_uid : str | UID | None
            Identifier of the palette.

        Raises
        ------
        ArgumentError
            If a colour is not known.
        """
        if isinstance(colors, str):
            raise ArgumentTypeError("colors must be a sequence of strings")
        rows = np.array(
            [CIELabColor.from_string(color).to_rgb(clip=True) for color in colors], np.uint8
        ).reshape(-1, 3)
        return cls.from_combined_lut(rows, first_mapped_value, palette_color_lut_uid)

    @classmethod
    def from_combined_lut(
        cls,
        lut_data: Array,
        first_mapped_value: int = 0,
        palette_color_lut_uid: UID | str | None = None,
    ) -> Self:
        """Make a palette from an array.

        Parameters
        ----------
        lut_data : numpy.ndarray
            Shape (entries, 3): red, green and blue; uint8 or uint16.
        first_mapped_value : int
            Pixel value of the first row.
        palette_color_lut_uid : str | UID | None
            Identifier of the palette.

        Raises
        ------
        ArgumentError
            If the array has another shape or type.
        """
        if np.ndim(lut_data) != 2 or lut_data.shape[1] != 3:
            raise ArgumentError("lut_data must be an array of shape (entries, 3)")
        tables = [
            PaletteColorLUT(first_mapped_value, np.ascontiguousarray(lut_data[:, i]), color)
            for i, color in enumerate(_COLOURS)
        ]
        return cls(tables[0], tables[1], tables[2], palette_color_lut_uid)

    @classmethod
    def extract_from_dataset(cls, dataset: Dataset) -> Self:
        """Take the palette out of a dataset, for example an image; the dataset stays as it is.

        Raises
        ------
        MissingAttributeError
            If it has no palette, or one without all three colours.
        """
        plain = "RedPaletteColorLookupTableData" in dataset
        if not plain and "SegmentedRedPaletteColorLookupTableData" not in dataset:
            raise MissingAttributeError("the dataset has no palette")
        kind = PaletteColorLUT if plain else SegmentedPaletteColorLUT
        red, green, blue = (kind.extract_from_dataset(dataset, color) for color in _COLOURS)
        return cls(red, green, blue, dataset.get("PaletteColorLookupTableUID"))

    def _table(self, color: str) -> Channel:
        kind = SegmentedPaletteColorLUT if self.is_segmented else PaletteColorLUT
        return kind.extract_from_dataset(self, color)

    @property
    def is_segmented(self) -> bool:
        """Whether the tables are stored as segments."""
        return "SegmentedRedPaletteColorLookupTableData" in self

    @property
    def number_of_entries(self) -> int:
        """Number of colours."""
        return self.red_lut.number_of_entries

    @property
    def first_mapped_value(self) -> int:
        """Pixel value of the first colour."""
        return self.red_lut.first_mapped_value

    @property
    def bits_per_entry(self) -> int:
        """Bits of a channel: 8 or 16."""
        return self.red_lut.bits_per_entry

    @property
    def red_lut(self) -> Channel:
        """The table of red."""
        return self._table("red")

    @property
    def green_lut(self) -> Channel:
        """The table of green."""
        return self._table("green")

    @property
    def blue_lut(self) -> Channel:
        """The table of blue."""
        return self._table("blue")

    @property
    def combined_lut_data(self) -> Array:
        """All entries: shape (entries, 3), uint8 or uint16."""
        return np.stack([self._table(color).lut_data for color in _COLOURS], axis=-1)

    def apply(self, array: Array, dtype: npt.DTypeLike | None = None) -> Array:
        """Look pixels up.

        Parameters
        ----------
        array : numpy.ndarray
            Pixels of any shape, of an integer type.
        dtype : numpy.typing.DTypeLike | None
            Type of the result; None for uint8 or uint16 as in the tables.

        Returns
        -------
        numpy.ndarray
            The colours, in the shape of `array` with a last axis of red, green and blue.
        """
        return apply_table(array, self.combined_lut_data, self.first_mapped_value, dtype)


def expand_segments(segments: Array, most: int = _MOST) -> Array:
    """Expand the segments of a table (PS3.3 C.7.9.2).

    Parameters
    ----------
    segments : numpy.ndarray
        One dimension, uint8 or uint16.
    most : int
        Where to stop: a table of more entries is refused.

    Raises
    ------
    DamagedFileError
        If a segment is of no known kind, incomplete, out of place, or leads beyond `most` entries.
    """
    return _Expansion(segments, most).entries()


class _Expansion:
    """The segments of one table, and the entries found so far."""

    def __init__(self, segments: Array, most: int) -> None:
        self._words = [int(word) for word in segments]
        self._dtype = segments.dtype
        self._most = most
        self._found: list[int] = []

    def entries(self) -> Array:
        place, end = 0, len(self._words)
        # an odd number of 8-bit words is followed by a byte of padding; no segment is that short
        while end - place > 1:
            place = self._indirect(place) if self._words[place] == _INDIRECT else self._direct(place)
        if not self._found:
            raise DamagedFileError("a segmented look-up table has no segment")
        return np.array(self._found, self._dtype)

    def _direct(self, place: int) -> int:
        """Append a discrete or linear segment and return the place after it."""
        kind, count = self._take(place, 2)
        size = count if kind == _DISCRETE else 1
        if kind not in (_DISCRETE, _LINEAR) or count < 1:
            raise DamagedFileError(f"a look-up table has a segment of kind {kind} with {count} entries")
        if len(self._found) + count > self._most:
            raise DamagedFileError(f"a segmented look-up table has more than {self._most} entries")
        values = self._take(place + 2, size)
        if kind == _LINEAR:
            if not self._found:
                raise DamagedFileError("a look-up table begins with a linear segment, which has no start")
            # from the last entry, which is not repeated, to the value given (C.7.9.2.2)
            start, stop = self._found[-1], values[0]
            steps = start + (stop - start) * np.arange(1, count + 1) / count
            values = np.around(steps).astype(int).tolist()
        self._found.extend(values)
        return place + 2 + size

    def _indirect(self, place: int) -> int:
        """Repeat segments that came before: their number and the offset of the first in bytes (C.7.9.2.3)."""
        width = self._dtype.itemsize
        count, *parts = self._take(place + 1, 1 + 4 // width)
        other = sum(part << (8 * width * i) for i, part in enumerate(parts)) // width
        for _ in range(count):
            if other >= place:
                raise DamagedFileError(
                    "a segment of a look-up table refers to one that does not come before it"
                )
            other = self._direct(other)
        return place + 2 + len(parts)

    def _take(self, place: int, count: int) -> list[int]:
        words = self._words[place : place + count]
        if len(words) < count:
            raise DamagedFileError("a segment of a look-up table is incomplete")
        return words
