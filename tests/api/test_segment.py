"""The front door: a mask and its images in, a Segmentation out, the mask back."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

import dicomposer as dc
from dicomposer import api, coding, samples
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    EmptySegmentWarning,
    GeometryError,
    UnsupportedError,
)

KINDS = ("BINARY", "LABELMAP")


def back(segmentation, datasets, **options):
    """The mask that a segmentation holds, planes in the order of the datasets."""
    return segmentation.get_pixels_by_source_instance(
        [ds.SOPInstanceUID for ds in datasets],
        combine_segments=True,
        assert_missing_frames_are_empty=True,
        **options,
    )


@pytest.fixture(scope="module")
def phantom():
    return samples.phantom_series("CT")


@pytest.mark.parametrize("kind", KINDS)
def test_an_array_goes_with_the_list(phantom, kind):
    order = [3, 0, 5, 1, 7, 2, 6, 4]
    datasets = [phantom.datasets[index] for index in order]
    made = api.segment(phantom.mask[order], datasets, ["Liver", "Spleen"], segmentation_type=kind)
    np.testing.assert_array_equal(back(made, phantom.datasets), phantom.mask)
    assert api.validate(made).ok


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["nifti", "simpleitk", "nibabel", "volume"])
def test_masks_with_geometry_find_their_planes(ct, tmp_path, kind, form):
    file = ct.save_mask(tmp_path / "mask.nii.gz")
    if form == "simpleitk":
        import SimpleITK

        mask = SimpleITK.ReadImage(str(file))
    elif form == "nibabel":
        import nibabel

        mask = nibabel.load(file)
    else:
        mask = file if form == "nifti" else dc.Volume(ct.mask, ct.affine, "PATIENT")
    made = api.segment(mask, ct.folder, dict(ct.labels), segmentation_type=kind)
    np.testing.assert_array_equal(back(made, ct.datasets), ct.mask)


@settings(max_examples=15)
@given(st.permutations([0, 1, 2]), st.tuples(st.booleans(), st.booleans(), st.booleans()))
def test_axes_of_a_volume_may_run_anyhow(phantom, axes, flips):
    volume = dc.Volume(phantom.mask, phantom.affine, "PATIENT").permute_spatial_axes(axes)
    volume = volume.flip_spatial([axis for axis in range(3) if flips[axis]]) if any(flips) else volume
    made = api.segment(volume, list(reversed(phantom.datasets)), ["Liver", "Spleen"])
    np.testing.assert_array_equal(back(made, phantom.datasets), phantom.mask)


@pytest.mark.parametrize(
    ("order", "step"), [("feet-to-head", 1), ("head-to-feet", -1), ("instance-number", 1)]
)
def test_an_array_and_a_folder_need_an_order(ct, order, step):
    for number, file in enumerate(reversed(ct.files)):  # file names against the geometry
        shutil.move(file, ct.folder / f"x{number}")
    made = api.segment(ct.mask[::step], ct.folder, ["Liver", "Spleen"], order=order)
    np.testing.assert_array_equal(back(made, ct.datasets), ct.mask)
    with pytest.raises(ArgumentError, match="order="):
        api.segment(ct.mask, ct.folder, ["Liver", "Spleen"])


def test_some_planes_by_uid(ct):
    uids = [ct.datasets[index].SOPInstanceUID for index in (4, 2)]
    made = api.segment(ct.mask[[4, 2]], ct.folder, ["Liver", "Spleen"], order=uids)
    np.testing.assert_array_equal(back(made, [ct.datasets[4], ct.datasets[2]]), ct.mask[[4, 2]])
    assert api.validate(made).ok


def test_arguments_are_not_modified(phantom):
    mask = phantom.mask.astype(np.float64) * 2
    before, texts = mask.copy(), [str(ds) for ds in phantom.datasets]
    segments = {2: "Liver", 4: "Spleen"}
    api.segment(mask, list(phantom.datasets), segments)
    np.testing.assert_array_equal(mask, before)
    assert [str(ds) for ds in phantom.datasets] == texts
    assert segments == {2: "Liver", 4: "Spleen"}


def test_values_with_gaps(phantom):
    mask = np.array([0, 7, 200], dtype=np.uint8)[phantom.mask]
    segments = {200: "Spleen", 7: "Liver", 9: "Stomach"}
    with pytest.warns(EmptySegmentWarning):
        binary = api.segment(mask, list(phantom.datasets), segments)
    assert [binary.get_segment_description(n).segment_label for n in (1, 2, 3)] == [
        "Liver",
        "Stomach",
        "Spleen",
    ]
    np.testing.assert_array_equal(back(binary, phantom.datasets), np.array([0, 1, 3])[phantom.mask])
    with pytest.warns(EmptySegmentWarning):
        labelmap = api.segment(mask, list(phantom.datasets), segments, segmentation_type="LABELMAP")
    np.testing.assert_array_equal(back(labelmap, phantom.datasets), mask)


def test_one_name_stands_for_the_only_value(phantom):
    made = api.segment((phantom.mask == 1) * np.uint8(255), list(phantom.datasets), "Liver")
    np.testing.assert_array_equal(back(made, phantom.datasets), phantom.mask == 1)


def test_an_empty_mask_just_works(phantom):
    with pytest.warns(EmptySegmentWarning):
        made = api.segment(np.zeros_like(phantom.mask), list(phantom.datasets), ["Liver"])
    assert made.number_of_segments == 1
    assert api.validate(made).ok


def test_a_mask_a_structure(ct, tmp_path):
    masks = {"liver": ct.mask == 1, "spleen": ct.mask == 2}
    made = api.segment(masks, list(ct.datasets), segmentation_type="LABELMAP")
    np.testing.assert_array_equal(back(made, ct.datasets), ct.mask)
    overlapping = {"liver": ct.mask == 1, "body": ct.mask > 0}
    made = api.segment(overlapping, list(ct.datasets))
    pixels = made.get_pixels_by_source_instance(
        [ds.SOPInstanceUID for ds in ct.datasets], assert_missing_frames_are_empty=True
    )
    np.testing.assert_array_equal(pixels[..., 1], ct.mask > 0)
    with pytest.raises(ArgumentError, match=r"'liver' and 'body' share \d+ voxels"):
        api.segment(overlapping, list(ct.datasets), segmentation_type="LABELMAP")


def test_a_folder_of_masks_is_named_by_its_files(ct, tmp_path):
    folder = tmp_path / "masks"
    for value, name in ct.labels.items():
        one = samples.ImageSeries(ct.datasets, (ct.mask == value).astype(np.uint8), {1: name}, ct.affine)
        one.save_mask(folder / f"{name.lower()}.nii.gz")
    made = api.segment(folder, ct.folder)
    assert [d.segment_label for d in map(made.get_segment_description, made.segment_numbers)] == [
        "Liver",
        "Spleen",
    ]
    np.testing.assert_array_equal(back(made, ct.datasets), ct.mask)


def test_fractions(phantom):
    fractions = np.stack([phantom.mask == 1, phantom.mask == 2], axis=-1) * np.float32(0.4)
    before = fractions.copy()
    made = api.segment(fractions, list(phantom.datasets), ["Liver", "Spleen"], segmentation_type="FRACTIONAL")
    pixels = made.get_pixels_by_source_instance(
        [ds.SOPInstanceUID for ds in phantom.datasets], assert_missing_frames_are_empty=True
    )
    np.testing.assert_allclose(pixels, fractions, atol=0.5 / 255)
    np.testing.assert_array_equal(fractions, before)
    one = api.segment(fractions[..., 0], list(phantom.datasets), ["Liver"], segmentation_type="FRACTIONAL")
    assert one.number_of_segments == 1
    with pytest.raises(ArgumentError, match="2 channels"):
        api.segment(fractions, list(phantom.datasets), ["Liver"], segmentation_type="FRACTIONAL")


@pytest.mark.parametrize("value", [np.nan, np.inf, 1.5, -0.1])
def test_what_is_no_fraction_is_refused(phantom, value):
    fractions = (phantom.mask == 1) * np.float32(0.5)
    fractions[3, 3, 3] = value
    with pytest.raises(ArgumentError, match="plane 3"):
        api.segment(fractions, list(phantom.datasets), "Liver", segmentation_type="FRACTIONAL")


def test_scaled_fractions_are_not_taken_for_labels(phantom):
    scaled = (phantom.mask == 1) * np.uint8(127)
    with pytest.raises(ArgumentError, match="fractions are floats"):
        api.segment(scaled, list(phantom.datasets), "Liver", segmentation_type="FRACTIONAL")


def test_one_enhanced_image(phantom):
    enhanced = samples.enhanced_image(phantom)
    (image,) = enhanced.datasets
    for mask in (enhanced.mask, dc.Volume(phantom.mask, phantom.affine, "PATIENT").flip_spatial(0)):
        made = api.segment(mask, image, ["Liver", "Spleen"])
        pixels = made.get_pixels_by_source_frame(
            image.SOPInstanceUID,
            range(1, len(enhanced.mask) + 1),
            combine_segments=True,
            assert_missing_frames_are_empty=True,
        )
        np.testing.assert_array_equal(pixels, enhanced.mask)


def test_a_single_image(phantom):
    made = api.segment(phantom.mask[3], phantom.datasets[3], ["Liver", "Spleen"])
    np.testing.assert_array_equal(back(made, phantom.datasets[3:4])[0], phantom.mask[3])


def test_a_slide_is_tiled(tmp_path):
    slide = samples.phantom_slide().save(tmp_path / "slide.dcm")
    for source in (slide.dataset, slide.file):
        made = api.segment(slide.mask, source, dict(slide.labels))
        np.testing.assert_array_equal(made.get_total_pixel_matrix(combine_segments=True), slide.mask)
    with pytest.raises(ArgumentError, match=r"the levels are 70x90"):
        api.segment(slide.mask[:-1], slide.dataset, dict(slide.labels))
    with pytest.raises(UnsupportedError, match="geometry"):
        api.segment(dc.Volume(slide.mask[None], np.eye(4), "PATIENT"), slide.dataset, dict(slide.labels))


def test_defaults_and_overrides(phantom):
    made = api.segment(phantom.mask, list(phantom.datasets), ["Liver", "Spleen"])
    assert made.SeriesNumber == 100 * phantom.datasets[0].SeriesNumber + 1
    assert (made.Manufacturer, made.ContentLabel) == ("dicomposer", "SEGMENTATION")
    assert made.SeriesDescription == "Segmentation: Liver, Spleen"
    assert made.StudyInstanceUID == phantom.datasets[0].StudyInstanceUID
    made = api.segment(
        phantom.mask,
        list(phantom.datasets),
        ["Liver", "Spleen"],
        series_number=7,
        series_instance_uid="1.2.3",
        manufacturer="ACME",
        content_label="MINE",
        series_description="mine",
        instance_number=4,
        omit_empty_frames=False,
        transfer_syntax_uid="jpeg2000",
        algorithm="net",
    )
    assert (made.SeriesNumber, made.SeriesInstanceUID, made.InstanceNumber) == (7, "1.2.3", 4)
    assert (made.Manufacturer, made.ContentLabel, made.SeriesDescription) == ("ACME", "MINE", "mine")
    assert made.number_of_frames == 2 * len(phantom.datasets)
    assert made.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.90"


def test_equal_input_and_identifiers_give_equal_objects(phantom):
    def make():
        with coding.injected(uid_source=coding.counted_uids("1.2.3")):
            return api.segment(phantom.mask, list(phantom.datasets), ["Liver", "Spleen"])

    assert make().SOPInstanceUID == make().SOPInstanceUID


def test_geometry_that_does_not_fit_is_refused_with_figures(phantom):
    volume = dc.Volume(phantom.mask, phantom.affine, "PATIENT")
    shifted = phantom.affine.copy()
    shifted[:3, 3] += 0.5 * phantom.affine[:3, 2]
    finer = phantom.affine @ np.diag([1, 0.5, 1, 1])
    for affine in (shifted, finer):
        with pytest.raises(GeometryError, match="voxel"):
            api.segment(
                dc.Volume(phantom.mask, affine, "PATIENT"), list(phantom.datasets), ["Liver", "Spleen"]
            )
    with pytest.raises(GeometryError, match=r"\d+ voxels of the mask lie outside"):
        api.segment(volume, list(phantom.datasets[:4]), ["Liver", "Spleen"])
    other = dc.Volume(phantom.mask, phantom.affine, "PATIENT", frame_of_reference_uid="1.2.3")
    with pytest.raises(GeometryError, match="frames of reference"):
        api.segment(other, list(phantom.datasets), ["Liver", "Spleen"])
    with pytest.raises(ArgumentError, match="leave order= out"):
        api.segment(volume, list(phantom.datasets), ["Liver", "Spleen"], order="feet-to-head")


def test_planes_outside_the_mask_are_empty(phantom):
    part = dc.Volume(phantom.mask, phantom.affine, "PATIENT")[2:6]
    made = api.segment(part, list(phantom.datasets), ["Liver", "Spleen"])
    expected = phantom.mask.copy()
    expected[:2] = expected[6:] = 0
    np.testing.assert_array_equal(back(made, phantom.datasets), expected)


@pytest.mark.parametrize(
    ("flaws", "what"),
    [
        (samples.Flaws(tilt=12.0), "tilt 12 degrees"),
        (samples.Flaws(gap=True), "missing"),
        (samples.Flaws(jitter=0.2), "regular grid"),
        (samples.Flaws(duplicate=True), "share"),
        (samples.Flaws(frames_of_reference=2), "2 different frames of reference"),
    ],
    ids=str,
)
def test_irregular_stacks_take_arrays_but_no_volumes(flaws, what):
    series = samples.phantom_series("CT", flaws=flaws)
    volume = dc.Volume(series.mask, samples.phantom_series("CT").affine, "PATIENT")
    with pytest.raises(GeometryError, match=what):
        api.segment(volume, list(series.datasets), ["Liver", "Spleen"])
    if flaws.duplicate or flaws.frames_of_reference > 1:
        with pytest.raises(GeometryError):
            api.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
        return
    made = api.segment(series.mask, list(series.datasets), ["Liver", "Spleen"])
    np.testing.assert_array_equal(back(made, series.datasets), series.mask)
    findings = api.validate(made)
    assert findings.ok and len(findings.down_to("advice"))


@pytest.mark.parametrize(
    ("change", "error", "what"),
    [
        ({"segments": None}, ArgumentError, r"the mask holds 1, 2|The mask holds 1, 2"),
        ({"segments": ["Liver"]}, ArgumentError, r"label 2, which segments does not describe"),
        ({"segments": {1: "Liver", 3: "Spleen"}}, ArgumentError, r"label 2.*describes 1, 3"),
        ({"segments": [{"name": "Liver", "value": 1}, "Spleen"]}, ArgumentError, "all of them"),
        (
            {"segments": [{"name": "Liver", "value": 1}, {"name": "Spleen", "value": 1}]},
            ArgumentError,
            "twice",
        ),
        ({"segmentation_type": "SURFACE"}, ArgumentError, "BINARY, LABELMAP, FRACTIONAL"),
        ({"serie_number": 1}, ArgumentTypeError, "did you mean 'series_number'"),
        ({"transfer_syntax_uid": "zip"}, UnsupportedError, "jpeg2000"),
        ({"mask": np.zeros((7, 32, 40), np.uint8)}, ArgumentError, "7 planes and the source 8"),
        ({"mask": np.zeros((8, 40, 32), np.uint8)}, ArgumentError, "exchanged"),
        ({"mask": np.zeros((40, 32, 8), np.uint8)}, ArgumentError, "nibabel"),
        ({"mask": np.zeros((2, 8, 32, 40), np.uint8)}, ArgumentError, "moveaxis"),
        ({"mask": np.zeros(5, np.uint8)}, ArgumentError, "1 dimensions"),
        ({"mask": 3}, ArgumentTypeError, "int"),
        ({"mask": {}}, ArgumentError, "empty"),
        ({"mask": {"liver": np.zeros((8, 32, 40, 2))}}, ArgumentError, "4 dimensions"),
        ({"mask": "nowhere.nii.gz"}, FileNotFoundError, "nowhere"),
        ({"mask": __file__}, UnsupportedError, "known image format"),
    ],
    ids=str,
)
def test_refusals(phantom, change, error, what):
    arguments = {"mask": phantom.mask, "segments": ["Liver", "Spleen"]} | change
    with pytest.raises(error, match=what):
        api.segment(source=list(phantom.datasets), **arguments)


@pytest.mark.parametrize("overlap", [False, True])
def test_a_segmentation_is_a_mask_as_well(ct, tmp_path, overlap):
    masks = {"liver": ct.mask == 1, "body": ct.mask > 0} if overlap else ct.mask
    first = api.segment(masks, list(ct.datasets), None if overlap else ["Liver", "Spleen"], algorithm="net")
    first.save_as(tmp_path / "seg.dcm")
    again = api.segment(tmp_path / "seg.dcm", ct.folder)
    for made in (first, again):
        uids = [ds.SOPInstanceUID for ds in ct.datasets]
        pixels = made.get_pixels_by_source_instance(uids, assert_missing_frames_are_empty=True)
        np.testing.assert_array_equal(pixels[..., 0], ct.mask == 1)
    assert again.SOPInstanceUID != first.SOPInstanceUID
    assert again.get_segment_description(1).tracking_uid == first.get_segment_description(1).tracking_uid
    with pytest.raises(ArgumentError, match="no Segmentation"):
        api.segment(ct.files[0], ct.folder, ["Liver"])


def test_open_gives_the_class_that_suits(ct, tmp_path):
    file = tmp_path / "seg.dcm"
    made = api.segment(ct.mask, list(ct.datasets), ["Liver", "Spleen"])
    made.save_as(file)
    opened = dc.open(file)
    assert isinstance(opened, dc.seg.Segmentation)
    np.testing.assert_array_equal(back(opened, ct.datasets), ct.mask)
    assert isinstance(dc.open(ct.files[0]), dc.Image)
    (tmp_path / "x").write_text("no")
    with pytest.raises(dc.errors.NotDicomError, match="x is not a DICOM file"):
        dc.open(tmp_path / "x")
