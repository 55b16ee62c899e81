"""Where a finding is: shapes in images and in space, segments, whole images."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._extent import Extent
from dicomposer.api._headers import whole_number_or_none
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._report_shapes import SHAPES, axes_of, shape_of
from dicomposer.api._sources import SourceImages
from dicomposer.coding import CodeLike
from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.items import dcm, sct
from dicomposer.sr import (
    CoordinatesForMeasurement,
    CoordinatesForMeasurement3D,
    ImageRegion,
    ImageRegion3D,
    SourceImageForMeasurementGroup,
    SourceImageForRegion,
)

__all__ = ["PLACES", "SHAPES", "ImageFinder", "ImagePlace", "Region", "read_region"]

Floats = NDArray[np.float64]

#: Keys that say in which image a region is.
PLACES = ("image", "instance_number", "position", "frame")
_GRAPHICS = {
    "point": "POINT", "points": "MULTIPOINT", "line": "POLYLINE", "polygon": "POLYLINE", "box": "POLYLINE",
    "circle": "CIRCLE", "ellipse": "ELLIPSE", "axes": "POLYLINE", "point_mm": "POINT", "points_mm": "MULTIPOINT",
    "polygon_mm": "POLYGON",
}  # fmt: skip


#: Lengths that differ by less, of their size, are equal.
_EQUAL = 1e-6
#: Of PS3.16 CID 7551.
_SOURCE = dcm("121112", "Source of Measurement")
_ANY_SOURCE = sct("260753009", "Source")


@dataclass(frozen=True)
class ImagePlace:
    """An image of the source, and a frame of it if it has several."""

    image: Dataset
    frame: int | None

    @property
    def frames(self) -> list[int] | None:
        return None if self.frame is None else [self.frame]

    def for_region(self) -> SourceImageForRegion:
        """As the image in which a region is drawn."""
        return SourceImageForRegion.from_source_image(self.image, self.frames)

    def for_group(self) -> SourceImageForMeasurementGroup:
        """As the image in which the measurements of a group were made."""
        return SourceImageForMeasurementGroup.from_source_image(self.image, self.frames)

    @property
    def origin(self) -> str | None:
        """From where pixels of tiled images count (PS3.3 C.18.6): from a frame, if one is given."""
        if "TotalPixelMatrixRows" not in self.image:
            return None
        return "VOLUME" if self.frame is None else "FRAME"

    @property
    def size(self) -> tuple[int, int]:
        """Columns and rows in which points may lie."""
        names = ("TotalPixelMatrixColumns", "TotalPixelMatrixRows")
        if names[0] not in self.image or self.frame is not None:
            names = ("Columns", "Rows")
        return record.int_value(self.image, names[0]) or 0, record.int_value(self.image, names[1]) or 0

    def spacing(self) -> tuple[float, float] | None:
        """Distances between rows and between columns, millimetres; None if the image does not tell."""
        known = SourcePlanes.of(SourceImages((self.image,), ordered=True)).columns.spacings
        if known is not None:
            rows, columns = known[(self.frame or 1) - 1]
            return float(rows), float(columns)
        for groups in record.items_of(self.image, "SharedFunctionalGroupsSequence")[:1]:
            for measures in record.items_of(groups, "PixelMeasuresSequence")[:1]:
                found = record.float_values(measures, "PixelSpacing") or ()
                if len(found) == 2 and all(0 < one < math.inf for one in found):
                    return found[0], found[1]
        return None


class ImageFinder:
    """Finds images of a source by what people know of them.

    Parameters
    ----------
    source : SourceImages
        The images.
    """

    def __init__(self, source: SourceImages) -> None:
        self._source = source
        self._by_uid = {record.text_value(one, "SOPInstanceUID"): one for one in source.datasets}

    @property
    def frame_of_reference(self) -> str:
        uid = record.text_value(self._source.datasets[0], "FrameOfReferenceUID")
        if not uid:
            raise GeometryError("the images have no Frame of Reference UID, so there are no points in space")
        return uid

    @cached_property
    def extent(self) -> Extent | None:
        """How far the images reach in space; None if they do not say where they lie."""
        return Extent.of(self._source)

    def find(self, region: Mapping[str, Any]) -> ImagePlace:
        """The image that a region names with ``image``, ``instance_number``, ``position`` and ``frame``."""
        given = {key: region[key] for key in PLACES if region.get(key) is not None}
        several = [key for key in ("image", "instance_number", "position") if key in given]
        if len(several) > 1:
            raise ArgumentError(f"{' and '.join(several)} both say which image is meant; give one")
        image, frame = self._image(given), given.get("frame")
        frame = None if frame is None else _whole(frame, "frame")
        if "position" in given and self._source.is_multi_frame:
            frame = self._at(given["position"]) + 1
        count = whole_number_or_none(image, "NumberOfFrames") or 1
        if frame is not None and not 1 <= frame <= count:
            raise ArgumentError(f"frame {frame} is not one of the {count} of the image (they count from 1)")
        if frame is None and count > 1 and not self._source.is_slide:
            raise ArgumentError(f"the image has {count} frames; say which with frame=")
        # a reference names frames of images that have several (PS3.3 C.18.4)
        return ImagePlace(image, frame if count > 1 or self._source.is_slide else None)

    def _image(self, given: Mapping[str, Any]) -> Dataset:
        images = self._source.datasets
        if "image" in given:
            return self._named(given["image"])
        if "instance_number" in given:
            wanted = _whole(given["instance_number"], "instance_number")
            found = [one for one in images if whole_number_or_none(one, "InstanceNumber") == wanted]
            if len(found) != 1:
                raise ArgumentError(f"{len(found) or 'no'} images have the Instance Number {wanted}")
            return found[0]
        if "position" in given and not self._source.is_multi_frame:
            return images[self._at(given["position"])]
        if len(images) == 1:
            return images[0]
        raise ArgumentError(
            f"the source has {len(images)} images; say which with image (its SOP Instance UID), "
            "instance_number or position"
        )

    def _named(self, name: Any) -> Dataset:
        if isinstance(name, Dataset):
            name = record.text_value(name, "SOPInstanceUID") or ""
        if not isinstance(name, str | int | np.integer | os.PathLike):
            raise ArgumentError(
                f"image must be a SOP Instance UID, a file name, an index or an image, not {type(name).__name__}"
            )
        images, text = self._source.datasets, str(name).strip()
        if text in self._by_uid:
            return self._by_uid[text]
        by_name = [
            one
            for one in images
            if os.path.basename(str(getattr(one, "filename", ""))) == os.path.basename(text)
        ]
        if text.isdigit():
            index = int(text) if self._source.ordered else -1
            if (
                by_name
                and isinstance(name, str)
                and (index >= len(images) or images[index] is not by_name[0])
            ):
                raise ArgumentError(
                    f"image {name!r} may be a file name or an index; say which image by its SOP Instance UID, "
                    "instance_number or position, or give the index as a number"
                )
            if not self._source.ordered:
                raise ArgumentError(
                    f"image {text} counts in an order that nobody gave; with a folder, say which image by its SOP "
                    "Instance UID, instance_number or position"
                )
            if int(text) >= len(images):
                raise ArgumentError(
                    f"image {text} is not one of the {len(images)} of the source (they count from 0)"
                )
            return images[int(text)]
        if len(by_name) != 1:
            raise ArgumentError(f"no image of the source has the SOP Instance UID or file name {text!r}")
        return by_name[0]

    def _at(self, given: Any) -> int:
        """Index of the plane at a distance along the normal of the planes (z, of axial images)."""
        try:
            position = float(given)
        except (TypeError, ValueError):
            position = math.nan
        if not math.isfinite(position):
            raise ArgumentError(f"position must be a finite number, not {given!r}")
        planes = SourcePlanes.of(self._source)
        normal = planes.normal
        # To the left, to the back, or to the head: which way the rows run says nothing about where a slice lies
        along = planes.positions @ (normal * np.sign(normal[np.abs(normal).argmax()]))
        gaps = np.diff(np.unique(np.round(along, 3)))
        away = np.abs(along - position)
        nearest = int(away.argmin())
        if away[nearest] > (gaps.min() / 2 if len(gaps) else 1.0):
            raise GeometryError(
                f"no image lies at position {position:g}; the images lie between {along.min():g} and {along.max():g} mm"
            )
        if np.count_nonzero(np.abs(along - along[nearest]) < 1e-3) > 1:
            raise GeometryError(
                f"several images lie at position {position:g}; say which with image or instance_number, or frame"
            )
        return nearest


@dataclass(frozen=True)
class Region:
    """Where a finding is.

    Attributes
    ----------
    kind : str
        A key of SHAPES, "axes", "segment" or "image".
    points : numpy.ndarray or None
        (n, 2) columns and rows, or (n, 3) x, y, z in millimetres, as the standard has them for its graphic type.
    place : ImagePlace or None
        The image.
    frame_of_reference : str or None
        Of points in space.
    segment : tuple or None
        The Segmentation (or its file) and the number of the segment.
    """

    kind: str
    points: Floats | None = None
    place: ImagePlace | None = None
    frame_of_reference: str | None = None
    segment: tuple[Any, int] | None = None

    def item(self) -> ImageRegion | ImageRegion3D:
        """As the region of a group."""
        assert self.points is not None
        if self.frame_of_reference is not None:
            return ImageRegion3D(self._graphic, self.points, self.frame_of_reference)
        assert self.place is not None
        return ImageRegion(self._graphic, self.points, self.place.for_region(), self.place.origin)

    @property
    def is_cloud(self) -> bool:
        """Whether it is several points, which are no region of a plane (PS3.16 TID 1410, rows 5 and 7b)."""
        return self.kind in ("points", "points_mm") and self.points is not None and len(self.points) > 1

    def source(self) -> CoordinatesForMeasurement | CoordinatesForMeasurement3D:
        """As the points of which all numbers of a group were measured."""
        assert self.points is not None
        if self.frame_of_reference is not None:
            return CoordinatesForMeasurement3D(
                self._graphic, self.points, self.frame_of_reference, purpose=_SOURCE
            )
        return self.coordinates(purpose=_SOURCE)

    @property
    def _graphic(self) -> str:
        several = self.kind not in ("points", "points_mm") or self.is_cloud
        return _GRAPHICS[self.kind] if several else "POINT"

    def coordinates(
        self, rows: slice = slice(None), purpose: CodeLike = _ANY_SOURCE
    ) -> CoordinatesForMeasurement:
        """As the points of which a number was measured."""
        assert self.points is not None and self.place is not None
        made = CoordinatesForMeasurement(
            self._graphic, self.points[rows], self.place.for_region(), purpose=purpose
        )
        if self.place.origin is not None:
            made.PixelOriginInterpretation = self.place.origin
        return made


def read_region(region: Mapping[str, Any], finder: ImageFinder | None) -> Region:
    """Understand a region.

    Parameters
    ----------
    region : Mapping
        One shape (``polygon``, ``box``...) or ``segment``, with what says in which image; see :func:`report`.
    finder : ImageFinder, optional
        The images; None if the source has none.
    """
    given = {key: value for key, value in region.items() if value is not None}
    unknown = [key for key in given if key not in (*SHAPES, *PLACES, "segment", "segmentation")]
    if unknown:
        raise ArgumentError(
            f"a region has no {unknown[0]!r}; it has {', '.join((*SHAPES, 'segment', *PLACES))}"
        )
    shapes = [key for key in given if key in SHAPES]
    if "segment" in given or "segmentation" in given:
        if shapes:
            raise ArgumentError(f"a region is a segment or a {shapes[0]}, not both")
        return Region(
            "segment", segment=(given.get("segmentation"), _whole(given.get("segment", 1), "segment"))
        )
    if finder is None:
        raise ArgumentError(
            "the source is a Segmentation, and the region lies in an image: pass the images as source, and segments of "
            "the Segmentation as regions {'segment': 1, 'segmentation': object or file}"
        )
    if set(shapes) == {"long_axis", "short_axis"}:
        points = axes_of(given["long_axis"], given["short_axis"])
        return _longer_first(_inside(Region("axes", points, finder.find(given))))
    if len(shapes) > 1:
        raise ArgumentError(f"a region has one shape, not {' and '.join(shapes)}")
    if not shapes:
        return Region("image", place=finder.find(given))
    (shape,) = shapes
    if shape in ("long_axis", "short_axis"):
        raise ArgumentError("long_axis and short_axis go together")
    points = shape_of(shape, given[shape])
    if SHAPES[shape] == 3:
        _refuse_place(given)
        uid = finder.frame_of_reference
        if finder.extent is not None:
            finder.extent.check(points, shape)
        return Region(shape, points, frame_of_reference=uid)
    return _inside(Region(shape, points, finder.find(given)))


def _refuse_place(given: Mapping[str, Any]) -> None:
    """Refuse an image beside points in space, which may be those of another one."""
    named = [key for key in PLACES if key in given]
    if named:
        raise ArgumentError(
            f"points in millimetres say where they are; leave out {' and '.join(named)}, or give the points in pixels "
            "of that image"
        )


def _inside(region: Region) -> Region:
    assert region.place is not None and region.points is not None
    size = region.place.size
    points = region.points
    if region.kind == "circle":
        radius = points[1, 0] - points[0, 0]
        points = np.stack([points[0] - radius, points[0] + radius])
    elif region.kind == "ellipse":  # a turned one reaches further than the ends of its axes
        centre, reach = points.mean(axis=0), np.sqrt((np.diff(points, axis=0)[::2] ** 2).sum(axis=0)) / 2
        points = np.stack([centre - reach, centre + reach])
    if points.min() < 0 or (points > np.asarray(size)).any():
        raise GeometryError(
            f"the {region.kind} reaches outside the image: columns {points[:, 0].min():g} to {points[:, 0].max():g}, "
            f"rows {points[:, 1].min():g} to {points[:, 1].max():g} of {size[0]} x {size[1]}"
        )
    return region


def _longer_first(region: Region) -> Region:
    """Refuse axes that are swapped."""
    assert region.place is not None and region.points is not None
    rows, columns = region.place.spacing() or (1.0, 1.0)
    long, short = np.linalg.norm((region.points[1::2] - region.points[::2]) * [columns, rows], axis=1)
    if long < short * (1 - _EQUAL):
        unit = "pixels" if region.place.spacing() is None else "mm"
        raise ArgumentError(
            f"long_axis is shorter than short_axis: {long:.4g} and {short:.4g} {unit}; are they swapped?"
        )
    return region


def _whole(value: Any, name: str) -> int:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.5
    if not math.isfinite(number) or number != int(number):
        raise ArgumentError(f"{name} must be a whole number, not {value!r}")
    return int(number)
