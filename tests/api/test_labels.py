"""Values in masks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from dicomposer.api._join import join
from dicomposer.api._labels import as_binary, as_labels, labels_in, relabel
from dicomposer.errors import ArgumentError, ArgumentTypeError

SHAPES = hnp.array_shapes(min_dims=3, max_dims=3, max_side=6)


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.int32, np.int64]), SHAPES, elements=st.integers(0, 255)
    ),
    st.sampled_from([np.float32, np.float64, None]),
)
def test_whole_numbers_of_any_type_are_labels(array, kind):
    given_array = array if kind is None else array.astype(kind)
    before = given_array.copy()
    labels = as_labels(given_array)
    assert labels.dtype in (np.uint8, np.uint16)
    np.testing.assert_array_equal(labels, array)
    np.testing.assert_array_equal(given_array, before)
    assert labels_in(labels) == [int(v) for v in np.unique(array) if v]


def test_booleans_are_not_copied():
    mask = np.zeros((2, 3, 4), dtype=bool)
    assert np.shares_memory(as_labels(mask), mask)


@pytest.mark.parametrize(
    ("array", "error", "what"),
    [
        (np.array([[-1, 0]]), ArgumentError, "-1"),
        (np.array([[0, 70000]]), ArgumentError, "65535"),
        (np.array([[0.5, 1.0]]), ArgumentError, "FRACTIONAL"),
        (np.array([[np.nan, 1.0]]), ArgumentError, "NaN"),
        (np.array([[np.inf, 1.0]]), ArgumentError, "infinite"),
        (np.array([[1j]]), ArgumentTypeError, "complex"),
        (np.array([["a"]]), ArgumentTypeError, "integers"),
    ],
)
def test_what_is_no_label_is_refused(array, error, what):
    with pytest.raises(error, match=what):
        as_labels(array)


@given(st.lists(st.integers(1, 255), min_size=1, max_size=8, unique=True).map(sorted), st.randoms())
def test_relabelling_numbers_the_values_in_order(values, random):
    labels = np.array([[random.choice([0, *values]) for _ in range(20)]], dtype=np.uint8)
    numbers = relabel(labels, values)
    for number, value in enumerate(values, start=1):
        np.testing.assert_array_equal(numbers == number, labels == value)
    np.testing.assert_array_equal(numbers == 0, labels == 0)


@given(st.integers(1, 5).flatmap(lambda n: hnp.arrays(bool, (n, 2, 3, 4))))
def test_joining_masks_loses_nothing(masks):
    names = [f"m{index}" for index in range(len(masks))]
    joined = join(iter(masks), names, "BINARY")
    overlap = (masks.sum(axis=0) > 1).any()
    for index, mask in enumerate(masks):
        found = joined[..., index] if overlap else joined == index + 1
        np.testing.assert_array_equal(found, mask)
    assert joined.ndim == (4 if overlap else 3)
    if overlap:
        with pytest.raises(ArgumentError, match=r"share \d+ voxels"):
            join(iter(masks), names, "LABELMAP")
    else:
        np.testing.assert_array_equal(join(iter(masks), names, "LABELMAP"), joined)


def test_fractions_of_several_structures_become_channels():
    masks = [np.full((2, 3, 4), share, dtype=np.float32) for share in (0.25, 0.5)]
    assert join(iter(masks), ["a", "b"], "FRACTIONAL").shape == (2, 3, 4, 2)


def test_one_structure_has_one_value():
    np.testing.assert_array_equal(as_binary(np.array([[0, 255]], dtype=np.uint8), "Liver"), [[0, 1]])
    with pytest.raises(ArgumentError, match=r"'Liver' holds 2 labels \(1, 2\)"):
        as_binary(np.array([[1, 2]], dtype=np.uint8), "Liver")
