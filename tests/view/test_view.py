"""Pictures and summaries."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

import dicomposer as dc
from dicomposer import api, samples, view
from dicomposer.errors import ArgumentError, EmptySegmentWarning, GeometryError, MissingDependencyError
from dicomposer.view._picture import contour, montage, painted, resampled, windowed

SEGMENTS = ["Liver", "Spleen"]


@pytest.fixture(scope="module")
def phantom():
    return samples.phantom_series("CT")


@given(hnp.arrays(bool, hnp.array_shapes(min_dims=2, max_dims=2, max_side=8)))
def test_a_contour_is_the_mask_without_its_inside(mask):
    edge = contour(mask)
    padded = np.pad(mask, 1)
    around = padded[:-2, 1:-1] & padded[2:, 1:-1] & padded[1:-1, :-2] & padded[1:-1, 2:]
    np.testing.assert_array_equal(edge, mask & ~around)


def test_windows_and_paint():
    grey = windowed(np.array([[-10.0, 0.0, 50.0, 100.0, 1e9]]), 50, 100)
    assert grey[0, :, 0].tolist() == [0, 0, 128, 255, 255]
    picture = np.full((5, 5, 3), 100, dtype=np.uint8)
    mask = np.zeros((5, 5), dtype=bool)
    mask[1:4, 1:4] = True
    drawn = painted(picture, mask, (200, 0, 0), 0.5)
    assert drawn[2, 2].tolist() == [150, 50, 50]
    assert drawn[1, 1].tolist() == [200, 0, 0]
    assert drawn[0, 0].tolist() == [100, 100, 100]
    assert picture.min() == 100


@given(st.integers(1, 9), st.integers(1, 4))
def test_a_montage_holds_every_panel(count, columns):
    panels = [np.full((3, 4, 3), 100 + index, dtype=np.uint8) for index in range(count)]
    sheet = montage(panels, columns)
    assert {100 + index for index in range(count)} <= set(np.unique(sheet).tolist())


def test_resampling_keeps_values():
    picture = np.arange(6).reshape(2, 3)
    assert resampled(picture, 4, 6)[::2, ::2].tolist() == picture.tolist()


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_the_overlay_shows_each_segment_in_its_colour(phantom, kind):
    made = api.segment(phantom.mask, list(phantom.datasets), SEGMENTS, segmentation_type=kind)
    picture = view.overlay(made, list(phantom.datasets), planes=[0, 3], style=view.Style(columns=1))
    assert picture.dtype == np.uint8 and picture.shape[2] == 3
    half = picture.shape[0] // 2
    for label, colour in view.legend(made).items():
        assert label in SEGMENTS
        assert (picture[half:] == colour).all(axis=-1).any()
        assert not (picture[:half] == colour).all(axis=-1).any() or phantom.mask[0].any()


def test_the_planes_that_show_most_are_chosen(phantom):
    mask = np.zeros_like(phantom.mask)
    mask[1, :5, :5] = 1
    mask[6, :9, :9] = 2
    made = api.segment(mask, list(phantom.datasets), SEGMENTS)
    wanted = view.overlay(made, list(phantom.datasets), planes=[1, 6])
    np.testing.assert_array_equal(view.overlay(made, list(phantom.datasets)), wanted)
    np.testing.assert_array_equal(
        view.overlay(made, list(phantom.datasets), planes=1),
        view.overlay(made, list(phantom.datasets), planes=[6]),
    )


def test_sources_in_any_order_give_the_same_planes(phantom):
    made = api.segment(phantom.mask, list(phantom.datasets), SEGMENTS)
    np.testing.assert_array_equal(
        view.overlay(made, list(phantom.datasets), planes=[2]),
        view.overlay(made, list(reversed(phantom.datasets)), planes=[5]),
    )


def test_fractions_enhanced_images_and_empty_masks_are_drawn(phantom):
    fractions = (phantom.mask[..., np.newaxis] == [1, 2]) * np.float32(0.7)
    (enhanced,) = samples.enhanced_image(phantom).datasets
    with pytest.warns(EmptySegmentWarning):
        empty = api.segment(phantom.mask * 0, list(phantom.datasets), SEGMENTS)
    for made, source in (
        (
            api.segment(fractions, list(phantom.datasets), SEGMENTS, segmentation_type="FRACTIONAL"),
            list(phantom.datasets),
        ),
        (api.segment(samples.enhanced_image(phantom).mask, enhanced, SEGMENTS), enhanced),
        (empty, list(phantom.datasets)),
    ):
        assert view.overlay(made, source, planes=2).ndim == 3


def test_a_slide_is_one_picture():
    slide = samples.phantom_slide()
    made = api.segment(slide.mask, slide.dataset, dict(slide.labels))
    picture = view.overlay(made, slide.dataset)
    assert picture.shape == (*slide.mask.shape, 3)
    outside = slide.mask == 0
    np.testing.assert_array_equal(picture[outside], slide.pixels[outside])


def test_other_images_are_refused_with_figures(phantom):
    made = api.segment(phantom.mask, list(phantom.datasets), SEGMENTS)
    other = samples.phantom_series("CT", shape=(8, 30, 40))
    with pytest.raises(GeometryError, match="32x40.*30x40"):
        view.overlay(made, api.read_source(list(other.datasets)))
    with pytest.raises(GeometryError, match="mm from the nearest plane"):
        view.overlay(made, list(phantom.datasets[:4]))
    with pytest.raises(ArgumentError, match="0 to 7"):
        view.overlay(made, list(phantom.datasets), planes=[8])
    with pytest.raises(ArgumentError, match="at least one"):
        view.overlay(made, list(phantom.datasets), planes=0)


def test_pictures_appear_whole_or_not_at_all(tmp_path, monkeypatch):
    from PIL import Image

    picture = np.zeros((20, 30, 3), dtype=np.uint8)
    view.save_png(picture, tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as opened:
        assert opened.size == (30, 20)
    (tmp_path / "plain").write_bytes(b"")
    assert (tmp_path / "a.png").stat().st_mode == (tmp_path / "plain").stat().st_mode
    (tmp_path / "plain").unlink()
    with pytest.raises(ArgumentError, match=r"end in \.png"):
        view.save_png(picture, tmp_path / "a.jpg")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        view.save_png(picture, tmp_path / "none" / "a.png")
    view.save_png(picture, tmp_path / "b.png", legend={f"segment {n}": (n, 0, 0) for n in range(9)})
    with Image.open(tmp_path / "b.png") as opened:
        assert opened.size[1] > 20
    monkeypatch.setattr(Image.Image, "save", lambda *_, **__: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        view.save_png(picture, tmp_path / "a.png")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.png", "b.png"]
    with pytest.raises(ArgumentError, match="float64"):
        view.save_png(np.zeros((2, 2)), tmp_path / "c.png")


def test_without_pillow_the_message_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    with pytest.raises(MissingDependencyError, match=r"dicomposer\[view\]"):
        view.save_png(np.zeros((2, 2), dtype=np.uint8), tmp_path / "a.png")


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_the_summary_counts_voxels_and_keeps_the_patient_out(phantom, kind):
    made = api.segment(
        phantom.mask, list(phantom.datasets), SEGMENTS, segmentation_type=kind, algorithm="net"
    )
    summary = view.summarise(made)
    assert [one.voxels for one in summary.segments] == [(phantom.mask == n).sum() for n in (1, 2)]
    voxel = np.abs(np.linalg.det(phantom.affine[:3, :3])) / 1000
    assert summary.segments[0].volume == pytest.approx((phantom.mask == 1).sum() * voxel)
    assert summary.segments[0].algorithm == "AUTOMATIC net"
    assert summary.references[0].instances == len(phantom.datasets)
    text = json.dumps(summary.to_dict())
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber", "StudyID"):
        value = str(phantom.datasets[0].get(keyword, ""))
        assert len(value) < 4 or value not in text


def test_the_summary_of_fractions_slides_and_other_images(phantom):
    fractions = (phantom.mask == 1) * np.float32(0.2)
    made = api.segment(fractions, list(phantom.datasets), ["Liver"], segmentation_type="FRACTIONAL")
    (one,) = view.summarise(made).segments
    voxel = np.abs(np.linalg.det(phantom.affine[:3, :3])) / 1000
    assert one.voxels == (phantom.mask == 1).sum()
    assert one.volume == pytest.approx(0.2 * one.voxels * voxel, rel=0.01)
    slide = samples.phantom_slide()
    made = api.segment(slide.mask, slide.dataset, dict(slide.labels))
    first = view.summarise(made).segments[0]
    assert first.area == pytest.approx((slide.mask == 1).sum() * 0.0005**2)
    assert first.volume is None
    plain = view.summarise(phantom.datasets[0])
    assert (plain.modality, plain.frames, plain.segments) == ("CT", 1, ())
    assert view.summarise(dc.Image.from_dataset(phantom.datasets[0])).sop_class == "CT Image Storage"
