"""Advice of the profile ``viewers``: an object that triggers each rule, and one that does not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy

import pytest
from pydicom.dataset import Dataset
from tests.validation import bundle, good
from tests.validation.objects import SEGMENTATIONS, slide

from dicomposer.validation import registered, validate

Make = Callable[[], Dataset]


def changed(make: Make, change: Callable[[Dataset], None]) -> Make:
    """The object after a change."""

    def made() -> Dataset:
        dataset = deepcopy(make())
        change(dataset)
        return dataset

    return made


def syntax(make: Make, uid: str) -> Make:
    return changed(make, lambda dataset: setattr(dataset.file_meta, "TransferSyntaxUID", uid))


def setting(make: Make, **values: object) -> Make:
    def change(dataset: Dataset) -> None:
        for keyword, value in values.items():
            setattr(dataset, keyword, value)

    return changed(make, change)


def _no_colour(dataset: Dataset) -> None:
    del dataset.SegmentSequence[1].RecommendedDisplayCIELabValue


def _no_anatomy(dataset: Dataset) -> None:
    del dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence


def _anatomy_per_frame(dataset: Dataset) -> None:
    anatomy = dataset.SharedFunctionalGroupsSequence[0].FrameAnatomySequence
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        frame.FrameAnatomySequence = deepcopy(anatomy)
    _no_anatomy(dataset)


def _integers(bits: int, signed: int = 0) -> Callable[[Dataset], None]:
    def change(dataset: Dataset) -> None:
        del dataset.FloatPixelData
        dataset.BitsAllocated, dataset.PixelRepresentation = bits, signed
        dataset.PixelData = bytes(3 * 16 * 16 * bits // 8)

    return change


def _doubles(dataset: Dataset) -> None:
    del dataset.FloatPixelData
    dataset.BitsAllocated = 64
    dataset.DoubleFloatPixelData = bytes(3 * 16 * 16 * 8)


def _number(dataset: Dataset) -> None:
    dataset.SegmentSequence[-1].SegmentNumber = 300


def _with_coordinates(dataset: Dataset) -> None:
    extra = bundle.group_of(bundle.length_report("x")).ContentSequence
    bundle.group_of(dataset).ContentSequence.extend(deepcopy(list(extra))[-1:])


binary, fractional, label_map = (SEGMENTATIONS[name] for name in ("binary", "fractional", "label_map"))
LENGTH = "Cornerstone3DTools@^0.1.0:Length"
GROUP = "ContentSequence[4].ContentSequence[0]"
#: Rule -> (object that triggers it, path of the finding, object that does not).
CASES: Mapping[str, tuple[Make, str, Make]] = {
    "no-colour": (
        changed(binary, _no_colour),
        "SegmentSequence[1].RecommendedDisplayCIELabValue",
        binary,
    ),
    "fractional": (fractional, "SegmentationType", binary),
    "background-item": (label_map, "SegmentSequence[0]", binary),
    "wide-label": (changed(label_map, _number), "SegmentSequence[3].SegmentNumber", label_map),
    "label-map-class": (label_map, "SOPClassUID", binary),
    "label-map-slide": (
        setting(label_map, TotalPixelMatrixColumns=128, TotalPixelMatrixRows=128),
        "SegmentationType",
        label_map,
    ),
    "odd-packed-length": (
        setting(binary, Rows=8, Columns=9, NumberOfFrames=3),
        "PixelData",
        setting(binary, Rows=8, Columns=9, NumberOfFrames=2),
    ),
    "single-frames": (setting(binary, Columns=121), "Columns", binary),
    "compressed-segmentation": (
        syntax(fractional, "1.2.840.10008.1.2.4.80"),
        "PixelData",
        fractional,
    ),
    "map-anatomy": (
        changed(good.parametric_map, _no_anatomy),
        "SharedFunctionalGroupsSequence[0].FrameAnatomySequence",
        changed(good.parametric_map, _anatomy_per_frame),
    ),
    "map-values": (
        changed(good.parametric_map, _integers(16)),
        "PixelData",
        good.parametric_map,
    ),
    "report-tools": (good.report, GROUP, lambda: bundle.length_report(LENGTH)),
    "report-coordinates": (
        bundle.segment_report,
        GROUP,
        changed(bundle.segment_report, _with_coordinates),
    ),
    "slide-syntax": (
        syntax(slide, "1.2.840.10008.1.2.5"),
        "TransferSyntaxUID",
        syntax(slide, "1.2.840.10008.1.2.4.90"),
    ),
}


def advice(dataset: Dataset, rule: str) -> list[str]:
    found = [one for one in validate(dataset, pixels=False) if one.rule_id == rule]
    assert all(one.level == "advice" and one.section == "viewers" for one in found), found
    return [one.path for one in found]


@pytest.mark.parametrize("rule", CASES)
def test_rule(rule: str) -> None:
    triggering, path, other = CASES[rule]
    assert advice(triggering(), rule) == [path]
    assert advice(other(), rule) == []


def test_every_rule_has_a_case() -> None:
    assert {rule.id for rule in registered() if rule.profile == "viewers"} == set(CASES)


def test_without_the_profile_there_is_no_advice_of_it() -> None:
    assert not [one for one in validate(label_map(), profiles=()) if one.section == "viewers"]


@pytest.mark.parametrize("change", [_integers(8), _integers(16, signed=1), _doubles])
def test_other_values_of_maps(change: Callable[[Dataset], None]) -> None:
    assert len(advice(changed(good.parametric_map, change)(), "map-values")) == 1


@pytest.mark.parametrize("uid", ["1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"])
def test_deflated_segmentations_give_no_single_frames(uid: str) -> None:
    assert advice(syntax(fractional, uid)(), "single-frames") == ["TransferSyntaxUID"]


def _second_group(**change: str) -> Dataset:
    """A report with a length and a group of a segment; of the same tracking UID, or of that in `change`."""
    report, other = deepcopy(bundle.length_report(LENGTH)), deepcopy(bundle.segment_report())
    groups, others = (
        next(item for item in one.ContentSequence if item.ConceptNameCodeSequence[0].CodeValue == "126010")
        for one in (report, other)
    )
    (group,) = others.ContentSequence

    def tracked(one: Dataset) -> Dataset:
        return next(i for i in one.ContentSequence if i.ConceptNameCodeSequence[0].CodeValue == "112040")

    tracked(group).UID = change.get("uid", tracked(groups.ContentSequence[0]).UID)
    groups.ContentSequence.append(group)
    return report


def test_one_group_without_coordinates_is_enough() -> None:
    (path,) = advice(_second_group(uid="1.2.3"), "report-coordinates")
    assert path.endswith("ContentSequence[1]")


def test_groups_that_track_the_same_share_coordinates() -> None:
    assert advice(_second_group(), "report-coordinates") == []


def test_tiles_are_not_asked_of_cornerstone() -> None:
    tiles = setting(SEGMENTATIONS["tiled_sparse"], Rows=3, Columns=3, NumberOfFrames=1)
    assert advice(tiles(), "odd-packed-length") == []


def test_a_classic_image_gets_no_advice() -> None:
    assert not [one for one in validate(good.small_ct()[0]) if one.section == "viewers"]
