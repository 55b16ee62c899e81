"""The same files, the same options: the same pixels as highdicom, or a difference that docs/differences.md names."""

from __future__ import annotations

import inspect
import warnings
from typing import Any

import highdicom as hd
import numpy as np
import pytest
from pydicom.data import get_testdata_file

import dicomposer as dc

GREY = ["CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "vlut_04.dcm", "eCT_Supplemental.dcm",
        "emri_small.dcm", "emri_small_jpeg_ls_lossless.dcm", "liver.dcm", "rtdose.dcm", "RG3_UNCR.dcm"]  # fmt: skip
COLOUR = ["SC_rgb.dcm", "SC_rgb_16bit.dcm", "SC_ybr_full_uncompressed.dcm", "SC_ybr_full_422_uncompressed.dcm",
          "US1_J2KR.dcm", "OBXXXX1A_rle_2frame.dcm",]  # fmt: skip
OPTIONS: list[dict[str, Any]] = [
    {},
    {"apply_voi_transform": True},
    {"apply_voi_transform": None, "apply_presentation_lut": False},
    {"apply_voi_transform": True, "voi_output_range": (0, 255.0), "dtype": "float32"},
    {"apply_voi_transform": True, "voi_transform_selector": 1},
    {"apply_voi_transform": True, "voi_transform_selector": "NORMAL"},
    {"apply_voi_transform": True, "apply_modality_transform": False},
    {"apply_modality_transform": True},
    {"apply_modality_transform": False},
    {"apply_real_world_transform": True},
    {"apply_real_world_transform": False},
    {"apply_real_world_transform": True, "apply_modality_transform": True},
    {"apply_presentation_lut": False},
    {"apply_palette_color_lut": True},
    {"apply_icc_profile": True},
    {"dtype": "int32"},
    {"dtype": "float32"},
]


def _file(name: str) -> str:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return path


def _attempt(image: Any, options: dict[str, Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return image.get_frames(**options)
        except Exception as error:  # noqa: BLE001
            return error


@pytest.mark.parametrize("name", GREY + COLOUR)
def test_every_option_gives_the_same_pixels_or_the_same_kind_of_refusal(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs, ours = hd.imread(_file(name)), dc.imread(_file(name))
    for options in OPTIONS:
        expected, found = _attempt(theirs, options), _attempt(ours, options)
        if isinstance(expected, Exception):
            assert isinstance(found, type(expected)), (options, expected, found)
            continue
        assert isinstance(found, np.ndarray), (options, found)
        assert found.dtype == expected.dtype and found.shape == expected.shape
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-7 * (1 + np.abs(expected).max()))


@pytest.mark.parametrize("name", ["CT_small.dcm", "eCT_Supplemental.dcm", "liver.dcm"])
def test_volumes_are_the_same(name: str) -> None:
    theirs, ours = hd.imread(_file(name)).get_volume(), dc.imread(_file(name)).get_volume()
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-9)
    np.testing.assert_array_equal(ours.array, theirs.array)


def test_parts_of_volumes_are_counted_in_the_same_way() -> None:
    theirs, ours = hd.imread(_file("eCT_Supplemental.dcm")), dc.imread(_file("eCT_Supplemental.dcm"))
    for part in (
        {"slice_start": 2},
        {"slice_start": 1, "as_indices": True},
        {"row_start": 3, "row_end": 7, "column_start": 11, "column_end": -4},
        {"slice_start": -1, "row_start": 3, "row_end": 7, "as_indices": True},
    ):
        expected, found = theirs.get_volume(**part), ours.get_volume(**part)
        np.testing.assert_array_equal(found.array, expected.array)
        np.testing.assert_allclose(found.affine, expected.affine, atol=1e-9)


def _parameters(function: Any) -> list[tuple[str, Any, str]]:
    return [(p.name, p.kind, str(p.default)) for p in inspect.signature(function).parameters.values()]


def test_signatures_are_the_same() -> None:
    for name in dir(hd.Image):
        method = getattr(hd.Image, name)
        if name.startswith("_") or not callable(method) or hasattr(hd.base.SOPClass, name):
            continue
        assert _parameters(getattr(dc.Image, name)) == _parameters(method), name
    assert _parameters(dc.imread) == _parameters(hd.imread)
    assert _parameters(dc.get_volume_from_series) == _parameters(hd.get_volume_from_series)
    for module in ("utils", "pixels", "frame"):
        theirs = __import__(f"highdicom.{module}", fromlist=["x"])
        for name, function in vars(theirs).items():
            own = inspect.isfunction(function) and function.__module__ == theirs.__name__
            if own and not name.startswith("_"):
                assert _parameters(getattr(getattr(dc, module), name)) == _parameters(function), name
