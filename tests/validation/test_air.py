"""The profile ``ai-results``: results that satisfy it, and each rule broken."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from copy import deepcopy
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from tests.validation import bundle, good
from tests.validation.objects import ct_series, encoded, uid

from dicomposer.validation import registered, validate, validate_files
from dicomposer.validation._subject import Subject
from dicomposer.validation.profiles._air import air_across, air_facts

Break = Callable[[Dataset], None]


def found(dataset: Dataset) -> dict[str, tuple[str, str]]:
    """Rule -> path and level of the profile's findings."""
    findings = validate(dataset, profiles=["ai-results"], pixels=False)
    return {one.rule_id: (one.path, one.level) for one in findings if one.rule_id.startswith("air-")}


def drop(keyword: str) -> Break:
    return lambda dataset: delattr(dataset, keyword)


def setting(keyword: str, value: object) -> Break:
    return lambda dataset: setattr(dataset, keyword, value)


def _item(path: str, keyword: str) -> Break:
    return lambda dataset: delattr(getattr(dataset, path)[0], keyword)


def _child(code: str) -> Break:
    def apply(dataset: Dataset) -> None:
        dataset.ContentSequence = [
            item for item in dataset.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != code
        ]

    return apply


def _untracked(dataset: Dataset) -> None:
    group = bundle.group_of(dataset)
    group.ContentSequence = [
        item for item in group.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue != "112040"
    ]


segmentation, report = bundle.segmentation, bundle.segment_report
EVIDENCE = "CurrentRequestedProcedureEvidenceSequence"
EQUIPMENT = "ContributingEquipmentSequence"
#: Rule -> (object, how to break it, path, level).
BREAKS: Mapping[str, tuple[Callable[[], Dataset], Break, str, str]] = {
    "air-algorithm": (report, drop(EQUIPMENT), EQUIPMENT, "warning"),
    "air-equipment": (segmentation, setting("SoftwareVersions", ""), "SoftwareVersions", "advice"),
    "air-series": (segmentation, drop("SeriesDescription"), "SeriesDescription", "advice"),
    "air-images": (report, drop(EVIDENCE), EVIDENCE, "advice"),
    "air-semantics": (segmentation, setting("BurnedInAnnotation", "YES"), "BurnedInAnnotation", "advice"),
    "air-segment-tracking": (
        segmentation,
        _item("SegmentSequence", "TrackingUID"),
        "SegmentSequence[0].TrackingUID",
        "advice",
    ),
    "air-segment-algorithm": (
        segmentation,
        _item("SegmentSequence", "SegmentationAlgorithmIdentificationSequence"),
        "SegmentSequence[0].SegmentationAlgorithmIdentificationSequence",
        "advice",
    ),
    "air-report-class": (
        report,
        setting("SOPClassUID", "1.2.840.10008.5.1.4.1.1.88.11"),
        "SOPClassUID",
        "warning",
    ),
    "air-report-template": (report, drop("ContentTemplateSequence"), "ContentTemplateSequence", "warning"),
    "air-procedure": (report, _child("121058"), "ContentSequence", "warning"),
    "air-observer": (report, _child("121005"), "ContentSequence", "advice"),
    "air-tracking": (report, _untracked, "ContentSequence[4].ContentSequence[0]", "advice"),
}


def test_every_rule_is_broken_here() -> None:
    assert {rule.id for rule in registered() if rule.profile == "ai-results"} == set(BREAKS)


def test_a_section_is_the_profile_s_or_says_recommended() -> None:
    sections = {rule.section for rule in registered() if rule.profile == "ai-results"}
    assert sections == {"IHE RAD AIR 6.5.3", "IHE RAD AIR 6.5.3.1", "recommended"}
    levels = {
        (rule.section == "recommended", rule.level) for rule in registered() if rule.profile == "ai-results"
    }
    assert levels == {(True, "advice"), (False, "warning")}


@pytest.mark.parametrize("make", [segmentation, report])
def test_a_good_result(make: Callable[[], Dataset]) -> None:
    assert found(make()) == {}


@pytest.mark.parametrize("rule", BREAKS)
def test_broken(rule: str) -> None:
    make, apply, path, level = BREAKS[rule]
    dataset = deepcopy(make())
    apply(dataset)
    assert found(dataset)[rule] == (path, level)


def test_only_if_asked_for() -> None:
    broken = bundle.without(segmentation(), "ContributingEquipmentSequence")
    assert not [one for one in validate(broken) if one.rule_id.startswith("air-")]


def test_what_an_algorithm_is_described_by() -> None:
    dataset = deepcopy(segmentation())
    del dataset.ContributingEquipmentSequence[0].DeviceUID
    assert found(dataset) == {"air-algorithm": (f"{EQUIPMENT}[0].DeviceUID", "warning")}


def test_subsets_of_the_class_are_advised_only() -> None:
    dataset = deepcopy(report())
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.88.33"
    assert found(dataset)["air-report-class"][1] == "advice"


def test_images_are_no_results() -> None:
    assert found(ct_series()[0]) == {}
    assert air_facts(Subject(ct_series()[0])) is None


# -- bundles --------------------------------------------------------------------------------------------------------


def across(*datasets: Dataset) -> list[dict[str, str]]:
    """Rule -> message, per object."""
    facts = [air_facts(Subject(dataset)) for dataset in datasets]
    facts = pickle.loads(pickle.dumps(facts))
    return [{one.rule_id: one.message for one in file} for file in air_across(facts)]


def test_a_good_bundle() -> None:
    assert across(*good.small_ct(), segmentation(), report()) == [{}] * 5


def test_results_without_a_report() -> None:
    images, result = across(good.small_ct()[0], segmentation())
    assert images == {} and "no measurement report" in result["air-root"]


def test_a_result_that_the_report_does_not_lead_to() -> None:
    other = bundle.length_report("lesion 9")
    assert "no measurement report of its study" in across(segmentation(), other)[0]["air-root"]


def test_tracking_that_does_not_agree() -> None:
    broken = deepcopy(report())
    group = bundle.group_of(broken)
    item = next(i for i in group.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "112040")
    item.UID = uid(77)
    assert set(across(segmentation(), broken)[1]) == {"air-tracking-link"}
    untracked = bundle.segmentation()
    untracked = deepcopy(untracked)
    del untracked.SegmentSequence[0].TrackingUID
    assert across(untracked, broken)[1] == {}  # nothing to contradict; the segment's own advice says so
    assert across(broken)[0] == {}  # nor without the segmentation


def test_files(tmp_path: Path) -> None:
    for number, dataset in enumerate((segmentation(), *good.small_ct())):
        (tmp_path / f"{number}.dcm").write_bytes(encoded(dataset))
    asked = validate_files(tmp_path, profiles=["ai-results"], pixels=False, workers=0)
    assert [one.path[-5:] for one in asked for f in one.findings if f.rule_id == "air-root"] == ["0.dcm"]
    assert not [
        f for one in validate_files(tmp_path, workers=0) for f in one.findings if f.rule_id == "air-root"
    ]
    ignored = validate_files(tmp_path, profiles=["ai-results"], ignore=["air-*"], workers=0)
    assert not [f for one in ignored for f in one.findings if f.rule_id.startswith("air-")]
