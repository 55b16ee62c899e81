"""Mutations of any object, driven by the tables of the standard."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable
from copy import deepcopy

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.validation.mutation_tools import (
    FRAMES,
    SHARED,
    Apply,
    Kinds,
    NotApplicable,
    Place,
    iod_of,
    pick,
    put,
)

from dicomposer.standard import Condition
from dicomposer.validation._lookup import lookup_for
from dicomposer.validation._presence import Walker
from dicomposer.validation._subject import Subject

GENERAL = Kinds()

#: What other mutations break, or what readers cannot do without.
_APART = frozenset("SOPClassUID SpecificCharacterSet NumberOfFrames PixelData FloatPixelData".split()) | {
    SHARED,
    FRAMES,
}
_GROUPS = re.compile(rf"^(?:{SHARED}|{FRAMES})\[\d+\]\.\w+$")


def _plain(place: Place) -> bool:
    return place.keyword not in _APART and not _GROUPS.match(place.path)


def _of_type(kind: str, *, nested: bool, filled: bool = False) -> Callable[[Place], bool]:
    def fits(place: Place) -> bool:
        return (
            place.type == kind
            and place.nested is nested
            and place.mandatory
            and _plain(place)
            and not (filled and place.item[place.keyword].is_empty)
        )

    return fits


def _removed(kind: str, nested: bool) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        place = pick(dataset, rng, _of_type(kind, nested=nested))
        del place.item[place.keyword]
        return [place.pattern]

    return apply


def _emptied(nested: bool, sequences: bool) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        fits = _of_type("1", nested=nested, filled=True)
        place = pick(dataset, rng, lambda one: fits(one) and (one.vr == "SQ") is sequences)
        if sequences:
            place.item[place.keyword].value = Sequence()
        else:
            put(place.item, place.keyword, place.vr, b"")
        return [place.pattern]

    return apply


for _type in ("1", "2"):
    GENERAL(f"an attribute of type {_type} removed")(_removed(_type, False))
    GENERAL(f"an attribute of type {_type} of an item removed")(_removed(_type, True))
    GENERAL(f"another attribute of type {_type} removed")(_removed(_type, False))
    GENERAL(f"another attribute of type {_type} of an item removed")(_removed(_type, True))
GENERAL("an attribute of type 1 emptied")(_emptied(False, False))
GENERAL("an attribute of type 1 of an item emptied")(_emptied(True, False))
GENERAL("a sequence of type 1 emptied")(_emptied(False, True))
GENERAL("a sequence of type 1 of an item emptied")(_emptied(True, True))


def _conditions(dataset: Dataset) -> Callable[[Condition, Dataset], bool | None]:
    """How a condition at the root evaluates."""
    from dicomposer.validation._collect import Collector

    subject = Subject(dataset)
    walker = Walker(subject, Collector("error"))
    lookup = lookup_for(subject, subject.root, walker.module_present)
    return lambda condition, _: condition.evaluate(lookup)


@GENERAL("an attribute whose condition holds removed")
def _due(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    holds = _conditions(dataset)
    place = pick(
        dataset,
        rng,
        lambda one: (
            not one.nested
            and _plain(one)
            and one.type in ("1C", "2C")
            and len(one.definitions) == 1
            and one.definitions[0].condition is not None
            and holds(one.definitions[0].condition, dataset) is True
        ),
    )
    del place.item[place.keyword]
    return [place.pattern]


@GENERAL("an empty item where one has to hold something")
def _empty_item(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    def fits(place: Place) -> bool:
        inner = [each for one in place.definitions for each in one.items]
        return (
            place.vr == "SQ"
            and any(each.type in ("1", "2") for each in inner)
            and bool(place.item[place.keyword].value)
        )

    place = pick(dataset, rng, lambda one: fits(one) and _plain(one))
    place.item[place.keyword].value[0] = Dataset()
    return [f"^{re.escape(place.path)}\\[0\\]\\.\\w+$"]


def _single(place: Place) -> bool:
    counts = {one.item_count for one in place.definitions}
    return place.vr == "SQ" and any(count is not None and count[1] == 1 for count in counts)


@GENERAL("two items where one is allowed")
def _two_items(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: _single(one) and len(one.item[one.keyword].value) == 1)
    place.item[place.keyword].value.append(deepcopy(place.item[place.keyword].value[0]))
    return [rf"^{re.escape(place.path)}(\[1\])?$", "^" + re.escape(re.sub(r"\[\d+\]", "", place.path)) + "$"]


# -- values ----------------------------------------------------------------------------------------------------------


def _value(vrs: str, value: bytes, *, single: bool = True) -> Apply:
    """Another encoded value for an element of certain VRs."""

    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        place = pick(dataset, rng, lambda one: one.vr in vrs.split() and one.keyword not in _APART)
        put(place.item, place.keyword, place.vr, value)
        return [place.pattern]

    return apply


for _name, _vrs, _bytes in (
    ("a UID with letters", "UI", b"1.2.ab.4"),
    ("a UID with a leading zero", "UI", b"1.2.03.4"),
    ("a UID too long", "UI", b"1.2." + b"9" * 64),
    ("a date with dashes", "DA", b"2020-01-02"),
    ("a day that is none", "DA", b"20230230"),
    ("a time that is none", "TM", b"256100"),
    ("a date and time that is none", "DT", b"20241301"),
    ("a decimal that is none", "DS", b"1,5"),
    ("a decimal too long", "DS", b"1.00000000000000001"),
    ("an integer that is none", "IS", b"1.5"),
    ("an integer beyond 32 bits", "IS", b"99999999999"),
    ("a code string in small letters", "CS", b"small"),
    ("a code string too long", "CS", b"A" * 18),
    ("a code string with a hyphen", "CS", b"A-B"),
    ("a short text too long", "SH", b"x" * 18),
    ("a long text too long", "LO", b"x" * 66),
    ("a text with control characters", "LO SH", b"a\x07b"),
    ("a name of six components", "PN", b"a^b^c^d^e^f"),
    ("a name of four groups", "PN", b"a=b=c=d"),
    ("a float of six bytes", "FD FL", b"\1\0\0\0\0\0"),
    ("a tag of two bytes", "AT", b"\1\0"),
):
    GENERAL(_name)(_value(_vrs, _bytes))


@GENERAL("text that no character set announces")
def _unannounced(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if "SpecificCharacterSet" in dataset:
        raise NotApplicable("character set")
    place = pick(dataset, rng, lambda one: one.vr in ("LO", "SH", "PN", "ST"))
    put(place.item, place.keyword, place.vr, b"M\xfcller")
    return [place.pattern]


@GENERAL("text that the character set does not have")
def _undecodable(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.SpecificCharacterSet = "ISO_IR 192"
    place = pick(dataset, rng, lambda one: one.vr in ("LO", "SH", "PN", "ST"))
    put(place.item, place.keyword, place.vr, b"M\xfcller")
    return [place.pattern]


@GENERAL("a character set that is none")
def _no_charset(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    put(dataset, "SpecificCharacterSet", "CS", b"UTF-8" if rng.random() < 0.5 else b"ISO_IR 999")
    return ["^SpecificCharacterSet$"]


@GENERAL("an odd length")
def _odd(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: one.vr in ("LO", "SH", "CS", "DS") and one.keyword not in _APART)
    put(place.item, place.keyword, place.vr, b"ABC", pad=False)
    return [place.pattern]


@GENERAL("a short number of three bytes")
def _three(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: one.vr in ("US", "SS") and one.keyword not in _DECIDING)
    put(place.item, place.keyword, place.vr, b"\1\0\0", pad=False)
    return [place.pattern]


@GENERAL("the wrong value representation")
def _wrong_vr(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    other = {
        "DA": "LO",
        "TM": "SH",
        "UI": "LO",
        "IS": "DS",
        "DS": "LO",
        "LO": "ST",
        "CS": "SH",
        "SH": "CS",
        "PN": "LO",
    }
    place = pick(
        dataset,
        rng,
        lambda one: one.vr in other and one.keyword not in _APART and not one.item[one.keyword].is_empty,
    )
    text = place.item[place.keyword].value
    text = "\\".join(map(str, text)) if hasattr(text, "append") else str(text)
    put(place.item, place.keyword, other[place.vr], text.upper().encode())
    return [place.pattern]


@GENERAL("a term that is none of those enumerated")
def _illegal(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: one.vr == "CS" and _enumerated(one) and not one.nested)
    put(place.item, place.keyword, "CS", b"NEVERHEARD")
    return [place.pattern]


@GENERAL("a term of an item that is none of those enumerated")
def _illegal_nested(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: one.vr == "CS" and _enumerated(one) and one.nested)
    put(place.item, place.keyword, "CS", b"NEVERHEARD")
    return [place.pattern]


def _enumerated(place: Place) -> bool:
    rules = [rule for one in place.definitions for rule in one.values]
    return any(
        rule.kind == "enumerated" and rule.condition is None and rule.index in (None, 0) for rule in rules
    )


@GENERAL("a number that is none of those enumerated")
def _illegal_number(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(
        dataset,
        rng,
        lambda one: one.vr == "US" and _enumerated(one) and one.keyword not in ("BitsAllocated",),
    )
    put(place.item, place.keyword, "US", b"\x4d\0")
    return [place.pattern]


def _fixed(place: Place) -> bool:
    return place.definitions[0].vm.isdigit() and place.vr not in (
        "SQ",
        "OB",
        "OW",
        "UN",
        "ST",
        "LT",
        "UT",
        "OF",
        "OD",
    )


@GENERAL("a value too many")
def _too_many(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: _fixed(one) and one.vr in _TEXT and one.keyword not in _APART)
    one = {"DA": b"20240101", "UI": b"1.2.3", "TM": b"10"}.get(place.vr, b"1")
    put(place.item, place.keyword, place.vr, b"\\".join([one] * (int(place.definitions[0].vm) + 1)))
    return [place.pattern]


@GENERAL("a value too few")
def _too_few(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: _fixed(one) and int(one.definitions[0].vm) > 1 and one.vr in _TEXT)
    put(place.item, place.keyword, place.vr, b"\\".join([b"1"] * (int(place.definitions[0].vm) - 1)))
    return [place.pattern]


@GENERAL("two numbers for one")
def _two_numbers(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(
        dataset,
        rng,
        lambda one: one.vr == "US" and one.definitions[0].vm == "1" and one.keyword not in _DECIDING,
    )
    put(place.item, place.keyword, "US", b"\1\0\1\0")
    return [place.pattern]


#: Attributes that the writer of a mutant needs: other elements' representation hangs on them.
_DECIDING = ("BitsAllocated", "PixelRepresentation", "WaveformBitsAllocated")
_TEXT = ("CS", "DA", "DS", "IS", "SH", "LO", "TM", "UI", "AS")


# -- codes -------------------------------------------------------------------------------------------------------------


def _code(change: Callable[[Dataset], str]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        def fits(place: Place) -> bool:
            return (
                place.vr == "SQ"
                and bool(place.item[place.keyword].value)
                and "CodeValue" in place.item[place.keyword].value[0]
            )

        place = pick(dataset, rng, fits)
        keyword = change(place.item[place.keyword].value[0])
        return [rf"^{re.escape(place.path)}\[0\]\.{keyword}$", place.pattern]

    return apply


def _drop(keyword: str) -> Callable[[Dataset], str]:
    def change(item: Dataset) -> str:
        del item[keyword]
        return keyword

    return change


def _meaning(item: Dataset) -> str:
    others = {"SCT": ("Liver", "Kidney"), "DCM": ("Algorithm Name", "Computed Tomography")}.get(
        str(item.get("CodingSchemeDesignator")), ()
    )
    if not others:
        raise NotApplicable("scheme")
    item.CodeMeaning = next(other for other in others if other != item.CodeMeaning)
    return "CodeMeaning"


def _unknown_code(item: Dataset) -> str:
    if item.CodingSchemeDesignator != "DCM":
        raise NotApplicable("scheme")
    item.CodeValue = "999999"
    return "CodeValue"


for _keyword in ("CodeValue", "CodingSchemeDesignator", "CodeMeaning"):
    GENERAL(f"a code without {_keyword}")(_code(_drop(_keyword)))
GENERAL("a meaning that is another code's")(_code(_meaning))
GENERAL("a code that its scheme does not have")(_code(_unknown_code))


# -- identity ----------------------------------------------------------------------------------------------------------


def _set(keyword: str, other: str, *paths: str) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        setattr(dataset, keyword, dataset[other].value)
        return [f"^{keyword}$", *(f"^{path}$" for path in paths), f"^{other}$"]

    return apply


GENERAL("a series that is its study")(_set("SeriesInstanceUID", "StudyInstanceUID"))
GENERAL("an instance that is its series")(
    _set("SOPInstanceUID", "SeriesInstanceUID", "MediaStorageSOPInstanceUID")
)
GENERAL("an instance that is its class")(_set("SOPInstanceUID", "SOPClassUID"))
GENERAL("a frame of reference that is the study")(_set("FrameOfReferenceUID", "StudyInstanceUID"))


def _meta(keyword: str, value: str | None) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        if value is None:
            del dataset.file_meta[keyword]
        else:
            setattr(dataset.file_meta, keyword, value)
        return [f"^{keyword}$"]

    return apply


GENERAL("meta information of another instance")(_meta("MediaStorageSOPInstanceUID", "1.2.3.4"))
GENERAL("meta information of another class")(_meta("MediaStorageSOPClassUID", "1.2.840.10008.5.1.4.1.1.1.3"))
GENERAL("meta information without a class")(_meta("MediaStorageSOPClassUID", None))
GENERAL("meta information without an implementation")(_meta("ImplementationClassUID", None))
GENERAL("a transfer syntax that is none")(_meta("TransferSyntaxUID", "1.2.840.10008.1.2.99"))


#: Kinds of which the standard does not say what modality made them.
_ANY_MODALITY = frozenset(
    """ct-image mr-image secondary-capture-image multi-frame-true-color-secondary-capture-image
    multi-frame-grayscale-byte-secondary-capture-image parametric-map encapsulated-pdf encapsulated-cda
    computed-radiography-image positron-emission-tomography-image ultrasound-multi-frame-image
    x-ray-angiographic-image nuclear-medicine-image""".split()
)


@GENERAL("another modality")
def _modality(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if iod_of(dataset).key in _ANY_MODALITY:
        raise NotApplicable("modality")
    dataset.Modality = "CR" if dataset.Modality != "CR" else "MR"
    return ["^Modality$"]


@GENERAL("a modality that is none")
def _no_modality(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.Modality = "QQ"
    return ["^Modality$"]


# -- private, retired, foreign -----------------------------------------------------------------------------------------


@GENERAL("a private element without a creator")
def _no_creator(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.add_new(0x00231042, "LO", "x")
    return [r"^\(0023,10\w\w\)$", r"0023"]


@GENERAL("a private creator without a name")
def _unnamed(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.add_new(0x00230010, "LO", "")
    return [r"^\(0023,0010\)$"]


@GENERAL("a private element out of place")
def _misplaced(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.add_new(0x00230003, "LO", "x")
    return [r"^\(0023,0003\)$"]


@GENERAL("an attribute of another kind of object", legal=True)
def _foreign(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    known = {one.keyword for usage in iod_of(dataset).modules for one in usage.module.attributes}
    foreign = {
        "KVP": ("DS", b"120 "),
        "EchoTime": ("DS", b"10"),
        "ContourGeometricType": ("CS", b"POINT "),
        "NumberOfBeams": ("IS", b"1 "),
        "ValueType": ("CS", b"TEXT"),
        "SegmentLabel": ("LO", b"one "),
    }
    choices = sorted(set(foreign) - known - {one.keyword for one in dataset})
    keyword = rng.choice(choices)
    put(dataset, keyword, *foreign[keyword])
    return [f"^{keyword}$"]


@GENERAL("a group of attributes in the command group")
def _command(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.add_new(0x00090010, "LO", "SOMEONE")
    dataset.add_new(0x00091101, "LO", "x")
    return [r"^\(0009,1101\)$", "0009"]


# -- references --------------------------------------------------------------------------------------------------------


def _reference(keyword: str, value: bytes | None) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        place = pick(dataset, rng, lambda one: one.keyword == keyword)
        if value is None:
            del place.item[keyword]
        else:
            put(place.item, keyword, "UI", value)
        return [place.pattern]

    return apply


GENERAL("a reference without a class")(_reference("ReferencedSOPClassUID", None))
GENERAL("a reference without an instance")(_reference("ReferencedSOPInstanceUID", None))
GENERAL("a reference that is no UID")(_reference("ReferencedSOPInstanceUID", b"instance"))


@GENERAL("a reference to the object itself")
def _itself(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(dataset, rng, lambda one: one.keyword == "ReferencedSOPInstanceUID")
    place.item.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return [r"ReferencedSOPInstanceUID$"]


@GENERAL("an instance listed twice")
def _listed_twice(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place = pick(
        dataset, rng, lambda one: one.keyword == "ReferencedInstanceSequence" and "Referenced" in one.path
    )
    items = place.item[place.keyword].value
    items.append(deepcopy(items[0]))
    return [rf"^{re.escape(place.path)}"]


@GENERAL("a reference that is not listed")
def _unlisted(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if "ReferencedSeriesSequence" not in dataset or not dataset.ReferencedSeriesSequence:
        raise NotApplicable("list")
    place = pick(
        dataset,
        rng,
        lambda one: (
            one.keyword == "ReferencedSOPInstanceUID"
            and not one.path.startswith(("ReferencedSeries", "Studies"))
        ),
    )
    place.item.ReferencedSOPInstanceUID = "1.2.3.4.5"
    return [r"ReferencedSOPInstanceUID$"]


@GENERAL("a sex that is none")
def _patient_sex(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    put(dataset, "PatientSex", "CS", b"X ")
    return ["^PatientSex$"]


@GENERAL("a retired attribute", legal=True)
def _retired(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    put(dataset, "OtherPatientIDs", "LO", b"P2")
    return ["^OtherPatientIDs$"]
