from __future__ import annotations

import highdicom.content as peer
import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from pydicom.dataset import Dataset
from pydicom.pixels.processing import _expand_segmented_lut

from dicomposer.content import PaletteColorLUT, PaletteColorLUTTransformation, SegmentedPaletteColorLUT
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError, MissingAttributeError

COLOURS = ("red", "green", "blue")


@given(
    st.sampled_from([np.uint8, np.uint16]).flatmap(
        lambda t: hnp.arrays(t, st.tuples(st.integers(1, 40), st.just(3)))
    ),
    st.integers(0, 100),
)
def test_palettes_are_those_of_the_peer(table: np.ndarray, first: int) -> None:
    ours, theirs = (
        kind.from_combined_lut(table, first, "1.2.3")
        for kind in (PaletteColorLUTTransformation, peer.PaletteColorLUTTransformation)
    )
    assert [(e.tag, e.value) for e in ours] == [(e.tag, e.value) for e in theirs]
    assert np.array_equal(ours.combined_lut_data, table)
    pixels = np.arange(-5, 150).reshape(5, 31)
    assert np.array_equal(ours.apply(pixels), theirs.apply(pixels))
    assert ours.apply(pixels).shape == (5, 31, 3)
    for name in ("number_of_entries", "first_mapped_value", "bits_per_entry", "is_segmented"):
        assert getattr(ours, name) == getattr(theirs, name)
    again = PaletteColorLUTTransformation.extract_from_dataset(ours)
    assert again == ours
    assert np.array_equal(again.red_lut.lut_data, table[:, 0])
    assert np.array_equal(again.blue_lut.lut_data, table[:, 2])


@st.composite
def segments(draw: st.DrawFn) -> np.ndarray:
    words = []
    for number in range(draw(st.integers(1, 5))):
        if number and draw(st.booleans()):
            words += [1, draw(st.integers(1, 30)), draw(st.integers(0, 255))]
        else:
            values = draw(st.lists(st.integers(0, 255), min_size=1, max_size=5))
            words += [0, len(values), *values]
    return np.array(words, draw(st.sampled_from([np.uint8, np.uint16])))


@given(segments())
def test_segments_expand_as_pydicom_has_it(words: np.ndarray) -> None:
    kind = "<B" if words.dtype == np.uint8 else "<H"
    expected = _expand_segmented_lut(tuple(words.tolist()), kind)
    made = SegmentedPaletteColorLUT(0, words, "green")
    # halves may be rounded either way
    assert np.abs(made.lut_data.astype(int) - expected).max() <= 1
    assert made.lut_data.dtype == words.dtype
    assert made.number_of_entries == len(expected)
    assert made.segmented_lut_data.tolist()[: len(words)] == words.tolist()


@pytest.mark.parametrize(("dtype", "reference"), [(np.uint16, [2, 2, 6, 0]), (np.uint8, [2, 2, 3, 0, 0, 0])])
def test_indirect_segments_repeat_earlier_ones(dtype: type, reference: list[int]) -> None:
    # 2 segments from the fourth word on: an offset of 6 bytes, or of 3
    head, repeated = [0, 1, 7], [0, 2, 10, 20, 1, 2, 40]
    words = np.array([*head, *repeated, *reference], dtype)
    made = SegmentedPaletteColorLUT(0, words, "red")
    assert made.lut_data.tolist() == [7, 10, 20, 30, 40, 10, 20, 30, 40]


@pytest.mark.parametrize(
    "words",
    [
        [1, 3, 100],
        [5, 3, 100],
        [0, 3, 100],
        [0, 0],
        [0, 1, 5, 1, 3],
        [0, 1, 5, 2, 1, 0],
        [0, 1, 5, 2, 1, 6, 0],
        [0, 1, 5, 2, 1, 600, 0],
        [0, 1, 5, 1, 65535, 7, 1, 65535, 9],
        [0, 1, 5, 1, 65000, 7, 2, 65000, 6, 0],
    ],
)
def test_segments_that_do_not_hold_together(words: list[int]) -> None:
    with pytest.raises(ArgumentError):
        SegmentedPaletteColorLUT(0, np.array(words, np.uint16), "red")


def test_damaged_segments_of_a_file() -> None:
    dataset = Dataset()
    dataset.add_new("RedPaletteColorLookupTableDescriptor", "US", [3, 0, 16])
    dataset.add_new("SegmentedRedPaletteColorLookupTableData", "OW", b"\x01\x00\x03\x00\x64\x00")
    with pytest.raises(DamagedFileError):
        SegmentedPaletteColorLUT.extract_from_dataset(dataset, "red").lut_data  # noqa: B018


def test_segmented_palettes() -> None:
    words = np.array([0, 2, 5, 6, 1, 3, 60], np.uint16)
    made = PaletteColorLUTTransformation(*(SegmentedPaletteColorLUT(1, words, color) for color in COLOURS))
    assert made.is_segmented
    assert made.combined_lut_data[:, 1].tolist() == [5, 6, 24, 42, 60]
    assert PaletteColorLUTTransformation.extract_from_dataset(made).apply(np.array([0, 9])).tolist() == [
        [5] * 3,
        [60] * 3,
    ]


def test_tables_that_do_not_fit_one_another() -> None:
    table = np.arange(4, dtype=np.uint16)
    red, green, blue = (PaletteColorLUT(0, table, color) for color in COLOURS)
    for other in (
        PaletteColorLUT(1, table, "blue"),
        PaletteColorLUT(0, table[:3], "blue"),
        PaletteColorLUT(0, table.astype(np.uint8), "blue"),
        green,
    ):
        with pytest.raises(ArgumentError):
            PaletteColorLUTTransformation(red, green, other)
    for wrong in (5, SegmentedPaletteColorLUT(0, np.array([0, 4, 1, 2, 3, 4], np.uint16), "blue")):
        with pytest.raises(ArgumentTypeError):
            PaletteColorLUTTransformation(red, green, wrong)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError):
        PaletteColorLUTTransformation(red, green, blue, "not a uid")


def test_changing_the_palette_leaves_its_tables_alone() -> None:
    tables = [PaletteColorLUT(0, np.arange(4, dtype=np.uint8), color) for color in COLOURS]
    made = PaletteColorLUTTransformation(*tables)
    made["RedPaletteColorLookupTableData"].value = b"\x09\x09\x09\x09"
    assert tables[0].lut_data.tolist() == [0, 1, 2, 3]


def test_bad_tables() -> None:
    for call in (
        lambda: PaletteColorLUT(0, np.arange(4, dtype=np.uint8), "pink"),
        lambda: PaletteColorLUT(0, np.arange(4), "red"),
        lambda: PaletteColorLUTTransformation.from_combined_lut(np.zeros((3, 4), np.uint8)),
        lambda: PaletteColorLUTTransformation.from_combined_lut(np.zeros((4, 3))),
    ):
        with pytest.raises(ArgumentError):
            call()
    for kind in (PaletteColorLUT, SegmentedPaletteColorLUT):
        with pytest.raises(MissingAttributeError):
            kind.extract_from_dataset(Dataset(), "red")
    with pytest.raises(MissingAttributeError):
        PaletteColorLUTTransformation.extract_from_dataset(Dataset())


def test_colours_by_name() -> None:
    names = ["red", "#00ff00", "Blue", "rgb(1, 2, 3)", "black", "crimson", "INDIGO", "#ff7733"]
    ours = PaletteColorLUTTransformation.from_colors(names, 2)
    theirs = peer.PaletteColorLUTTransformation.from_colors(names, 2)
    assert np.array_equal(ours.combined_lut_data, theirs.combined_lut_data)
    assert ours.first_mapped_value == 2
    with pytest.raises(ValueError):
        PaletteColorLUTTransformation.from_colors(["nope"])
    with pytest.raises(ArgumentTypeError):
        PaletteColorLUTTransformation.from_colors("red")
