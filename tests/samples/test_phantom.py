from __future__ import annotations

import nibabel
import numpy as np
import pytest

from dicomposer import samples
from dicomposer.errors import ArgumentError
from judges import dcentvfy, dciodvfy


@pytest.mark.parametrize("orientation", ["axial", "coronal", "sagittal", "oblique"])
@pytest.mark.parametrize("modality", ["CT", "MR", "PT"])
def test_series_are_valid(modality, orientation, tmp_path):
    series = samples.phantom_series(modality, orientation=orientation, shape=(3, 16, 20)).save(tmp_path)
    for file in series.files:
        verdict = dciodvfy(file)
        assert verdict.clean, verdict.text
    verdict = dcentvfy(series.files)
    assert verdict.clean, verdict.text


def test_same_on_every_run():
    first, second = samples.phantom_series(), samples.phantom_series()
    assert [ds.SOPInstanceUID for ds in first.datasets] == [ds.SOPInstanceUID for ds in second.datasets]
    assert first.datasets[3] == second.datasets[3]
    assert len({ds.SOPInstanceUID for ds in first.datasets}) == 8


def test_affine_agrees_with_the_attributes():
    series = samples.phantom_series("MR", orientation="oblique", spacing=(2.5, 0.9, 0.6))
    ds = series.datasets[5]
    cosines = np.array(ds.ImageOrientationPatient, dtype=float)
    row_spacing, column_spacing = (float(value) for value in ds.PixelSpacing)
    expected = (
        np.array(ds.ImagePositionPatient, dtype=float)
        + 7 * row_spacing * cosines[3:]
        + 11 * column_spacing * cosines[:3]
    )
    np.testing.assert_allclose((series.affine @ [5, 7, 11, 1])[:3], expected, atol=1e-9)


@pytest.mark.parametrize("labels", [1, 2, 7, 100])
def test_every_label_is_there(labels):
    mask = samples.phantom_series(shape=(5, 96, 96), labels=labels).mask
    assert set(np.unique(mask)) == set(range(labels + 1))
    assert not mask[0].any()
    assert not mask[-1].any()


def positions(series):
    return np.array([ds.ImagePositionPatient for ds in series.datasets], dtype=float)


def test_flaws():
    gap = samples.phantom_series(flaws=samples.Flaws(gap=True))
    assert len(gap.datasets) == len(gap.mask) == 7
    assert np.diff(positions(gap)[:, 2]).max() == pytest.approx(6.0)
    tilted = positions(samples.phantom_series(flaws=samples.Flaws(tilt=20)))
    assert np.degrees(np.arctan2(*np.diff(tilted, axis=0)[0, 1:])) == pytest.approx(20)
    uneven = np.diff(positions(samples.phantom_series(flaws=samples.Flaws(jitter=0.3)))[:, 2])
    assert 0.2 < np.ptp(uneven) < 3.0
    double = positions(samples.phantom_series(flaws=samples.Flaws(duplicate=True)))
    assert len(np.unique(double, axis=0)) == 7
    mixed = samples.phantom_series(flaws=samples.Flaws(frames_of_reference=2))
    assert len({ds.FrameOfReferenceUID for ds in mixed.datasets}) == 2
    for series in (gap, mixed):
        assert series.affine is None
        with pytest.raises(ArgumentError, match="regular grid"):
            series.save_mask("never.nii")


def test_the_mask_file_lies_where_the_images_are(tmp_path):
    series = samples.phantom_series(orientation="oblique")
    image = nibabel.load(series.save_mask(tmp_path / "mask.nii.gz"))
    values = np.asarray(image.dataobj)
    assert values.shape == series.mask.shape[::-1]
    assert (values.transpose() == series.mask).all()
    plane, row, column = 5, 3, 30
    ras = (image.affine @ [column, row, plane, 1])[:3]
    np.testing.assert_allclose(ras * [-1, -1, 1], (series.affine @ [plane, row, column, 1])[:3], atol=1e-5)


def test_pixels_are_the_modality_s_unit():
    ct = samples.phantom_series("CT").datasets[4]
    values = ct.pixel_array * float(ct.RescaleSlope) + float(ct.RescaleIntercept)
    assert values.min() == -1000
    pt = samples.phantom_series("PT").datasets[4]
    assert (pt.pixel_array * float(pt.RescaleSlope)).max() > 800


@pytest.mark.parametrize(
    "wrong", [{"modality": "XX"}, {"orientation": "upside down"}, {"orientation": (1, 0, 0)}, {"labels": 0}]
)
def test_refusals(wrong):
    with pytest.raises(ArgumentError):
        samples.phantom_series(**wrong)


def test_a_series_says_what_it_is_in_one_line(tmp_path):
    series = samples.phantom_series(shape=(2, 8, 8))
    assert repr(series) == "<ImageSeries CT, 2 x 8 x 8, mask: 1 Liver, 2 Spleen>"
    assert str(series.save(tmp_path)).endswith(f" in {tmp_path}>")
    assert len(str(samples.enhanced_image(series))) < 100 and len(str(samples.phantom_slide())) < 100


def test_a_series_in_memory_has_no_folder(tmp_path):
    series = samples.phantom_series(shape=(2, 8, 8))
    with pytest.raises(ArgumentError, match="saved"):
        _ = series.folder
    assert series.save(tmp_path).folder == tmp_path
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0001.dcm", "0002.dcm"]
