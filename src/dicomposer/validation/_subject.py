"""What rules look at: the object under test, with the views and facts that several rules share."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.record import PixelSource, fetch_deferred, pixel_source
from dicomposer.validation._frames import Frames, explicit, frame_path, frames_of
from dicomposer.validation._view import Element, Item, tag_of

_T = TypeVar("_T")

__all__ = ["PER_FRAME", "SHARED", "Subject"]

SHARED = 0x52009229
PER_FRAME = 0x52009230

SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
MEDIA_DIRECTORY = "1.2.840.10008.1.3.10"
LABEL_MAP_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.7"
PIXEL_TAGS = (0x7FE00010, 0x7FE00008, 0x7FE00009)


class Subject:
    """The object under test.

    Parameters
    ----------
    dataset : Dataset
        Read, never changed and never iterated.
    sources : Sequence[Dataset]
        Images that the object was made from, if the caller has them.
    from_file : bool
        Whether it was read from a file, so that its file meta information is complete.
    """

    def __init__(self, dataset: Dataset, sources: Sequence[Dataset] = (), *, from_file: bool = False) -> None:
        fetch_deferred(dataset)
        self.dataset = dataset
        self.root = Item.of(dataset)
        self.sources = tuple(sources)
        self.from_file = from_file
        self._once: dict[str, Any] = {}
        meta = getattr(dataset, "file_meta", None)
        self.meta: Item | None = None if meta is None else Item.of(meta)

    def once(self, name: str, make: Callable[[], _T]) -> _T:
        """What `make` gives, made at the first call of that name: for facts that several rules of a family share."""
        if name not in self._once:
            self._once[name] = make()
        return self._once[name]  # type: ignore[no-any-return]

    # -- what it is -------------------------------------------------------------------------------------------------

    @cached_property
    def sop_class(self) -> str:
        """SOP Class UID; of a media directory, which has none (PS3.10 8.6), that of its file; "" if absent."""
        stated = "" if self.meta is None else self.meta.text("MediaStorageSOPClassUID")
        return self.root.text("SOPClassUID") or (stated if stated == MEDIA_DIRECTORY else "")

    @cached_property
    def iod(self) -> standard.IOD | None:
        """Definition of the object, or None if the tables know none."""
        try:
            return standard.iod(self.sop_class) if standard.sop_class(self.sop_class) else None
        except KeyError:
            return None

    @cached_property
    def syntax(self) -> standard.TransferSyntax | None:
        """Transfer syntax of the file meta information, or None if it is absent or unknown."""
        return None if self.meta is None else standard.transfer_syntax(self.meta.text("TransferSyntaxUID"))

    @property
    def is_segmentation(self) -> bool:
        """Segmentation or Label Map Segmentation."""
        return self.sop_class in (SEGMENTATION, LABEL_MAP_SEGMENTATION)

    @property
    def has_frames(self) -> bool:
        """Whether it has functional groups per frame."""
        return PER_FRAME in self.root

    @property
    def is_tiled(self) -> bool:
        """Whether it has a total pixel matrix."""
        return tag_of("TotalPixelMatrixColumns") in self.root

    @property
    def is_tiled_full(self) -> bool:
        """Whether the places of its tiles are implied (PS3.3 C.7.6.17.3)."""
        return self.text("DimensionOrganizationType") == "TILED_FULL"

    # -- values -----------------------------------------------------------------------------------------------------

    def text(self, keyword: str) -> str:
        """First value of a top-level attribute as text; "" if absent."""
        return self.root.text(keyword)

    def number(self, keyword: str) -> float | None:
        """First value of a top-level attribute as a number, or None."""
        return self.root.number(keyword)

    def integer(self, keyword: str) -> int | None:
        """First value of a top-level attribute as a whole number, or None."""
        number = self.root.number(keyword)
        return None if number is None or number != int(number) else int(number)

    def values(self, keyword: str) -> list[Any]:
        """Values of a top-level attribute; empty if absent."""
        return self.root.values(keyword)

    @cached_property
    def frame_count(self) -> int:
        """Number of Frames; 1 if absent."""
        return self.integer("NumberOfFrames") or 1

    @cached_property
    def pixel_element(self) -> Element | None:
        """The element that holds the pixels, if there is one."""
        for tag in PIXEL_TAGS:
            element = self.root.get(tag)
            if element is not None:
                return element
        return None

    @property
    def subject_name(self) -> str:
        """What the object is, for people."""
        return standard.uid_name(self.sop_class) if self.sop_class else "object without SOP Class UID"

    @cached_property
    def pixel_size(self) -> int | None:
        """Bytes of the pixel data's value, or None if there is none."""
        return None if self.pixel_element is None else pixel_source(self.dataset).size

    @cached_property
    def fragments(self) -> tuple[tuple[int, ...], list[tuple[int, int]]] | str | None:
        """Basic offset table and (offset from the first fragment's item, length) of the fragments, or what is wrong."""
        return None if self.pixel_element is None else _fragments(pixel_source(self.dataset))

    @cached_property
    def segment_numbers(self) -> list[int]:
        """Segment Number of each item of Segment Sequence that has one."""
        numbers = (item.number("SegmentNumber") for item in self.root.items("SegmentSequence"))
        return [int(number) for number in numbers if number is not None]

    # -- functional groups ------------------------------------------------------------------------------------------

    @cached_property
    def shared(self) -> Item | None:
        """The item of the shared functional groups."""
        element = self.root.get(SHARED)
        return element.items[0] if element is not None and element.items else None

    @cached_property
    def frames(self) -> Frames | None:
        """Columns of the per-frame functional groups, or None if there are none."""
        return frames_of(self.dataset, self.root) if self.has_frames else None

    def frame_numbers(self, path: str) -> NDArray[np.float64] | None:
        """Numbers of a functional-group attribute, one row per frame.

        Parameters
        ----------
        path : str
            Keywords below one item of the functional groups.

        Returns
        -------
        ndarray, float64, (frames, values) or None
            From the per-frame groups, else the shared one repeated (one row if there are no per-frame groups); NaN
            where a frame has no such attribute.
        """
        if self.frames is not None and path in self.frames.paths:
            return self.frames.numbers(path)
        shared = self.shared_values(path)
        if shared is None:
            return None
        try:
            row = np.array([float(value) for value in shared], float)
        except (TypeError, ValueError):
            return None
        return np.broadcast_to(row, (1 if self.frames is None else self.frames.count, row.size))

    def shared_values(self, path: str) -> list[Any] | None:
        """Values of an attribute of the shared functional groups, in the first item of each sequence."""
        item = self.shared
        *sequences, keyword = path.split(".")
        for sequence in sequences:
            if item is None:
                return None
            inner = item.items(sequence)
            item = inner[0] if inner else None
        element = None if item is None else item.named(keyword)
        return None if element is None else element.values

    def group_path(self, path: str, frame: int = 0) -> str:
        """Full path of a functional-group attribute, in the frame's item or in the shared one."""
        if self.frames is not None and path in self.frames.paths:
            return frame_path(path, frame)
        return f"SharedFunctionalGroupsSequence[0].{explicit(path)}"


def _fragments(source: PixelSource) -> tuple[tuple[int, ...], list[tuple[int, int]]] | str:
    """Walk the item headers of an encapsulated value (PS3.5 A.4)."""
    at, end = 0, source.size
    table: tuple[int, ...] | None = None
    found: list[tuple[int, int]] = []
    origin = 0
    while at + 8 <= end:
        tag, length = np.frombuffer(bytes(source.read(at, 8)), "<u4").tolist()
        if tag == 0xE0DDFFFE:
            break
        if tag != 0xE000FFFE or at + 8 + length > end:
            return "does not hold together as a series of fragments"
        if table is None:
            table = tuple(np.frombuffer(bytes(source.read(at + 8, length // 4 * 4)), "<u4").tolist())
            origin = at + 8 + length
        else:
            found.append((at - origin, length))
        at += 8 + length
    return (table, found) if table is not None else "has no basic offset table item"
