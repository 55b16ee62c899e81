"""Coded entries: context groups, meanings, schemes and units, wherever a code may stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.validation import objects
from tests.validation.objects import binary, clone, ct_series, encoded, tiled_full

from dicomposer import standard
from dicomposer.validation import Finding, _codes, validate
from dicomposer.validation._units import unit_problem

MAMMOGRAM = "1.2.840.10008.5.1.4.1.1.1.2"
FAMILIES = ("code-", "context-", "retired-scheme", "coding-scheme", "units", "unknown-code")
#: A place of an image for which the standard has no context group.
PLACE = "ProcedureCodeSequence"


def code(value: str, scheme: str | None, meaning: str | None, **others: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    if scheme is not None:
        item.CodingSchemeDesignator = scheme
    if meaning is not None:
        item.CodeMeaning = meaning
    for keyword, text in others.items():
        setattr(item, keyword, text)
    return item


def with_code(keyword: str, item: Dataset, *, sop_class: str | None = None) -> Dataset:
    """A CT slice (or what claims to be another image) with a code sequence."""
    dataset = clone(ct_series()[0])
    if sop_class is not None:
        dataset.SOPClassUID = sop_class
    setattr(dataset, keyword, Sequence([item]))
    return dataset


def said(dataset: Dataset, *families: str) -> list[tuple[str, str, str]]:
    """(level, rule, path) of what is found of codes."""
    found = validate(encoded(dataset), pixels=False)
    return [(one.level, one.rule, one.path) for one in found if one.rule.startswith(families or FAMILIES)]


def test_good_objects_have_good_codes() -> None:
    for dataset in (ct_series()[0], binary(), tiled_full()):
        assert said(dataset) == []


# -- context groups -------------------------------------------------------------------------------------------------


def test_a_code_of_the_group_is_right() -> None:
    first = standard.context_group(4014).codes[0]
    item = code(first.value, first.scheme, first.meaning)
    assert said(with_code("ViewCodeSequence", item, sop_class=MAMMOGRAM)) == []


def test_a_code_outside_a_closed_group_is_an_error() -> None:
    item = code("39607008", "SCT", "Lung")
    expected = ("error", "context-group PS3.3 C.8.11.7", "ViewCodeSequence[0].CodeValue")
    assert said(with_code("ViewCodeSequence", item, sop_class=MAMMOGRAM)) == [expected]
    private = code("1", "99PRIVATE", "My view")
    assert said(with_code("ViewCodeSequence", private, sop_class=MAMMOGRAM)) == [expected]


@pytest.mark.parametrize("scheme", ["SRT", "SNM3"])
def test_a_retired_twin_of_a_code_of_the_group_is_right(scheme: str) -> None:
    item = code("R-10242", scheme, "cranio-caudal")
    expected = ("advice", "retired-scheme PS3.16 8.3", "ViewCodeSequence[0].CodingSchemeDesignator")
    assert said(with_code("ViewCodeSequence", item, sop_class=MAMMOGRAM)) == [expected]


def test_a_retired_code_without_a_known_twin_is_not_judged() -> None:
    item = code("R-99999", "SRT", "unheard of")
    assert said(with_code("ViewCodeSequence", item, sop_class=MAMMOGRAM), "context-group", "code-") == []


def contributing(item: Dataset) -> Dataset:
    equipment = Dataset()
    equipment.Manufacturer = "Somebody"
    equipment.PurposeOfReferenceCodeSequence = Sequence([item])
    return with_code("ContributingEquipmentSequence", equipment)


def test_a_code_outside_an_extensible_group_is_advice_unless_private() -> None:
    path = "ContributingEquipmentSequence[0].PurposeOfReferenceCodeSequence[0].CodeValue"
    assert said(contributing(code("109103", "DCM", "Modifying Equipment"))) == []
    expected = ("advice", "context-group PS3.3 C.12.1", path)
    assert said(contributing(code("121071", "DCM", "Finding"))) == [expected]
    assert said(contributing(code("1", "99PRIVATE", "Something new"))) == []


def test_a_code_outside_an_extensible_group_is_advice() -> None:
    expected = ("advice", "context-group PS3.3 C.7.1.1", "PatientSpeciesCodeSequence[0].CodeValue")
    assert said(with_code("PatientSpeciesCodeSequence", code("121071", "DCM", "Finding"))) == [expected]
    assert said(with_code("PatientSpeciesCodeSequence", code("1", "99PRIVATE", "My mouse"))) == []


def test_a_modifier_of_a_segment_is_its_side() -> None:
    dataset = clone(binary())
    (kind,) = dataset.SegmentSequence[0].SegmentedPropertyTypeCodeSequence
    kind.SegmentedPropertyTypeModifierCodeSequence = Sequence([code("7771000", "SCT", "Left")])
    assert said(dataset) == []
    kind.SegmentedPropertyTypeModifierCodeSequence = Sequence([code("39607008", "SCT", "Lung")])
    ((level, _, path),) = said(dataset, "context-group")
    assert level == "error"
    assert path.endswith(".SegmentedPropertyTypeModifierCodeSequence[0].CodeValue")


def test_baseline_groups_say_nothing() -> None:
    assert said(with_code("ContrastBolusAgentSequence", code("121071", "DCM", "Finding"))) == []


@pytest.mark.parametrize(("edition", "levels"), [("2024b", ["error", "advice"]), ("uncollated", ["warning"])])
def test_a_binding_that_was_not_compared_makes_no_error(edition: str, levels: list[str]) -> None:
    closed, open_group = (
        (standard.ContextBinding(cid, "defined", None, edition, "C.1"),) for cid in (4014, 7454)
    )
    notes = [
        *_codes._group_notes("39607008", "SCT", closed),
        *_codes._group_notes("121071", "DCM", open_group),
    ]
    assert [level for _, level, _, _ in notes] == levels


def test_a_group_that_is_not_complete_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_codes, "_group", lambda cid: None)
    monkeypatch.setattr(_codes, "_KEPT", {})
    item = code("39607008", "SCT", "Lung")
    assert said(with_code("ViewCodeSequence", item, sop_class=MAMMOGRAM)) == []


def test_the_group_that_a_code_names() -> None:
    claim = {"MappingResource": "DCMR", "ContextGroupVersion": "20020904", "ContextIdentifier": "7454"}
    path = f"{PLACE}[0].ContextIdentifier"
    expected = ("advice", "context-identifier PS3.3 8.7", path)
    assert said(with_code(PLACE, code("121071", "DCM", "Finding", **claim))) == [expected]
    extended = {
        "ContextGroupExtensionFlag": "Y",
        "ContextGroupLocalVersion": "20200101",
        "ContextGroupExtensionCreatorUID": "1.2.3",
    }
    assert said(with_code(PLACE, code("121071", "DCM", "Finding", **claim, **extended))) == []


# -- meanings -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "scheme", "meaning", "level"),
    [
        ("10200004", "SCT", "Lung", "warning"),
        ("T-62000", "SRT", "Lung", "warning"),
        ("111004", "DCM", "Modality", "warning"),
        ("123110", "DCM", "Algorithm Name", "warning"),
        ("1017211000", "SCT", "Left lumbar region", "warning"),
        ("64033007", "SCT", "Liver", "warning"),
        ("121071", "DCM", "Whatever", "advice"),
        ("10200004", "SCT", "Liver", None),
        ("10200004", "SCT", "LIVER structure", None),
        ("10200004", "SCT", "Leber", None),
        ("1017211000", "SCT", "Right lumbar area", None),
        ("64033007", "SCT", "Left kidney", None),
        ("39607008", "SCT", "Poumon", None),
        ("T-D3000", "SRT", "Chest", None),
        ("51185008", "SCT", "Chest", None),
        ("MR", "DCM", "Magnetic Resonanz", None),
        ("121071", "DCM", "findings", None),
        ("121071", "DCM", "所見", None),
        ("no such code", "SCT", "Lung", None),
    ],
)
def test_meanings(value: str, scheme: str, meaning: str, level: str | None) -> None:
    item = code(value, scheme, meaning)
    dataset = with_code(PLACE, item)
    dataset.SpecificCharacterSet = "ISO_IR 192"
    found = said(dataset, "code-meaning")
    assert found == ([(level, "code-meaning PS3.3 8.3", f"{PLACE}[0].CodeMeaning")] if level else [])


def test_a_code_that_the_scheme_of_the_standard_does_not_have() -> None:
    expected = ("warning", "unknown-code PS3.16 D", f"{PLACE}[0].CodeValue")
    assert said(with_code(PLACE, code("999999", "DCM", "Nothing"))) == [expected]


def test_meanings_are_never_quoted() -> None:
    found = validate(encoded(with_code(PLACE, code("10200004", "SCT", "Lung"))), pixels=False)
    assert not any("Lung" in one.message or "10200004" in one.message for one in found)


# -- schemes --------------------------------------------------------------------------------------------------------


def test_unknown_schemes_are_noted_once() -> None:
    dataset = with_code(PLACE, code("1", "LOCAL", "A"))
    dataset.ProcedureCodeSequence = Sequence([code("2", "LOCAL", "B"), code("3", "OTHER", "C")])
    found = [one for one in validate(encoded(dataset)) if one.rule == "coding-scheme PS3.16 8"]
    assert [(one.level, one.count) for one in found] == [("advice", 2)]


def test_schemes_that_are_declared_or_private_are_right() -> None:
    assert said(with_code(PLACE, code("1", "99LOCAL", "A"))) == []
    dataset = with_code(PLACE, code("1", "LOCAL", "A"))
    declaration = Dataset()
    declaration.CodingSchemeDesignator = "LOCAL"
    declaration.CodingSchemeName = "Our codes"
    dataset.CodingSchemeIdentificationSequence = Sequence([declaration])
    assert said(dataset) == []


# -- units ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit",
    """mm cm2 mm3 ml/min/{1.73_m2} 10*6/ml 10*3/uL 10^3 {} {ratio} g.m-2 kg/(m.s2) (m/s)2 /cm 1/s 1 [hnsf'U] mm[Hg] %
    ppm     g/ml{SUVlbm(James128)} ml/[100]g/min dB[SPL] m[H2O] mmol/L MBq Cel umol/l [degF] um2/ms mg%""".split(),
)
def test_units_that_are_well_formed(unit: str) -> None:
    assert unit_problem(unit) is None


@pytest.mark.parametrize(
    "unit", ["mm 2", "mm^2", "(mm", "mm)", "mm/", "mm..s", "/", "", "µm", "ml/100ml/s", "{ratio", "()"]
)
def test_units_that_are_not(unit: str) -> None:
    assert unit_problem(unit) == "malformed"


@pytest.mark.parametrize("unit", ["cc", "mmHg", "msec", "HU", "KG"])
def test_units_that_nobody_knows(unit: str) -> None:
    assert unit_problem(unit) == "unknown"


def test_all_units_of_the_standard_are_right() -> None:
    listed = {
        fact.value
        for cid in standard.context_groups()
        for fact in standard.context_group(cid).own
        if fact.scheme == "UCUM"
    }
    # the exponent of CID 7277's ratio is the standard's own notation
    assert {unit for unit in listed if unit_problem(unit)} <= {"10-6.mm2/s"}


def test_units_in_an_object() -> None:
    path = f"{PLACE}[0].CodeValue"
    assert said(with_code(PLACE, code("mm 2", "UCUM", "x"))) == [("warning", "units PS3.16 7.2.2", path)]
    assert said(with_code(PLACE, code("cc", "UCUM", "x"))) == [("advice", "units PS3.16 7.2.2", path)]
    assert said(with_code(PLACE, code("10-6.mm2/s", "UCUM", "x"))) == []


# -- places ---------------------------------------------------------------------------------------------------------


def test_codes_of_reports() -> None:
    report = objects.test_file("test-SR.dcm")
    content = report.ContentSequence[0].ConceptNameCodeSequence[0]
    before = set(validate(encoded(report)))
    del content.CodeMeaning
    found = [one for one in validate(encoded(report)) if one not in before]
    path = "ContentSequence[0].ConceptNameCodeSequence[0].CodeMeaning"
    assert any(one.path == path and one.level == "error" for one in found)
    content.CodeValue, content.CodingSchemeDesignator, content.CodeMeaning = "10200004", "SCT", "Lung"
    assert [path for _, _, path in said(report, "code-meaning")] == [path]


def test_codes_that_differ_by_frame() -> None:
    dataset = clone(binary())
    groups = dataset.PerFrameFunctionalGroupsSequence
    groups[3].DerivationImageSequence[0].DerivationCodeSequence[0] = code("10200004", "SCT", "Lung")
    path = (
        "PerFrameFunctionalGroupsSequence[3].DerivationImageSequence[0].DerivationCodeSequence[0].CodeMeaning"
    )
    assert said(dataset, "code-meaning") == [("warning", "code-meaning PS3.3 8.3", path)]


def items(count: int) -> list[Dataset]:
    first, second = standard.context_group(4005).codes[:2]
    return [code(one.value, one.scheme, one.meaning) for one in (first, second, first)[:count]]


@pytest.mark.parametrize(("count", "rule"), [(1, None), (2, None), (3, "item-count PS3.3 C.8.11.7")])
def test_item_counts(count: int, rule: str | None) -> None:
    dataset = with_code("PartialViewCodeSequence", items(1)[0], sop_class=MAMMOGRAM)
    dataset.PartialViewCodeSequence = Sequence(items(count))
    found = said(dataset, "item-count", "single-item")
    assert found == ([("error", rule, "PartialViewCodeSequence")] if rule else [])


def test_more_than_the_single_item() -> None:
    dataset = with_code("ViewCodeSequence", code("399162004", "SCT", "cranio-caudal"), sop_class=MAMMOGRAM)
    dataset.ViewCodeSequence = Sequence([dataset.ViewCodeSequence[0]] * 2)
    assert ("error", "single-item PS3.3 C.8.11.7", "ViewCodeSequence") in said(dataset, "single-item")


# -- cost -----------------------------------------------------------------------------------------------------------


def test_codes_are_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(with_code(PLACE, code("121071", "DCM", "Finding")))
    calls = []
    original: Callable[..., object] = _codes._notes
    monkeypatch.setattr(_codes, "_notes", lambda *given: calls.append(given) or original(*given))
    monkeypatch.setattr(_codes, "_KEPT", {})
    first: list[Finding] = list(validate(data))
    count = len(calls)
    assert count >= 1
    assert list(validate(data)) == first
    assert len(calls) == count


def test_dictionaries_are_not_loaded_without_codes() -> None:
    program = (
        "from pydicom.data import get_testdata_file as f; from dicomposer import validate;"
        "validate(f('CT_small.dcm')); from dicomposer.standard._store import STORE;"
        "assert not [name for name in STORE._files if name.startswith('terms')], STORE._files.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
