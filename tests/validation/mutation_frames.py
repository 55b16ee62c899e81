"""Mutations of segmentations: dimensions, places and references of their frames."""

from __future__ import annotations

import random
from collections.abc import Iterable
from copy import deepcopy
from itertools import pairwise

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag
from tests.validation.mutation_segmentations import (
    frame_of,
    frame_place,
    mutation,
    need_planes,
    source_of,
)
from tests.validation.mutation_tools import NotApplicable, need, remove

# -- dimensions ----------------------------------------------------------------------------------------------------


@mutation("two frames of one index")
def _duplicate_index(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "FrameContentSequence")
    if number == 0:
        raise NotApplicable("frames")
    other = dataset.PerFrameFunctionalGroupsSequence[number - 1]
    frame.FrameContentSequence[0].DimensionIndexValues = other.FrameContentSequence[0].DimensionIndexValues
    places = "|".join(map(str, (number, number - 1)))
    return [frame_place(0, "").replace(r"\[0\]\.", rf"\[({places})\]\.") + ".*DimensionIndexValues$"]


@mutation("a dimension of another organisation")
def _organization(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.DimensionIndexSequence[-1].DimensionOrganizationUID = "1.2.3.4"
    return [r"DimensionIndexSequence\[\d+\]\.DimensionOrganizationUID$"]


@mutation("a dimension that points to nothing")
def _pointer(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.DimensionIndexSequence[0].DimensionIndexPointer = BaseTag(tag_for_keyword("PatientID") or 0)
    return [r"DimensionIndexSequence\[0\]\."]


@mutation("a dimension in another group")
def _group(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.DimensionIndexSequence[-1]
    need(item, "FunctionalGroupPointer")
    item.FunctionalGroupPointer = BaseTag(tag_for_keyword("FrameVOILUTSequence") or 0)
    return [r"DimensionIndexSequence\[\d+\]\."]


@mutation("a dimension without its organisation")
def _no_organization(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(dataset.DimensionOrganizationSequence[0], "DimensionOrganizationUID")
    return [r"DimensionOrganizationSequence\[0\]\.DimensionOrganizationUID$"]


@mutation("indices of two frames exchanged")
def _exchanged(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    frames = dataset.get("PerFrameFunctionalGroupsSequence", [])
    # Exchanging the ends of three planes turns their order round, which is as good.
    if len(frames) < 4 or "FrameContentSequence" not in frames[0]:
        raise NotApplicable("frames")
    if "DimensionIndexValues" not in frames[0].FrameContentSequence[0]:
        raise NotApplicable("indices")
    first, last = (frames[n].FrameContentSequence[0] for n in (0, -1))
    first.DimensionIndexValues, last.DimensionIndexValues = (
        last.DimensionIndexValues,
        first.DimensionIndexValues,
    )
    return ["DimensionIndexValues$"]


# -- geometry ------------------------------------------------------------------------------------------------------


def _move(dataset: Dataset, rng: random.Random, shift: tuple[float, float, float]) -> Iterable[str]:
    planes = need_planes(dataset, 3)
    frames = dataset.PerFrameFunctionalGroupsSequence
    # One whole plane: a frame that leaves the others of its plane would break its dimension index as well.
    plane = planes[len(planes) // 2]
    moved = []
    for number, item in enumerate(frames):
        position = item.PlanePositionSequence[0]
        if tuple(map(float, position.ImagePositionPatient)) == plane:
            position.ImagePositionPatient = [a + b for a, b in zip(plane, shift, strict=True)]
            moved.append(str(number))
    return [
        rf"PerFrameFunctionalGroupsSequence\[({'|'.join(moved)})\]\.PlanePositionSequence\[0\]\.ImagePositionPatient$"
    ]


@mutation("a frame moved off its stack")
def _off_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    return _move(dataset, rng, (7.0, 0.0, 0.0))


@mutation("a frame moved along its stack")
def _along_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    planes = need_planes(dataset, 4)
    step = min(abs(b[2] - a[2]) for a, b in pairwise(planes)) or 1.0
    return _move(dataset, rng, (0.0, 0.0, step * 0.4))


@mutation("one frame of several moved off its plane")
def _one_frame(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need_planes(dataset, 3)
    number, frame = frame_of(dataset, rng, "PlanePositionSequence")
    position = frame.PlanePositionSequence[0]
    x, y, z = map(float, position.ImagePositionPatient)
    position.ImagePositionPatient = [x, y + 11.0, z]
    return [frame_place(number, ".*(ImagePositionPatient|DimensionIndexValues)$")]


@mutation("a tile outside the matrix")
def _outside(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    frame.PlanePositionSlideSequence[0].ColumnPositionInTotalImagePixelMatrix = 100001
    return [frame_place(number, r".*(ColumnPositionInTotalImagePixelMatrix|OffsetInSlideCoordinateSystem)$")]


@mutation("a tile off the grid")
def _off_grid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    frame.PlanePositionSlideSequence[0].RowPositionInTotalImagePixelMatrix += 5
    return [frame_place(number, r".*(RowPositionInTotalImagePixelMatrix|OffsetInSlideCoordinateSystem)$")]


@mutation("a tile's offset elsewhere")
def _offset(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, frame = frame_of(dataset, rng, "PlanePositionSlideSequence")
    item = frame.PlanePositionSlideSequence[0]
    item.XOffsetInSlideCoordinateSystem = float(item.XOffsetInSlideCoordinateSystem) + 0.1
    return [frame_place(number, r".*XOffsetInSlideCoordinateSystem$")]


@mutation("a matrix of another size than its tiles")
def _matrix(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if dataset.get("DimensionOrganizationType") != "TILED_FULL":
        raise NotApplicable("TILED_FULL")
    dataset.TotalPixelMatrixColumns += dataset.Columns * 2
    return ["NumberOfFrames$", "TotalPixelMatrixColumns$"]


# -- references ----------------------------------------------------------------------------------------------------


@mutation("an unknown source UID")
def _unknown_source(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = source_of(dataset, rng)
    source.ReferencedSOPInstanceUID = "1.2.3.4.5.6"
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


@mutation("a source of another class")
def _source_class(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = source_of(dataset, rng)
    source.ReferencedSOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPClassUID$")]


@mutation("a source that is the object itself")
def _itself(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, source = source_of(dataset, rng)
    source.ReferencedSOPInstanceUID = dataset.SOPInstanceUID
    return [frame_place(number, r".*SourceImageSequence\[0\]\.ReferencedSOPInstanceUID$")]


def _series_of(dataset: Dataset) -> Dataset:
    need(dataset, "ReferencedSeriesSequence")
    return dataset.ReferencedSeriesSequence[0]


@mutation("a series reference without its UID")
def _series_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(_series_of(dataset), "SeriesInstanceUID")
    return [r"ReferencedSeriesSequence\[0\]\.SeriesInstanceUID$"]


@mutation("a series reference without instances")
def _no_instances(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    remove(_series_of(dataset), "ReferencedInstanceSequence")
    return [r"ReferencedSeriesSequence\[0\]\.ReferencedInstanceSequence$"]


@mutation("a listed instance twice")
def _listed_twice(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    instances = _series_of(dataset).ReferencedInstanceSequence
    instances.append(deepcopy(instances[0]))
    return [rf"ReferencedInstanceSequence\[{len(instances) - 1}\]\.ReferencedSOPInstanceUID$"]


@mutation("a listed instance without its class")
def _listed_class(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    instances = _series_of(dataset).ReferencedInstanceSequence
    number = rng.randrange(len(instances))
    remove(instances[number], "ReferencedSOPClassUID")
    return [rf"ReferencedInstanceSequence\[{number}\]\.ReferencedSOPClassUID$"]
