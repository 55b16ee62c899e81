from __future__ import annotations

import highdicom as hd
import pytest
from pydicom.dataset import Dataset

from dicomposer.content import PlanePositionSequence, plane_positions_of_image, plane_positions_of_series
from dicomposer.errors import ArgumentTypeError, MissingAttributeError

POSITIONS = [(0.0, 1.0, 2.5 * number) for number in range(4)]


def multiframe(sequence: str, items: list[PlanePositionSequence]) -> Dataset:
    made = Dataset()
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2.1"
    made.FrameOfReferenceUID = "1.2.3"
    made.NumberOfFrames = len(items)
    groups = []
    for item in items:
        group = Dataset()
        setattr(group, sequence, item)
        groups.append(group)
    made.PerFrameFunctionalGroupsSequence = groups
    return made


def test_of_a_series_in_the_order_given() -> None:
    images = []
    for position in reversed(POSITIONS):
        image = Dataset()
        image.ImagePositionPatient = list(position)
        images.append(image)
    found = plane_positions_of_series(images)
    assert found == [PlanePositionSequence("PATIENT", position) for position in reversed(POSITIONS)]
    with pytest.raises(MissingAttributeError):
        plane_positions_of_series([Dataset()])


def test_of_a_multi_frame_image() -> None:
    items = [PlanePositionSequence("PATIENT", position) for position in POSITIONS]
    image = multiframe("PlanePositionSequence", items)
    assert plane_positions_of_image(image) == items
    assert plane_positions_of_image(image) == hd.utils.get_plane_positions_of_image(image)


def test_of_sparse_tiles() -> None:
    items = [
        PlanePositionSequence("SLIDE", position, (number + 1, 5)) for number, position in enumerate(POSITIONS)
    ]
    assert plane_positions_of_image(multiframe("PlanePositionSlideSequence", items)) == items


def test_of_full_tiles(whole_slide: Dataset) -> None:
    expected = hd.utils.compute_plane_position_tiled_full(
        row_index=2,
        column_index=1,
        x_offset=20.0,
        y_offset=40.0,
        rows=32,
        columns=32,
        image_orientation=(0.0, -1.0, 0.0, -1.0, 0.0, 0.0),
        pixel_spacing=(0.001, 0.001),
    )
    found = plane_positions_of_image(whole_slide)
    assert len(found) == 6
    # the third row of two tiles each begins with frame 4, counted from 0
    assert [
        float(x)
        for x in (found[2][0].XOffsetInSlideCoordinateSystem, found[2][0].YOffsetInSlideCoordinateSystem)
    ] == pytest.approx(
        [float(expected[0].XOffsetInSlideCoordinateSystem), float(expected[0].YOffsetInSlideCoordinateSystem)]
    )
    assert (
        found[2][0].ColumnPositionInTotalImagePixelMatrix == expected[0].ColumnPositionInTotalImagePixelMatrix
    )
    assert found[2][0].RowPositionInTotalImagePixelMatrix == expected[0].RowPositionInTotalImagePixelMatrix


@pytest.fixture
def whole_slide() -> Dataset:
    made = Dataset()
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.77.1.6"
    made.DimensionOrganizationType = "TILED_FULL"
    made.NumberOfFrames = 6
    made.Rows = made.Columns = 32
    made.TotalPixelMatrixColumns, made.TotalPixelMatrixRows = 64, 96
    made.TotalPixelMatrixFocalPlanes = 1
    made.NumberOfOpticalPaths = 1
    made.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20, 40
    made.TotalPixelMatrixOriginSequence = [origin]
    group, measures = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness = [0.001, 0.001], 0.001
    group.PixelMeasuresSequence = [measures]
    made.SharedFunctionalGroupsSequence = [group]
    return made


def test_of_a_single_frame_whose_position_is_shared() -> None:
    image, group = Dataset(), Dataset()
    image.NumberOfFrames = 1
    group.PlanePositionSequence = PlanePositionSequence("PATIENT", (1, 2, 3))
    image.SharedFunctionalGroupsSequence = [group]
    assert plane_positions_of_image(image) == [PlanePositionSequence("PATIENT", (1, 2, 3))]
    assert plane_positions_of_series([image]) == [PlanePositionSequence("PATIENT", (1, 2, 3))]


def test_images_without_positions() -> None:
    with pytest.raises(MissingAttributeError):
        plane_positions_of_image(Dataset())
    with pytest.raises(ArgumentTypeError):
        plane_positions_of_image("x")  # type: ignore[arg-type]
