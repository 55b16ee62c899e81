from __future__ import annotations

import warnings
from io import BytesIO

import highdicom.content as peer
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from dicomposer import content
from dicomposer.content import (
    LUT,
    VOILUT,
    ModalityLUT,
    ModalityLUTTransformation,
    PresentationLUT,
    PresentationLUTTransformation,
    VOILUTTransformation,
)
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError

A16 = np.arange(10, 20, dtype=np.uint16)
TABLES = st.one_of(hnp.arrays(np.uint8, st.integers(1, 300)), hnp.arrays(np.uint16, st.integers(1, 300)))
INTEGERS = st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "i8"])


@given(TABLES, st.integers(0, 65535), st.data())
def test_look_up_is_that_of_the_peer(table: np.ndarray, first: int, data: st.DataObject) -> None:
    ours, theirs = LUT(first, table), peer.LUT(first, table)
    assert np.array_equal(ours.lut_data, table)
    assert ours.lut_data.dtype == table.dtype
    for name in ("number_of_entries", "first_mapped_value", "bits_per_entry"):
        assert getattr(ours, name) == getattr(theirs, name)
    pixels = data.draw(
        hnp.arrays(np.dtype(data.draw(INTEGERS)), st.tuples(st.integers(0, 4), st.integers(1, 4)))
    )
    shown = ours.apply(pixels)
    assert shown.dtype == table.dtype
    expected = table[np.clip(pixels.astype(np.int64) - first, 0, len(table) - 1)]
    assert np.array_equal(shown, expected)
    assert np.array_equal(ours.apply(pixels, np.float64), expected)


@given(TABLES)
def test_scaling_is_that_of_the_peer(table: np.ndarray) -> None:
    ours = LUT(0, table)
    assert np.array_equal(ours.get_inverted_lut_data(), peer.LUT(0, table).get_inverted_lut_data())
    if table.min() == table.max():
        assert not ours.get_scaled_lut_data().any()
        return
    for arguments in ((), ((0, 255), np.float32, True), ((-1.0, 1.0), None)):
        expected = peer.LUT(0, table).get_scaled_lut_data(*arguments)
        found = ours.get_scaled_lut_data(*arguments)
        np.testing.assert_allclose(found, expected, atol=1e-4)
        assert found.dtype == expected.dtype


@given(TABLES, st.integers(-32768, 65535), st.sampled_from([ImplicitVRLittleEndian, ExplicitVRLittleEndian]))
def test_tables_survive_a_file(table: np.ndarray, first: int, syntax: str) -> None:
    dataset = Dataset()
    dataset.PixelRepresentation = int(first < 0)
    dataset.ModalityLUTSequence = [ModalityLUT("US", first, table, "words")]
    buffer = BytesIO()
    dataset.save_as(buffer, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=True)
    back = dcmread(BytesIO(buffer.getvalue()), force=True)
    back.file_meta.TransferSyntaxUID = syntax
    read = ModalityLUT.from_dataset(back.ModalityLUTSequence[0])
    assert np.array_equal(read.lut_data, table)
    assert read.first_mapped_value == first
    assert read.ModalityLUTType == "US"


def test_value_representations_are_concrete() -> None:
    # a choice such as "US or SS" cannot be written by itself
    assert [e.VR for e in LUT(0, A16)] == ["US", "OW"]
    assert LUT(-1, A16)["LUTDescriptor"].VR == "SS"


def test_65536_entries() -> None:
    table = LUT(0, np.zeros(65536, np.uint16))
    assert table.LUTDescriptor[0] == 0
    assert table.number_of_entries == 65536 == len(table.lut_data)


@pytest.mark.parametrize(
    "arguments",
    [
        (0, A16.astype(float)),
        (0, A16[None]),
        (0, A16[:0]),
        (0, np.zeros(65537, np.uint16)),
        (70000, A16),
        (-40000, A16),
        (-1, np.zeros(40000, np.uint16)),
        (0, A16, "x" * 65),
    ],
)
def test_bad_tables(arguments: tuple[object, ...]) -> None:
    with pytest.raises(ArgumentError):
        LUT(*arguments)  # type: ignore[arg-type]


def test_bad_use() -> None:
    table = LUT(0, A16)
    with pytest.raises(ArgumentTypeError):
        LUT(0, [1, 2])  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        table.apply(A16, np.uint8)
    for call in (
        lambda: table.apply(np.array([0.5])),
        lambda: table.get_scaled_lut_data((1, 0)),
        lambda: table.get_scaled_lut_data(dtype=np.uint8),
    ):
        with pytest.raises(ArgumentError):
            call()
    with pytest.raises(MissingAttributeError):
        LUT.from_dataset(Dataset())
    with pytest.raises(ArgumentTypeError):
        LUT.from_dataset(3)  # type: ignore[arg-type]


def test_adopting() -> None:
    plain = Dataset()
    plain.update(LUT(3, A16))
    assert VOILUT.from_dataset(plain) is not plain
    assert type(plain) is Dataset
    assert VOILUT.from_dataset(plain, copy=False) is plain
    assert isinstance(plain, VOILUT)


def test_tables_of_others() -> None:
    # 8 bits stored in 16, as some writers do, and words as a list
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3, 0, 8])
    item.add_new("LUTData", "OW", np.array([1, 2, 3], "<u2").tobytes())
    assert LUT.from_dataset(item).lut_data.tolist() == [1, 2, 3]
    item.add_new("LUTData", "US", [1, 2, 3])
    assert LUT.from_dataset(item).lut_data.tolist() == [1, 2, 3]
    item.add_new("LUTData", "US", [0x0201, 0x0003])
    assert LUT.from_dataset(item).lut_data.tolist() == [1, 2, 3]
    item.add_new("LUTDescriptor", "US", [3, 0, 12])
    item.add_new("LUTData", "OW", np.array([1, 2, 4095], "<u2").tobytes())
    assert LUT.from_dataset(item).lut_data.tolist() == [1, 2, 4095]
    item.add_new("LUTDescriptor", "US", [9, 0, 16])
    with pytest.raises(DamagedFileError):
        LUT.from_dataset(item).lut_data  # noqa: B018


def test_pixels_that_cannot_reach_the_table() -> None:
    assert LUT(1000, A16).apply(np.arange(5, dtype=np.uint8)).tolist() == [10] * 5
    assert LUT(-1000, A16).apply(np.arange(5, dtype=np.uint8)).tolist() == [19] * 5


@pytest.mark.parametrize("dtype", [None, np.float32, np.float64, np.int16, np.int32])
def test_rescaling_is_that_of_the_peer(dtype: type | None) -> None:
    ours, theirs = (
        ModalityLUTTransformation(-1024.0, 2.0, "HU"),
        peer.ModalityLUTTransformation(-1024.0, 2.0, "HU"),
    )
    assert ours.to_json_dict() == theirs.to_json_dict()
    pixels = np.arange(256, dtype=np.uint8)
    before = pixels.copy()
    found, expected = ours.apply(pixels, dtype), theirs.apply(pixels, dtype)
    assert np.array_equal(found, expected)
    assert found.dtype == expected.dtype
    assert np.array_equal(pixels, before)
    assert not ours.has_lut()


@pytest.mark.parametrize(
    ("line", "dtype"),
    [((-1024.0, 2.0), np.uint16), ((0.5, 1.0), np.int16), ((0.0, 1.5), np.int16), ((-1024.0, 2.0), np.int8)],
)
def test_integers_that_would_not_fit(line: tuple[float, float], dtype: type) -> None:
    with pytest.raises(ArgumentError):
        ModalityLUTTransformation(*line, "HU").apply(np.arange(3, dtype=np.uint8), dtype)


def test_a_modality_table() -> None:
    made = ModalityLUTTransformation(modality_lut=ModalityLUT("HU", 1, A16))
    assert made.has_lut()
    assert made.apply(np.array([0, 1, 2], np.uint8)).tolist() == [10, 10, 11]


@pytest.mark.parametrize(
    "arguments",
    [{}, {"rescale_slope": 1}, {"rescale_slope": 1, "rescale_intercept": 2}, {"modality_lut": 5}],
)
def test_incomplete_modality_transformations(arguments: dict[str, object]) -> None:
    with pytest.raises(ArgumentTypeError):
        ModalityLUTTransformation(**arguments)  # type: ignore[arg-type]
    with pytest.raises(ArgumentTypeError):
        ModalityLUTTransformation(1, 2, "HU", ModalityLUT("HU", 0, A16))


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize("selector", [0, 1, -1, "a", "b"])
@pytest.mark.parametrize("invert", [False, True])
@pytest.mark.parametrize("output", [(0.0, 1.0), (0, 255), (10, 20)])
def test_windows_are_those_of_the_peer(
    function: str, selector: int | str, invert: bool, output: tuple[float, float]
) -> None:
    pixels = np.array([-300, -160, -159, 40, 40.5, 240, 500])
    arguments = ([40.0, 0.0], [400.0, 10.0], ["a", "b"], function)
    ours = VOILUTTransformation(*arguments).apply(pixels, output, selector, None, invert)
    theirs = peer.VOILUTTransformation(*arguments).apply(pixels, output, selector, None, invert)
    np.testing.assert_allclose(ours, theirs, atol=1e-9)


@given(
    st.floats(-2000, 2000),
    st.floats(1, 4000),
    hnp.arrays(np.int16, st.integers(1, 20)),
    st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_windows_grow_and_stay_in_range(
    center: float, width: float, pixels: np.ndarray, function: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        shown = VOILUTTransformation(center, width, voi_lut_function=function).apply(np.sort(pixels), (-1, 3))
    assert shown.min() >= -1
    assert shown.max() <= 3
    assert (np.diff(shown) >= 0).all()


def test_a_window_of_width_one_is_a_step() -> None:
    shown = VOILUTTransformation(40, 1).apply(np.array([39, 39.5, 39.6, 40, 41]))
    assert shown.tolist() == [0, 0, 1, 1, 1]


def test_tables_and_windows_to_choose_from() -> None:
    both = [
        kind.VOILUTTransformation(
            40.0, 400.0, "w", voi_luts=[kind.VOILUT(0, A16, "x"), kind.VOILUT(3, A16[::-1].copy(), "y")]
        )
        for kind in (content, peer)
    ]
    pixels = np.arange(6)
    for arguments in (
        {},
        {"prefer_lut": True},
        {"prefer_lut": True, "voi_transform_selector": "y"},
        {"invert": True},
    ):
        ours, theirs = (transformation.apply(pixels, **arguments) for transformation in both)
        np.testing.assert_allclose(ours, theirs)
    for arguments in (
        {"voi_transform_selector": "y"},
        {"voi_transform_selector": 1},
        {"voi_transform_selector": -3},
    ):
        with pytest.raises(IndexError):
            both[0].apply(pixels, **arguments)
    assert both[0].has_lut()
    assert both[0].has_window()
    assert not VOILUTTransformation(1, 1).has_lut()
    assert not VOILUTTransformation(voi_luts=[VOILUT(0, A16)]).has_window()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({}, ArgumentTypeError),
        ({"window_center": 1}, ArgumentTypeError),
        ({"window_center": [1, 2], "window_width": 3}, ArgumentTypeError),
        ({"window_explanation": "x", "voi_luts": [VOILUT(0, A16)]}, ArgumentTypeError),
        ({"voi_lut_function": "LINEAR", "voi_luts": [VOILUT(0, A16)]}, ArgumentTypeError),
        ({"voi_luts": [5]}, ArgumentTypeError),
        ({"voi_luts": []}, ArgumentError),
        ({"window_center": 1, "window_width": 0}, ArgumentError),
        ({"window_center": 1, "window_width": 0.5}, ArgumentError),
        ({"window_center": 1, "window_width": 2, "window_explanation": ["a", "b"]}, ArgumentError),
        ({"window_center": 1, "window_width": 2, "voi_lut_function": "CUBIC"}, ValueError),
    ],
)
def test_bad_voi_transformations(arguments: dict[str, object], error: type[Exception]) -> None:
    with pytest.raises(error):
        VOILUTTransformation(**arguments)  # type: ignore[arg-type]


def test_presentation() -> None:
    assert PresentationLUTTransformation().PresentationLUTShape == "IDENTITY"
    assert PresentationLUTTransformation("INVERSE").PresentationLUTShape == "INVERSE"
    table = PresentationLUT(0, A16)
    assert isinstance(PresentationLUTTransformation(presentation_lut=table).PresentationLUTSequence, Sequence)
    for arguments in (("IDENTITY", table), (None, VOILUT(0, A16))):
        with pytest.raises(ArgumentTypeError):
            PresentationLUTTransformation(*arguments)
    with pytest.raises(ValueError):
        PresentationLUTTransformation("OTHER")
