from __future__ import annotations

import math

import highdicom
import numpy as np
import pytest
from hypothesis import given, strategies as st
from pydicom.pixels import convert_color_space

from dicomposer.enum import VOILUTFunctionValues
from dicomposer.errors import ArgumentError, UnsupportedError
from dicomposer.pixels import apply_lut, apply_palette, apply_voi_window, to_rgb


def literal(x, c, w, function, low, high):
    """The pseudo-code of PS3.3 C.11.2.1.2 and C.11.2.1.3."""
    if function == "SIGMOID":
        return low + (high - low) / (1 + math.exp(min(700.0, -4 * (x - c) / w)))
    if function == "LINEAR":
        if x <= c - 0.5 - (w - 1) / 2:
            return low
        if x > c - 0.5 + (w - 1) / 2:
            return high
        return ((x - (c - 0.5)) / (w - 1) + 0.5) * (high - low) + low
    if x <= c - w / 2:
        return low
    if x > c + w / 2:
        return high
    return ((x - c) / w + 0.5) * (high - low) + low


@given(
    st.lists(st.integers(-2000, 4000), min_size=1, max_size=20),
    st.floats(-1000, 3000),
    st.floats(1, 5000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    st.booleans(),
)
def test_windows_follow_the_pseudo_code(values, centre, width, function, invert):
    array = np.array(values, np.int16)
    before = array.copy()
    out = apply_voi_window(array, centre, width, function, output_range=(10, 255), invert=invert)
    expected = np.array([literal(v, centre, width, function, 10, 255) for v in values])
    if invert:
        expected = 265 - expected
    # Just beside a very narrow window rounding decides the side, so only the values are compared
    assert np.allclose(out, expected, atol=1e-6 if width > 1.001 else 245)
    assert np.array_equal(array, before)
    assert out.dtype == np.float64


def test_threshold_and_identity():
    assert apply_voi_window(np.arange(4), 2, 1).tolist() == [0, 0, 1, 1]
    assert np.allclose(apply_voi_window(np.arange(256), 128, 256, output_range=(0, 255)), np.arange(256))
    out = apply_voi_window(np.array([-1e9, 0.0, 1e9], np.float32), 0, 1, "SIGMOID", dtype=np.float32)
    assert out.tolist() == [0, 0.5, 1]
    assert out.dtype == np.float32


def test_windows_agree_with_highdicom():
    array = np.arange(-50, 200, dtype=np.int16).reshape(10, 25)
    for function in VOILUTFunctionValues:
        ours = apply_voi_window(array, 40, 80.5, function, (3, 9))
        theirs = highdicom.pixels.apply_voi_window(array, 40, 80.5, function.value, (3, 9))
        assert np.allclose(ours, theirs)


@pytest.mark.parametrize(
    "changes",
    [
        {"window_width": 0.5}, {"window_width": 0, "voi_lut_function": "SIGMOID"}, {"output_range": (1, 1)},
        {"dtype": np.uint8}, {"voi_lut_function": "CUBIC"}, {"window_width": float("nan")},
    ],
)  # fmt: skip
def test_windows_that_make_no_sense(changes):
    with pytest.raises(ValueError):
        apply_voi_window(**{"array": np.arange(3), "window_center": 1, "window_width": 2} | changes)


def test_look_up():
    array = np.array([[0, 1], [2, 300]], np.uint16)
    table = np.array([10, 20, 30], np.uint16)
    assert apply_lut(array, table, 1).tolist() == [[10, 10], [20, 30]]
    assert apply_lut(array.astype(np.int8), table, -1).dtype == np.uint16
    assert apply_lut(array[:1], table, 0, dtype=np.float32, clip=False).tolist() == [[10, 20]]
    with pytest.raises(ArgumentError, match="outside"):
        apply_lut(array, table, 0, clip=False)
    with pytest.raises(ArgumentError, match="safely"):
        apply_lut(array, table, 0, dtype=np.uint8)
    with pytest.raises(ArgumentError, match="whole numbers"):
        apply_lut(array.astype(float), table, 0)
    with pytest.raises(ArgumentError, match="empty"):
        apply_lut(array, table[:0], 0)


def test_palette():
    red, green, blue = (np.array(c, np.uint8) for c in ([1, 2], [3, 4], [5, 6]))
    assert apply_palette(np.array([[0, 1, 9]]), red, green, blue).tolist() == [
        [[1, 3, 5], [2, 4, 6], [2, 4, 6]]
    ]


def test_colour_spaces():
    array = np.random.default_rng(0).integers(0, 256, (16, 16, 3)).astype(np.uint8)
    ours = to_rgb(array, "YBR_FULL_422")
    assert np.abs(ours.astype(int) - convert_color_space(array, "YBR_FULL", "RGB")).max() <= 1
    assert to_rgb(array, "RGB") is array
    with pytest.raises(UnsupportedError):
        to_rgb(array, "YBR_PARTIAL_420")
