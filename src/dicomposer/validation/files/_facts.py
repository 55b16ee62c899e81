"""What one object says that others can confirm or contradict: small, picklable, without values of patient data.

UIDs of others and values of attributes are kept as keyed digests of 64 bits, references as rows of an array, so that
the facts of ten thousand files fit into memory and pass between processes cheaply.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from hashlib import blake2b
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record, standard
from dicomposer.errors import DicomposerError
from dicomposer.validation._subject import MEDIA_DIRECTORY, PIXEL_TAGS, Subject
from dicomposer.validation._view import BINARY_FORMATS, BULK, Element, Item, tag_of
from dicomposer.validation.files._gather import REFERENCES, SEGMENTS, references_of
from dicomposer.validation.profiles._air import AirFacts, air_facts

__all__ = [
    "ATTRIBUTES",
    "ENTITIES",
    "Concatenation",
    "DirectoryKeys",
    "Facts",
    "FileReference",
    "brief_of",
    "facts_of",
    "links_of",
]

_T = TypeVar("_T")

#: Entities whose attributes are the same wherever the entity is spoken of, in the order of their codes.
ENTITIES = ("Patient", "Study", "Series", "Equipment", "Frame of Reference")
#: One attribute of an entity: code of the entity, tag, digest of the values (0: empty).
ATTRIBUTES = np.dtype([("entity", "u1"), ("tag", "<u4"), ("digest", "<u8")])

#: Modules whose attributes hold for objects of classes that the tables do not know.
_GENERAL = {
    "patient": 0,
    "general-study": 1,
    "general-series": 2,
    "general-equipment": 3,
    "frame-of-reference": 4,
}
#: What tells entities apart, or is compared by a rule of its own; and what hangs on the pixels of one image.
_NOT_COMPARED = frozenset(
    tag_of(keyword)
    for keyword in (
        "PatientID",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "FrameOfReferenceUID",
        "Modality",
        "PixelPaddingValue",
    )
)
#: Key of the digests where none is given.
KEY = b"dicomposer"
_SAMPLE = 4096
_PADDING = 0xFFFCFFFC
_LARGEST = 2**53
#: What reading of damaged values raises; the check of the object itself says so.
_DAMAGE = (DicomposerError, LookupError, TypeError, ValueError, ArithmeticError, NotImplementedError)
_NUMBERS = frozenset(("DS", "IS"))


@dataclass(frozen=True, slots=True)
class Concatenation:
    """Place of an instance in a concatenation (PS3.3 C.7.6.16.2.2.4); None where it does not say."""

    uid: str
    number: int | None
    total: int | None
    offset: int | None
    source: str


@dataclass(frozen=True, slots=True)
class FileReference:
    """A file that a record of a media directory names (PS3.3 F.3.2.2); UIDs as digests, 0 if absent."""

    path: str
    file: str
    sop_class: int
    instance: int


@dataclass(frozen=True, slots=True)
class DirectoryKeys:
    """Digests of the patients, studies and series that records of a media directory name (PS3.3 F.5)."""

    patients: frozenset[int]
    studies: frozenset[int]
    series: frozenset[int]


@dataclass(frozen=True, slots=True)
class Facts:
    """What one object says of itself and of others.

    Attributes
    ----------
    location : str
        Path of its file within the collection, with ``/``; "" if unknown.
    sop_class, syntax, instance, series, study, frame_of_reference : str
        UIDs; "" if absent. `syntax` is the transfer syntax.
    modality : str
    patient : int
        Digest of Patient ID, or else of name and birth date; 0 if there is neither. The issuer of the ID is an
        attribute like others, since half of the equipment leaves it out.
    name : int
        Digest of the patient's name; 0 if there is none.
    content : int
        Digest of the data set, of a sample only where the pixels are concerned.
    frames, rows, columns : int
        Number of Frames (1 if absent); 0 where it is no image.
    number : int or None
        Instance Number.
    segments : tuple of int
        Segment numbers that it defines.
    concatenation : Concatenation or None
    attributes : bytes
        Rows of :data:`ATTRIBUTES`.
    references, segment_numbers : bytes
        Rows of :data:`REFERENCES`, and of :data:`SEGMENTS`.
    places : tuple of str
        Paths of the references' items, ``*`` for the item number that the row has.
    files : tuple of FileReference
        That a media directory names.
    records : DirectoryKeys or None
        What the records of a media directory name.
    key : bytes
        Of the digests.
    air : AirFacts or None
        What the profile ``ai-results`` compares, if it is asked for.
    """

    location: str = ""
    sop_class: str = ""
    syntax: str = ""
    instance: str = ""
    series: str = ""
    study: str = ""
    frame_of_reference: str = ""
    modality: str = ""
    patient: int = 0
    name: int = 0
    content: int = 0
    frames: int = 0
    rows: int = 0
    columns: int = 0
    number: int | None = None
    segments: tuple[int, ...] = ()
    concatenation: Concatenation | None = None
    attributes: bytes = b""
    references: bytes = b""
    segment_numbers: bytes = b""
    places: tuple[str, ...] = ()
    files: tuple[FileReference, ...] = ()
    records: DirectoryKeys | None = None
    key: bytes = KEY
    air: AirFacts | None = None

    def attribute_rows(self) -> NDArray[Any]:
        """Attributes of the entities, shape (attributes,), of :data:`ATTRIBUTES`."""
        return np.frombuffer(self.attributes, ATTRIBUTES)

    def reference_rows(self) -> NDArray[Any]:
        """References, shape (distinct references,), of :data:`REFERENCES`."""
        return np.frombuffer(self.references, REFERENCES)

    def segment_rows(self) -> NDArray[Any]:
        """Segments referred to, shape (pairs,), of :data:`SEGMENTS`."""
        return np.frombuffer(self.segment_numbers, SEGMENTS)

    def digest(self, uid: str) -> int:
        """Digest of a UID as it stands in the references."""
        return digest_of(uid, self.key)

    def at(self, location: str) -> Facts:
        """The same facts of a file at another place."""
        return replace(self, location=location)


def facts_of(
    subject: Subject, *, location: str = "", key: bytes = KEY, profiles: Collection[str] = ()
) -> Facts:
    """What an object says of itself and of others; nothing is decoded but what is looked at.

    Parameters
    ----------
    subject : Subject
    location : str
        Path of its file within the collection, with ``/``: what media directories refer to.
    key : bytes
        Key of the digests, at most 64 bytes: the same for all facts that are compared. A random one per run keeps
        the digests from being looked up in a table of known patients.
    profiles : Collection[str]
        Profiles that are asked for: some compare more.
    """
    root = subject.root
    return replace(
        links_of(subject, key),
        location=location,
        sop_class=subject.sop_class,
        syntax="" if subject.meta is None else subject.meta.uid("TransferSyntaxUID"),
        modality=root.text("Modality"),
        content=_unless_damaged(lambda: _content(subject, key), 0),
        rows=_number(root, "Rows") or 0,
        columns=_number(root, "Columns") or 0,
        number=_number(root, "InstanceNumber"),
        concatenation=_concatenation(root),
        attributes=_attributes(subject, key),
        files=_unless_damaged(lambda: tuple(_files(subject, key)), ()),
        records=_unless_damaged(lambda: _records(subject, key), None),
        air=air_facts(subject, key) if "ai-results" in profiles else None,
    )


def _unless_damaged(make: Callable[[], _T], otherwise: _T) -> _T:
    try:
        return make()
    except _DAMAGE:
        return otherwise


def links_of(subject: Subject, key: bytes = KEY) -> Facts:
    """What tells an object apart, and its references."""
    nothing: tuple[bytes, bytes, tuple[str, ...]] = (b"", b"", ())
    references, numbers, places = _unless_damaged(
        lambda: references_of(subject, lambda uid: digest_of(uid, key)), nothing
    )
    return replace(
        _identity(subject.root, key), references=references, segment_numbers=numbers, places=places
    )


def brief_of(dataset: Dataset, key: bytes = KEY) -> Facts:
    """What tells an object apart: for hundreds of sources at once."""
    # No view of all elements: pydicom's own mapping answers a dozen questions faster.
    return _identity(Item(cast(Any, dataset._dict)), key)


def _identity(root: Item, key: bytes) -> Facts:
    is_image = any(tag in root for tag in PIXEL_TAGS)
    return Facts(
        sop_class=root.uid("SOPClassUID"),
        instance=root.uid("SOPInstanceUID"),
        series=root.uid("SeriesInstanceUID"),
        study=root.uid("StudyInstanceUID"),
        frame_of_reference=root.uid("FrameOfReferenceUID"),
        patient=_patient(root, key),
        name=_name(root, key),
        frames=max(_number(root, "NumberOfFrames") or 1, 1) if is_image else 0,
        segments=_segments(root),
        key=key,
    )


@lru_cache(maxsize=65536)
def digest_of(text: str, key: bytes) -> int:
    """Digest of a text, never 0 but for the empty one."""
    if not text:
        return 0
    return _digest(text.encode("utf-8", "surrogatepass"), key)


def _digest(value: bytes, key: bytes) -> int:
    return int.from_bytes(blake2b(value, digest_size=8, key=key).digest(), "little") or 1


def _number(root: Item, keyword: str) -> int | None:
    """A whole number that an array can hold."""
    number = root.number(keyword)
    return int(number) if number is not None and number.is_integer() and abs(number) < _LARGEST else None


def _segments(root: Item) -> tuple[int, ...]:
    nothing: list[Item] = []
    items = _unless_damaged(lambda: root.items("SegmentSequence"), nothing)
    numbers = (_number(item, "SegmentNumber") for item in items)
    return tuple(number for number in numbers if number is not None)


def _patient(root: Item, key: bytes) -> int:
    number = root.text("PatientID")
    if number:
        return digest_of(f"ID\0{number}", key)
    name = root.text("PatientName").rstrip("^=")
    return digest_of(f"name\0{name}\0{root.text('PatientBirthDate')}", key) if name else 0


def _name(root: Item, key: bytes) -> int:
    return digest_of(root.text("PatientName").rstrip("^="), key)


def _concatenation(root: Item) -> Concatenation | None:
    uid = root.uid("ConcatenationUID")
    if not uid:
        return None
    return Concatenation(
        uid,
        _number(root, "InConcatenationNumber"),
        _number(root, "InConcatenationTotalNumber"),
        _number(root, "ConcatenationFrameOffsetNumber"),
        root.uid("SOPInstanceUIDOfConcatenationSource"),
    )


def _content(subject: Subject, key: bytes) -> int:
    """Digest of the data set; of its pixels, the length and what stands at the start, in the middle and at the end."""
    state = blake2b(digest_size=8, key=key)
    for element in subject.root:
        if element.tag in PIXEL_TAGS or element.tag == _PADDING or element.tag & 0xFFFF == 0:
            continue
        state.update(element.tag.to_bytes(4, "little"))
        if element.raw is not None:
            state.update(element.raw)
        elif element.vr != "SQ":
            state.update(repr(element.texts).encode("utf-8", "surrogatepass"))
    if subject.pixel_element is not None:
        source = record.pixel_source(subject.dataset)
        state.update(source.size.to_bytes(8, "little"))
        for start in (0, source.size // 2, max(source.size - _SAMPLE, 0)):
            state.update(source.read(start, min(_SAMPLE, source.size - start)))
    return int.from_bytes(state.digest(), "little") or 1


# -- attributes of entities -----------------------------------------------------------------------------------------


@lru_cache(maxsize=256)
def _entities(sop_class: str) -> dict[int, int]:
    """Code of the entity of each top-level attribute that belongs to one alone."""
    codes: dict[int, set[int]] = {}
    if standard.sop_class(sop_class) is None:
        usages = [(standard.module(key), code) for key, code in _GENERAL.items()]
    else:
        usages = [
            (usage.module, ENTITIES.index(usage.entity) if _is_compared(usage) else -1)
            for usage in standard.iod(sop_class).modules
        ]
    for module, code in usages:
        for attribute in module.attributes:
            codes.setdefault(attribute.tag, set()).add(code)
    return {
        tag: next(iter(found))
        for tag, found in codes.items()
        if len(found) == 1 and -1 not in found and tag not in _NOT_COMPARED
    }


def _is_compared(usage: standard.ModuleUsage) -> bool:
    # The frame of reference of time is another one than that of space.
    return usage.entity in ENTITIES and usage.module.key != "synchronization"


def _attributes(subject: Subject, key: bytes) -> bytes:
    entities = _entities(subject.sop_class)
    rows = []
    for tag in subject.root.elements:
        code = entities.get(tag)
        if code is None:
            continue
        element = subject.root.get(tag)
        if element is not None:
            # Of damaged values, nothing is said: they differ from no others.
            rows.append((code, tag, _unless_damaged(partial(_element_digest, element, key), 0)))
    return np.array(rows, ATTRIBUTES).tobytes()


def _element_digest(element: Element, key: bytes) -> int:
    """Digest of an element's values, however they are encoded; 0 if there are none."""
    raw = element.raw
    if element.empty:
        return 0
    if raw is not None and element.vr not in BINARY_FORMATS and element.vr != "SQ" and raw.isascii():
        return _text_digest(element.vr, raw, key)
    return _digest(repr(_state(element)).encode("utf-8", "surrogatepass"), key)


@lru_cache(maxsize=65536)
def _text_digest(vr: str, raw: bytes, key: bytes) -> int:
    text = raw.decode("ascii")
    parts = [text.rstrip(" \0")] if vr in ("LT", "ST", "UT", "UR") else text.split("\\")
    return _digest(repr([_plain(vr, part) for part in parts]).encode(), key)


def _plain(vr: str, value: Any) -> Any:
    """A value without what may differ in the encoding of one and the same."""
    if isinstance(value, str):
        value = value.rstrip(" \0") if vr in ("LT", "ST", "UT") else value.strip(" \0")
        if vr == "PN":
            return value.rstrip("^=")
    if vr in _NUMBERS:
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _state(element: Element) -> Any:
    if element.vr == "SQ":
        return [[(inner.tag, _state(inner)) for inner in item] for item in element.items]
    if element.vr in BULK:
        return element.raw
    return [_plain(element.vr, value) for value in element.values]


# -- media directories ----------------------------------------------------------------------------------------------


def _files(subject: Subject, key: bytes) -> list[FileReference]:
    found: list[FileReference] = []
    if subject.sop_class != MEDIA_DIRECTORY:
        return found
    for item in subject.root.items("DirectoryRecordSequence"):
        parts = [str(part) for part in item.values("ReferencedFileID")]
        if parts and item.text("RecordInUseFlag") != "0":
            sop_class = digest_of(item.uid("ReferencedSOPClassUIDInFile"), key)
            instance = digest_of(item.uid("ReferencedSOPInstanceUIDInFile"), key)
            found.append(
                FileReference(item.path_of("ReferencedFileID"), "/".join(parts), sop_class, instance)
            )
    return found


def _records(subject: Subject, key: bytes) -> DirectoryKeys | None:
    if subject.sop_class != MEDIA_DIRECTORY:
        return None
    patients, studies, series = set(), set(), set()
    for item in subject.root.items("DirectoryRecordSequence"):
        kind = item.text("DirectoryRecordType")
        if kind == "PATIENT":
            patients.add(_patient(item, key))
        elif kind == "STUDY":
            studies.add(digest_of(item.uid("StudyInstanceUID"), key))
        elif kind == "SERIES":
            series.add(digest_of(item.uid("SeriesInstanceUID"), key))
    return DirectoryKeys(frozenset(patients), frozenset(studies), frozenset(series))
