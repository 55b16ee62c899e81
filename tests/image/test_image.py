"""Images: frames, tiles, sources."""

from __future__ import annotations

import io
import pickle
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

import dicomposer as dc
from dicomposer import samples
from dicomposer.errors import GeometryError, NotDicomError
from dicomposer.image import Image


def _file(name: str) -> str:
    path = get_testdata_file(name)
    assert isinstance(path, str)
    return path


def test_reading_from_paths_bytes_and_streams() -> None:
    path = _file("emri_small_RLE.dcm")
    expected = dc.imread(path).get_frames()
    content = Path(path).read_bytes()
    for source in (Path(path), content, io.BytesIO(content)):
        for lazy in (False, True):
            image = dc.imread(source, lazy_frame_retrieval=lazy)
            assert isinstance(image, Image) and isinstance(image, dc.SOPClass)
            np.testing.assert_array_equal(image.get_frames(), expected)
    with pytest.raises(NotDicomError):
        dc.imread(b"not a DICOM file at all")
    with pytest.raises(ValueError, match="not an image"):
        dc.imread(_file("reportsi.dcm"))
    with pytest.raises(RuntimeError):
        Image()


def test_copies_and_pickles_read_the_same() -> None:
    image = dc.imread(_file("MR_small.dcm"))
    first = image.get_frame(1)
    for other in (deepcopy(image), pickle.loads(pickle.dumps(image)), Image.from_dataset(image)):
        np.testing.assert_array_equal(other.get_frame(1), first)
    assert Image.from_dataset(image, copy=False) is image


def test_an_edited_image_is_obeyed() -> None:
    image = dc.imread(_file("CT_small.dcm"))
    stored = image.get_stored_frame(1).astype(float)
    image.RescaleSlope, image.RescaleIntercept = 2, 1
    np.testing.assert_array_equal(image.get_frame(1), 2 * stored + 1)
    image.PixelData = bytes(2 * image.Rows * image.Columns)
    assert (image.get_frame(1) == 1).all()


def test_frames_by_number_and_index() -> None:
    image = dc.imread(_file("emri_small.dcm"))
    every = image.get_frames()
    assert every.shape == (10, 64, 64) and every.dtype == np.float64
    np.testing.assert_array_equal(image.get_frame(4), every[3])
    np.testing.assert_array_equal(image.get_frame(np.int64(3), as_index=True), every[3])
    np.testing.assert_array_equal(image.get_frames(iter([3, 3, 1])), every[[2, 2, 0]])
    for numbers, as_indices in (([0], False), ([11], False), ([-1], True), ([10], True)):
        with pytest.raises(IndexError):
            image.get_frames(numbers, as_indices)
    with pytest.raises(TypeError):
        image.get_frame(1.5)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        image.get_frames([])


class TestSlides:
    @pytest.fixture(params=["TILED_FULL", "TILED_SPARSE"])
    def slide(self, request: pytest.FixtureRequest) -> samples.SlideImage:
        return samples.phantom_slide(organization=request.param)

    def test_the_matrix_and_windows_of_it(self, slide: samples.SlideImage) -> None:
        image = Image.from_dataset(slide.dataset)
        assert image.is_tiled and image.is_indexable_as_total_pixel_matrix()
        options = {"dtype": np.uint8, "apply_icc_profile": False}
        np.testing.assert_array_equal(image.get_total_pixel_matrix(**options), slide.pixels)
        found = image.get_total_pixel_matrix(5, 41, 30, -2, **options)
        np.testing.assert_array_equal(found, slide.pixels[4:40, 29:-2])
        found = image.get_total_pixel_matrix(4, 40, 29, as_indices=True, **options)
        np.testing.assert_array_equal(found, slide.pixels[4:40, 29:])
        for wrong in ((0, None), (71, None), (30, 30)):
            with pytest.raises(ValueError):
                image.get_total_pixel_matrix(*wrong)

    def test_the_volume_is_the_matrix(self, slide: samples.SlideImage) -> None:
        volume = Image.from_dataset(slide.dataset).get_volume(
            dtype=np.uint8, apply_icc_profile=False, row_start=11, column_end=21
        )
        np.testing.assert_array_equal(volume.array[0], slide.pixels[10:, :20])
        assert volume.channel_descriptors == (dc.RGB_COLOR_CHANNEL_DESCRIPTOR,)

    def test_colours_are_managed(self, slide: samples.SlideImage) -> None:
        image = Image.from_dataset(slide.dataset)
        managed = image.get_total_pixel_matrix(apply_icc_profile=True, dtype=np.uint8)
        assert np.abs(managed.astype(int) - slide.pixels).max() < 64


class TestSources:
    """A derived multi-frame image: each frame from an instance of a series."""

    @pytest.fixture
    def derived(self, ct_phantom: samples.ImageSeries) -> Dataset:
        dataset = samples.enhanced_image(ct_phantom).datasets[0]
        for i, (frame, source) in enumerate(
            zip(dataset.PerFrameFunctionalGroupsSequence, ct_phantom.datasets, strict=True)
        ):
            reference, derivation = Dataset(), Dataset()
            reference.ReferencedSOPClassUID = source.SOPClassUID
            reference.ReferencedSOPInstanceUID = source.SOPInstanceUID if i else "1.2.3"
            reference.SpatialLocationsPreserved = "YES"
            derivation.SourceImageSequence = [reference]
            frame.DerivationImageSequence = [derivation]
        return dataset

    def test_frames_of_instances(self, derived: Dataset, ct_phantom: samples.ImageSeries) -> None:
        image = Image.from_dataset(derived)
        uids = [dataset.SOPInstanceUID for dataset in ct_phantom.datasets]
        found = image.get_pixels_by_source_instance([uids[4], uids[2]])
        np.testing.assert_array_equal(found, image.get_frames([5, 3]))
        with pytest.raises(KeyError):
            image.get_pixels_by_source_instance([uids[0]])
        found = image.get_pixels_by_source_instance([uids[0]], assert_missing_frames_are_empty=True)
        assert not found.any()

    def test_frames_of_frames(self, derived: Dataset) -> None:
        for i, frame in enumerate(derived.PerFrameFunctionalGroupsSequence):
            source = frame.DerivationImageSequence[0].SourceImageSequence[0]
            source.ReferencedSOPInstanceUID, source.ReferencedFrameNumber = "1.2.3", i + 11
        image = Image.from_dataset(derived)
        np.testing.assert_array_equal(
            image.get_pixels_by_source_frame("1.2.3", [13, 11]), image.get_frames([3, 1])
        )
        np.testing.assert_array_equal(image.get_pixels_by_source_frame("1.2.3"), image.get_frames())

    def test_two_frames_of_one_instance_cannot_be_told_apart(self, derived: Dataset) -> None:
        for frame in derived.PerFrameFunctionalGroupsSequence:
            frame.DerivationImageSequence[0].SourceImageSequence[0].ReferencedSOPInstanceUID = "1.2.3"
        with pytest.raises(RuntimeError, match="told apart"):
            Image.from_dataset(derived).get_pixels_by_source_instance(["1.2.3"])


class TestVolumes:
    def test_slices_are_sorted_and_gaps_filled_when_allowed(self, ct_phantom: samples.ImageSeries) -> None:
        dataset = samples.enhanced_image(ct_phantom).datasets[0]
        image = Image.from_dataset(dataset)
        whole = image.get_volume()
        np.testing.assert_array_equal(whole.array, dc.get_volume_from_series(list(ct_phantom.datasets)).array)
        items = list(dataset.PerFrameFunctionalGroupsSequence)
        stored = image.get_stored_frames()
        keep = [7, 0, 1, 5, 3, 4, 6]
        dataset.PerFrameFunctionalGroupsSequence = [items[i] for i in keep]
        dataset.PixelData, dataset.NumberOfFrames = stored[keep].tobytes(), len(keep)
        image = Image.from_dataset(dataset)
        with pytest.raises(GeometryError, match="missing") as refusal:
            image.get_volume()
        assert isinstance(refusal.value, RuntimeError)
        volume = image.get_volume(allow_missing_positions=True)
        np.testing.assert_allclose(volume.affine, whole.affine)
        empty = [i for i in range(8) if not volume.array[i].any()]
        assert len(empty) == 1
        np.testing.assert_array_equal(np.delete(volume.array, empty, 0), np.delete(whole.array, empty, 0))

    def test_two_frames_at_one_place_are_no_volume(self, ct_phantom: samples.ImageSeries) -> None:
        dataset = samples.enhanced_image(ct_phantom).datasets[0]
        items = dataset.PerFrameFunctionalGroupsSequence
        items[1].PlanePositionSequence = deepcopy(items[0].PlanePositionSequence)
        with pytest.raises(RuntimeError):
            Image.from_dataset(dataset).get_volume(allow_missing_positions=True)

    def test_an_image_without_a_place_is_no_volume(self) -> None:
        image = dc.imread(_file("SC_rgb.dcm"))
        assert image.get_volume_geometry() is None
        with pytest.raises(RuntimeError):
            image.get_volume()
        with pytest.raises(RuntimeError):
            image.get_total_pixel_matrix()
        with pytest.raises(RuntimeError):
            image.get_pixels_by_source_instance(["1.2"])


def test_segmentations_give_frames_too() -> None:
    seg = dc.seg.Segmentation.from_file(_file("liver.dcm"))
    np.testing.assert_array_equal(seg.get_frames(), seg.get_stored_frames())
    assert seg.get_frame(1, dtype=bool).dtype == np.bool_
