from __future__ import annotations

import highdicom.content as peer
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from dicomposer.content import ReferencedImageSequence
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError


def image(number: int, frames: int | None = None, segments: int = 0) -> Dataset:
    made = Dataset()
    made.SOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4" if segments else "1.2.840.10008.5.1.4.1.1.2.1"
    made.SOPInstanceUID = f"1.2.3.{number}"
    if frames:
        made.NumberOfFrames = frames
    if segments:
        made.SegmentSequence = [Dataset() for _ in range(segments)]
        groups = []
        for index in range(frames or 0):
            group, item = Dataset(), Dataset()
            item.ReferencedSegmentNumber = index % segments + 1
            group.SegmentIdentificationSequence = [item]
            groups.append(group)
        made.PerFrameFunctionalGroupsSequence = groups
        for index, item in enumerate(made.SegmentSequence):
            item.SegmentNumber = index + 1
    return made


@pytest.mark.parametrize(
    "arguments",
    [
        ([image(1)],),
        ([image(1), image(2, 3)],),
        ([image(2, 3)], 2),
        ([image(2, 3)], [1, 3]),
        ([image(3, 4, 2)], None, 1),
        ([image(3, 4, 2)], None, [1, 2]),
        ([image(3, 4, 2)], [1, 3], 1),
    ],
)
def test_references_are_those_of_the_peer(arguments: tuple[object, ...]) -> None:
    ours = ReferencedImageSequence(*arguments)  # type: ignore[arg-type]
    theirs = peer.ReferencedImageSequence(*arguments)
    assert isinstance(ours, Sequence)
    assert [item.to_json_dict() for item in ours] == [item.to_json_dict() for item in theirs]


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ((), ArgumentTypeError),
        ((image(1),), ArgumentTypeError),
        ((["x"],), ArgumentTypeError),
        (([],), ArgumentError),
        (([image(1), image(1)],), ArgumentError),
        (([Dataset()],), MissingAttributeError),
        (([image(1)], 1), ArgumentTypeError),
        (([image(2, 3)], 4), ArgumentError),
        (([image(2, 3)], 0), ArgumentError),
        (([image(2, 3)], []), ArgumentError),
        (([image(2, 3)], 1.5), ArgumentTypeError),
        (([image(2, 3)], None, 1), ArgumentTypeError),
        (([image(3, 4, 2)], None, 3), ArgumentError),
        (([image(3, 4, 2)], [1, 2], 1), ArgumentError),
        (([image(1, 3), image(2, 3)], 1), ArgumentError),
    ],
)
def test_bad_references(arguments: tuple[object, ...], error: type[Exception]) -> None:
    with pytest.raises(error):
        ReferencedImageSequence(*arguments)  # type: ignore[arg-type]
