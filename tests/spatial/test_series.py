"""Series of single-frame images."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.spatial import (
    PixelToPixelTransformer,
    PixelToReferenceTransformer,
    get_dataset_sort_index,
    get_image_coordinate_system,
    get_series_volume_positions,
    is_tiled_image,
    sort_datasets,
    stack_of_series,
)


def image(height: float, **attributes: object) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    dataset.FrameOfReferenceUID = "1.2.3"
    dataset.ImagePositionPatient = [1.5, -2.0, height]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [0.5, 0.75]
    dataset.Rows = dataset.Columns = 8
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def test_sorting() -> None:
    datasets = [image(1.0), image(3.0), image(2.0)]
    assert get_dataset_sort_index(datasets) == [1, 2, 0]
    assert get_dataset_sort_index(datasets, "RD") == [0, 2, 1]
    assert sort_datasets(datasets, handedness="LEFT_HANDED") == [datasets[0], datasets[2], datasets[1]]
    stack = stack_of_series(datasets)
    assert stack.pixel_spacing == (0.5, 0.75)
    assert stack.require_regular() == 1.0


def test_stated_spacing_is_used_for_gaps_only() -> None:
    datasets = [image(0.0, SpacingBetweenSlices=1.0), image(2.0, SpacingBetweenSlices=1.0)]
    assert get_series_volume_positions(datasets) == (2.0, [1, 0])
    assert get_series_volume_positions(datasets, allow_missing_positions=True) == (1.0, [2, 0])
    assert get_series_volume_positions(datasets[:1]) == (1.0, [0])


def test_mixed_orientation() -> None:
    datasets = [image(0.0), image(1.0), image(2.0, ImageOrientationPatient=[0, 1, 0, 0, 0, -1])]
    assert get_series_volume_positions(datasets) == (None, None)
    for call in (sort_datasets, stack_of_series):
        with pytest.raises(GeometryError, match=r"1 of 3 differ.*number 2 .* by up to 1"):
            call(datasets)


def test_mixed_frames_of_reference() -> None:
    datasets = [image(0.0), image(1.0, FrameOfReferenceUID="1.2.4")]
    assert get_series_volume_positions(datasets) == (None, None)
    with pytest.raises(GeometryError, match="2 frames of reference"):
        stack_of_series(datasets)
    with pytest.raises(GeometryError, match="do not share a frame of reference"):
        PixelToPixelTransformer.for_images(*datasets)


def test_images_without_a_place() -> None:
    nowhere = image(0.0)
    del nowhere.ImagePositionPatient
    with pytest.raises(GeometryError, match="number 1 .* no ImagePositionPatient"):
        sort_datasets([image(1.0), nowhere])
    with pytest.raises(ArgumentError, match="empty"):
        sort_datasets([])
    with pytest.raises(ArgumentError, match="single-frame"):
        stack_of_series([image(0.0, NumberOfFrames=2)])
    assert get_image_coordinate_system(nowhere) is None
    assert not is_tiled_image(nowhere)
    with pytest.raises(GeometryError, match="no spatial information"):
        PixelToReferenceTransformer.for_image(nowhere)


def test_messages_hold_no_patient_data() -> None:
    datasets = [image(0.0, PatientName="SECRET"), image(1.0, FrameOfReferenceUID="1.2.4", PatientID="SECRET")]
    with pytest.raises(GeometryError) as caught:
        stack_of_series(datasets)
    assert "SECRET" not in str(caught.value)
