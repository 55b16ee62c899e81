from __future__ import annotations

import numpy as np
import pytest
import SimpleITK

from dicomposer import samples
from dicomposer.errors import ArgumentError
from judges import dcentvfy, dciodvfy


@pytest.mark.parametrize("which", ["ct_sample", "mr_sample"])
def test_series_are_valid(which, request, tmp_path):
    series = request.getfixturevalue(which).save(tmp_path)
    for file in series.files[::12]:
        verdict = dciodvfy(file)
        assert verdict.clean, verdict.text
    verdict = dcentvfy(series.files)
    assert verdict.clean, verdict.text


@pytest.mark.parametrize(("which", "name"), [("ct_sample", "lung1"), ("mr_sample", "brain1")])
def test_an_independent_reader_sees_the_original(which, name, request, tmp_path):
    """The series read by ITK has the values and places that ITK reads from the NRRD file."""
    series = request.getfixturevalue(which).save(tmp_path)
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(tmp_path)))
    ours, original = reader.Execute(), SimpleITK.ReadImage(str(samples.fetch(f"{name}-image")))
    back = SimpleITK.Resample(
        SimpleITK.Cast(ours, SimpleITK.sitkInt32),
        original,
        SimpleITK.Transform(),
        SimpleITK.sitkNearestNeighbor,
        -9999.0,
    )
    values = SimpleITK.GetArrayFromImage(back)
    assert (values == SimpleITK.GetArrayFromImage(original)).all()
    assert (series.mask > 0).sum() == (
        SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(samples.fetch(f"{name}-label")))) > 0
    ).sum()


def test_the_mask_lies_on_the_tumour(ct_sample):
    """A tumour in the lung is denser than the air around it."""
    planes = np.flatnonzero(ct_sample.mask.any(axis=(1, 2)))
    inside, outside = [], []
    for plane in planes:
        ds = ct_sample.datasets[plane]
        values = ds.pixel_array.astype(int) + int(ds.RescaleIntercept)
        near = np.zeros(values.shape, dtype=bool)
        rows, columns = np.nonzero(ct_sample.mask[plane])
        near[rows.min() - 15 : rows.max() + 15, columns.min() - 15 : columns.max() + 15] = True
        inside.append(values[ct_sample.mask[plane] > 0])
        outside.append(values[near & (ct_sample.mask[plane] == 0)])
    assert np.median(np.concatenate(inside)) > np.median(np.concatenate(outside)) + 300


@pytest.mark.parametrize("modality", ["CT", "MR"])
@pytest.mark.parametrize("orientation", ["axial", "oblique"])
def test_enhanced(modality, orientation, tmp_path):
    series = samples.phantom_series(modality, orientation=orientation)
    enhanced = samples.enhanced_image(series).save(tmp_path)
    verdict = dciodvfy(enhanced.files[0])
    assert verdict.clean, verdict.text
    (ds,) = enhanced.datasets
    assert (ds.pixel_array[3] == series.datasets[3].pixel_array).all()
    assert (enhanced.mask == series.mask).all()
    assert ds.StudyInstanceUID != series.datasets[0].StudyInstanceUID


def test_enhanced_needs_single_frames_of_ct_or_mr():
    with pytest.raises(ArgumentError):
        samples.enhanced_image(samples.phantom_series("PT"))
    with pytest.raises(ArgumentError):
        samples.enhanced_image(samples.enhanced_image(samples.phantom_series("CT")))
