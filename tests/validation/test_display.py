"""Image Type, Window Width, converted attributes."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from tests.validation.objects import ct_series

from dicomposer import samples
from dicomposer.validation import validate


def windowed(width: object, function: str = "") -> Dataset:
    image = deepcopy(ct_series()[0])
    image.WindowCenter, image.WindowWidth = 40, width
    if function:
        image.VOILUTFunction = function
    return image


def named(dataset: Dataset, rule: str) -> list[tuple[str, str]]:
    return [(f.level, f.path) for f in validate(dataset, pixels=False) if f.rule_id == rule]


@pytest.mark.parametrize(
    ("width", "function"),
    [(0, ""), (0.5, "LINEAR"), ([400, 0.99], ""), (0, "SIGMOID"), (-1, "LINEAR_EXACT")],
)
def test_a_window_may_be_too_narrow(width: object, function: str) -> None:
    assert named(windowed(width, function), "window-width") == [("error", "WindowWidth")]


@pytest.mark.parametrize(
    ("width", "function"), [(1, ""), (400, "LINEAR"), (0.5, "SIGMOID"), ([1, 0.5], "LINEAR_EXACT")]
)
def test_a_window_may_be_as_narrow_as_its_function_allows(width: object, function: str) -> None:
    assert named(windowed(width, function), "window-width") == []


def with_frame_windows(*widths: float, function: str = "") -> Dataset:
    dataset = deepcopy(samples.enhanced_image(samples.phantom_series(modality="CT")).datasets[0])
    shared = dataset.SharedFunctionalGroupsSequence[0]
    if "FrameVOILUTSequence" in shared:
        del shared.FrameVOILUTSequence
    for item, width in zip(dataset.PerFrameFunctionalGroupsSequence, widths, strict=False):
        window = Dataset()
        window.WindowCenter, window.WindowWidth = 40, width
        if function:
            window.VOILUTFunction = function
        item.FrameVOILUTSequence = Sequence([window])
    return dataset


def test_a_window_of_one_frame_is_named_there() -> None:
    found = named(with_frame_windows(*[400.0] * 3, 0.0, *[400.0] * 500), "window-width")
    place = "PerFrameFunctionalGroupsSequence[3].FrameVOILUTSequence[0].WindowWidth"
    assert found == [("error", place)]


def test_frames_with_an_exact_function_may_be_narrower() -> None:
    assert named(with_frame_windows(*[0.5] * 500, function="LINEAR_EXACT"), "window-width") == []


def two_values(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY"]


def empty_third(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", ""]


@pytest.mark.parametrize("apply", [two_values, empty_third])
def test_ct_and_mr_say_what_kind_of_image_it_is(apply: Callable[[Dataset], None]) -> None:
    image = deepcopy(ct_series()[0])
    assert named(image, "image-type") == []
    apply(image)
    assert named(image, "image-type") == [("error", "ImageType")]


def test_other_images_need_no_third_value() -> None:
    image = deepcopy(ct_series()[0])
    image.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    two_values(image)
    assert named(image, "image-type") == []


def test_anything_may_stand_in_converted_attributes() -> None:
    dataset = deepcopy(samples.enhanced_image(samples.phantom_series(modality="CT")).datasets[0])
    code, modifier, kept = Dataset(), Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "102538003", "SCT", "recumbent"
    modifier.CodeValue, modifier.CodingSchemeDesignator, modifier.CodeMeaning = "40199007", "SCT", "supine"
    code.PatientOrientationModifierCodeSequence = Sequence([modifier])
    kept.PatientOrientationCodeSequence = Sequence([code])
    dataset.SharedFunctionalGroupsSequence[0].UnassignedSharedConvertedAttributesSequence = Sequence([kept])
    assert not [place for _, place in named(dataset, "attribute-of-no-module") if "Converted" in place]
