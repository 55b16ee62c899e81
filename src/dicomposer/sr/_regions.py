"""Regions in images and in space (PS3.16 TID 1410, 1411, 320)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.coding import UID, CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    ContentItem,
    GraphicTypeValues,
    GraphicTypeValues3D,
    ImageContentItem,
    PixelOriginInterpretationValues,
    RelationshipTypeValues,
    Scoord3DContentItem,
    ScoordContentItem,
    dcm,
    put_below,
)
from dicomposer.sr._sources import SOURCE, SourceImageForRegion, adopted

__all__ = [
    "IMAGE_REGION",
    "CoordinatesForMeasurement",
    "CoordinatesForMeasurement3D",
    "ImageRegion",
    "ImageRegion3D",
]

_CONTAINS = RelationshipTypeValues.CONTAINS
_INFERRED = RelationshipTypeValues.INFERRED_FROM
_SELECTED = RelationshipTypeValues.SELECTED_FROM

IMAGE_REGION = dcm("111030", "Image Region")

_WHOLE_SLIDE_IMAGE = "1.2.840.10008.5.1.4.1.1.77.1.6"


class ImageRegion(ScoordContentItem):
    """A region in an image: TID 1410 and 1411, row 5.

    Parameters
    ----------
    graphic_type : GraphicTypeValues or str
        Its shape; not MULTIPOINT, which is no region.
    graphic_data : numpy.ndarray
        Points, shape (n, 2): column and row, in pixels.
    source_image : SourceImageForRegion
        The image.
    pixel_origin_interpretation : PixelOriginInterpretationValues or str, optional
        In tiled images, whether points count from the frame or from the total pixel matrix; the latter by default
        for whole slide images.

    Raises
    ------
    ValueError
        If the shape is none of a region, or the points do not make it.
    """

    def __init__(
        self,
        graphic_type: GraphicTypeValues | str,
        graphic_data: NDArray[Any],
        source_image: SourceImageForRegion,
        pixel_origin_interpretation: PixelOriginInterpretationValues | str | None = None,
    ) -> None:
        shape = GraphicTypeValues(graphic_type)
        if shape is GraphicTypeValues.MULTIPOINT:
            raise ArgumentError(
                "MULTIPOINT is not a region (PS3.16 TID 1410 row 5): make a region of each point, or give the points "
                "to their measurement as CoordinatesForMeasurement"
            )
        origin = _origin(source_image, pixel_origin_interpretation)
        super().__init__(IMAGE_REGION, shape, graphic_data, origin, relationship_type=_CONTAINS)
        put_below(self, [source_image])

    @property
    def source_image(self) -> SourceImageForRegion | None:
        """The image in which the region is drawn."""
        return _image_below(self)


class ImageRegion3D(Scoord3DContentItem):
    """A region of a plane in space: TID 1410, row 7b.

    Parameters
    ----------
    graphic_type : GraphicTypeValues3D or str
        Its shape: POINT, POLYGON or ELLIPSE. A POLYLINE that is closed becomes the POLYGON that it is.
    graphic_data : numpy.ndarray
        Points, shape (n, 3): x, y, z, in mm.
    frame_of_reference_uid : str
        The frame of reference.

    Raises
    ------
    ValueError
        If the shape is none of a plane, or the points do not make it.
    """

    def __init__(
        self,
        graphic_type: GraphicTypeValues3D | str,
        graphic_data: NDArray[Any],
        frame_of_reference_uid: str,
    ) -> None:
        shape = GraphicTypeValues3D(graphic_type)
        if shape is GraphicTypeValues3D.ELLIPSOID:
            raise ArgumentError("an ELLIPSOID is not a region of a plane: see VolumeSurface")
        if shape is GraphicTypeValues3D.POLYLINE and _closed(graphic_data):
            shape = GraphicTypeValues3D.POLYGON
        if shape in (GraphicTypeValues3D.MULTIPOINT, GraphicTypeValues3D.POLYLINE):
            raise ArgumentError(
                f"an open {shape.value} is not a region (PS3.16 TID 1410 row 7b): close it, or give the points to "
                "their measurement as CoordinatesForMeasurement3D"
            )
        super().__init__(
            IMAGE_REGION, shape, graphic_data, frame_of_reference_uid, relationship_type=_CONTAINS
        )


def _closed(points: Any) -> bool:
    """Whether a line ends where it began, and could be a polygon."""
    return len(points) > 3 and bool(np.array_equal(points[0], points[-1]))


class CoordinatesForMeasurement(ScoordContentItem):
    """Points in an image that a measurement was made of.

    Parameters
    ----------
    graphic_type : GraphicTypeValues or str
        Their shape.
    graphic_data : numpy.ndarray
        Points, shape (n, 2): column and row, in pixels.
    source_image : SourceImageForRegion
        The image.
    purpose : pydicom.sr.coding.Code or CodedConcept, optional
        What the points are for.
    """

    def __init__(
        self,
        graphic_type: GraphicTypeValues | str,
        graphic_data: NDArray[Any],
        source_image: SourceImageForRegion,
        purpose: CodeLike = SOURCE,
    ) -> None:
        origin = _origin(source_image, None)
        super().__init__(purpose, graphic_type, graphic_data, origin, relationship_type=_INFERRED)
        put_below(self, [source_image])

    @property
    def source_image(self) -> SourceImageForRegion | None:
        """The image."""
        return _image_below(self)


class CoordinatesForMeasurement3D(Scoord3DContentItem):
    """Points in space that a measurement was made of.

    Parameters
    ----------
    graphic_type : GraphicTypeValues3D or str
        Their shape.
    graphic_data : numpy.ndarray
        Points, shape (n, 3): x, y, z, in mm.
    frame_of_reference_uid : str or UID
        The frame of reference.
    fiducial_uid : str or UID, optional
        Identifies them as a fiducial.
    purpose : pydicom.sr.coding.Code or CodedConcept, optional
        What the points are for.
    """

    def __init__(
        self,
        graphic_type: GraphicTypeValues3D | str,
        graphic_data: NDArray[Any],
        frame_of_reference_uid: str | UID,
        fiducial_uid: str | UID | None = None,
        purpose: CodeLike = SOURCE,
    ) -> None:
        super().__init__(purpose, graphic_type, graphic_data, frame_of_reference_uid, fiducial_uid, _INFERRED)


def _image_below(item: ContentItem) -> SourceImageForRegion | None:
    for child in item.children:
        if isinstance(child, ImageContentItem) and child.relationship_type is _SELECTED:
            found: SourceImageForRegion = adopted(child, SourceImageForRegion)
            return found
    return None


def _origin(
    source_image: SourceImageForRegion, origin: PixelOriginInterpretationValues | str | None
) -> PixelOriginInterpretationValues | None:
    if not isinstance(source_image, SourceImageForRegion):
        raise ArgumentTypeError("source_image must be a SourceImageForRegion item")
    if origin is not None:
        return PixelOriginInterpretationValues(origin)
    if str(source_image.referenced_sop_class_uid) == _WHOLE_SLIDE_IMAGE:
        return PixelOriginInterpretationValues.VOLUME
    return None
