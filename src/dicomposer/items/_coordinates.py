"""Shapes in images and in space, extents in time (PS3.3 C.18.6, C.18.7, C.18.9)."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydicom.valuerep import DT

from dicomposer.coding import (
    UID,
    CodeLike,
    check_uid,
    datetime_text,
    format_ds,
)
from dicomposer.errors import ArgumentError, MissingAttributeError
from dicomposer.items._graphics import check_graphic, check_graphic_3d
from dicomposer.items._item import ContentItem
from dicomposer.items._raw import (
    put,
    raw,
)
from dicomposer.items._types import numbers_of, whole_numbers
from dicomposer.items.enum import (
    GraphicTypeValues,
    GraphicTypeValues3D,
    PixelOriginInterpretationValues,
    RelationshipTypeValues,
    TemporalRangeTypeValues,
    ValueTypeValues,
)
from dicomposer.record import base_tag, float_values, required, text_value, understood, value_of

__all__ = ["Scoord3DContentItem", "ScoordContentItem", "TcoordContentItem"]

Relationship = str | RelationshipTypeValues | None

_GRAPHIC_DATA = base_tag(0x00700022)


class ScoordContentItem(ContentItem):
    """A shape in an image.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    graphic_type : GraphicTypeValues or str
        The shape.
    graphic_data : numpy.ndarray
        Points, shape (n, 2): column and row, in pixels; the top left corner of the top left pixel is (0, 0).
    pixel_origin_interpretation : PixelOriginInterpretationValues or str, optional
        In tiled images, whether the points count from the frame or from the total pixel matrix.
    fiducial_uid : str or UID, optional
        Identifies the shape as a fiducial.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.SCOORD

    def __init__(
        self,
        name: CodeLike,
        graphic_type: str | GraphicTypeValues,
        graphic_data: NDArray[Any],
        pixel_origin_interpretation: str | PixelOriginInterpretationValues | None = None,
        fiducial_uid: str | UID | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.SCOORD, name, relationship_type)
        shape = GraphicTypeValues(graphic_type)
        points = check_graphic(shape, graphic_data)
        if pixel_origin_interpretation is not None:
            origin = PixelOriginInterpretationValues(pixel_origin_interpretation)
            put(self, 0x00480301, "CS", origin.value)
        _put_graphic(self, shape.value, points, fiducial_uid)

    def _check(self) -> None:
        self._need("GraphicType", "GraphicData")

    @property
    def value(self) -> NDArray[np.float64]:
        """Points, shape (n, 2): column and row, in pixels."""
        return _points(self, 2)

    @property
    def graphic_type(self) -> GraphicTypeValues:
        """The shape."""
        with understood("GraphicType"):
            return GraphicTypeValues(text_value(self, "GraphicType"))


class Scoord3DContentItem(ContentItem):
    """A shape in space.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    graphic_type : GraphicTypeValues3D or str
        The shape.
    graphic_data : numpy.ndarray
        Points, shape (n, 3): x, y, z of the frame of reference, in mm.
    frame_of_reference_uid : str or UID
        The frame of reference.
    fiducial_uid : str or UID, optional
        Identifies the shape as a fiducial.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.SCOORD3D

    def __init__(
        self,
        name: CodeLike,
        graphic_type: GraphicTypeValues3D | str,
        graphic_data: NDArray[Any],
        frame_of_reference_uid: str | UID,
        fiducial_uid: str | UID | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.SCOORD3D, name, relationship_type)
        shape = GraphicTypeValues3D(graphic_type)
        points = check_graphic_3d(shape, graphic_data)
        check_uid(frame_of_reference_uid, "frame_of_reference_uid")
        put(self, 0x30060024, "UI", str(frame_of_reference_uid))
        _put_graphic(self, shape.value, points, fiducial_uid)

    def _check(self) -> None:
        self._need("GraphicType", "GraphicData", "ReferencedFrameOfReferenceUID")

    @property
    def value(self) -> NDArray[np.float64]:
        """Points, shape (n, 3): x, y, z, in mm."""
        return _points(self, 3)

    @property
    def graphic_type(self) -> GraphicTypeValues3D:
        """The shape."""
        with understood("GraphicType"):
            return GraphicTypeValues3D(text_value(self, "GraphicType"))

    @property
    def frame_of_reference_uid(self) -> UID:
        """The frame of reference."""
        keyword = "ReferencedFrameOfReferenceUID"
        return UID(required(text_value(self, keyword), keyword))


class TcoordContentItem(ContentItem):
    """An extent in time.

    Parameters
    ----------
    name : pydicom.sr.coding.Code or CodedConcept
        Concept Name.
    temporal_range_type : TemporalRangeTypeValues or str
        What the points in time mean.
    referenced_sample_positions : Sequence[int], optional
        Samples of a waveform, from 1.
    referenced_time_offsets : Sequence[float], optional
        Seconds after the start of the referenced data.
    referenced_date_time : Sequence[datetime.datetime], optional
        Moments. Exactly one of the three is given.
    relationship_type : RelationshipTypeValues or str, optional
        How it relates to the item above it.
    """

    _kind = ValueTypeValues.TCOORD
    _FORMS: ClassVar[tuple[str, ...]] = (
        "ReferencedSamplePositions",
        "ReferencedTimeOffsets",
        "ReferencedDateTime",
    )

    def __init__(
        self,
        name: CodeLike,
        temporal_range_type: str | TemporalRangeTypeValues,
        referenced_sample_positions: Sequence[int] | None = None,
        referenced_time_offsets: Sequence[float] | None = None,
        referenced_date_time: Sequence[datetime.datetime] | None = None,
        relationship_type: Relationship = None,
    ) -> None:
        super().__init__(ValueTypeValues.TCOORD, name, relationship_type)
        forms = (referenced_sample_positions, referenced_time_offsets, referenced_date_time)
        if sum(form is not None for form in forms) != 1:
            raise ArgumentError(
                "exactly one of referenced_sample_positions, referenced_time_offsets and referenced_date_time is needed"
            )
        put(self, 0x0040A130, "CS", TemporalRangeTypeValues(temporal_range_type).value)
        if referenced_sample_positions is not None:
            self.ReferencedSamplePositions = numbers_of(
                referenced_sample_positions, "referenced_sample_positions", 1
            )
        elif referenced_time_offsets is not None:
            self.ReferencedTimeOffsets = [format_ds(float(offset)) for offset in referenced_time_offsets]
        else:
            assert referenced_date_time is not None
            self.ReferencedDateTime = [datetime_text(moment) for moment in referenced_date_time]

    def _check(self) -> None:
        self._need("TemporalRangeType")
        if not any(form in self for form in self._FORMS):
            raise MissingAttributeError("temporal coordinates need samples, offsets or moments")

    @property
    def value(self) -> list[int] | list[float] | list[DT]:
        """Samples, seconds, or moments."""
        samples = whole_numbers(self, "ReferencedSamplePositions")
        if samples is not None:
            return samples
        offsets = float_values(self, "ReferencedTimeOffsets")
        if offsets:
            return list(offsets)
        moments = value_of(self, "ReferencedDateTime")
        with understood("ReferencedDateTime"):
            return [DT(one) for one in ([moments] if isinstance(moments, str) else moments or ())]

    @property
    def temporal_range_type(self) -> TemporalRangeTypeValues:
        """What the points in time mean."""
        with understood("TemporalRangeType"):
            return TemporalRangeTypeValues(text_value(self, "TemporalRangeType"))


def _put_graphic(
    item: ContentItem, shape: str, points: NDArray[np.float64], fiducial_uid: str | UID | None
) -> None:
    value = points.astype("<f4").tobytes()
    item._dict[_GRAPHIC_DATA] = raw(int(_GRAPHIC_DATA), "FL", value)
    put(item, 0x00700023, "CS", shape)
    if fiducial_uid is not None:
        check_uid(fiducial_uid, "fiducial_uid")
        put(item, 0x0070031A, "UI", str(fiducial_uid))


def _points(item: ContentItem, width: int) -> NDArray[np.float64]:
    numbers = np.array(float_values(item, "GraphicData"), float)
    if numbers.size % width:
        raise ArgumentError(f"GraphicData does not hold points of {width} coordinates")
    return numbers.reshape(-1, width)
