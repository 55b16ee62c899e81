"""What must never happen: a structure under another's name, a mask or an identity of another patient."""

from __future__ import annotations

import copy
import io
import shutil
import warnings

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

import dicomposer as dc
from dicomposer import api, samples
from dicomposer.errors import ArgumentError, DamagedFileError, GeometryError

NAMES = {1: "Liver", 2: "Spleen"}


@pytest.fixture(scope="module")
def phantom():
    return samples.phantom_series("CT", shape=(6, 16, 24))


def copies(series):
    return [copy.deepcopy(dataset) for dataset in series.datasets]


def edited(segmentation, edit):
    """The object as another program might have written it."""
    written = io.BytesIO()
    segmentation.save_as(written)
    dataset = pydicom.dcmread(io.BytesIO(written.getvalue()))
    edit(dataset)
    again = io.BytesIO()
    dataset.save_as(again)
    return dc.seg.segread(io.BytesIO(again.getvalue()))


def pixels(segmentation, datasets, **options):
    return segmentation.get_pixels_by_source_instance(
        [ds.SOPInstanceUID for ds in datasets], assert_missing_frames_are_empty=True, **options
    )


def labels(segmentation):
    return [item.SegmentLabel for item in segmentation.SegmentSequence]


def turn_segments(dataset):
    dataset.SegmentSequence = pydicom.Sequence(list(dataset.SegmentSequence)[::-1])


def number_by_threes(dataset):
    for item in dataset.SegmentSequence:
        item.SegmentNumber *= 3
    for item in dataset.PerFrameFunctionalGroupsSequence:
        item.SegmentIdentificationSequence[0].ReferencedSegmentNumber *= 3


def set_raw(dataset, keyword, value):
    """A value that pydicom would not let anybody set, as it comes out of a file."""
    tag = Tag(keyword)
    vr = pydicom.datadict.dictionary_VR(tag)
    dataset._dict[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)


# ---- segmentations as masks ----------------------------------------------------------------------------


@pytest.mark.parametrize("edit", [turn_segments, number_by_threes])
@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_segments_of_a_segmentation_keep_their_names(phantom, kind, edit):
    liver, spleen = np.zeros((2, *phantom.mask.shape), dtype=np.float32)
    liver[:, :8], spleen[:, 6:] = 1, 1  # they overlap
    both = np.stack([liver, spleen], axis=-1)
    both = both * np.float32(0.5) if kind == "FRACTIONAL" else both.astype(np.uint8)
    given_mask = edited(api.segment(both, list(phantom.datasets), NAMES, segmentation_type=kind), edit)
    made = api.segment(given_mask, list(phantom.datasets), segmentation_type=kind)
    assert made.segment_numbers == [1, 2]
    assert labels(made) == ["Liver", "Spleen"]
    np.testing.assert_allclose(pixels(made, phantom.datasets), both, atol=0.01)


def test_descriptions_of_channels_go_by_the_numbers_of_the_segmentation(phantom):
    both = np.stack([phantom.mask > 0, phantom.mask == 2], axis=-1)
    numbered = edited(api.segment(both, list(phantom.datasets), NAMES), number_by_threes)
    made = api.segment(numbered, list(phantom.datasets), {6: "Spleen", 3: "Stomach"})
    assert labels(made) == ["Stomach", "Spleen"]
    np.testing.assert_array_equal(pixels(made, phantom.datasets), both)
    with pytest.raises(ArgumentError, match="describe 3, 6"):
        api.segment(numbered, list(phantom.datasets), {1: "Liver", 2: "Spleen"})


@pytest.mark.parametrize(
    ("changes", "error", "what"),
    [
        ({"PatientID": "Zecret"}, ArgumentError, "another patient.*PatientID"),
        ({"FrameOfReferenceUID": "1.2.3"}, GeometryError, "frame"),
    ],
)
def test_the_segmentation_of_somebody_else_is_no_mask(phantom, changes, error, what):
    mask = api.segment(phantom.mask, list(phantom.datasets), NAMES)
    others = copies(phantom)
    for dataset in others:
        dataset.update(changes)
    with pytest.raises(error, match=what) as caught:
        api.segment(mask, others)
    assert "Zecret" not in str(caught.value)


def test_a_segmentation_without_an_id_goes_with_its_images(phantom):
    mask = api.segment(phantom.mask, list(phantom.datasets), NAMES)
    mask.PatientID = ""
    made = api.segment(mask, list(phantom.datasets))
    np.testing.assert_array_equal(pixels(made, phantom.datasets, combine_segments=True), phantom.mask)


def shift_matrix(dataset):
    dataset.TotalPixelMatrixOriginSequence[0].XOffsetInSlideCoordinateSystem += 1


def turn_matrix(dataset):
    dataset.ImageOrientationSlide = [1, 0, 0, 0, -1, 0]


def stretch_matrix(dataset):
    dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].PixelSpacing = [0.001, 0.001]


@pytest.mark.parametrize(
    ("edit", "error", "what"),
    [
        (lambda ds: ds.update({"PatientID": "Zecret"}), ArgumentError, "another patient"),
        (lambda ds: ds.update({"ContainerIdentifier": "Zecret"}), ArgumentError, "another slide"),
        (lambda ds: ds.update({"FrameOfReferenceUID": "1.2.3"}), GeometryError, "frame of reference"),
        (shift_matrix, GeometryError, "top left pixel"),
        (turn_matrix, GeometryError, "orientation"),
        (stretch_matrix, GeometryError, "measure"),
    ],
)
def test_the_segmentation_of_another_slide_is_no_mask(edit, error, what):
    slide = samples.phantom_slide().dataset
    array = np.zeros((slide.TotalPixelMatrixRows, slide.TotalPixelMatrixColumns), dtype=np.uint8)
    array[10:50, 10:80] = 1
    mask = api.segment(array, slide, ["Liver"])
    np.testing.assert_array_equal(
        api.segment(mask, slide).get_total_pixel_matrix(combine_segments=True), array
    )
    other = copy.deepcopy(slide)
    edit(other)
    with pytest.raises(error, match=what) as caught:
        api.segment(mask, other)
    assert "Zecret" not in str(caught.value)


def test_a_volume_of_a_slide_does_not_lie_in_a_patient(phantom):
    volume = dc.Volume(phantom.mask, phantom.affine, "SLIDE")
    with pytest.raises(GeometryError, match="SLIDE"):
        api.segment(volume, list(phantom.datasets), NAMES)


def test_two_files_of_one_name_are_not_one_mask(phantom, tmp_path):
    phantom.save_mask(tmp_path / "liver.nii")
    phantom.save_mask(tmp_path / "liver.nii.gz")
    with pytest.raises(ArgumentError, match=r"liver\.nii and liver\.nii\.gz"):
        api.segment(tmp_path, list(phantom.datasets))


# ---- sources -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keyword", "value"),
    [("PatientID", "Zecret"), ("PatientName", "Zecret"), ("ImagePositionPatient", [0, 0, 99]), ("Rows", 8)],
)
def test_files_of_one_uid_are_copies_or_refused(ct, keyword, value):
    shutil.copy(ct.files[0], ct.folder / "again.dcm")
    assert api.read_source(ct.folder).skipped == 1
    other = copy.deepcopy(ct.datasets[1])
    setattr(other, keyword, value)
    other.save_as(ct.folder / "other.dcm", enforce_file_format=True)
    with pytest.raises(ArgumentError, match=rf"same SOP Instance UID.*{keyword}") as caught:
        api.read_source(ct.folder)
    assert "Zecret" not in str(caught.value)


@pytest.mark.parametrize("keyword", ["PatientID", "IssuerOfPatientID"])
def test_a_series_of_two_patients_is_refused(ct, phantom, keyword):
    datasets = copies(phantom)
    setattr(datasets[3], keyword, "Zecret")
    with pytest.raises(ArgumentError, match="2 different patients") as caught:
        api.read_source(datasets)
    assert "Zecret" not in str(caught.value)
    other = copy.deepcopy(ct.datasets[0])
    setattr(other, keyword, "Zecret")
    other.save_as(ct.files[0], enforce_file_format=True)
    with pytest.raises(ArgumentError, match="2 different patients"):
        api.read_source(ct.folder)


def test_without_an_id_the_name_and_the_date_of_birth_tell_patients_apart(phantom):
    datasets = copies(phantom)
    for dataset in datasets:
        dataset.PatientID = ""
    assert len(api.read_source(datasets).datasets) == len(datasets)
    datasets[2].PatientBirthDate = "19990101"
    with pytest.raises(ArgumentError, match="2 different patients"):
        api.read_source(datasets)


@pytest.mark.parametrize("number", [1, None])
@pytest.mark.parametrize("form", ["array", "volume"])
def test_slices_may_state_one_frame(phantom, number, form):
    datasets = copies(phantom)
    for dataset in datasets:
        dataset.NumberOfFrames = number
    mask = phantom.mask if form == "array" else dc.Volume(phantom.mask, phantom.affine, "PATIENT")
    made = api.segment(mask, datasets, NAMES)
    np.testing.assert_array_equal(pixels(made, datasets, combine_segments=True), phantom.mask)


def test_an_enhanced_image_may_have_one_frame():
    image = samples.enhanced_image(samples.phantom_series("CT", shape=(1, 16, 24)))
    volume = dc.Volume(image.mask, image.affine, "PATIENT")
    made = api.segment(volume, list(image.datasets), dict(image.labels))
    found = made.get_pixels_by_source_frame(
        image.datasets[0].SOPInstanceUID, [1], combine_segments=True, assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(found, image.mask)


@pytest.mark.parametrize("keyword", ["SeriesNumber", "InstanceNumber"])
def test_a_damaged_number_that_nobody_needs_is_left_alone(phantom, keyword):
    datasets = copies(phantom)
    for dataset in datasets:
        set_raw(dataset, keyword, b"Zecret")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        made = api.segment(phantom.mask, datasets, NAMES)
    np.testing.assert_array_equal(pixels(made, datasets, combine_segments=True), phantom.mask)
    if keyword == "InstanceNumber":
        with pytest.raises(ArgumentError, match="needs Instance Number"):
            api.segment(phantom.mask, datasets, NAMES, order="instance-number")
    else:
        with pytest.raises(ArgumentError, match=r"series \?"):
            api.read_source(datasets, series=3)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("Rows", b"Zec"),
        ("Columns", b"\0\0"),
        ("NumberOfFrames", b"Zecret"),
        ("NumberOfFrames", b"1.5 "),
        ("ImagePositionPatient", rb"Zecret\0\0"),
        ("ImagePositionPatient", rb"nan\0\0 "),
        ("ImageOrientationPatient", rb"Zecret\0\0\0\1\0 "),
        ("PixelSpacing", rb"1\Zecret"),
    ],
)
def test_a_damaged_number_that_is_needed_is_named(phantom, keyword, value):
    datasets = copies(phantom)
    set_raw(datasets[0], keyword, value)
    with pytest.raises(DamagedFileError, match=keyword) as caught:
        api.segment(dc.Volume(phantom.mask, phantom.affine, "PATIENT"), datasets, NAMES)
    assert "Zec" not in str(caught.value)


# ---- values and grids ----------------------------------------------------------------------------------


def test_labels_of_resamplers_are_whole_numbers(phantom):
    near = phantom.mask * 0.9999999
    made = api.segment(near, list(phantom.datasets), NAMES)
    np.testing.assert_array_equal(pixels(made, phantom.datasets, combine_segments=True), phantom.mask)
    made = api.segment(near - 1e-8, list(phantom.datasets), NAMES)
    np.testing.assert_array_equal(pixels(made, phantom.datasets, combine_segments=True), phantom.mask)
    with pytest.raises(ArgumentError, match="fractions"):
        api.segment(phantom.mask * 0.999, list(phantom.datasets), NAMES)


@pytest.mark.parametrize("axes", [(0, 1, 2), (1, 2, 0), (2, 0, 1)])
def test_a_volume_of_one_slice_may_run_anyhow(phantom, axes):
    one = dc.Volume(phantom.mask, phantom.affine, "PATIENT")[2:3].permute_spatial_axes(axes)
    made = api.segment(one, [phantom.datasets[2]], NAMES)
    np.testing.assert_array_equal(
        pixels(made, phantom.datasets[2:3], combine_segments=True), phantom.mask[2:3]
    )


def places(array, affine, label):
    """Millimetres of the voxels of a label."""
    return list(np.argwhere(array == label) @ affine[:3, :3].T + affine[:3, 3])


def frame_places(segmentation, label):
    """The same read from the frames by pydicom alone."""
    written = io.BytesIO()
    segmentation.save_as(written)
    dataset = pydicom.dcmread(io.BytesIO(written.getvalue()))
    shared = dataset.SharedFunctionalGroupsSequence[0]
    cosines = np.array(shared.PlaneOrientationSequence[0].ImageOrientationPatient, dtype=float)
    spacing = np.array(shared.PixelMeasuresSequence[0].PixelSpacing, dtype=float)
    frames = dataset.pixel_array.reshape(-1, dataset.Rows, dataset.Columns)
    found = []
    for frame, item in zip(frames, dataset.PerFrameFunctionalGroupsSequence, strict=True):
        if item.SegmentIdentificationSequence[0].ReferencedSegmentNumber == label:
            rows, columns = np.nonzero(frame)
            origin = np.array(item.PlanePositionSequence[0].ImagePositionPatient, dtype=float)
            points = origin + np.outer(columns, cosines[:3] * spacing[1])
            found += list(points + np.outer(rows, cosines[3:] * spacing[0]))
    return found


_AXIS = st.tuples(st.integers(-2, 2), st.integers(-2, 2), st.booleans())  # grown or cut at each end, turned


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["axial", "coronal", "sagittal", "oblique"]),
    st.permutations([0, 1, 2]),
    st.tuples(_AXIS, _AXIS, _AXIS),
    st.randoms(use_true_random=False),
)
def test_every_voxel_lands_at_its_place(orientation, axes, changes, random):
    series = samples.phantom_series("CT", shape=(5, 7, 8), spacing=(3.0, 0.7, 1.3), orientation=orientation)
    mask, affine = np.zeros(series.mask.shape, dtype=np.uint8), series.affine.copy()
    inside = tuple(
        slice(max(-low, 0), size - max(-high, 0))
        for size, (low, high, _) in zip(mask.shape, changes, strict=True)
    )
    mask[inside] = np.random.default_rng(random.getrandbits(32)).integers(0, 3, mask[inside].shape)
    expected = [places(mask, affine, label) for label in (1, 2)]
    moved = np.pad(mask[inside], [(max(low, 0), max(high, 0)) for low, high, _ in changes])
    affine[:3, 3] -= affine[:3, :3] @ [low for low, _, _ in changes]
    moved, affine = moved.transpose(axes), affine[:, [*axes, 3]]
    for axis, (_, _, turned) in enumerate(changes):
        if turned:
            affine[:3, 3] += affine[:3, axis] * (moved.shape[axis] - 1)
            affine[:3, axis] *= -1
            moved = np.flip(moved, axis)
    datasets = list(series.datasets)
    random.shuffle(datasets)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dc.errors.EmptySegmentWarning)
        made = api.segment(dc.Volume(moved.copy(), affine, "PATIENT"), datasets, NAMES)
    found = [frame_places(made, label) for label in (1, 2)]
    for one, other in zip(found, expected, strict=True):
        assert len(one) == len(other)
        if one:  # voxels are 0.7 mm apart or more, so each has its own nearest one
            apart = np.abs(np.array(one)[:, None] - np.array(other)).max(axis=-1)
            assert apart.min(axis=0).max() < 0.05 > apart.min(axis=1).max()
