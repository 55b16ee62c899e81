"""``measure_segments``: a Segmentation and its images in, measurements out."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._measure_maps import ValueMapLike
from dicomposer.api._measure_masks import Grid, SegmentMask, planar_masks, volume_masks
from dicomposer.api._measure_shapes import Crop, in_plane_axes, largest_diameter
from dicomposer.api._measure_values import (
    Quantity,
    SourceValues,
    Statistics,
    check_values,
    difference,
    is_grey,
    quantity_of,
    statistics_of,
)
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._report_document import (
    SEGMENTATIONS,
    read_images,
)
from dicomposer.api._sources import SourceImages, SourceLike, read_header
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError, NotDicomError
from dicomposer.image import refuse_several_patients
from dicomposer.seg import Segmentation

if TYPE_CHECKING:
    import pandas

__all__ = [
    "STATISTICS",
    "Measured",
    "MeasurementTable",
    "PlaneAxes",
    "SegmentMeasurements",
    "SegmentationLike",
    "Wanted",
    "as_segmentation",
    "measure_segments",
    "measured",
]

SegmentationLike = str | os.PathLike[str] | Dataset

#: Statistics of tables and reports.
STATISTICS = ("mean", "std", "minimum", "maximum", "median")


@dataclass(frozen=True)
class PlaneAxes:
    """Long and short axis of a segment, in the plane whose long axis is longest.

    Attributes
    ----------
    long, short : float
        Lengths in millimetres; the short axis is the longest line across the long one.
    long_ends, short_ends : tuple
        Their ends, x, y, z in millimetres.
    long_pixels, short_pixels : tuple
        Their ends in the image: column and row, (0, 0) is the corner of the first pixel (PS3.3 C.18.6.1.1).
    image : tuple[str, str, int or None] or None
        SOP Class UID, SOP Instance UID and, of several, number of the frame in which they lie; None if no image
        of the source does.
    """

    long: float
    short: float
    long_ends: tuple[tuple[float, ...], ...]
    short_ends: tuple[tuple[float, ...], ...]
    long_pixels: tuple[tuple[float, ...], ...]
    short_pixels: tuple[tuple[float, ...], ...]
    image: tuple[str, str, int | None] | None


@dataclass(frozen=True)
class SegmentMeasurements:
    """What was measured of a segment; None is what it does not have.

    Attributes
    ----------
    number, label, type : int, str, str
        Segment Number, Segment Label and meaning of the type.
    tracking_id, tracking_uid : str or None
        Its identity across objects.
    voxels : int
        How many voxels belong to it; of fractions, those that reach the threshold.
    volume : float or None
        Cubic millimetres: voxels times their volume; fractions that are shares of voxels (OCCUPANCY) count as such.
    area : float or None
        Square millimetres, of segments in one plane: slides and single images.
    diameter : float or None
        Longest distance between two points of the surface, millimetres (IBSI L0JK).
    axes : PlaneAxes or None
        Long and short axis within a plane.
    centroid : tuple[float, float, float] or None
        Mean position of the voxels, x, y, z in millimetres.
    bounding_box : tuple or None
        Least and greatest x, y, z of the voxels (with their extent), millimetres.
    statistics : Statistics or None
        Values of the source images in its voxels.
    """

    number: int
    label: str
    type: str
    tracking_id: str | None
    tracking_uid: str | None
    voxels: int
    volume: float | None = None
    area: float | None = None
    diameter: float | None = None
    axes: PlaneAxes | None = None
    centroid: tuple[float, ...] | None = None
    bounding_box: tuple[tuple[float, ...], ...] | None = None
    statistics: Statistics | None = None


class MeasurementTable(tuple[SegmentMeasurements, ...]):
    """Measurements of segments, one entry a segment in the order of the object."""

    __slots__ = ()

    def to_dicts(self) -> list[dict[str, Any]]:
        """Plain values, for JSON."""
        return [asdict(one) for one in self]

    def to_dataframe(self) -> pandas.DataFrame:
        """One row a segment; columns such as ``volume`` (mm3), ``long_axis`` (mm), ``mean``, ``p95``, ``unit``."""
        import pandas

        return pandas.DataFrame([_row(one) for one in self])


def _row(one: SegmentMeasurements) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: getattr(one, name)
        for name in (
            "number", "label", "type", "tracking_id", "tracking_uid", "voxels", "volume", "area", "diameter",
        )
    }  # fmt: skip
    row["long_axis"] = one.axes.long if one.axes else None
    row["short_axis"] = one.axes.short if one.axes else None
    row.update(zip(("x", "y", "z"), one.centroid or (None,) * 3, strict=True))
    if one.statistics:
        found = one.statistics
        row["unit"] = found.unit
        row.update({name: getattr(found, name) for name in STATISTICS})
        row.update({f"p{number}": value for number, value in found.percentiles.items()})
    return row


def measure_segments(
    segmentation: SegmentationLike,
    source: SourceLike | None = None,
    *,
    segments: Sequence[int] | None = None,
    statistics: bool | None = None,
    threshold: float = 0.5,
    source_series: str | int | None = None,
    value_map: ValueMapLike | None = None,
) -> MeasurementTable:
    """Measure segments in physical space.

    Parameters
    ----------
    segmentation : str, os.PathLike or pydicom.Dataset
        A Segmentation of any type; segments may overlap.
    source : folder, file, dataset or list of them, optional
        The images it was made from, as :func:`segment` takes them. Without them there are no statistics of values.
    segments : Sequence[int], optional
        Numbers of the segments to measure; all if left out.
    statistics : bool, optional
        True: statistics of the values of the images, or an error if their grid is not that of the segmentation. False:
        none. Left out: if the grid is the same; else a warning says why there are none.
    threshold : float, optional
        Fractions from here on belong to a segment.
    source_series : str or int, optional
        UID or number of the series, if `source` is a folder with several.
    value_map : str or code, optional
        Label or unit of the real world value map that gives the values, if images have several.

    Returns
    -------
    MeasurementTable
        One entry a segment, ``to_dicts()``, ``to_dataframe()``. Empty segments have 0 voxels, a volume of 0 and
        nothing else.

    Raises
    ------
    GeometryError
        If planes are unevenly spaced, or the images lack planes in which the segmentation has voxels.
    ArgumentError
        If it is no Segmentation, the images are of another patient, or they have several real world value maps and
        none was chosen.
    """
    wanted = Wanted(segments, statistics, threshold, source_series, value_map)
    return measured(segmentation, source, wanted).table


@dataclass(frozen=True)
class Wanted:
    """What is measured, as :func:`measure_segments` takes it."""

    segments: Sequence[int] | None = None
    statistics: bool | None = None
    threshold: float = 0.5
    series: str | int | None = None
    value_map: ValueMapLike | None = None


@dataclass(frozen=True)
class Measured:
    """What was measured, and in what."""

    segmentation: Segmentation
    source: SourceImages | None
    quantity: Quantity | None
    table: MeasurementTable


def measured(segmentation: SegmentationLike, source: SourceLike | None, wanted: Wanted) -> Measured:
    """Measure segments; see :func:`measure_segments`."""
    made = as_segmentation(segmentation)
    threshold = wanted.threshold
    if not 0 < threshold <= 1:
        raise ArgumentError(f"threshold must be above 0 and at most 1, not {threshold}")
    known = made.segment_numbers
    numbers = known if wanted.segments is None else [int(number) for number in wanted.segments]
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise ArgumentError(
            f"the segmentation has no segment {unknown[0]}; it has {', '.join(map(str, known[:12]))}"
        )
    images = None if source is None else read_images(source, wanted.series)
    if images is not None:
        _check_source(made, images)
    if wanted.statistics and (images is None or not is_grey(images.datasets[0])):
        raise ArgumentError("statistics need source images with grey values")
    planes = SourcePlanes.of(SourceImages((made,), ordered=True))
    if "TotalPixelMatrixRows" in made or not planes.has_geometry:
        return Measured(made, images, None, MeasurementTable(_planar(made, planes, numbers, threshold)))
    space = _Space.of(made, planes, images, wanted)
    table = MeasurementTable(
        space.measured(mask) for mask in volume_masks(made, space.grid, numbers, threshold)
    )
    return Measured(made, images, space.quantity, table)


def as_segmentation(given: SegmentationLike) -> Segmentation:
    """A Segmentation from a file or a dataset, which is not copied."""
    if isinstance(given, Segmentation):
        return given
    try:
        dataset = read_header(given) if isinstance(given, str | os.PathLike) else given
    except NotDicomError as error:
        raise NotDicomError(f"{error}; a mask is made a Segmentation first, with segment") from error
    if not isinstance(dataset, Dataset):
        raise ArgumentTypeError(f"a Segmentation or its file is needed, not {type(given).__name__}")
    if record.text_value(dataset, "SOPClassUID") not in SEGMENTATIONS:
        raise ArgumentError("the object is no Segmentation; the segmentation comes first, then the images")
    if isinstance(given, Dataset):
        dataset = copy(dataset)  # shares everything with the caller's, which stays of its own class
    return Segmentation.from_dataset(dataset, copy=False)


def _check_source(segmentation: Segmentation, images: SourceImages) -> None:
    refuse_several_patients([images.datasets[0]], [segmentation], "images and the segmentation")
    theirs = record.text_value(images.datasets[0], "FrameOfReferenceUID")
    ours = record.text_value(segmentation, "FrameOfReferenceUID")
    if theirs and ours and theirs != ours:
        raise GeometryError("the images and the segmentation are of different frames of reference")


# -- in a plane --------------------------------------------------------------------------------------------------------


def _planar(
    segmentation: Segmentation, planes: SourcePlanes, numbers: Sequence[int], threshold: float
) -> Iterator[SegmentMeasurements]:
    spacing = planes.pixel_spacing if planes.columns.spacings is not None else None
    for mask in planar_masks(segmentation, numbers, threshold):
        area = None if spacing is None else mask.weight * spacing[0] * spacing[1]
        yield SegmentMeasurements(**_identity(segmentation, mask.number), voxels=mask.voxels, area=area)


def _identity(segmentation: Segmentation, number: int) -> dict[str, Any]:
    described = segmentation.get_segment_description(number)
    return {
        "number": number,
        "label": described.segment_label,
        "type": described.segmented_property_type.meaning,
        "tracking_id": described.tracking_id,
        "tracking_uid": None if described.tracking_uid is None else str(described.tracking_uid),
    }


# -- in space ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Space:
    """A segmentation on its grid, and the images that lie on the same one."""

    segmentation: Segmentation
    grid: Grid
    values: SourceValues | None
    quantity: Quantity | None
    image_of: Callable[[int], tuple[str, str, int | None] | None]

    @classmethod
    def of(
        cls,
        segmentation: Segmentation,
        planes: SourcePlanes,
        images: SourceImages | None,
        options: Wanted,
    ) -> _Space:
        wanted, value_map = options.statistics, options.value_map
        theirs = None if images is None or images.is_slide else SourcePlanes.of(images)
        if theirs is not None and not theirs.has_geometry:
            theirs = None
        grid = Grid.of(planes, _between(segmentation, planes, theirs))
        if images is None or theirs is None:
            return cls(segmentation, grid, None, None, lambda _: None)
        problem = difference(theirs, grid, planes.shape)
        grey = is_grey(images.datasets[0])
        if problem is not None or not grey:
            if wanted:
                raise GeometryError(f"{problem}; pass statistics=False")
            if wanted is None and problem is not None:
                warnings.warn(f"no statistics of values: {problem}", stacklevel=4)
            return cls(segmentation, grid, None, None, lambda _: None)
        values = SourceValues(images, theirs, grid, planes.shape, value_map)
        if wanted is not False:
            _check_cover(values, grid)
            quantity = quantity_of(images.datasets[0], value_map)
            check_values(segmentation, images, quantity, value_map)
            return cls(segmentation, grid, values, quantity, values.image)
        return cls(segmentation, grid, None, None, values.image)

    def measured(self, mask: SegmentMask) -> SegmentMeasurements:
        """Everything of one segment."""
        who, grid, crop = _identity(self.segmentation, mask.number), self.grid, mask.crop
        volume = None if grid.between is None else mask.weight * float(np.prod(grid.spacing))
        if crop is None:
            return SegmentMeasurements(**who, voxels=mask.voxels, volume=volume)
        low, high = _bounding_box(crop, grid)
        statistics = None
        if self.values is not None and self.quantity is not None:
            values = self.values.within(crop)
            statistics = statistics_of(values, self.quantity.unit.value) if len(values) else None
        return SegmentMeasurements(
            **who,
            voxels=mask.voxels,
            volume=volume,
            area=mask.weight * grid.pixel[0] * grid.pixel[1] if grid.between is None else None,
            diameter=None if grid.between is None else largest_diameter(crop, grid.spacing),
            axes=self._axes(crop),
            centroid=_triple(grid.points(crop.centroid)),
            bounding_box=(_triple(low), _triple(high)),
            statistics=statistics,
        )

    def _axes(self, crop: Crop) -> PlaneAxes:
        axes = in_plane_axes(crop, self.grid.spacing[1:])

        def in_space(ends: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
            return tuple(_triple(self.grid.points([axes.plane, *end])) for end in ends)

        def in_image(ends: NDArray[np.float64]) -> tuple[tuple[float, ...], ...]:
            return tuple((float(column) + 0.5, float(row) + 0.5) for row, column in ends)

        return PlaneAxes(
            axes.long, axes.short, in_space(axes.long_ends), in_space(axes.short_ends),
            in_image(axes.long_ends), in_image(axes.short_ends), self.image_of(axes.plane),
        )  # fmt: skip


def _check_cover(values: SourceValues, grid: Grid) -> None:
    places = np.unique(grid.slots)
    lacking = values.lacks(places)
    if lacking:
        raise GeometryError(
            f"the images lack {lacking} of the {len(places)} planes in which the segmentation has frames; pass the "
            "whole series, or statistics=False"
        )


def _between(segmentation: Segmentation, planes: SourcePlanes, images: SourcePlanes | None) -> float | None:
    """The distance between planes: that of the images, or what the segmentation says or shows."""
    normal = planes.normal
    if images is not None and len(images) > 1 and np.abs(np.cross(normal, images.normal)).max() < 1e-3:
        gaps = np.diff(np.sort(images.positions @ normal))
        if gaps.max() - gaps.min() > 0.02 * gaps.max():
            raise GeometryError(
                f"the images are unevenly spaced ({gaps.min():.4g} to {gaps.max():.4g} mm), so voxels have no one "
                "volume; pass the images of a regular stack"
            )
        ours = np.diff(np.unique(np.round(planes.positions @ normal, 3)))
        if not len(ours) or abs(ours.min() / gaps.mean() - round(ours.min() / gaps.mean())) < 0.02:
            return float(gaps.mean())
    shared = record.items_of(segmentation, "SharedFunctionalGroupsSequence")
    measures = record.items_of(shared[0], "PixelMeasuresSequence") if shared else ()
    for keyword in ("SpacingBetweenSlices", "SliceThickness"):
        stated = record.float_values(measures[0], keyword) if measures else None
        gaps = np.diff(np.unique(np.round(planes.positions @ normal, 3)))
        if not stated or stated[0] <= 0:
            continue
        ratios = gaps / stated[0]
        if np.abs(ratios - np.rint(ratios)).max(initial=0.0) < 0.05 and ratios.min(initial=1.0) > 0.5:
            return float(stated[0])
    return None


def _bounding_box(crop: Crop, grid: Grid) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    first = np.asarray(crop.origin) - 0.5
    ends = np.stack([first, first + crop.mask.shape])
    corners = np.asarray(
        [[ends[i, 0], ends[j, 1], ends[k, 2]] for i in (0, 1) for j in (0, 1) for k in (0, 1)]
    )
    points = grid.points(corners)
    return points.min(axis=0), points.max(axis=0)


def _triple(point: NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(map(float, point))
