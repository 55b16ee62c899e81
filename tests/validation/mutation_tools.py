"""Breaking good objects: what every mutation is made of, and how its outcome is judged."""

from __future__ import annotations

import random
import re
import struct
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pydicom import config
from pydicom.charset import convert_encodings
from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_data_element
from pydicom.tag import BaseTag

from dicomposer import standard
from dicomposer.errors import DicomposerError
from dicomposer.standard import Attribute
from dicomposer.validation import Finding, validate

GRAVE = ("error", "warning")
SHARED = "SharedFunctionalGroupsSequence"
FRAMES = "PerFrameFunctionalGroupsSequence"


class NotApplicable(Exception):
    """The object has not what the mutation breaks."""


Apply = Callable[[Dataset, random.Random], Iterable[str]]


@dataclass(frozen=True)
class Mutation:
    """One way to break an object.

    Attributes
    ----------
    name : str
    apply : callable
        Breaks a dataset in place; returns patterns of paths of which one has to be named; raises NotApplicable.
    iods : frozenset of str
        IODs it is for; empty: for all.
    legal : bool
        Whether it breaks no rule but what one wants to know of: an advice will do.
    """

    name: str
    apply: Apply
    iods: frozenset[str] = frozenset()
    legal: bool = False


@dataclass
class Outcome:
    """What became of one mutation of one object."""

    subject: str
    mutation: str
    named: bool
    findings: list[Finding] = field(default_factory=list)
    judge: bool | None = None
    expected: tuple[str, ...] = ()


class Kinds(list[Mutation]):
    """A list of mutations with a decorator to add to it."""

    def __call__(self, name: str, iods: str = "", *, legal: bool = False) -> Callable[[Apply], Apply]:
        def register(apply: Apply) -> Apply:
            self.append(Mutation(name, apply, frozenset(iods.split()), legal))
            return apply

        return register


# -- changing a dataset ----------------------------------------------------------------------------------------------


def put(item: Dataset, keyword: str, vr: str, value: bytes, *, pad: bool = True) -> None:
    """Set an element's encoded value, however wrong it is."""
    tag = BaseTag(tag_for_keyword(keyword) or int(keyword, 16))
    value += b" " * (len(value) % 2 if pad else 0)
    item._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


def need(item: Dataset, keyword: str) -> None:
    """Raise unless the item has the attribute, with a value."""
    if keyword not in item or item[keyword].is_empty:
        raise NotApplicable(keyword)


def remove(item: Dataset, keyword: str) -> None:
    """Delete an attribute that has to be there."""
    need(item, keyword)
    del item[keyword]


def iod_of(dataset: Dataset) -> standard.IOD:
    """Its definition."""
    return standard.iod(str(dataset.SOPClassUID))


# -- places --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """An element of an object, and what the tables say of it."""

    path: str
    item: Dataset
    keyword: str
    vr: str
    definitions: tuple[Attribute, ...]
    mandatory: bool = True

    @property
    def type(self) -> str:
        """The strictest type."""
        return min((one.type or "9" for one in self.definitions), default="9")

    @property
    def pattern(self) -> str:
        """Pattern of its path alone."""
        return f"^{re.escape(self.path)}$"

    @property
    def nested(self) -> bool:
        """Whether it stands in an item."""
        return "." in self.path


def places(dataset: Dataset) -> list[Place]:
    """Every element that the tables know at its place (in the first three items of each sequence)."""
    iod = iod_of(dataset)
    # What content items hold hangs on their value types, which these tables do not tell
    usages = [usage for usage in iod.modules if usage.module.key != "sr-document-content"]
    usages.sort(key=lambda usage: usage.usage != "M")
    sure = {one.tag for usage in usages if usage.usage == "M" for one in usage.module.attributes}
    # Where a module that has to be there speaks of an attribute, others have no say in its type
    at_root = [
        one
        for usage in usages
        for one in usage.module.attributes
        if usage.usage == "M" or one.tag not in sure or one.values or one.items
    ]
    found = list(_places(dataset, "", at_root, iod))
    return [
        one if one.nested or one.definitions[0].tag in sure else replace(one, mandatory=False)
        for one in found
    ]


def _places(item: Dataset, where: str, attributes: list[Attribute], iod: standard.IOD) -> Iterator[Place]:
    by_tag: dict[int, list[Attribute]] = {}
    for one in attributes:
        by_tag.setdefault(one.tag, []).append(one)
    for element in item:
        known = by_tag.get(int(element.tag))
        if known is None or not element.keyword:
            continue
        path = f"{where}{element.keyword}"
        yield Place(path, item, element.keyword, element.VR, tuple(known))
        if element.VR != "SQ":
            continue
        inner = [each for one in known for each in one.items]
        if element.keyword in (SHARED, FRAMES):
            inner = [usage.attribute for usage in iod.functional_groups]
        for number, each in enumerate(list(element.value or ())[:3]):
            yield from _places(each, f"{path}[{number}].", inner, iod)


def pick(dataset: Dataset, rng: random.Random, wanted: Callable[[Place], bool]) -> Place:
    """One of the places that fit."""
    found = [place for place in places(dataset) if wanted(place)]
    if not found:
        raise NotApplicable("no such place")
    return rng.choice(found)


def kind_of(keyword: str) -> str:
    """VR of the dictionary."""
    return standard.attribute(keyword).vr


def keyword(tag: int) -> str:
    """Keyword of a tag, or the tag as text."""
    return keyword_for_tag(tag) or f"{tag:08X}"


# -- the outcome -----------------------------------------------------------------------------------------------------


def as_file(dataset: Dataset) -> bytes:
    """A dataset as a file of explicit value representations, even if no program would write it."""
    meta, body = DicomBytesIO(), DicomBytesIO()
    for stream in (meta, body):
        stream.is_little_endian, stream.is_implicit_VR = True, False
    stated = deepcopy(dataset.file_meta)
    stated.pop("FileMetaInformationGroupLength", None)
    _write(meta, stated)
    _write(body, dataset)
    length = struct.pack("<HH2sHI", 2, 0, b"UL", 4, len(meta.getvalue()))
    return bytes(128) + b"DICM" + length + meta.getvalue() + body.getvalue()


def _write(stream: DicomBytesIO, dataset: Dataset) -> None:
    """What was put in as bytes goes out as it is."""
    for tag in sorted(dataset._dict):
        element = dataset._dict[tag]
        if isinstance(element, RawDataElement) and (element.VR is None or element.is_implicit_VR):
            element = dataset[tag]
        if isinstance(element, RawDataElement):
            _header(stream, tag, str(element.VR), element.value or b"")
        elif element.VR == "SQ":
            items = b""
            for item in element.value or ():
                inner = DicomBytesIO()
                inner.is_little_endian, inner.is_implicit_VR = True, False
                _write(inner, item)
                items += struct.pack("<HHI", 0xFFFE, 0xE000, len(inner.getvalue())) + inner.getvalue()
            _header(stream, tag, "SQ", items)
        elif tag == 0x7FE00010:
            _header(stream, tag, "OB" if element.VR == "OB" else "OW", element.value)
        else:
            write_data_element(stream, _clear(element), _encodings(dataset))


def _clear(element: DataElement) -> DataElement:
    """With one value representation, where the dictionary leaves the choice."""
    if " or " in element.VR:
        element.VR = "OW" if isinstance(element.value, bytes) else "US"
    return element


def _encodings(dataset: Dataset) -> list[str]:
    element = dataset._dict.get(BaseTag(0x00080005))
    terms = [] if element is None or isinstance(element, RawDataElement) else element.value
    return convert_encodings(terms or "iso8859")


def _header(stream: DicomBytesIO, tag: int, vr: str, value: bytes) -> None:
    stream.write(struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr.encode()))
    long = vr in ("OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV")
    stream.write(struct.pack("<HI", 0, len(value)) if long else struct.pack("<H", len(value)))
    stream.write(value)


@contextmanager
def _lenient() -> Iterator[None]:
    """pydicom takes any value."""
    modes = config.settings.reading_validation_mode, config.settings.writing_validation_mode
    config.settings.reading_validation_mode = config.settings.writing_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.settings.reading_validation_mode, config.settings.writing_validation_mode = modes


def broken(subject: str, good: Dataset, one: Mutation, seed: int) -> tuple[Dataset, tuple[str, ...]] | None:
    """A copy with the fault, and where it has to be named; None if the mutation does not apply."""
    if one.iods and iod_of(good).key not in one.iods:
        return None
    dataset = deepcopy(good)
    try:
        return dataset, tuple(one.apply(dataset, random.Random(f"{seed}/{subject}/{one.name}")))
    except (NotApplicable, AttributeError, KeyError, IndexError):
        return None


def applies(subject: str, good: Dataset, one: Mutation, seed: int) -> bool:
    """Whether an object has what the mutation breaks."""
    with _lenient():
        return broken(subject, good, one, seed) is not None


def run(subject: str, good: Dataset, one: Mutation, seed: int = 1, *, judge: bool = False) -> Outcome | None:
    """Break one object in one way and look at what is found; None if the mutation does not apply to it."""
    with _lenient():
        made = broken(subject, good, one, seed)
        if made is None:
            return None
        data, whole = as_file(made[0]), as_file(deepcopy(good))
    before = known_findings(subject, whole)
    levels = (*GRAVE, "advice") if one.legal else GRAVE
    try:
        found = [f for f in validate(data) if f.level in levels and (f.path, f.rule, f.message) not in before]
    except DicomposerError:
        found = []
    named = any(re.search(pattern, finding.path) for finding in found for pattern in made[1])
    return Outcome(subject, one.name, named, found, judged(data, whole) if judge else None, made[1])


@cache
def known_findings(subject: str, data: bytes) -> frozenset[tuple[str, str, str]]:
    """What is said of the good object."""
    return frozenset((f.path, f.rule, f.message) for f in validate(data))


def judged(data: bytes, good: bytes) -> bool:
    """Whether dciodvfy finds an error that it does not find in the good object."""
    return bool(_errors(data) - _errors_of_good(good))


@cache
def _errors_of_good(data: bytes) -> frozenset[str]:
    return _errors(data)


def _errors(data: bytes) -> frozenset[str]:
    from judges import dciodvfy  # tests/helpers

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "broken.dcm"
        path.write_bytes(data)
        return frozenset(dciodvfy(path).errors)
