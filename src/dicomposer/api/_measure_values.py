"""Values of the source images within segments, in real-world units."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._measure_maps import ValueMap, ValueMapLike, value_map_of
from dicomposer.api._measure_masks import Grid
from dicomposer.api._measure_shapes import Crop
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._sources import SourceImages
from dicomposer.coding import Code
from dicomposer.errors import GeometryError
from dicomposer.image import Image

__all__ = [
    "Quantity",
    "SourceValues",
    "Statistics",
    "check_values",
    "is_grey",
    "quantity_of",
    "statistics_of",
]

PERCENTILES = (5, 10, 25, 75, 90, 95)


@dataclass(frozen=True)
class Quantity:
    """What the values of an image are: name of the quantity (None if no code says it) and its unit."""

    name: Code | None
    unit: Code


@dataclass(frozen=True)
class Statistics:
    """Values of the source images in the voxels of a segment.

    Attributes
    ----------
    unit : str
        Unit of all of them but `voxels`, a UCUM code.
    voxels : int
        How many values there are.
    mean, std, minimum, maximum, median : float
        Of these values; `std` with their number as the denominator.
    percentiles : Mapping[int, float]
        5, 10, 25, 75, 90 and 95 per cent of the values are less (linear interpolation).
    """

    unit: str
    voxels: int
    mean: float
    std: float
    minimum: float
    maximum: float
    median: float
    percentiles: Mapping[int, float] = field(default_factory=dict)


def statistics_of(values: NDArray[Any], unit: str) -> Statistics:
    """Statistics of values, at least one."""
    exact = values.astype(np.float64, copy=False)
    points = np.percentile(exact, (50, *PERCENTILES))
    return Statistics(
        unit, len(exact), float(exact.mean()), float(exact.std()), float(exact.min()), float(exact.max()),
        float(points[0]), dict(zip(PERCENTILES, map(float, points[1:]), strict=True)),
    )  # fmt: skip


# -- what values are ---------------------------------------------------------------------------------------------------

_NO_UNITS = Code("1", "UCUM", "no units")
_UNITLESS = ("1", "", "{arbitrary}")
_HU = Code("[hnsf'U]", "UCUM", "Hounsfield unit")
_ATTENUATION = Code("112031", "DCM", "Attenuation Coefficient")
_ACTIVITY = Code("110821", "DCM", "Nuclear Medicine Tomographic Activity")
_SIGNAL = Code("110852", "DCM", "MR signal intensity")
_XRAY = Code("110850", "DCM", "X-Ray Attenuation")
_OF_MODALITIES = {"MR": _SIGNAL, **dict.fromkeys(("CR", "DX", "MG", "RF", "XA", "PX", "IO"), _XRAY)}
_SUV = Code("126400", "DCM", "Standardized Uptake Value")

#: Units (0054,1001) of PET images: what they are in UCUM (PS3.3 C.8.9.1.1.3, PS3.16 CID 84).
_PET_UNITS = {
    "BQML": Quantity(_ACTIVITY, Code("Bq/ml", "UCUM", "Becquerels/milliliter")),
    "CNTS": Quantity(_ACTIVITY, Code("{counts}", "UCUM", "Counts")),
    "CPS": Quantity(_ACTIVITY, Code("{counts}/s", "UCUM", "Counts per second")),
    "PROPCNTS": Quantity(_ACTIVITY, Code("{propcounts}", "UCUM", "Proportional to counts")),
    "PROPCPS": Quantity(_ACTIVITY, Code("{propcounts}/s", "UCUM", "Proportional to counts per second")),
}
#: SUV Type (0054,1006): name and unit (PS3.16 CID 85).
_SUV_TYPES = {
    "BW": Quantity(
        Code("126401", "DCM", "SUVbw"),
        Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight"),
    ),
    "LBM": Quantity(
        Code("126402", "DCM", "SUVlbm"),
        Code("g/ml{SUVlbm}", "UCUM", "Standardized Uptake Value lean body mass (James)"),
    ),
    "BSA": Quantity(
        Code("126403", "DCM", "SUVbsa"),
        Code("cm2/ml{SUVbsa}", "UCUM", "Standardized Uptake Value body surface area"),
    ),
    "IBW": Quantity(
        Code("126404", "DCM", "SUVibw"),
        Code("g/ml{SUVibw}", "UCUM", "Standardized Uptake Value ideal body weight"),
    ),
}


#: Rescale Type (0028,1054) of CT images, of which not all hold attenuations (PS3.3 C.11.1.1.2).
_RESCALED = {
    "HU": Quantity(_ATTENUATION, _HU),
    "HU_MOD": Quantity(_ATTENUATION, _HU),
    "US": Quantity(_ATTENUATION, _NO_UNITS),
    "MGML": Quantity(None, Code("mg/ml", "UCUM", "milligram per milliliter")),
    "PCT": Quantity(None, Code("%", "UCUM", "Percent")),
}


def quantity_of(image: Dataset, value_map: ValueMapLike | None = None) -> Quantity:
    """What the values of an image are after its real world value map or its rescaling.

    Parameters
    ----------
    image : pydicom.Dataset
        The image.
    value_map : str or code, optional
        Label or unit of the map, where it has several.
    """
    modality = record.text_value(image, "Modality")
    mapped = value_map_of(image, value_map)
    if mapped is not None:
        return _mapped(mapped, modality)
    if modality == "CT":
        stated = _rescale_types(image)
        if len(stated) > 1:
            raise GeometryError("the frames of the image hold values of several kinds (Rescale Type)")
        return _RESCALED.get(next(iter(stated), "HU"), Quantity(None, _NO_UNITS))
    if modality == "PT":
        units = record.text_value(image, "Units") or ""
        kind = record.text_value(image, "SUVType")
        if units in ("GML", "CM2ML"):
            return _SUV_TYPES.get(kind or ("BW" if units == "GML" else "BSA"), Quantity(_SUV, _NO_UNITS))
        return _PET_UNITS.get(units, Quantity(_ACTIVITY, _NO_UNITS))
    return Quantity(_OF_MODALITIES.get(modality or ""), _NO_UNITS)


def _mapped(chosen: ValueMap, modality: str | None) -> Quantity:
    """What a real world value map gives: it may say so itself, else its unit tells."""
    known: dict[str, Code | None] = {
        one.unit.value: one.name for one in (*_PET_UNITS.values(), *_SUV_TYPES.values())
    }
    known[_HU.value] = _ATTENUATION
    name = chosen.quantity or known.get(chosen.unit.value)
    # The signal of an MR image has no unit: what has one is a diffusion, a time or a flow
    if name is None and chosen.unit.value in _UNITLESS:
        name = _OF_MODALITIES.get(modality or "")
    return Quantity(name, chosen.unit)


def _rescale_types(image: Dataset) -> set[str]:
    """What values after rescaling are, as the image or the functional groups of its frames say."""
    path = "PixelValueTransformationSequence.RescaleType"
    if "PerFrameFunctionalGroupsSequence" in image:
        table = record.FrameTable.of_dataset(image)
        if path in table.paths:
            return {str(one).strip() for one in table.categories(path).values if one}
    holders = [image]
    for shared in record.items_of(image, "SharedFunctionalGroupsSequence")[:1]:
        holders += record.items_of(shared, "PixelValueTransformationSequence")[:1]
    return {text for one in holders if (text := record.text_value(one, "RescaleType"))}


def check_values(
    segmentation: Dataset, images: SourceImages, quantity: Quantity, value_map: ValueMapLike | None
) -> None:
    """All values must be of one quantity; of another series than the one that was segmented they may be."""
    if any(quantity_of(image, value_map) != quantity for image in images.datasets[1:]):
        raise GeometryError(
            "the values of the images are not all of one quantity and unit, so they have no common statistics; pass "
            "statistics=False"
        )
    segmented = [
        record.text_value(item, "SeriesInstanceUID")
        for item in record.items_of(segmentation, "ReferencedSeriesSequence")
    ]
    if segmented and record.text_value(images.datasets[0], "SeriesInstanceUID") not in segmented:
        warnings.warn(
            "statistics of values are those of another series than the one that was segmented", stacklevel=5
        )


def is_grey(image: Dataset) -> bool:
    """Whether the values of an image are numbers of one quantity, not colours."""
    samples = record.int_value(image, "SamplesPerPixel") or 1
    return samples == 1 and record.text_value(image, "PhotometricInterpretation") != "PALETTE COLOR"


# -- values by plane ---------------------------------------------------------------------------------------------------


class SourceValues:
    """Values of source images by the places of a segmentation's frames; each plane is decoded once.

    Parameters
    ----------
    source : SourceImages
        The images.
    planes : SourcePlanes
        Their geometry.
    grid : Grid
        Where the segmentation has its frames.
    shape : tuple[int, int]
        Rows and columns of the segmentation.
    value_map : str or code, optional
        Label or unit of the real world value map, where images have several.

    Raises
    ------
    GeometryError
        If the images are on another grid.
    """

    def __init__(
        self,
        source: SourceImages,
        planes: SourcePlanes,
        grid: Grid,
        shape: tuple[int, int],
        value_map: ValueMapLike | None = None,
    ) -> None:
        self._source = source
        self._value_map = value_map
        self._multi_frame = source.is_multi_frame
        self._images: dict[int, tuple[Image, ValueMap | None]] = {}
        self._planes: dict[int, NDArray[Any]] = {}
        problem = difference(planes, grid, shape)
        if problem:
            raise GeometryError(problem)
        along = (planes.positions - grid.origin) @ grid.directions[0]
        step = grid.between or 1.0
        exact = along / step
        self._frames = {
            int(place): index
            for index, place in enumerate(np.rint(exact))
            if abs(exact[index] - place) < 0.05
        }

    def lacks(self, places: NDArray[np.intp]) -> int:
        """How many of these places have no image."""
        return sum(int(place) not in self._frames for place in places)

    def image(self, place: int) -> tuple[str, str, int | None] | None:
        """Class, instance and, of several, number of the frame that lies at a place; None if there is none."""
        index = self._frames.get(place)
        if index is None:
            return None
        image = self._source.datasets[0 if self._multi_frame else index]
        uids = (str(record.text_value(image, "SOPClassUID")), str(record.text_value(image, "SOPInstanceUID")))
        return (*uids, index + 1 if self._multi_frame else None)

    def within(self, crop: Crop) -> NDArray[Any]:
        """Values of the voxels of a mask, without those that are padding of the image."""
        rows, columns = (
            slice(start, start + size)
            for start, size in zip(crop.origin[1:], crop.mask.shape[1:], strict=True)
        )
        found = [
            self._plane(crop.origin[0] + place)[rows, columns][mask]
            for place, mask in enumerate(crop.mask)
            if mask.any()
        ]
        values: NDArray[Any] = np.concatenate(found)
        padding = np.isnan(values)
        if padding.any():
            warnings.warn(
                f"{np.count_nonzero(padding)} voxels of a segment are padding of the images (Pixel Padding Value): "
                "they are left out of its statistics",
                stacklevel=2,
            )
            values = values[~padding]
        return values

    def _plane(self, place: int) -> NDArray[Any]:
        if place not in self._planes:
            index = self._frames[place]
            which, frame = (0, index) if self._multi_frame else (index, 0)
            if which not in self._images:
                given = self._source.datasets[which]
                self._images[which] = (
                    Image.from_dataset(copy(given), copy=False),
                    value_map_of(given, self._value_map),
                )
            image, chosen = self._images[which]
            # Inverting for display is no part of what a value means.
            exact = image.get_frame(
                frame,
                as_index=True,
                apply_presentation_lut=False,
                real_world_value_map_selector=0 if chosen is None else chosen.selector,
            )
            padding = _padding(self._source.datasets[which])
            if padding is not None:
                stored = image.get_stored_frame(frame, as_index=True)
                outside = (stored >= padding[0]) & (stored <= padding[1])
                exact = np.where(outside, np.nan, exact) if outside.any() else exact
            half = exact.astype(np.float32)  # as exact, for whole numbers such as HU, and half as large
            self._planes[place] = half if np.array_equal(half, exact, equal_nan=True) else exact
        return self._planes[place]


def _padding(image: Dataset) -> tuple[float, float] | None:
    """Stored values that mean "outside" (PS3.3 C.7.5.1.1.2): least and greatest; None if there are none."""
    first = record.float_values(image, "PixelPaddingValue")
    if not first:
        return None
    last = record.float_values(image, "PixelPaddingRangeLimit") or first
    return min(first[0], last[0]), max(first[0], last[0])


def difference(planes: SourcePlanes, grid: Grid, shape: tuple[int, int]) -> str | None:
    """In what the images are on another grid than a segmentation; None if they are not."""
    if planes.shape != shape:
        return f"the images have {planes.shape[0]} x {planes.shape[1]} pixels, the segmentation {shape[0]} x {shape[1]}"
    orientation = planes.orientation
    if np.abs(np.stack([orientation[3:], orientation[:3]]) - grid.directions[1:]).max() > 1e-3:
        return "the images are turned against the segmentation"
    if not np.allclose(planes.pixel_spacing, grid.pixel, rtol=1e-3):
        return (
            f"the pixels of the images are {planes.pixel_spacing[0]:.4g} x {planes.pixel_spacing[1]:.4g} mm, those of "
            f"the segmentation {grid.pixel[0]:.4g} x {grid.pixel[1]:.4g} mm"
        )
    offsets = planes.positions - grid.origin
    aside = offsets - np.outer(offsets @ grid.directions[0], grid.directions[0])
    if np.abs(aside).max() > 0.05 * min(grid.pixel):
        return f"the images are shifted against the segmentation by up to {np.abs(aside).max():.3g} mm "
    return None
