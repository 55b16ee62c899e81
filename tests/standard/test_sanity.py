"""Every IOD of the tables as a whole: it loads, ends, and speaks of attributes and terms that exist."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import pytest

from dicomposer import standard
from dicomposer.standard import IOD, Attribute, Condition, OneOf
from dicomposer.standard._condition import walk

# -- the tree -------------------------------------------------------------------------------------------------------


class Place(NamedTuple):
    """An attribute, and the attributes of the levels around it: the dataset first, its own level last."""

    where: str
    attribute: Attribute
    levels: tuple[Mapping[str, Sequence[Attribute]], ...]


Level = Mapping[str, Sequence[Attribute]]


def level(attributes: Sequence[Attribute]) -> Level:
    """Attributes by keyword; modules may share one."""
    found: dict[str, list[Attribute]] = defaultdict(list)
    for attribute in attributes:
        found[attribute.keyword].append(attribute)
    return found


@dataclass
class Tree:
    """All places of an IOD."""

    iod: IOD
    _levels: dict[int, tuple[object, Level]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.root = level([a for usage in self.iod.modules for a in usage.module.attributes])
        self.groups = level([group.attribute for group in self.iod.functional_groups])
        self.inside = level([a for group in self.iod.functional_groups for a in group.attributes])
        self.modules = {usage.module.key for usage in self.iod.modules}

    def places(self) -> Iterator[Place]:
        for usage in self.iod.modules:
            yield from self._below(usage.module.attributes, f"{usage.module.key}:", (self.root,), ())
        for group in self.iod.functional_groups:
            yield from self._below([group.attribute], "group ", (self.root, self.groups), ())

    def _below(
        self, attributes: Sequence[Attribute], where: str, levels: tuple[Level, ...], inside: tuple[int, ...]
    ) -> Iterator[Place]:
        assert id(attributes) not in inside, f"{where} holds itself"
        for attribute in attributes:
            yield Place(where + attribute.keyword, attribute, levels)
            if attribute.items:
                # the lists are shared between places: one view of each is enough
                known = self._levels.get(id(attribute.items))
                if known is None:
                    known = self._levels[id(attribute.items)] = (attribute.items, level(attribute.items))
                path = f"{where}{attribute.keyword}."
                yield from self._below(attribute.items, path, (*levels, known[1]), (*inside, id(attributes)))

    def conditions(self) -> Iterator[tuple[str, Condition, tuple[Level, ...]]]:
        """(place, condition, levels) of all conditions, those on values included."""
        for usage in self.iod.modules:
            if usage.condition:
                yield f"module {usage.module.key}", usage.condition, (self.root,)
        for group in self.iod.functional_groups:
            if group.condition:
                yield f"group {group.keyword}", group.condition, (self.root,)
        for where, attribute, levels in self.places():
            if attribute.condition:
                yield where, attribute.condition, levels
            for rule in attribute.values:
                if rule.condition:
                    yield where, rule.condition, levels

    def exists(self, reference: str, levels: tuple[Level, ...]) -> bool:
        """Whether a reference of a condition names something that can be there."""
        if reference.startswith("@module."):
            return reference.removeprefix("@module.") in self.modules
        if reference.startswith("@frame."):
            words = reference.removeprefix("@frame.").split(".")
            return follow(self.groups, words) or follow(self.inside, words)
        words = reference.lstrip("./").split(".")
        if reference.startswith("/"):
            return follow(levels[0], words)
        if reference.startswith("./"):
            return follow(levels[-1], words)
        if reference.startswith("../"):
            return len(levels) > 1 and follow(levels[-2], words)
        return any(follow(one, words) for one in levels)


def follow(start: Level, words: Sequence[str]) -> bool:
    """Whether a path of keywords leads anywhere."""
    return any(
        len(words) == 1 or follow(level(attribute.items), words[1:]) for attribute in start.get(words[0], ())
    )


@pytest.fixture(scope="module")
def trees() -> list[Tree]:
    return [Tree(standard.iod(key)) for key in standard.iods()]


@pytest.fixture(scope="module")
def attributes(trees: list[Tree]) -> dict[str, Attribute]:
    """One attribute of each place that differs."""
    return {place.where: place.attribute for tree in trees for place in tree.places()}


# -- tests ----------------------------------------------------------------------------------------------------------


def test_every_iod_loads_and_ends(trees: list[Tree]) -> None:
    assert len(trees) == 175
    deepest = max(len(place.levels) for tree in trees for place in tree.places())
    assert 5 <= deepest <= 12


#: References that lead nowhere at a place, and are meant so: an absent attribute answers the question.
ELSEWHERE = (
    # an icon has no spacing of its own, and its image is that of another instance
    (r"IconImageSequence\.|PixelAspectRatio$", r"/PixelPresentation|@frame\.PixelSpacing|\w*PixelSpacing"),
    # an IOD has one of the three kinds of pixel data, or (mapping of real world values) refers to them
    (r"RealWorldValueMappingSequence\.", r"/(Double)?(Float)?PixelData"),
    # the table does not say whether the group or the dataset is meant
    (r":(Referenced|Source)ImageEvidenceSequence$", r"/(Referenced|Source)ImageSequence"),
    # macros of frames, in an image of one frame; their conditions allow presence in any case
    (r"^multi-energy-ct-image:MultienergyCTAcquisitionSequence\.", r"@frame\.FrameType"),
)


def test_conditions_ask_for_what_can_be_there(trees: list[Tree]) -> None:
    """In at least one of the IODs that have the place; a module may serve IODs without the attribute."""
    found: dict[tuple[str, str], bool] = {}
    for tree in trees:
        for where, condition, levels in tree.conditions():
            for reference in condition.references:
                key = (where, reference)
                found[key] = found.get(key, False) or tree.exists(reference, levels)
    nowhere = [key for key, exists in found.items() if not exists]
    strange = [
        (where, reference)
        for where, reference in nowhere
        if not any(re.search(a, where) and re.fullmatch(b, reference) for a, b in ELSEWHERE)
    ]
    assert strange == []
    assert len(found) > 5000
    for where, reference in ELSEWHERE:  # no exception longer than it is needed
        assert any(re.search(where, a) and re.fullmatch(reference, b) for a, b in nowhere), where


VALUES = {
    "CS": r"[A-Z0-9_][A-Z0-9_ ]{0,15}",
    "SH": r".{1,16}",
    "LO": r".{1,64}",
    "UI": r"[0-9.]{1,64}",
    "DS": r"-?[0-9]+(\.[0-9]+)?",
    **dict.fromkeys(("US", "UL", "AT", "UV"), "0|[1-9][0-9]*"),
    **dict.fromkeys(("SS", "SL", "IS", "SV", "US or SS"), "0|-?[1-9][0-9]*"),
}


def test_values_have_the_form_of_their_vr(attributes: dict[str, Attribute]) -> None:
    wrong = {
        (where, value)
        for where, attribute in attributes.items()
        for rule in attribute.values
        for value in rule.values
        if not re.fullmatch(VALUES[attribute.vr], value)
    }
    assert wrong == set()


def test_conditions_compare_with_terms_that_exist(
    trees: list[Tree], attributes: dict[str, Attribute]
) -> None:
    """Of attributes whose values are enumerated (or defined) at all; ImageType's stand in sections of each IOD."""
    terms: dict[str, set[str]] = defaultdict(set)
    for attribute in attributes.values():
        terms[attribute.keyword].update(value for rule in attribute.values for value in rule.values)
        if attribute.vr != "CS":
            terms[attribute.keyword].clear()
    other = {"ImageType", "FrameType", "BodyPartExamined"}
    other |= {
        "AcquisitionStartCondition",
        "AcquisitionTerminationCondition",
    }  # of PET; the table is that of X-ray
    # terms that only a section names; OBLIQUE is what the condition says, and OBLIQUE_PLANES what the list says
    known = {
        ("MaskOperation", "REV_TID"),
        ("PixelIntensityRelationship", "DISP"),
        ("VolumeCroppingMethod", "OBLIQUE"),
    }
    strange = set()
    for condition in {condition for tree in trees for _, condition, _ in tree.conditions()}:
        for node in walk(condition.predicate):
            keyword = re.split(r"[./]", node.path)[-1] if isinstance(node, OneOf) else ""
            if isinstance(node, OneOf) and terms[keyword] and keyword not in other:
                strange |= {(keyword, str(value)) for value in node.values if value not in terms[keyword]}
    assert strange <= known


def test_sections_are_well_formed(trees: list[Tree], attributes: dict[str, Attribute]) -> None:
    sections = {tree.iod.section for tree in trees}
    sections |= {usage.module.section for tree in trees for usage in tree.iod.modules}
    sections |= {group.section for tree in trees for group in tree.iod.functional_groups}
    for attribute in attributes.values():
        sections |= {attribute.section, *(rule.section for rule in attribute.values)}
    # of PS3.3: annexes A, C and F, macros in section 10
    wrong = {one for one in sections if not re.fullmatch(r"|(A|C|F|8|10)\.[0-9]+(\.[0-9]+)*[a-z]?", one)}
    assert wrong == set()
    assert len(sections) > 400


def test_types_and_usages_are_those_of_the_standard(
    trees: list[Tree], attributes: dict[str, Attribute]
) -> None:
    assert {attribute.type for attribute in attributes.values()} <= {"1", "1C", "2", "2C", "3", ""}
    for tree in trees:
        keys = [usage.module.key for usage in tree.iod.modules]
        assert len(keys) == len(set(keys)), tree.iod.key
        assert {usage.usage for usage in tree.iod.modules} <= {"M", "C", "U"}
        assert {group.usage for group in tree.iod.functional_groups} <= {"M", "C", "U", ""}
        if tree.iod.key != "basic-directory":
            assert "sop-common" in keys


def test_conditions_stand_where_they_are_due(attributes: dict[str, Attribute]) -> None:
    """Types 1, 2 and 3 have none, except that a type 3 may be forbidden under a condition."""
    for where, attribute in attributes.items():
        if attribute.condition is not None and attribute.type not in ("1C", "2C"):
            assert attribute.type == "3", where
            assert attribute.condition.predicate.parts() == (), where
