"""Pixel transforms: arithmetic, and where their parameters come from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import ArgumentError, IndexingError, SelectionError, UnsupportedError
from dicomposer.image import Image


def _ct(**attributes: Any) -> Dataset:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm")))
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def _grey(pixels: np.ndarray, **attributes: Any) -> Image:
    """An image of given pixels, without transforms but those given."""
    dataset = _ct(Rows=pixels.shape[0], Columns=pixels.shape[1], PixelData=pixels.tobytes())
    del dataset.RescaleSlope, dataset.RescaleIntercept
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.dtype.itemsize
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return Image.from_dataset(dataset, copy=False)


def _map(slope: float = 2.0, intercept: float = 5.5, **attributes: Any) -> Dataset:
    item = Dataset()
    item.LUTLabel, item.LUTExplanation = "first", ""
    item.RealWorldValueSlope, item.RealWorldValueIntercept = slope, intercept
    item.add_new("RealWorldValueFirstValueMapped", "SS", -32768)
    item.add_new("RealWorldValueLastValueMapped", "SS", 32767)
    item.MeasurementUnitsCodeSequence = []
    for keyword, value in attributes.items():
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)
    return item


@settings(max_examples=60)
@given(
    st.sampled_from(["i2", "u2", "u1", "i1"]),
    st.integers(-5, 5),
    st.integers(-3000, 3000),
    st.sampled_from(["i1", "u1", "i2", "u2", "i4", "f4", "f8"]),
    st.integers(0, 2**32 - 1),
)
def test_rescaled_integers_are_exact_or_refused(
    stored: str, slope: int, intercept: int, dtype: str, seed: int
) -> None:
    kind = np.dtype(stored)
    info = np.iinfo(kind)
    pixels = np.random.default_rng(seed).integers(info.min // 16, info.max // 16, (4, 6), dtype=kind)
    image = _grey(pixels, RescaleSlope=slope, RescaleIntercept=intercept)
    expected = pixels.astype(np.int64) * slope + intercept
    wanted = np.dtype(dtype)
    fits = wanted.kind == "f" or (
        np.iinfo(wanted).min <= expected.min() and expected.max() <= np.iinfo(wanted).max
    )
    if fits:
        found = image.get_frame(1, dtype=wanted)
        assert found.dtype == wanted
        np.testing.assert_array_equal(found, expected)
    else:
        with pytest.raises(ArgumentError, match="wider"):
            image.get_frame(1, dtype=wanted)


@settings(max_examples=40)
@given(
    st.floats(-500, 500),
    st.floats(1.5, 3000),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
    st.booleans(),
    st.sampled_from(["f4", "f8"]),
)
def test_windows_follow_the_standard(
    center: float, width: float, function: str, invert: bool, dtype: str
) -> None:
    center, width = round(center, 3), round(width, 3)
    pixels = np.arange(-1200, 1200, dtype=np.int16).reshape(40, 60)
    image = _grey(
        pixels, RescaleSlope=0.5, RescaleIntercept=7, WindowCenter=center, WindowWidth=width,
        VOILUTFunction=function, PhotometricInterpretation="MONOCHROME1" if invert else "MONOCHROME2",
    )  # fmt: skip
    found = image.get_frame(1, apply_voi_transform=True, voi_output_range=(10, 20), dtype=dtype)
    x = pixels * 0.5 + 7
    if function == "SIGMOID":
        part = 1 / (1 + np.exp(np.clip(-4 * (x - center) / width, -700, 700)))
    elif function == "LINEAR":
        part = np.clip((x - (center - 0.5)) / (width - 1) + 0.5, 0, 1)
    else:
        part = np.clip((x - center) / width + 0.5, 0, 1)
    np.testing.assert_allclose(found, 10 + 10 * (1 - part if invert else part), atol=2e-3)


def test_small_values_are_light_in_monochrome1() -> None:
    pixels = np.arange(12, dtype=np.uint8).reshape(3, 4)
    image = _grey(pixels, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_array_equal(image.get_frame(1, dtype=np.uint8), 255 - pixels)
    np.testing.assert_array_equal(image.get_frame(1, apply_presentation_lut=False), pixels)
    image.PresentationLUTShape = "IDENTITY"
    np.testing.assert_array_equal(image.get_frame(1), pixels)
    image.PhotometricInterpretation, image.PresentationLUTShape = "MONOCHROME2", "INVERSE"
    np.testing.assert_array_equal(image.get_frame(1), 255 - pixels)


def test_modality_tables_with_windows_and_tables_after_them() -> None:
    pixels = np.array([[0, 1, 2, 3], [4, 5, 6, 300]], dtype=np.int16)
    table = np.array([50, 40, 30, 20, 10, 0], dtype=np.uint16)
    image = _grey(pixels, ModalityLUTSequence=[dc.ModalityLUT("US", 1, table)])
    found = image.get_frame(1, dtype=np.uint16)
    np.testing.assert_array_equal(found, [[50, 50, 40, 30], [20, 10, 0, 0]])
    with pytest.raises(TypeError):
        image.get_frame(1, dtype=np.int16)
    voi = dc.VOILUTTransformation(window_center=25, window_width=50, voi_lut_function="LINEAR_EXACT")
    shown = image.get_frame(1, apply_voi_transform=True, voi_transform_selector=voi)
    np.testing.assert_allclose(shown, found / 50)
    steps = dc.VOILUTTransformation(voi_luts=[dc.VOILUT(10, np.array([0, 4], dtype=np.uint8))])
    shown = image.get_frame(1, apply_voi_transform=True, voi_transform_selector=steps)
    np.testing.assert_array_equal(shown, (found > 10).astype(float))
    image.PhotometricInterpretation = "MONOCHROME1"
    np.testing.assert_array_equal(image.get_frame(1), 50.0 - found)
    shown = image.get_frame(1, apply_voi_transform=True, voi_transform_selector=steps)
    np.testing.assert_array_equal(shown, 1.0 - (found > 10))


def test_tables_are_taken_before_windows_and_both_by_name() -> None:
    pixels = np.arange(8, dtype=np.uint8).reshape(2, 4)
    image = _grey(
        pixels, WindowCenter=[4, 2], WindowWidth=[8, 4], WindowCenterWidthExplanation=["WIDE", "SMALL"],
        VOILUTFunction="LINEAR_EXACT", VOILUTSequence=[dc.VOILUT(4, np.array([0, 9], dtype=np.uint8), "STEP")],
    )  # fmt: skip

    def shown(selector: Any) -> np.ndarray:
        return image.get_frame(1, apply_voi_transform=True, voi_transform_selector=selector)

    np.testing.assert_array_equal(shown(0), pixels > 4)
    np.testing.assert_array_equal(shown("STEP"), pixels > 4)
    np.testing.assert_allclose(shown("SMALL"), np.clip((pixels - 2.0) / 4 + 0.5, 0, 1))
    for selector in (1, -2, "OTHER"):
        with pytest.raises(IndexError):
            shown(selector)
    del image.VOILUTSequence
    np.testing.assert_allclose(shown(-1), shown("SMALL"))
    assert (shown(0) != shown(1)).any()


class TestRealWorldValues:
    pixels = np.array([[-3, -2, -1], [0, 1, 300]], dtype=np.int16)

    def image(self, *maps: Dataset, **attributes: Any) -> Image:
        return _grey(self.pixels, RealWorldValueMappingSequence=list(maps), **attributes)

    def test_they_take_the_place_of_the_modality_transform_unless_that_is_asked_for(self) -> None:
        image = self.image(_map(), RescaleSlope=10, RescaleIntercept=1)
        np.testing.assert_array_equal(image.get_frame(1), self.pixels * 2 + 5.5)
        np.testing.assert_array_equal(
            image.get_frame(1, apply_real_world_transform=False), self.pixels * 10 + 1.0
        )
        np.testing.assert_array_equal(
            image.get_frame(1, apply_modality_transform=True), self.pixels * 10 + 1.0
        )

    def test_nothing_follows_them(self) -> None:
        image = self.image(_map(), PhotometricInterpretation="MONOCHROME1", WindowCenter=0, WindowWidth=10)
        np.testing.assert_array_equal(image.get_frame(1), self.pixels * 2 + 5.5)
        np.testing.assert_array_equal(image.get_frame(1, apply_voi_transform=None), self.pixels * 2 + 5.5)
        with pytest.raises(RuntimeError):
            image.get_frame(1, apply_voi_transform=True)

    def test_one_is_chosen_by_number_label_or_unit(self) -> None:
        unit = Dataset()
        unit.CodeValue, unit.CodingSchemeDesignator, unit.CodeMeaning = "{counts}", "UCUM", "Counts"
        image = self.image(_map(), _map(slope=3.0, LUTLabel="second", MeasurementUnitsCodeSequence=[unit]))
        counts = pydicom.sr.coding.Code("{counts}", "UCUM", "Counts")
        for selector in (1, -1, np.int64(1), "second", counts):
            np.testing.assert_array_equal(
                image.get_frame(1, real_world_value_map_selector=selector), self.pixels * 3 + 5.5
            )
        for selector in (2, "third", codes.UCUM.NoUnits):
            with pytest.raises(SelectionError):
                image.get_frame(1, real_world_value_map_selector=selector)

    def test_values_that_are_not_mapped_are_refused(self) -> None:
        image = self.image(_map(RealWorldValueLastValueMapped=299))
        with pytest.raises(ValueError, match="range"):
            image.get_frame(1)
        image = self.image(
            _map(
                RealWorldValueFirstValueMapped=None, RealWorldValueLastValueMapped=None,
                DoubleFloatRealWorldValueFirstValueMapped=-2.5, DoubleFloatRealWorldValueLastValueMapped=1e6,
            )
        )  # fmt: skip
        with pytest.raises(ValueError, match="range"):
            image.get_frame(1)

    def test_tables(self) -> None:
        table = (np.arange(304) / 8).tolist()
        item = _map(
            RealWorldValueSlope=None, RealWorldValueIntercept=None, RealWorldValueLUTData=table,
            RealWorldValueFirstValueMapped=-3, RealWorldValueLastValueMapped=300,
        )  # fmt: skip
        for dtype in ("f4", "f8"):
            np.testing.assert_array_equal(self.image(item).get_frame(1, dtype=dtype), (self.pixels + 3) / 8)
        with pytest.raises(TypeError):
            self.image(item).get_frame(1, dtype=np.int32)
        item.RealWorldValueLastValueMapped = 299
        with pytest.raises(ValueError, match="length"):
            self.image(item).get_frame(1)

    def test_a_required_one_must_be_there(self) -> None:
        with pytest.raises(IndexingError):
            _grey(self.pixels).get_frame(1, apply_real_world_transform=True)


class TestFramesWithTransformsOfTheirOwn:
    @pytest.fixture
    def dataset(self, ct_phantom: samples.ImageSeries) -> Dataset:
        dataset = samples.enhanced_image(ct_phantom).datasets[0]
        shared = dataset.SharedFunctionalGroupsSequence[0]
        for keyword in ("PixelValueTransformationSequence", "FrameVOILUTSequence"):
            if keyword in shared:
                delattr(shared, keyword)
        for i, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            line, window = Dataset(), Dataset()
            line.RescaleSlope, line.RescaleIntercept, line.RescaleType = i + 1, -i, "US"
            window.WindowCenter, window.WindowWidth = 10 * i, 100 + i
            frame.PixelValueTransformationSequence = [line]
            frame.FrameVOILUTSequence = [window]
        return dataset

    def test_slopes_and_windows(self, dataset: Dataset) -> None:
        image = Image.from_dataset(dataset)
        stored = image.get_stored_frames().astype(float)
        steps = np.arange(len(stored))[:, None, None]
        np.testing.assert_array_equal(image.get_frames(), stored * (steps + 1) - steps)
        np.testing.assert_array_equal(image.get_frames([3, 1]), image.get_frames()[[2, 0]])
        shown = image.get_frames(apply_voi_transform=True)
        expected = np.clip((stored * (steps + 1) - steps - (10 * steps - 0.5)) / (99 + steps) + 0.5, 0, 1)
        np.testing.assert_allclose(shown, expected)

    def test_tables_and_real_world_values(self, dataset: Dataset) -> None:
        for i, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            table = Dataset()
            table.VOILUTSequence = [dc.VOILUT(0, np.array([0, 1 + i], dtype=np.uint8), f"table {i % 2}")]
            frame.FrameVOILUTSequence = [table]
        image = Image.from_dataset(dataset)
        shown = image.get_frames([1], apply_voi_transform=True, voi_transform_selector="table 0")
        np.testing.assert_array_equal(shown[0], image.get_frame(1) >= 1)
        with pytest.raises(SelectionError):
            image.get_frames(apply_voi_transform=True, voi_transform_selector="table 0")
        for i, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
            frame.RealWorldValueMappingSequence = [_map(slope=i + 0.5)]
        image = Image.from_dataset(dataset)
        stored = image.get_stored_frames().astype(float)
        steps = np.arange(len(stored))[:, None, None]
        np.testing.assert_array_equal(image.get_frames(), stored * (steps + 0.5) + 5.5)
        del dataset.PerFrameFunctionalGroupsSequence[2].RealWorldValueMappingSequence
        image = Image.from_dataset(dataset)
        assert image.get_frame(1).shape == stored[0].shape
        with pytest.raises(IndexingError, match="some frames"):
            image.get_frames()


class TestColour:
    def test_a_palette_goes_through_the_profile_once(self) -> None:
        dataset = pydicom.dcmread(str(get_testdata_file("SC_rgb.dcm")))
        labels = np.arange(100 * 100, dtype=np.uint16).reshape(100, 100) % 3
        dataset.PixelData = labels.astype(np.uint8).tobytes()
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "PALETTE COLOR"
        dataset.update(dc.PaletteColorLUTTransformation.from_colors(["red", "lime", "#102030"]))
        image = Image.from_dataset(dataset)
        colours = np.array([[255, 0, 0], [0, 255, 0], [16, 32, 48]], dtype=np.uint8)
        np.testing.assert_array_equal(image.get_frame(1, dtype=np.uint8), colours[labels])
        np.testing.assert_array_equal(image.get_frame(1, apply_palette_color_lut=False), labels)
        with pytest.raises(IndexingError):
            image.get_frame(1, apply_icc_profile=True)
        image.ICCProfile = _swapped_profile()
        corrected = image.get_frame(1, dtype=np.uint8)
        assert (corrected != colours[labels]).any()
        with pytest.raises(ArgumentError):
            image.get_frame(1, apply_palette_color_lut=False, apply_icc_profile=True)

    def test_sixteen_bits_cannot_go_through_a_profile(self) -> None:
        dataset = pydicom.dcmread(str(get_testdata_file("SC_rgb_16bit.dcm")))
        dataset.ICCProfile = _swapped_profile()
        image = Image.from_dataset(dataset)
        with pytest.raises(UnsupportedError, match="8 bits"):
            image.get_frame(1)
        assert image.get_frame(1, apply_icc_profile=False).max() == 65535

    def test_luminance_and_chrominance_become_rgb(self) -> None:
        image = dc.imread(str(get_testdata_file("SC_ybr_full_422_uncompressed.dcm")))
        assert image.get_stored_frame(1)[0, 0].tolist() == [254, 0, 0]
        np.testing.assert_array_equal(image.get_stored_frames()[0], image.pixel_array)
        np.testing.assert_array_equal(image.get_frame(1, dtype=np.uint8), image.pixel_array)

    def test_big_and_little_endian_files_agree(self) -> None:
        for little, big in (
            ("OBXXXX1A_2frame.dcm", "OBXXXX1A_expb_2frame.dcm"),
            ("emri_small.dcm", "emri_small_big_endian.dcm"),
            ("SC_rgb_16bit_2frame.dcm", "SC_rgb_expb_16bit_2frame.dcm"),
            ("SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm"),
        ):
            ours = [dc.imread(str(get_testdata_file(name))) for name in (little, big)]
            np.testing.assert_array_equal(ours[0].get_frames(), ours[1].get_frames())


def _swapped_profile() -> bytes:
    """A profile other than sRGB: the primaries of red and green exchanged."""
    from PIL import ImageCms

    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    count = int.from_bytes(profile[128:132], "big")
    tags = {bytes(profile[132 + 12 * i : 136 + 12 * i]): 132 + 12 * i for i in range(count)}
    red, green = tags[b"rXYZ"], tags[b"gXYZ"]
    profile[red : red + 4], profile[green : green + 4] = profile[green : green + 4], profile[red : red + 4]
    return bytes(profile)


def test_arguments_that_contradict_each_other() -> None:
    image = dc.imread(str(get_testdata_file("CT_small.dcm")))
    for options in (
        {"apply_voi_transform": True, "apply_modality_transform": False},
        {"apply_voi_transform": True, "voi_output_range": (1, 0)},
        {"apply_real_world_transform": True, "apply_modality_transform": True},
        {"dtype": "U5"},
        {"apply_palette_color_lut": True},
        {"apply_icc_profile": True},
    ):
        with pytest.raises(ValueError):
            image.get_frame(1, **options)
    window = dc.VOILUTTransformation(window_center=40, window_width=400)
    with pytest.raises(ValueError, match="floating"):
        image.get_frame(1, apply_voi_transform=True, voi_transform_selector=window, dtype=np.int16)
