from __future__ import annotations

import gzip
import struct
import sys

import nibabel
import numpy as np
import pytest
import SimpleITK
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from dicomposer import api, convert, samples
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    GeometryError,
    MissingDependencyError,
    UnsupportedError,
)
from dicomposer.volume import Volume

VALUES = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)  # (slices, rows, columns)
# A rotation, and spacings of 3 mm between slices, 0.8 between rows, 0.7 between columns.
DIRECTION = np.array([[0.96, -0.168, 0.224], [0.28, 0.576, -0.768], [0.0, 0.8, 0.6]])
LPS = np.eye(4)
LPS[:3, :3] = DIRECTION[:, ::-1] * [3.0, 0.8, 0.7]
LPS[:3, 3] = -10.5, 20.25, 33.0


def nifti(values=VALUES, affine=LPS, cls=nibabel.Nifti1Image):
    ras = np.diag([-1, -1, 1, 1]) @ affine @ np.eye(4)[[2, 1, 0, 3]]
    image = cls(values.transpose(2, 1, 0, *range(3, values.ndim)), ras)
    image.header.set_xyzt_units("mm")
    return image


def simpleitk(values=VALUES, vector=False):
    image = SimpleITK.GetImageFromArray(values, isVector=vector)
    image.SetOrigin(LPS[:3, 3])
    image.SetSpacing((0.7, 0.8, 3.0))
    image.SetDirection(DIRECTION.ravel())
    return image


def same(volume, values=VALUES):
    assert volume.array.shape == values.shape
    assert (volume.array == values).all()
    np.testing.assert_allclose(volume.affine, LPS, atol=1e-5)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mgz", ".nrrd", ".mha"])
def test_every_format_gives_the_same_volume(suffix, tmp_path):
    path = tmp_path / f"mask{suffix}"
    if suffix in (".nrrd", ".mha"):
        SimpleITK.WriteImage(simpleitk(), str(path))
    elif suffix == ".mgz":
        nibabel.save(nibabel.MGHImage(np.asarray(nifti().dataobj), nifti().affine), path)
    else:
        nibabel.save(nifti(), path)
    same(convert.to_volume(path))
    same(convert.to_volume(str(path)))
    same(convert.read_mask(path))


def test_objects_in_memory():
    same(convert.to_volume(nifti()))
    same(convert.to_volume(nifti(cls=nibabel.Nifti2Image)))
    same(convert.to_volume(simpleitk()))
    volume = convert.to_volume(simpleitk())
    assert convert.to_volume(volume) is volume


def test_itk_agrees_on_where_a_nifti_file_is(tmp_path):
    nibabel.save(nifti(), tmp_path / "mask.nii.gz")
    image = SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    volume = convert.to_volume(tmp_path / "mask.nii.gz")
    assert (SimpleITK.GetArrayFromImage(image) == volume.array).all()
    np.testing.assert_allclose(
        (volume.affine @ [2, 3, 4, 1])[:3], image.TransformIndexToPhysicalPoint((4, 3, 2)), atol=1e-4
    )


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".mgz", ".nrrd", ".mha", ".npz"])
def test_a_far_too_large_image_is_refused_by_its_header(suffix, tmp_path, monkeypatch):
    path = tmp_path / f"mask{suffix}"
    if suffix in (".nrrd", ".mha"):
        SimpleITK.WriteImage(simpleitk(), str(path), useCompression=True)
    elif suffix == ".mgz":
        nibabel.save(nibabel.MGHImage(np.asarray(nifti().dataobj), nifti().affine), path)
    elif suffix == ".npz":
        np.savez_compressed(path, VALUES)
    else:
        nibabel.save(nifti(), path)
    found = convert.read_mask(path, limit=convert.SizeLimit(60, 60))
    assert (getattr(found, "array", found) == VALUES).all()
    monkeypatch.setattr(nibabel.arrayproxy.ArrayProxy, "__array__", None)  # no values are read
    with pytest.raises(UnsupportedError, match="announces [345]x4x[345] voxels"):
        convert.read_mask(path, limit=convert.SizeLimit(59, 1000))


def test_the_limit_leaves_room_for_whole_scans_and_many_channels():
    scan = 512 * 512 * 100
    limit = convert.SizeLimit.around(scan)
    limit.check((512, 512, 800))
    limit.check((512, 512, 100), 104)
    convert.SizeLimit.around(512 * 512).check((512, 512, 500))  # one slice of a long scan
    for space, channels in [((2000, 2000, 2000), 1), ((512, 512, 100), 5000)]:
        with pytest.raises(UnsupportedError, match="far more"):
            limit.check(space, channels)


def test_a_small_file_that_unpacks_to_gigabytes(tmp_path):
    header = nibabel.Nifti1Header()
    header.set_data_dtype(np.uint8)
    header.set_data_shape((30000, 30000, 30000))
    header.set_sform(np.eye(4), 1)
    (tmp_path / "bomb.nii.gz").write_bytes(gzip.compress(header.binaryblock + bytes(10**6)))
    source = samples.phantom_series("CT")
    with pytest.raises(UnsupportedError, match="30000x30000x30000"):
        api.segment(tmp_path / "bomb.nii.gz", list(source.datasets), ["Liver"])


@pytest.mark.parametrize("slope", [(1.0, np.nan), (2.0, np.inf)])
def test_half_a_scaling_is_damage(slope, tmp_path):
    path = tmp_path / "mask.nii"
    nibabel.save(nifti(), path)
    data = bytearray(path.read_bytes())
    data[112:120] = struct.pack("<ff", *slope)  # scl_slope, scl_inter
    path.write_bytes(data)
    with pytest.raises(DamagedFileError, match=r"mask\.nii"):
        convert.to_volume(path)


def test_channels():
    channels = np.stack([VALUES, VALUES[::-1]], axis=-1)
    for source in (nifti(channels), simpleitk(channels, vector=True), nifti(channels[..., None, :])):
        volume = convert.to_volume(source)
        same(volume, channels)
        assert volume.get_channel_values("SegmentNumber") == [1, 2]
    same(convert.to_volume(nifti(VALUES[..., None])))


def test_labels_stored_as_floats():
    for dtype in (np.float32, np.float64):
        volume = convert.to_volume(nifti(VALUES.astype(dtype)))
        same(volume)
        assert volume.array.dtype == np.uint8
    assert convert.to_volume(nifti(VALUES.astype(np.float32) * 100)).array.dtype == np.uint16
    scaled = nifti(VALUES)
    scaled.header.set_slope_inter(2, 1)
    scaled = nibabel.Nifti1Image.from_bytes(scaled.to_bytes())
    assert np.issubdtype(convert.to_volume(scaled).array.dtype, np.unsignedinteger)


def test_fractions_stay_fractions():
    fractions = (VALUES / 60).astype(np.float32)
    volume = convert.to_volume(nifti(fractions))
    assert volume.array.dtype == np.float32
    assert (volume.array == fractions).all()


@given(hnp.arrays(st.sampled_from([np.float16, np.float32, np.float64]), (2, 3, 4)))
def test_as_labels_never_changes_a_value(array):
    before = array.copy()
    labels = convert.as_labels(array)
    assert np.array_equal(labels, array, equal_nan=True)
    assert np.array_equal(array, before, equal_nan=True)
    whole = (
        np.isfinite(array).all()
        and (array == np.rint(array)).all()
        and (np.abs(array.astype(float)) < 2**31).all()
    )
    assert np.issubdtype(labels.dtype, np.integer) == whole


def test_a_nifti_file_without_a_place_is_refused():
    image = nifti()
    image.set_sform(None, code=0)
    image.set_qform(None, code=0)
    with pytest.raises(GeometryError, match="sform_code and qform_code are 0"):
        convert.to_volume(image)
    with pytest.raises(GeometryError, match="no affine"):
        convert.to_volume(nibabel.Nifti1Image(VALUES, None))


@pytest.mark.parametrize(("sform_code", "qform_code"), [(1, 0), (0, 1), (2, 1), (1, 1)])
def test_either_form_places_it(sform_code, qform_code):
    image = nifti()
    affine = image.affine.copy()  # nibabel changes it in place
    image.set_sform(affine, code=sform_code)
    image.set_qform(affine, code=qform_code)
    same(convert.to_volume(nibabel.Nifti1Image.from_bytes(image.to_bytes())))


def test_forms_that_contradict_each_other_are_refused():
    image = nifti()
    affine = image.affine.copy()
    image.set_sform(affine, code=1)
    affine[0, 3] += 0.2
    image.set_qform(affine, code=1)
    same(convert.to_volume(image))
    affine[0, 3] += 5
    image.set_qform(affine, code=1)
    with pytest.raises(GeometryError, match=r"contradict each other.*5\.2"):
        convert.to_volume(image)


@pytest.mark.parametrize(("unit", "scale"), [("meter", 1000), ("micron", 0.001)])
def test_units_become_millimetres(unit, scale):
    small = LPS.copy()
    small[:3] /= scale
    image = nifti(affine=small)
    image.header.set_xyzt_units(unit)
    np.testing.assert_allclose(convert.to_volume(image).affine, LPS, rtol=1e-4)


def test_arguments_are_not_modified():
    image = nifti(VALUES.astype(np.float32))
    before, affine = np.asarray(image.dataobj).copy(), image.affine.copy()
    convert.to_volume(image)
    assert (np.asarray(image.dataobj) == before).all()
    assert (image.affine == affine).all()


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int16, np.uint16, np.int64, np.float16, np.float32])
def test_nifti_round_trip(suffix, dtype, tmp_path):
    volume = Volume(VALUES.astype(dtype), LPS, "PATIENT")
    path = convert.save_nifti(volume, tmp_path / f"back{suffix}")
    assert [file.name for file in tmp_path.iterdir()] == [f"back{suffix}"]
    same(convert.to_volume(path), VALUES.astype(dtype).astype(np.int64))
    image = SimpleITK.ReadImage(str(path))
    np.testing.assert_allclose(
        image.TransformIndexToPhysicalPoint((4, 3, 2)), (LPS @ [2, 3, 4, 1])[:3], atol=1e-4
    )


def test_nifti_round_trip_with_channels(tmp_path):
    channels = np.stack([VALUES, VALUES[::-1]], axis=-1)
    volume = Volume(channels, LPS, "PATIENT", channels={"SegmentNumber": [1, 2]})
    same(convert.to_volume(convert.save_nifti(volume, tmp_path / "back.nii")), channels)


def test_save_nifti_refuses_other_suffixes_and_leaves_nothing(tmp_path):
    volume = Volume(VALUES, LPS, "PATIENT")
    with pytest.raises(UnsupportedError, match=r"\.nii"):
        convert.save_nifti(volume, tmp_path / "back.mha")
    with pytest.raises(OSError):
        convert.save_nifti(volume, tmp_path / "absent" / "back.nii")
    assert not list(tmp_path.iterdir())


def test_masks_of_phantoms_come_back(tmp_path):
    series = samples.phantom_series(orientation="oblique")
    volume = convert.to_volume(series.save_mask(tmp_path / "mask.nii.gz"))
    assert (volume.array == series.mask).all()
    np.testing.assert_allclose(volume.affine, series.affine, atol=1e-5)


def test_bare_arrays(tmp_path):
    np.save(tmp_path / "mask.npy", VALUES)
    np.savez(tmp_path / "mask.npz", VALUES)
    np.savez(tmp_path / "two.npz", a=VALUES, b=VALUES)
    assert convert.read_mask(VALUES) is VALUES
    assert (convert.read_mask(tmp_path / "mask.npy") == VALUES).all()
    assert (convert.read_mask(tmp_path / "mask.npz") == VALUES).all()
    with pytest.raises(ArgumentError, match="2 arrays"):
        convert.read_mask(tmp_path / "two.npz")
    with pytest.raises(GeometryError, match="bare array"):
        convert.to_volume(VALUES)
    (tmp_path / "bad.npy").write_bytes(b"nothing")
    np.save(tmp_path / "objects.npy", np.array([{}], dtype=object))
    for name in ("bad.npy", "objects.npy"):
        with pytest.raises(DamagedFileError):
            convert.read_mask(tmp_path / name)


@pytest.mark.parametrize("suffix", convert.volume_suffixes())
def test_damaged_and_absent_files(suffix, tmp_path):
    (tmp_path / f"bad{suffix}").write_bytes(b"this is no image" * 40)
    with pytest.raises(DamagedFileError):
        convert.to_volume(tmp_path / f"bad{suffix}")
    with pytest.raises(FileNotFoundError):
        convert.to_volume(tmp_path / f"absent{suffix}")


def test_truncated_nifti(tmp_path):
    path = convert.save_nifti(Volume(VALUES, LPS, "PATIENT"), tmp_path / "mask.nii.gz")
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(DamagedFileError):
        convert.to_volume(path)


def test_what_is_no_mask(tmp_path):
    with pytest.raises(UnsupportedError, match=r"\.nii\.gz"):
        convert.to_volume(tmp_path / "mask.doc")
    with pytest.raises(ArgumentTypeError, match="dict"):
        convert.to_volume({})
    with pytest.raises(UnsupportedError, match="2"):
        convert.to_volume(SimpleITK.Image(3, 4, SimpleITK.sitkUInt8))
    with pytest.raises(UnsupportedError):
        convert.to_volume(nibabel.Nifti1Image(VALUES[0], np.eye(4)))
    with pytest.raises(UnsupportedError):
        convert.to_volume(nibabel.Nifti1Image(np.zeros((2, 2, 2, 2, 2), np.uint8), np.eye(4)))
    flat = LPS.copy()
    flat[:, 0] = 0
    with pytest.raises(GeometryError):
        convert.to_volume(nibabel.MGHImage(VALUES, flat))


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "SimpleITK", None)
    with pytest.raises(MissingDependencyError, match=r"dicomposer\[itk\]"):
        convert.to_volume(tmp_path / "mask.mha")
