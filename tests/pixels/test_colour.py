from __future__ import annotations

import doctest

import numpy as np
import pytest
from hypothesis import given, strategies as st
from PIL import Image, ImageCms, ImageColor

from dicomposer import pixels
from dicomposer.errors import ArgumentError
from dicomposer.pixels import (
    CIELabColor,
    ColorManager,
    _colour,
    decode_lab,
    encode_lab,
    lab_to_rgb,
    rgb_to_lab,
)

BYTE = st.integers(0, 255)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def test_examples_of_the_documentation():
    assert doctest.testmod(_colour).failed == 0


@given(BYTE, BYTE, BYTE)
def test_every_rgb_colour_round_trips(r, g, b):
    colour = CIELabColor.from_rgb(r, g, b)
    assert colour.to_rgb() == (r, g, b)
    assert CIELabColor.from_dicom_value(colour.value) == colour
    assert CIELabColor(*colour.lab) == colour


def test_conversion_agrees_with_a_colour_management_system():
    rgb = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    rgb[0, :5] = [(0, 0, 0), (255, 255, 255), (255, 0, 0), (0, 255, 0), (0, 0, 255)]
    lab = ImageCms.createProfile("LAB", 5000)
    to_lab = ImageCms.buildTransform(
        SRGB, lab, "RGB", "LAB", renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC
    )
    theirs = np.asarray(ImageCms.applyTransform(Image.fromarray(rgb), to_lab)).astype(float)
    theirs[..., 0] *= 100 / 255
    theirs[..., 1:] = (theirs[..., 1:] + 128) % 256 - 128
    assert np.abs(rgb_to_lab(rgb) - theirs).max() < 1.0  # theirs is in 8 bits


def test_known_colours():
    # Published values of sRGB's red and white under D50
    assert np.allclose(rgb_to_lab((255, 0, 0)), (54.29, 80.81, 69.89), atol=0.02)
    assert np.allclose(rgb_to_lab((255, 255, 255)), (100, 0, 0), atol=1e-9)
    assert CIELabColor.from_rgb(255, 255, 255).value == (0xFFFF, 0x8080, 0x8080)
    assert CIELabColor.from_rgb(0, 0, 0).value == (0, 0x8080, 0x8080)


def test_encoding_of_c_10_7_1_1():
    assert encode_lab([(0, -128, 127), (100, 0, 0)]).tolist() == [[0, 0, 0xFFFF], [0xFFFF, 0x8080, 0x8080]]
    values = np.random.default_rng(0).integers(0, 65536, (100, 3))
    assert np.array_equal(encode_lab(decode_lab(values)), values)
    grid = np.stack(np.meshgrid([0, 1, 10, 128, 255], [0, 77, 255], [3, 255]), axis=-1)
    assert np.allclose(lab_to_rgb(rgb_to_lab(grid)), grid)


@given(st.floats(0, 100), st.floats(-128, 127), st.floats(-128, 127))
def test_colours_outside_srgb_are_refused_or_clipped(l_star, a_star, b_star):
    colour = CIELabColor(l_star, a_star, b_star)
    assert np.allclose(colour.lab, (l_star, a_star, b_star), atol=0.002)
    assert (colour.l_star, colour.a_star, colour.b_star) == colour.lab
    clipped = colour.to_rgb(clip=True)
    assert all(0 <= c <= 255 for c in clipped)
    rounded = np.rint(lab_to_rgb(colour.lab))
    if (rounded >= 0).all() and (rounded <= 255).all():
        assert colour.to_rgb() == clipped
    else:
        with pytest.raises(ArgumentError, match="outside sRGB"):
            colour.to_rgb()


@pytest.mark.parametrize("lab", [(-1, 0, 0), (101, 0, 0), (0, -129, 0), (0, 0, 127.5), (float("nan"), 0, 0)])
def test_components_out_of_range(lab):
    with pytest.raises(ArgumentError):
        CIELabColor(*lab)


@pytest.mark.parametrize("value", [(1, 2), (1, 2, 3, 4), (0, 0, 65536), (-1, 0, 0)])
def test_dicom_values_out_of_range(value):
    with pytest.raises(ArgumentError):
        CIELabColor.from_dicom_value(value)


def test_rgb_out_of_range():
    with pytest.raises(ArgumentError):
        CIELabColor.from_rgb(256, 0, 0)


def test_strings():
    for name in ImageColor.colormap:
        assert CIELabColor.from_string(name.upper()).to_rgb() == ImageColor.getrgb(name)
    for text in ("#f80", "#ff8800", "RGB(255, 136, 0)"):
        assert CIELabColor.from_string(text).to_rgb() == (255, 136, 0)
    for text in ("#12345678", "no colour", "rgb(1,2)", ""):
        with pytest.raises(ArgumentError):
            CIELabColor.from_string(text)


def test_equality_and_representation():
    red = CIELabColor.from_string("red")
    assert red == CIELabColor.from_rgb(255, 0, 0)
    assert hash(red) == hash(CIELabColor.from_rgb(255, 0, 0))
    assert red != CIELabColor.from_string("green")
    assert red != "red"
    assert repr(red) == "CIELabColor(54.29, 80.81, 69.89)"


def test_color_manager():
    frame = np.random.default_rng(0).integers(0, 256, (8, 9, 3)).astype(np.uint8)
    manager = ColorManager(SRGB.tobytes())
    assert np.abs(manager.transform_frame(frame).astype(int) - frame).max() <= 2
    for bad in (frame[0], frame.astype(np.uint16), frame[..., :2]):
        with pytest.raises(ArgumentError):
            manager.transform_frame(bad)
    for profile in (b"", b"not a profile" * 20):
        with pytest.raises(ArgumentError):
            ColorManager(profile)


def test_public_names_are_there():
    assert all(hasattr(pixels, name) for name in pixels.__all__)
