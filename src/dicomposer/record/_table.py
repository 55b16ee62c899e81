"""The frame table: per-frame functional groups as columns (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from pydicom.dataelem import RawDataElement
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import correct_ambiguous_vr_element, write_sequence
from pydicom.tag import BaseTag
from pydicom.valuerep import AMBIGUOUS_VR

from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError

from ._columns import Categories, Column, Encoded, is_number
from ._decode import ByteStore
from ._encode import ColumnStore, as_indices, parse_path
from ._layout import Layout
from ._values import _LATIN, decoder

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

PER_FRAME = 0x52009230
_CACHE = "_dicomposer_frames"


class FrameTable:
    """The items of a Per-Frame Functional Groups Sequence as columns.

    Make one with :meth:`of` (columns), :meth:`decode` (bytes) or :meth:`of_dataset`. A table never changes.

    A *path* names an element by the keywords on the way to it inside one item; the first item of a nested sequence
    is implied, others are written: ``"DerivationImageSequence.SourceImageSequence[1].ReferencedSOPInstanceUID"``.
    Elements without a keyword are named by eight hexadecimal digits.
    """

    __hash__ = None  # type: ignore[assignment]

    def __init__(self, store: ColumnStore | ByteStore) -> None:
        self._store = store
        self._columns: dict[str, Column | None] = {}
        self._encoded: dict[str, Encoded | None] = {}

    @classmethod
    def of(cls, frames: int, columns: Mapping[str, Any], *, charsets: Sequence[str] = _LATIN) -> FrameTable:
        """Make a table of columns.

        Parameters
        ----------
        frames : int
            Number of frames.
        columns : Mapping[str, ndarray or Categories or constant]
            Per path: an array (frames,) or (frames, values), a :class:`Categories`, or a constant that holds in all
            frames (a scalar, or a tuple of several values; None for an empty element). For the path of a sequence,
            which is needed only where its presence is not that of its elements: ``()`` for a sequence that is always
            empty, booleans (frames,) for "present in these frames", or Categories with the values ``()`` (empty) and
            ``True`` (present); the code -1 means absent.
        charsets : Sequence[str]
            Python names of the character sets in which text beyond ASCII is encoded.

        Raises
        ------
        ArgumentError, ArgumentTypeError
            If a path, a shape or a value does not fit.
        """
        if frames < 0:
            raise ArgumentError("the number of frames cannot be negative")
        return cls(ColumnStore.of(int(frames), columns, charsets))

    @classmethod
    def decode(
        cls, value: bytes, *, implicit: bool, little: bool = True, charsets: Sequence[str] = _LATIN
    ) -> FrameTable:
        """Make a table of the encoded value of a sequence (without its own header).

        Parameters
        ----------
        value : bytes
            The items, of defined or undefined length; a final delimiter is allowed.
        implicit, little : bool
            Encoding of `value`.
        charsets : Sequence[str]
            Python names of the character sets of text.

        Raises
        ------
        DamagedFileError
            If the bytes do not hold together.
        """
        return cls(ByteStore.of(bytes(value), implicit, little, charsets))

    @classmethod
    def of_dataset(cls, dataset: Dataset) -> FrameTable:
        """Make the table of a dataset's Per-Frame Functional Groups Sequence; one without frames if it has none.

        The table is kept with the dataset for as long as the element holds the very bytes it was read from. A
        sequence that was touched (and perhaps edited) through pydicom is read again at each call.
        """
        element: Any = dataset._dict.get(BaseTag(PER_FRAME))
        if element is None:
            return cls(ColumnStore(0, (), {}, _LATIN))
        charsets = charsets_of(dataset)
        if isinstance(element, RawDataElement) and element.value is None and element.length:
            element = dataset[PER_FRAME]  # deferred by pydicom
        if not isinstance(element, RawDataElement):
            value, implicit = _encode_items(element, charsets)
            return cls.decode(value, implicit=implicit, charsets=charsets)
        raw = element.value or b""
        cache = dataset.__dict__.get(_CACHE)
        if isinstance(cache, _Cache) and cache.fits(element):
            return cache.table
        table = cls.decode(
            raw, implicit=element.is_implicit_VR, little=element.is_little_endian, charsets=charsets
        )
        dataset.__dict__[_CACHE] = _Cache(element, table)
        return table

    def keep_with(self, dataset: Dataset) -> None:
        """Let :meth:`of_dataset` find this table, which was decoded from the dataset's own bytes."""
        element = dataset._dict.get(BaseTag(PER_FRAME))
        if isinstance(element, RawDataElement) and isinstance(self._store, ByteStore):
            self._store.charsets = charsets_of(dataset)
            dataset.__dict__[_CACHE] = _Cache(element, self)

    def __len__(self) -> int:
        return self.frames

    def __repr__(self) -> str:
        return f"FrameTable({self.frames} frames, {len(self.paths)} columns)"

    def __eq__(self, other: object) -> bool:
        """Tell whether both tables encode to the same bytes."""
        if not isinstance(other, FrameTable):
            return NotImplemented
        return self.frames == other.frames and self.encode(implicit=False) == other.encode(implicit=False)

    @property
    def frames(self) -> int:
        """Number of frames."""
        return self._store.frames

    @cached_property
    def paths(self) -> tuple[str, ...]:
        """Paths of all elements that occur, then of sequences that are empty in some frame."""
        return self._store.paths

    @cached_property
    def layouts(self) -> list[Layout]:
        """Distinct structures, each with its frames; every frame is in exactly one."""
        return self._store.layouts()

    def __contains__(self, path: object) -> bool:
        return isinstance(path, str) and parse_path(path)[0] in self.paths

    def column(self, path: str) -> Column | None:
        """Return a column in its natural form.

        Returns
        -------
        ndarray (frames,) or (frames, values)
            For numbers (DS and IS included) that are there in all frames, equally many.
        Categories
            Otherwise, and for text. For the path of a sequence: the values ``()`` and ``True``.
        None
            If no frame has the element.
        """
        path = parse_path(path)[0]
        if path not in self._columns:
            self._columns[path] = self._read(path)
        return self._columns[path]

    def _read(self, path: str) -> Column | None:
        encoded = self.encoded(path)
        if encoded is None:
            return self._store.branch(path)
        if encoded.rows is not None:
            return _frozen(encoded.rows[:, 0] if encoded.rows.shape[1] == 1 else encoded.rows)
        column = self._categories(encoded)
        if is_number(encoded.vr):
            numbers = _dense(column)
            if numbers is not None:
                return numbers
        return column

    def encoded(self, path: str) -> Encoded | None:
        """Return a column as it is encoded: distinct values as bytes, or one record per frame; None if absent.

        The bytes may not be what the VR says: this is what a checker looks at.
        """
        path = parse_path(path)[0]
        if path not in self._encoded:
            self._encoded[path] = self._store.leaf(path)
        return self._encoded[path]

    def _categories(self, encoded: Encoded) -> Categories:
        """Decode a column, once per distinct value."""
        decode = decoder(encoded.vr, encoded.path, self._store.little, self._store.charsets)
        if encoded.rows is not None:
            values, codes = np.unique(encoded.rows, axis=0, return_inverse=True)
            rows = [tuple(row) if len(row) > 1 else row[0] for row in values.tolist()]
            return Categories(codes.ravel(), rows)
        assert encoded.codes is not None
        used = np.unique(encoded.codes)
        used = used[used >= 0]
        place: dict[object, int] = {}
        table = np.full(len(encoded.values) + 1, -1, np.intp)
        for code in used.tolist():
            table[code] = place.setdefault(_hashable(decode(encoded.values[code])), len(place))
        return Categories(table[encoded.codes], list(place))

    def categories(self, path: str) -> Categories:
        """Return a column as distinct values and codes.

        Returns
        -------
        Categories
            Values are numbers, text, or tuples of several; None for an empty element; the code -1 where absent.

        Raises
        ------
        KeyError
            If no frame has the element.
        """
        path = parse_path(path)[0]
        encoded = self.encoded(path)
        if encoded is not None:
            return self._categories(encoded)
        branch = self._store.branch(path)
        if branch is None:
            raise KeyError(path)
        return branch

    def numbers(self, path: str) -> npt.NDArray[Any]:
        """Return a column of numbers.

        Returns
        -------
        ndarray, shape (frames, values)
            Of the VR's type; DS float64, IS int64. Where frames lack the element or have fewer values, float64 with
            NaN there.

        Raises
        ------
        KeyError
            If no frame has the element.
        ArgumentTypeError
            If the element does not hold numbers.
        DamagedFileError
            If a text is not a number.
        """
        path = parse_path(path)[0]
        column = self.column(path)
        if column is None:
            raise KeyError(path)
        if isinstance(column, np.ndarray):
            return column.reshape(len(column), -1)
        encoded = self.encoded(path)
        if encoded is None or not is_number(encoded.vr):
            raise ArgumentTypeError(f"{path} does not hold numbers")
        rows = [
            value if isinstance(value, tuple) else () if value is None else (value,)
            for value in column.values
        ]
        width = max((len(row) for row in rows), default=0)
        table = np.full((len(rows) + 1, width), np.nan)
        for index, row in enumerate(rows):
            table[index, : len(row)] = row
        return table[column.codes]

    def select(self, indices: npt.ArrayLike) -> FrameTable:
        """Return the table of some frames, in the order given.

        Parameters
        ----------
        indices : array of int or of bool
            Frame indices, or a mask (frames,).
        """
        return FrameTable(self._store.select(as_indices(indices, self.frames)))

    def encode(self, *, implicit: bool, little: bool = True) -> bytes:
        """Return the encoded items, all lengths defined.

        Raises
        ------
        ArgumentError
            If the value would be 4 GiB or longer.
        """
        return self._store.encode(implicit, little)

    def attach(self, dataset: Dataset) -> None:
        """Put the table into a dataset as its raw, undecoded Per-Frame Functional Groups Sequence.

        pydicom writes it verbatim if the dataset is then saved in the encoding of its file meta information's
        Transfer Syntax UID (explicit VR little endian if it has none) and with its present Specific Character Set:
        set both before. Elements set later must have concrete VRs ("OB or OW", "US or SS" make pydicom raise);
        those that are there already are given one. Otherwise pydicom decodes the sequence and writes it again:
        slow, but right.
        :func:`dicomposer.record.save` converts quickly in any case.
        """
        implicit = _is_implicit(dataset)
        charsets = charsets_of(dataset)
        _settle_elements(dataset, implicit, charsets)
        value = self.encode(implicit=implicit)
        element = RawDataElement(BaseTag(PER_FRAME), "SQ", len(value), value, 0, implicit, True)
        dataset._dict[BaseTag(PER_FRAME)] = element
        dataset.set_original_encoding(implicit, True, dataset._character_set)
        dataset.__dict__[_CACHE] = _Cache(element, self)

    def attach_to_item(self, item: Dataset, keyword: str, *, implicit: bool = False) -> None:
        """Put the table into an item as another sequence of many like items, raw and undecoded.

        Parameters
        ----------
        item : pydicom.Dataset
            A new item of a sequence.
        keyword : str
            Attribute of VR SQ, such as ``"ReferencedInstanceSequence"``.
        implicit : bool
            Encoding in which the object will be saved; :func:`dicomposer.record.save` converts quickly otherwise.
        """
        tag = BaseTag(parse_path(keyword)[2])
        value = self.encode(implicit=implicit)
        item._dict[tag] = RawDataElement(tag, "SQ", len(value), value, 0, implicit, True)
        item.set_original_encoding(implicit, True, item._character_set)


class _Cache:
    """A table and the bytes that it was read from; copies of a dataset share both, pickles keep neither."""

    def __init__(self, element: RawDataElement | None = None, table: FrameTable | None = None) -> None:
        self.value = None if element is None else element.value
        self.implicit = element is not None and element.is_implicit_VR
        self._table = table

    @property
    def table(self) -> FrameTable:
        assert self._table is not None
        return self._table

    def fits(self, element: RawDataElement) -> bool:
        """Tell whether an element holds the very bytes."""
        return (
            self._table is not None
            and element.value is self.value
            and element.is_implicit_VR == self.implicit
        )

    def __deepcopy__(self, memo: dict[int, Any]) -> _Cache:
        return self

    def __reduce__(self) -> tuple[type[_Cache], tuple[()]]:
        return _Cache, ()


def charsets_of(dataset: Dataset) -> tuple[str, ...]:
    """Return the Python names of a dataset's character sets."""
    charsets = dataset._character_set
    return (charsets,) if isinstance(charsets, str) else tuple(charsets)


def _is_implicit(dataset: Dataset) -> bool:
    meta = getattr(dataset, "file_meta", None)
    syntax = None if meta is None else meta.get("TransferSyntaxUID", None)
    return bool(syntax == "1.2.840.10008.1.2")


def _settle_elements(dataset: Dataset, implicit: bool, charsets: Sequence[str]) -> None:
    """Make elements fit for the encoding which the dataset is about to claim: decoded, with concrete VRs."""
    original = dataset.original_character_set
    names = (original,) if isinstance(original, str) else tuple(original)
    other_text = any(names) and names != tuple(charsets)
    for tag, element in list(dataset._dict.items()):
        if isinstance(element, RawDataElement) and (
            other_text or element.is_implicit_VR != implicit or not element.is_little_endian
        ):
            element = dataset[tag]
        if element.VR in AMBIGUOUS_VR:
            dataset[tag] = correct_ambiguous_vr_element(element, dataset, is_little_endian=True)


def _encode_items(element: Any, charsets: Sequence[str]) -> tuple[bytes, bool]:
    """Encode a decoded sequence with pydicom: explicit VR, or implicit if a VR is ambiguous."""
    for implicit in (False, True):
        buffer = DicomBytesIO()
        buffer.is_implicit_VR, buffer.is_little_endian = implicit, True
        try:
            write_sequence(buffer, element, list(charsets))
        except (ValueError, NotImplementedError) as error:
            if implicit:
                raise DamagedFileError("the sequence cannot be encoded", tag=int(element.tag)) from error
            continue
        return buffer.getvalue(), implicit
    raise AssertionError


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _frozen(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    view = array.view()
    view.setflags(write=False)
    return view


def _dense(column: Categories) -> npt.NDArray[Any] | None:
    """Return numbers as an array, if no frame lacks any."""
    codes, values = column.codes, column.values
    if not values or (len(codes) and int(codes.min()) < 0):
        return None
    widths = {len(value) if isinstance(value, tuple) else -(value is None) or 1 for value in values}
    if len(widths) > 1 or widths == {-1}:
        return None
    return _frozen(np.array(values)[codes])
