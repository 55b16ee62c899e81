"""Which (segment, plane) pairs become frames, and what each frame says of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.coding import CodedConcept
from dicomposer.content import PixelMeasuresSequence, PlaneOrientationSequence
from dicomposer.enum import CoordinateSystemNames, DimensionOrganizationTypeValues
from dicomposer.record import Categories, FrameTable
from dicomposer.seg._planes import PlanePlan
from dicomposer.seg._sources import SourceImages
from dicomposer.seg.content import DimensionIndexSequence

__all__ = ["FramePlan", "dimension_index", "frame_table", "plan_frames", "reference_table", "shared_groups"]

_SEGMENTATION = ("113076", "DCM", "Segmentation")
_SOURCE_IMAGE = ("121322", "DCM", "Source image for image processing operation")
_SOURCE = "DerivationImageSequence.SourceImageSequence"


@dataclass(frozen=True)
class FramePlan:
    """Frames in the order in which they are encoded, as columns: the plane of each and its segment number.

    ``segments`` is None for a label map, whose frames hold all segments. ``whole`` says that these are all planes of
    the only segment, in order, and that the values of the mask are still to be checked: as they are packed.
    """

    planes: NDArray[np.intp]
    segments: NDArray[np.int64] | None
    whole: bool = False

    @property
    def count(self) -> int:
        """Number of frames."""
        return len(self.planes)


def plan_frames(
    presence: NDArray[np.bool_],
    order: NDArray[np.intp],
    segment_numbers: NDArray[np.int64] | None,
    *,
    keep_empty: bool,
) -> FramePlan:
    """Choose the frames to encode.

    Parameters
    ----------
    presence : numpy.ndarray
        Shape (planes, segments): whether a segment has pixels in a plane. One column for a label map.
    order : numpy.ndarray
        Planes in the order of encoding.
    segment_numbers : numpy.ndarray or None
        Number of each column of ``presence``; None for a label map.
    keep_empty : bool
        Keep frames without pixels. They are kept as well where otherwise none would be left: an image has at least
        one frame, and a mask without findings is an answer too.
    """
    wanted = presence[order]
    if keep_empty or not wanted.any():
        wanted = np.ones_like(wanted)
    column, place = np.nonzero(wanted.T)
    return FramePlan(
        order[place].astype(np.intp), None if segment_numbers is None else segment_numbers[column]
    )


def _ranks(values: NDArray[Any]) -> NDArray[np.int64]:
    """Position of each value among the distinct ones, from 1."""
    return np.unique(values, return_inverse=True)[1].reshape(-1).astype(np.int64) + 1


def dimension_index(plan: PlanePlan, labelmap: bool) -> DimensionIndexSequence:
    """The dimensions of the frames of a plan."""
    return DimensionIndexSequence(plan.system, include_segment_number=not labelmap)


def _dimension_values(plan: PlanePlan, frames: FramePlan) -> NDArray[np.uint32]:
    """Dimension Index Values of every frame, matching :func:`dimension_index`."""
    columns: list[NDArray[np.int64]] = []
    if frames.segments is not None:
        columns.append(frames.segments)
    if plan.tiles is not None:
        columns += [_ranks(plan.tiles[frames.planes, 0]), _ranks(plan.tiles[frames.planes, 1])]
    else:
        place = np.empty(plan.count, dtype=np.int64)
        place[plan.encoding_order] = np.arange(plan.count)
        columns.append(_ranks(place[frames.planes]) if plan.system else place[frames.planes] + 1)
    return np.stack(columns, axis=1).astype(np.uint32)


def _source_columns(plan: PlanePlan, frames: FramePlan, sources: SourceImages) -> dict[str, Any]:
    """Derivation Image groups (PS3.3 C.7.6.16.2.6): one source frame each, or an empty sequence."""
    instance = plan.references.instance[frames.planes]
    if not np.any(plan.references.instance >= 0):
        return {}  # no plane corresponds to a source frame: shared_groups() states the sources of all
    columns: dict[str, Any] = {
        f"{_SOURCE}.ReferencedSOPClassUID": Categories(instance, [i.sop_class for i in sources.identities]),
        f"{_SOURCE}.ReferencedSOPInstanceUID": Categories(instance, [i.instance for i in sources.identities]),
    }
    used = np.where(instance >= 0, 0, -1)
    if np.any(plan.references.frame):
        numbers = plan.references.frame[frames.planes]
        values, codes = np.unique(numbers, return_inverse=True)
        codes = np.where(instance >= 0, codes.reshape(-1), -1)
        columns[f"{_SOURCE}.ReferencedFrameNumber"] = Categories(codes, values.tolist())
    columns[f"{_SOURCE}.SpatialLocationsPreserved"] = Categories(used, ["YES"])
    for path, code in (
        (f"{_SOURCE}.PurposeOfReferenceCodeSequence", _SOURCE_IMAGE),
        ("DerivationImageSequence.DerivationCodeSequence", _SEGMENTATION),
    ):
        for keyword, value in zip(("CodeValue", "CodingSchemeDesignator", "CodeMeaning"), code, strict=True):
            columns[f"{path}.{keyword}"] = Categories(used, [value])
    return columns


def frame_table(plan: PlanePlan, frames: FramePlan, sources: SourceImages) -> FrameTable:
    """Per-frame functional groups as columns."""
    columns = _source_columns(plan, frames, sources)
    columns["FrameContentSequence.DimensionIndexValues"] = _dimension_values(plan, frames)
    if plan.system is None:
        place = np.empty(plan.count, dtype=np.int64)
        place[plan.encoding_order] = np.arange(1, plan.count + 1)
        columns["FrameContentSequence.StackID"] = "1"
        columns["FrameContentSequence.InStackPositionNumber"] = place[frames.planes].astype(np.uint32)
    elif plan.positions is not None and plan.tiles is not None:
        slide = "PlanePositionSlideSequence"
        for i, axis in enumerate("XYZ"):
            columns[f"{slide}.{axis}OffsetInSlideCoordinateSystem"] = _decimals(
                plan.positions[:, i], frames.planes
            )
        columns[f"{slide}.ColumnPositionInTotalImagePixelMatrix"] = plan.tiles[frames.planes, 1].astype(
            np.int32
        )
        columns[f"{slide}.RowPositionInTotalImagePixelMatrix"] = plan.tiles[frames.planes, 0].astype(np.int32)
    elif plan.positions is not None:
        positions = [tuple(row) for row in plan.positions.tolist()]
        columns["PlanePositionSequence.ImagePositionPatient"] = Categories(frames.planes, positions)
    if plan.orientations is not None and plan.system is CoordinateSystemNames.PATIENT and plan.stack is None:
        rows = [tuple(row) for row in plan.orientations.tolist()]
        columns["PlaneOrientationSequence.ImageOrientationPatient"] = Categories(frames.planes, rows)
    if plan.measures is not None and plan.thicknesses is not None:
        thicknesses = plan.thicknesses.tolist()
        columns["PixelMeasuresSequence.PixelSpacing"] = plan.measures.pixel_spacing
        columns["PixelMeasuresSequence.SliceThickness"] = Categories(frames.planes, thicknesses)
        if plan.measures.spacing_between_slices is not None:
            columns["PixelMeasuresSequence.SpacingBetweenSlices"] = plan.measures.spacing_between_slices
    if frames.segments is not None:
        columns["SegmentIdentificationSequence.ReferencedSegmentNumber"] = frames.segments.astype(np.uint16)
    return FrameTable.of(frames.count, columns)


def _decimals(values: NDArray[np.float64], planes: NDArray[np.intp]) -> Categories:
    distinct, codes = np.unique(values, return_inverse=True)
    return Categories(codes.reshape(-1)[planes].astype(np.intp), distinct.tolist())


def _reference_item(sop_class: str, instance: str) -> Dataset:
    """An item that references an instance (PS3.3 10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = instance
    return item


def reference_table(instances: Sequence[tuple[str, str]]) -> FrameTable:
    """Items that reference instances (PS3.3 10.8) by SOP Class and SOP Instance UID, in columns."""
    classes = list(dict.fromkeys(sop_class for sop_class, _ in instances))
    place = {sop_class: i for i, sop_class in enumerate(classes)}
    columns = {
        "ReferencedSOPClassUID": Categories([place[sop_class] for sop_class, _ in instances], classes),
        "ReferencedSOPInstanceUID": Categories(
            np.arange(len(instances)), [instance for _, instance in instances]
        ),
    }
    return FrameTable.of(len(instances), columns)


def shared_groups(
    plan: PlanePlan, sources: SourceImages, organisation: DimensionOrganizationTypeValues | None
) -> Dataset:
    """The functional groups that all frames share (PS3.3 C.7.6.16.1)."""
    item = Dataset()
    if plan.measures is not None and plan.thicknesses is None:
        measures = plan.measures
        item.PixelMeasuresSequence = PixelMeasuresSequence(
            measures.pixel_spacing, measures.slice_thickness, measures.spacing_between_slices
        )
    if plan.stack is not None and plan.orientations is not None:
        item.PlaneOrientationSequence = PlaneOrientationSequence(
            CoordinateSystemNames.PATIENT, plan.orientations[0].tolist()
        )
    full = organisation is DimensionOrganizationTypeValues.TILED_FULL
    if full or not np.any(plan.references.instance >= 0):
        same_pixels = full and bool(np.any(plan.references.instance >= 0))
        item.DerivationImageSequence = [_derivation(sources, preserved=same_pixels)]
    return item


def _derivation(sources: SourceImages, *, preserved: bool) -> Dataset:
    """All frames were derived from all source images."""
    derivation = Dataset()
    derivation.SourceImageSequence = []
    for identity in sources.identities:
        reference = _reference_item(identity.sop_class, identity.instance)
        reference.SpatialLocationsPreserved = "YES" if preserved else "NO"
        reference.PurposeOfReferenceCodeSequence = [CodedConcept(*_code(_SOURCE_IMAGE))]
        derivation.SourceImageSequence.append(reference)
    derivation.DerivationCodeSequence = [CodedConcept(*_code(_SEGMENTATION))]
    return derivation


def _code(code: tuple[str, str, str]) -> tuple[str, str, str]:
    return code[0], code[1], code[2]
