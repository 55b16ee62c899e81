"""From names to segment descriptions: what a segment is, who made it, how it is shown."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence as DatasetSequence

from dicomposer.coding import Code, as_concept, new_uid, terminology
from dicomposer.content import AlgorithmIdentificationSequence
from dicomposer.errors import ArgumentError, ArgumentTypeError, TerminologyError
from dicomposer.pixels import CIELabColor
from dicomposer.seg import SegmentDescription

SegmentLike: TypeAlias = "str | Mapping[str, Any] | SegmentDescription"
SegmentsLike: TypeAlias = "SegmentLike | Sequence[SegmentLike] | Mapping[Any, Any]"

_UNSPECIFIED = "unspecified"
_BACKGROUND = "background"
_ARTIFICIAL_INTELLIGENCE = Code("123110", "DCM", "Artificial Intelligence")


@dataclass(frozen=True)
class Algorithm:
    """Who or what made the segments.

    Attributes
    ----------
    name : str or AlgorithmIdentificationSequence or None
        Name of the algorithm, or everything about it.
    version : str or None
        Its version.
    type : str or None
        ``"AUTOMATIC"``, ``"SEMIAUTOMATIC"`` or ``"MANUAL"``.
    """

    name: str | AlgorithmIdentificationSequence | None = None
    version: str | None = None
    type: str | None = None

    def arguments(self) -> dict[str, Any]:
        """The arguments of a segment description.

        Nobody named an algorithm: automatic, by an unspecified one. Readers trust manual segments more, so
        that is the error on the safe side. A name is required unless manual (PS3.3 C.8.20.4, Type 1C).
        """
        kind = (self.type or "AUTOMATIC").upper()
        if kind not in ("AUTOMATIC", "SEMIAUTOMATIC", "MANUAL"):
            raise ArgumentError(
                f"algorithm_type must be AUTOMATIC, SEMIAUTOMATIC or MANUAL, not {self.type!r}"
            )
        if kind == "MANUAL":
            if self.name is not None:
                raise ArgumentError("algorithm= names an algorithm, so algorithm_type= cannot be MANUAL")
            return {"algorithm_type": kind}
        if isinstance(self.name, AlgorithmIdentificationSequence):
            return {"algorithm_type": kind, "algorithm_identification": self.name}
        identification = AlgorithmIdentificationSequence(
            name=self.name or _UNSPECIFIED,
            family=_ARTIFICIAL_INTELLIGENCE,
            version=self.version or _UNSPECIFIED,
        )
        return {"algorithm_type": kind, "algorithm_identification": identification}


@dataclass(frozen=True)
class SegmentSpec:
    """One segment as the caller described it; None is "look it up" or "make it".

    Attributes
    ----------
    name : str
        What is segmented; looked up in the terminology table unless `category` and `type` are given.
    value : int or None
        Its value in the mask; None numbers the segments in their order.
    label : str or None
        Segment Label; None is the name of the terminology table.
    category, type : code or None
        Segmented property category and type.
    regions : Sequence of codes or None
        Anatomic regions.
    colour : object or None
        CIELabColor, RGB triple (0 to 255), or a colour's name.
    algorithm : Algorithm or None
        Who made this segment, if not who made the others.
    tracking_id, tracking_uid : str or None
        Identity of what is segmented, across objects.
    """

    name: str
    value: int | None = None
    label: str | None = None
    category: Any = None
    type: Any = None
    regions: Sequence[Any] | None = None
    colour: Any = None
    algorithm: Algorithm | None = None
    tracking_id: str | None = None
    tracking_uid: str | None = None

    def describe(self, number: int, algorithm: Algorithm, tracking_id: str) -> SegmentDescription:
        """Make the description of segment `number`."""
        term = None if self.category is not None and self.type is not None else self._term()
        category, kind, regions, colour = self.category, self.type, self.regions, self.colour
        if term is not None:
            category = term.category if category is None else category
            kind = term.type if kind is None else kind
            regions = _listed(term.region) if regions is None else regions
            colour = term.colour if colour is None else colour
        description = SegmentDescription(
            segment_number=number,
            segment_label=self.label or (term.label if term else self.name),
            segmented_property_category=category,
            segmented_property_type=kind,
            tracking_id=tracking_id,
            tracking_uid=self.tracking_uid or new_uid(),
            anatomic_regions=regions or None,
            display_color=_lab(colour) or default_colour(number),
            **(self.algorithm or algorithm).arguments(),
        )
        if term is not None and self.type is None:
            _add_modifiers(description, term)
        return description

    def _term(self) -> terminology.Term:
        """What the table says about the name; what else there is to do when it says nothing."""
        try:
            return terminology.look_up(self.name)
        except TerminologyError as error:
            lacking = [repr(key) for key in ("category", "type") if getattr(self, key) is None]
            own = (
                f"the dictionary lacks {' and '.join(lacking)}"
                if len(lacking) == 1 or self.label is not None
                else f"your own text for a known name: {{'name': 'Lesion', 'label': {self.name!r}}}; your own codes"
            )
            raise TerminologyError(
                f"{error}; {own}: {{'label': {self.label or self.name!r}, 'category': code, 'type': code}}",
                error.suggestions,
            ) from None


# What a dictionary may say about a segment, and the words that people use for it.
_KEYS = {
    **{field: field for field in SegmentSpec.__dataclass_fields__},
    "color": "colour",
    "rgb": "colour",
    "region": "regions",
    "anatomic_regions": "regions",
    "number": "value",
}


def read_segments(
    segments: SegmentsLike | None, names: Sequence[str] | None
) -> list[SegmentSpec | SegmentDescription]:
    """What the caller said about the segments, one by one.

    Parameters
    ----------
    segments : see :func:`dicomposer.api.segment`
        Names, dictionaries or descriptions.
    names : Sequence[str] or None
        Names that came with the masks; they are the segments if `segments` is None, and a dictionary by name
        says more.
    """
    if names is not None:
        return _of_named(segments, names)
    if segments is None:
        return []
    if isinstance(segments, str | SegmentDescription):
        return [_one(segments)]
    if isinstance(segments, Mapping):
        return [_one(segments)] if _is_spec(segments) else _of_mapping(segments)
    if not isinstance(segments, Sequence):
        raise ArgumentTypeError(
            "segments must be names, dictionaries or descriptions in a list, or a dictionary by label value, "
            "not "
            f"{type(segments).__name__}"
        )
    if not segments:
        raise ArgumentError("segments is empty: name what the mask holds")
    return [_one(item) for item in segments]


def _of_named(segments: SegmentsLike | None, names: Sequence[str]) -> list[SegmentSpec | SegmentDescription]:
    if segments is None:
        return [SegmentSpec(name, value=number) for number, name in enumerate(names, start=1)]
    if isinstance(segments, Mapping) and not _is_spec(segments):
        unknown = [key for key in segments if key not in names]
        if unknown:
            raise ArgumentError(
                f"segments describes {unknown[0]!r}, but the masks are named {', '.join(names)}"
            )
        said = [segments.get(name, name) for name in names]
    else:
        said = [segments] if isinstance(segments, str | Mapping | SegmentDescription) else list(segments)
    if len(said) != len(names):
        raise ArgumentError(f"there are {len(names)} masks ({', '.join(names)}) and {len(said)} segments")
    return [_one(item, value=number) for number, item in enumerate(said, start=1)]


def _of_mapping(segments: Mapping[Any, Any]) -> list[SegmentSpec | SegmentDescription]:
    """By label value; or values by name, as models list them, the background among them."""
    if all(isinstance(key, str) and isinstance(value, int) for key, value in segments.items()):
        segments = {value: key for key, value in segments.items()}
    found = []
    for key, item in segments.items():
        if isinstance(key, bool) or not hasattr(key, "__index__"):
            raise ArgumentTypeError(
                f"the keys of segments are the values in the mask (integers); found {key!r}"
            )
        value = int(key)
        if value == 0 and isinstance(item, str) and item.strip().lower() == _BACKGROUND:
            continue
        if value < 1:
            raise ArgumentError(
                f"segments describes the value {value}; values of segments start at 1, 0 is background"
            )
        found.append(_one(item, value=value))
    return found


def _is_spec(mapping: Mapping[Any, Any]) -> bool:
    return "name" in mapping or "label" in mapping


def _one(item: Any, value: int | None = None) -> SegmentSpec | SegmentDescription:
    if isinstance(item, SegmentDescription):
        return item if value is None else _renumbered(item, value)
    if isinstance(item, Dataset):
        return _one(SegmentDescription.from_dataset(item), value)
    if isinstance(item, str):
        return SegmentSpec(item, value=value)
    if isinstance(item, Mapping):
        spec = _of_keys(item)
        return spec if value is None else replace(spec, value=value)
    raise ArgumentTypeError(
        f"a segment is a name, a dictionary or a SegmentDescription, not {type(item).__name__}"
    )


def _of_keys(item: Mapping[str, Any]) -> SegmentSpec:
    fields: dict[str, Any] = {}
    made: dict[str, Any] = {}
    for key, value in item.items():
        if key in ("algorithm", "algorithm_version", "algorithm_type"):
            made[{"algorithm": "name"}.get(key, key.removeprefix("algorithm_"))] = value
        elif key in _KEYS:
            fields[_KEYS[key]] = value
        else:
            near = difflib.get_close_matches(str(key), [*_KEYS, "algorithm"], n=1)
            raise ArgumentError(
                f"a segment has no {key!r}"
                + (f"; did you mean {near[0]!r}?" if near else f"; it has {', '.join(_KEYS)}")
            )
    if isinstance(fields.get("type"), str):
        # The name of a term in the place of its code: all that the term says, under the caller's own label.
        fields["label"] = fields.get("label") or fields.get("name")
        fields["name"] = _known("type", fields.pop("type"))
    if isinstance(fields.get("category"), str):
        fields["category"] = _category(fields["category"])
    for key in ("category", "type"):
        if fields.get(key) is not None:
            fields[key] = as_concept(fields[key], repr(key))
    fields.setdefault("name", fields.get("label"))
    if not isinstance(fields["name"], str):
        raise ArgumentError("a segment needs a 'name' or a 'label'")
    if "regions" in fields:
        fields["regions"] = _listed(fields["regions"])
    return SegmentSpec(**fields, algorithm=Algorithm(**made) if made else None)


_CODE = "a code of pydicom.sr.codedict.codes, a CodedConcept, or (value, scheme, meaning)"


def _known(key: str, name: str) -> str:
    if name not in terminology.TERMINOLOGY:
        try:
            terminology.look_up(name)
        except TerminologyError as error:
            raise TerminologyError(
                f"{key!r} is {_CODE}, or the name of a term: {error}", error.suggestions
            ) from None
    return name


def _category(name: str) -> Any:
    """The code of a category (PS3.16 CID 7150) by its meaning."""
    known = {term.category.meaning.lower(): term.category for term in terminology.terms()}
    if name.lower() not in known:
        raise TerminologyError(f"'category' is {_CODE}, or one of {', '.join(known)}; not {name!r}")
    return known[name.lower()]


def value_of(segment: SegmentSpec | SegmentDescription) -> int | None:
    """The value in the mask that the caller gave to a segment."""
    return segment.segment_number if isinstance(segment, SegmentDescription) else segment.value


def describe(
    segments: Sequence[SegmentSpec | SegmentDescription], numbers: Sequence[int], algorithm: Algorithm
) -> list[SegmentDescription]:
    """Segment descriptions with their final numbers."""
    names = Counter(s.label or s.name for s in segments if isinstance(s, SegmentSpec))
    made = []
    for segment, number in zip(segments, numbers, strict=True):
        if isinstance(segment, SegmentDescription):
            made.append(_renumbered(segment, number))
            continue
        name = segment.label or segment.name
        # Two lesions are two things to track: the same name then needs a number.
        tracking = segment.tracking_id or (name if names[name] == 1 else f"{name} {number}")
        made.append(segment.describe(number, algorithm, tracking))
    return made


def _renumbered(description: SegmentDescription, number: int) -> SegmentDescription:
    if description.segment_number == number:
        return description
    copy = SegmentDescription.from_dataset(description, copy=True)
    copy.SegmentNumber = number
    return copy


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return (
        list(value)
        if isinstance(value, list | tuple) and not hasattr(value, "scheme_designator")
        else [value]
    )


def _lab(colour: Any) -> CIELabColor | None:
    if colour is None or isinstance(colour, CIELabColor):
        return colour
    if isinstance(colour, str):
        return CIELabColor.from_string(colour)
    if len(colour) != 3:
        raise ArgumentError(
            "a colour is a CIELabColor, a name, or three values from 0 to 255: red, green, blue"
        )
    return CIELabColor.from_rgb(*colour)


def default_colour(number: int) -> CIELabColor:
    """A colour for a segment that has none: hues by the golden angle, so that neighbours differ most.

    Viewers show a segment without a colour in an arbitrary one, or fail.
    """
    hue = (number * 0.618033988749895) % 1.0 * 6
    sector, fraction = int(hue), hue % 1
    ramp = (255, round(255 * (1 - fraction)), 0, 0, round(255 * fraction), 255)
    red, green, blue = (ramp[(sector + shift) % 6] for shift in (0, 4, 2))
    return CIELabColor.from_rgb(red, green, blue)


def _add_modifiers(description: SegmentDescription, term: terminology.Term) -> None:
    """Left or right, and the like: items below the type or the region (PS3.3 C.8.20.4)."""
    if term.modifiers:
        item = description.SegmentedPropertyTypeCodeSequence[0]
        item.SegmentedPropertyTypeModifierCodeSequence = DatasetSequence(term.modifiers)
    if term.region_modifiers and "AnatomicRegionSequence" in description:
        item = description.AnatomicRegionSequence[0]
        item.AnatomicRegionModifierSequence = DatasetSequence(term.region_modifiers)
