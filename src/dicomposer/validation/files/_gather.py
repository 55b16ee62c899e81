"""References of an object to others, wherever they stand, as rows of an array."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement

from dicomposer.validation._frames import Frames, frame_path
from dicomposer.validation._subject import PER_FRAME, PIXEL_TAGS, Subject
from dicomposer.validation._view import Item, keyword_of, tag_of

__all__ = ["REFERENCES", "SEGMENTS", "outside_references", "references_of"]

#: One distinct reference: place (number of its path) and item there; digests of UIDs (0: not said); lowest and highest
#: frame number (0, 0: no frame numbers); how often it occurs.
REFERENCES = np.dtype(
    {
        "names": "place at sop_class instance series study frame_of_reference low high count".split(),
        "formats": "<u4 <u4 <u8 <u8 <u8 <u8 <u8 <i4 <i4 <u4".split(),
    }
)
#: A segment that a reference names: row of the reference, segment number.
SEGMENTS = np.dtype([("row", "<u4"), ("number", "<i4")])

_INSTANCE = 0x00081155
_NEEDLE = (b"\x00\x08\x11\x55", b"\x08\x00\x55\x11")
_SEQUENCES_LEFT_OUT = frozenset(
    tag_of(keyword) for keyword in ("OriginalAttributesSequence", "DirectoryRecordSequence")
)
#: Classes of normalized services (studies, patients, procedure steps): no composite instances, never in a file.
_NORMALIZED = "1.2.840.10008.3.1."
_SUFFIX = "ReferencedSOPInstanceUID"
_LARGEST = 2**31 - 1

Digest = Callable[[str], int]


class _Hierarchy(NamedTuple):
    """What the items around a reference say of the instance; "" where they do not."""

    series: str = ""
    study: str = ""
    frame_of_reference: str = ""


class _Gatherer:
    def __init__(self, digest: Digest) -> None:
        self.digest = digest
        self.places: dict[str, int] = {}
        self.rows: dict[tuple[Any, ...], list[int]] = {}
        self.segments: dict[tuple[int, int], None] = {}

    def add(
        self,
        place: tuple[str, str, int],
        uids: tuple[str, str],
        around: _Hierarchy,
        numbers: tuple[list[int], list[int]],
        count: int = 1,
    ) -> None:
        """Note a reference.

        Parameters
        ----------
        place : tuple
            Path without item numbers, path with ``*`` for the item number, and that number.
        uids : tuple
            Class and instance.
        around : _Hierarchy
        numbers : tuple
            Frame numbers and segment numbers.
        """
        trail, path, at = place
        frames, segments = numbers
        low, high = (min(frames), max(frames)) if frames else (0, 0)
        key = (trail, *uids, around, low == high == 0)
        row = self.rows.get(key)
        if row is None:
            number = self.places.setdefault(path, len(self.places))
            row = self.rows[key] = [len(self.rows), number, at, low, high, 0]
        row[3], row[4] = min(row[3], low), max(row[4], high)
        row[5] += count
        for segment in segments:
            self.segments[row[0], segment] = None

    def packed(self) -> tuple[bytes, bytes, tuple[str, ...]]:
        """Rows as bytes, segments as bytes, paths."""
        digest = self.digest
        table = [
            (row[1], row[2], digest(sop_class), digest(instance), *map(digest, around), *row[3:])
            for (_, sop_class, instance, around, _), row in self.rows.items()
        ]
        rows = np.array(table, REFERENCES)
        segments = np.array(list(self.segments), SEGMENTS)
        return rows.tobytes(), segments.tobytes(), tuple(self.places)


def references_of(subject: Subject, digest: Digest) -> tuple[bytes, bytes, tuple[str, ...]]:
    """References as rows of :data:`REFERENCES` and :data:`SEGMENTS`, and the paths of their items."""
    gatherer = _Gatherer(digest)
    _walk(subject.root, _Hierarchy(), gatherer)
    if subject.frames is not None:
        _columns(subject.frames, gatherer)
    return gatherer.packed() if gatherer.rows else (b"", b"", ())


def outside_references(root: Item, left_out: frozenset[int]) -> Iterator[tuple[Item, str]]:
    """(item, UID) of references to composite instances below the root, but for those in certain sequences of it.

    References below an item that names their series or study are left out: such a list needs no other.
    """
    for tag, inner in _sequences(root, True):
        if tag not in left_out:
            for one in inner:
                yield from _plain_references(one)


def _plain_references(item: Item) -> Iterator[tuple[Item, str]]:
    if item.uid("SeriesInstanceUID") or item.uid("StudyInstanceUID"):
        return
    if _INSTANCE in item.elements:
        uid = item.uid(_SUFFIX)
        if uid and not item.uid("ReferencedSOPClassUID").startswith(_NORMALIZED):
            yield item, uid
    for _, inner in _sequences(item, False):
        for one in inner:
            yield from _plain_references(one)


def _sequences(item: Item, outermost: bool) -> Iterator[tuple[int, list[Item]]]:
    """Standard sequences that hold a reference at some depth: those that are bytes are searched, not scanned."""
    for tag, source in item.elements.items():
        if (tag >> 16) & 1 or tag in _SEQUENCES_LEFT_OUT or tag in PIXEL_TAGS:
            continue
        if outermost and tag == PER_FRAME:
            continue
        if isinstance(source, RawDataElement):
            if source.VR not in ("SQ", "UN", None) or not isinstance(source.value, bytes):
                continue
            if _NEEDLE[source.is_little_endian] not in source.value:
                continue
        elif source.VR != "SQ":
            continue
        element = item.get(tag)
        if element is not None and element.vr == "SQ":
            yield tag, element.items


def _walk(item: Item, around: _Hierarchy, gatherer: _Gatherer) -> None:
    for tag, inner in _sequences(item, item.parent is None):
        keyword = keyword_of(tag)
        above = f"{item.path_of(keyword)}[*]" if inner else ""
        for one in inner:
            here = _around(one, around)
            if _INSTANCE in one.elements:
                uids = one.uid("ReferencedSOPClassUID"), one.uid(_SUFFIX)
                if uids[0].startswith(_NORMALIZED):
                    # Reports of radiotherapy name the study in this way (PS3.3 C.8.8.5).
                    here = here._replace(study=uids[1]) if "Study" in keyword else here
                elif uids[1]:
                    numbers = _numbers(one, "ReferencedFrameNumber"), _numbers(one, "ReferencedSegmentNumber")
                    gatherer.add((one.trail, above, one.index), uids, here, numbers)
            _walk(one, here, gatherer)


def _around(item: Item, outer: _Hierarchy) -> _Hierarchy:
    """What an item says of the instances below it, or what those around it say."""
    series = item.uid("SeriesInstanceUID")
    study = item.uid("StudyInstanceUID")
    frame = item.uid("FrameOfReferenceUID")
    if not (series or study or frame):
        return outer
    return _Hierarchy(series or outer.series, study or outer.study, frame or outer.frame_of_reference)


def _numbers(item: Item, keyword: str) -> list[int]:
    return [] if tag_of(keyword) not in item.elements else _wholes(item.values(keyword))


def _wholes(values: Any) -> list[int]:
    """Whole numbers among values; what is none is another rule's to report."""
    numbers = []
    for value in values if isinstance(values, (list, tuple)) else (values,):
        try:
            numbers.append(max(-_LARGEST, min(_LARGEST, int(value))))
        except (TypeError, ValueError):
            continue
    return numbers


def _columns(frames: Frames, gatherer: _Gatherer) -> None:
    """References in the functional groups of the frames, once per distinct combination."""
    for path in sorted(frames.paths):
        if not path.endswith("." + _SUFFIX):
            continue
        stem = path.removesuffix(_SUFFIX)
        names = [path] + [stem + name for name in ("ReferencedSOPClassUID", "SeriesInstanceUID")]
        names += [stem + "ReferencedFrameNumber", stem + "ReferencedSegmentNumber"]
        known = [frames.categories(name) if name in frames.paths else None for name in names]
        codes = np.stack([np.full(frames.count, -1) if one is None else one.codes for one in known])
        combined, first, counts = _distinct(codes)
        for column, frame, count in zip(combined.T.tolist(), first.tolist(), counts.tolist(), strict=True):
            values = [
                None if one is None or code < 0 else one.values[code]
                for one, code in zip(known, column, strict=True)
            ]
            uids = str(values[1] or ""), str(values[0] or "")
            if not uids[1] or uids[0].startswith(_NORMALIZED):
                continue
            place = frame_path(path, 0).replace("[0]", "[*]", 1).removesuffix("." + _SUFFIX)
            trail = place.replace("[*]", "")
            numbers = _wholes(values[3]), _wholes(values[4])
            gatherer.add((trail, place, frame), uids, _Hierarchy(str(values[2] or "")), numbers, count)


def _distinct(codes: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Distinct columns, the first place of each and how often it occurs; columns combined into one number each."""
    combined = np.zeros(codes.shape[1], np.int64)
    for row in codes:
        combined = combined * (int(row.max(initial=-1)) + 2) + row + 1
        _, combined = np.unique(combined, return_inverse=True)
    _, first, counts = np.unique(combined, return_index=True, return_counts=True)
    return codes[:, first], first, counts
