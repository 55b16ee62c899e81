"""Volumes of series of single-frame images."""

from __future__ import annotations

from copy import deepcopy

import highdicom as hd
import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import GeometryError
from dicomposer.frame import PixelFormat, encapsulate, encode_frames


def _agree(ours: dc.Volume, theirs: hd.Volume, tolerance: float = 1e-9) -> None:
    np.testing.assert_allclose(ours.array, theirs.array, rtol=1e-6, atol=tolerance)
    assert ours.array.dtype == theirs.array.dtype
    np.testing.assert_allclose(ours.affine, theirs.affine, atol=1e-6)
    assert ours.frame_of_reference_uid == theirs.frame_of_reference_uid


@pytest.mark.parametrize("kind", ["ct_phantom", "mr_phantom", "pt_phantom"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"dtype": np.float32},
        {"dtype": np.int32, "apply_modality_transform": False},
        {"apply_voi_transform": None, "voi_output_range": (0.0, 100.0)},
    ],
)
def test_same_as_highdicom_in_any_order(
    kind: str, options: dict[str, object], request: pytest.FixtureRequest
) -> None:
    datasets = list(request.getfixturevalue(kind).datasets)
    shuffled = [datasets[i] for i in np.random.default_rng(1).permutation(len(datasets))]
    theirs = hd.get_volume_from_series(shuffled, **options)
    # highdicom takes the half of a LINEAR window in stored values, the standard after the modality transform
    tolerance = 0.02 if "apply_voi_transform" in options and kind == "pt_phantom" else 1e-9
    _agree(dc.get_volume_from_series(shuffled, **options), theirs, tolerance)


def test_each_image_has_its_own_rescaling(ct_phantom: samples.ImageSeries) -> None:
    datasets = deepcopy(list(ct_phantom.datasets))
    for i, dataset in enumerate(datasets):
        dataset.RescaleSlope, dataset.RescaleIntercept = 1 + i % 3, -i
    _agree(dc.get_volume_from_series(datasets), hd.get_volume_from_series(datasets))


def test_integers_when_they_fit_and_no_argument_changes(ct_phantom: samples.ImageSeries) -> None:
    datasets = list(ct_phantom.datasets)
    before = [bytes(dataset.PixelData) for dataset in datasets]
    volume = dc.get_volume_from_series(datasets, dtype=np.int16)
    np.testing.assert_array_equal(volume.array, dc.get_volume_from_series(datasets).array)
    volume.array[:] = 0
    assert [bytes(dataset.PixelData) for dataset in datasets] == before
    with pytest.raises(ValueError, match="wider"):
        dc.get_volume_from_series(datasets, dtype=np.int8)


def test_large_series_are_filled_by_several_threads(ct_sample: samples.ImageSeries) -> None:
    datasets = list(ct_sample.datasets)[::-1]
    volume = dc.get_volume_from_series(datasets)
    positions = [dataset.ImagePositionPatient[2] for dataset in datasets]
    order = np.argsort(positions)
    normal = volume.affine[2, 0]
    order = order if normal > 0 else order[::-1]
    for slot in (0, 7, len(order) - 1):
        dataset = datasets[int(order[slot])]
        expected = dataset.pixel_array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        np.testing.assert_array_equal(volume.array[slot], expected)


def test_compressed_and_native_images_may_be_mixed(ct_phantom: samples.ImageSeries) -> None:
    datasets = deepcopy(list(ct_phantom.datasets))
    expected = dc.get_volume_from_series(datasets)
    rle = "1.2.840.10008.1.2.5"
    for dataset in datasets[::2]:
        array = dataset.pixel_array
        fmt = PixelFormat(
            *array.shape, bits_allocated=16, bits_stored=dataset.BitsStored,
            pixel_representation=dataset.PixelRepresentation,
        )  # fmt: skip
        dataset.PixelData = bytes(encapsulate(encode_frames(array[None], fmt, rle)).value)
        dataset["PixelData"].is_undefined_length = True
        dataset.file_meta.TransferSyntaxUID = rle
    np.testing.assert_array_equal(dc.get_volume_from_series(datasets).array, expected.array)


def test_colours_are_a_channel(ct_phantom: samples.ImageSeries) -> None:
    datasets = deepcopy(list(ct_phantom.datasets))
    for i, dataset in enumerate(datasets):
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation, dataset.PlanarConfiguration = 3, "RGB", 0
        dataset.BitsAllocated = dataset.BitsStored = 8
        dataset.PixelRepresentation = 0
        dataset.PixelData = np.full((dataset.Rows, dataset.Columns, 3), (i, 7, 9), np.uint8).tobytes()
    volume = dc.get_volume_from_series(datasets, dtype=np.uint8)
    assert volume.channel_descriptors == (dc.RGB_COLOR_CHANNEL_DESCRIPTOR,)
    assert sorted(volume.array[:, 0, 0, 0].tolist()) == list(range(len(datasets)))


def test_one_image_is_as_thick_as_it_says() -> None:
    image = dc.imread(str(get_testdata_file("CT_small.dcm")))
    volume = dc.get_volume_from_series([image])
    assert volume.spatial_shape == (1, 128, 128)
    np.testing.assert_array_equal(volume.array[0], image.get_frame(1))
    np.testing.assert_allclose(volume.affine, image.get_volume().affine)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop(3), "missing"),
        (lambda d: d.append(d[2]), "share"),
        (lambda d: setattr(d[2], "ImagePositionPatient", [0, 0, 1.7]), "grid"),
        (lambda d: setattr(d[1], "PixelSpacing", [1, 2]), "pixel spacing"),
        (lambda d: setattr(d[1], "SeriesInstanceUID", "1.2"), "series"),
        (lambda d: setattr(d[1], "FrameOfReferenceUID", "1.2"), "reference"),
        (lambda d: setattr(d[1], "ImageOrientationPatient", [0, 1, 0, 1, 0, 0]), "parallel"),
        (lambda d: setattr(d[1], "Rows", 16), "16 x"),
        (lambda d: [delattr(x, "PixelSpacing") for x in d], "Pixel Spacing"),
        (lambda d: delattr(d[1], "ImagePositionPatient"), "ImagePositionPatient"),
    ],
)
def test_what_is_no_volume_is_refused_with_figures(
    change: object, message: str, ct_phantom: samples.ImageSeries
) -> None:
    datasets = deepcopy(list(ct_phantom.datasets))
    change(datasets)  # type: ignore[operator]
    with pytest.raises(GeometryError, match=message):
        dc.get_volume_from_series(datasets)


def test_what_is_no_series_is_refused(ct_phantom: samples.ImageSeries) -> None:
    with pytest.raises(IndexError):
        dc.get_volume_from_series([])
    with pytest.raises(TypeError):
        dc.get_volume_from_series([1])  # type: ignore[list-item]
    with pytest.raises(TypeError):
        dc.get_volume_from_series(ct_phantom.datasets, rtol=0.1, atol=0.1)
    with pytest.raises(ValueError, match="single-frame"):
        dc.get_volume_from_series(samples.enhanced_image(ct_phantom).datasets)
    with pytest.raises(RuntimeError):
        dc.get_volume_from_series(ct_phantom.datasets, apply_real_world_transform=True)
    headers = [deepcopy(dataset) for dataset in ct_phantom.datasets]
    for dataset in headers:
        del dataset.PixelData
    with pytest.raises(AttributeError, match="pixel data"):
        dc.get_volume_from_series(headers)


def test_datasets_without_file_meta_information(ct_phantom: samples.ImageSeries) -> None:
    datasets = [Dataset(dataset) for dataset in ct_phantom.datasets]
    assert not any(hasattr(dataset, "file_meta") for dataset in datasets)
    assert ct_phantom.datasets[0].file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    np.testing.assert_array_equal(
        dc.get_volume_from_series(datasets).array, dc.get_volume_from_series(ct_phantom.datasets).array
    )
