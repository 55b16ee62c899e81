"""The images a segmentation is made from, read once into columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError
from dicomposer.image import FrameIndex, TotalPixelMatrix, float_values, refuse_several_patients, text_value
from dicomposer.record import has, int_value

__all__ = ["SourceImages"]


@dataclass(frozen=True)
class _Identity:
    """What must agree, or be referenced, for each source image."""

    sop_class: str
    instance: str
    study: str
    series: str


def _identity(dataset: Dataset, position: int) -> _Identity:
    values = []
    for keyword in ("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"):
        value = text_value(dataset, keyword)
        if not value:
            raise ArgumentError(f"source image {position} has no {keyword}")
        values.append(value)
    return _Identity(*values)


def _is_multi_frame(dataset: Dataset) -> bool:
    """Whether frames of an image have numbers: a single-frame image may state that it has one frame."""
    if has(dataset, "PerFrameFunctionalGroupsSequence") or has(dataset, "SharedFunctionalGroupsSequence"):
        return True
    number = text_value(dataset, "NumberOfFrames") or "1"
    return number.isdecimal() and int(number) > 1


class SourceImages:
    """Source images of a segmentation: one multi-frame image, or single-frame images of one series.

    Parameters
    ----------
    datasets : Sequence[pydicom.Dataset]
        In the order of the planes of the mask.
    further : Sequence[pydicom.Dataset], optional
        More images to reference, which give no geometry.

    Raises
    ------
    TypeError
        If an item is not a Dataset.
    ArgumentError
        If there is none, if they belong to several series, or if an instance stands twice.
    GeometryError
        If sizes, spacings or frames of reference differ, or two images lie at the same place.
    """

    def __init__(self, datasets: Sequence[Dataset], further: Sequence[Dataset] | None = None) -> None:
        if not isinstance(datasets, Sequence):
            raise ArgumentTypeError("source_images must be a sequence of pydicom Datasets")
        if not datasets:
            raise ArgumentError("at least one source image is needed")
        self.datasets = list(datasets)
        self.further = list(further or ())
        for dataset in (*self.datasets, *self.further):
            if not isinstance(dataset, Dataset):
                raise ArgumentTypeError(
                    f"source images must be pydicom Datasets, not {type(dataset).__name__}"
                )
        self.first = self.datasets[0]
        self.identities = [_identity(d, i + 1) for i, d in enumerate(self.datasets)]
        self.further_identities = [_identity(d, i + 1) for i, d in enumerate(self.further)]
        self.is_multi_frame = len(self.datasets) == 1 and _is_multi_frame(self.first)
        self._check_identities()
        self._check_images()

    def _check_identities(self) -> None:
        studies = {i.study for i in (*self.identities, *self.further_identities)}
        if len(studies) > 1:
            raise ArgumentError(f"the source images belong to {len(studies)} different studies")
        refuse_several_patients(self.datasets, self.further)
        series = {i.series for i in self.identities}
        if len(series) > 1:
            raise ArgumentError(
                f"the source images belong to {len(series)} different series; pass one series as source_images "
                "and the others as further_source_images"
            )
        instances = [i.instance for i in (*self.identities, *self.further_identities)]
        if len(set(instances)) < len(instances):
            raise ArgumentError(
                f"{len(instances) - len(set(instances))} source image(s) stand twice in the list"
            )

    def _check_images(self) -> None:
        if len(self.datasets) > 1 and any(_is_multi_frame(d) for d in self.datasets):
            raise ArgumentError(
                "several source images must all be single-frame; pass one multi-frame image alone"
            )
        sizes = {}
        for keyword in ("Rows", "Columns"):
            sizes[keyword] = [int_value(d, keyword) or 0 for d in self.datasets]
            if not all(sizes[keyword]):
                raise ArgumentError(f"a source image has no {keyword}: only images can be segmented")
        shapes = set(zip(*sizes.values(), strict=True))
        if len(shapes) > 1:
            raise GeometryError(f"the source images differ in rows and columns: {sorted(shapes)}")
        if len({text_value(d, "FrameOfReferenceUID") for d in self.datasets}) > 1:
            raise GeometryError("the source images have different frames of reference")

    def refuse_reuse(self, sop_instance_uid: str, series_instance_uid: str) -> None:
        """Refuse UIDs for a new object that are those of a source image or of its series.

        Raises
        ------
        ArgumentError
            An archive would hold two objects under one UID, or two modalities in one series.
        """
        everything = (*self.identities, *self.further_identities)
        if sop_instance_uid in {i.instance for i in everything}:
            raise ArgumentError("sop_instance_uid is that of a source image: a new object needs a new UID")
        if series_instance_uid in {i.series for i in everything}:
            raise ArgumentError(
                "series_instance_uid is that of the source images: give the new object a new series"
            )

    # ---- geometry ----------------------------------------------------------------------------------

    @cached_property
    def index(self) -> FrameIndex:
        """The frame index of the (first) image."""
        return FrameIndex(self.first)

    @property
    def planes(self) -> int:
        """Number of planes: frames of the multi-frame image, or single-frame images."""
        return self.index.frames if self.is_multi_frame else len(self.datasets)

    @property
    def rows(self) -> int:
        """Rows of each plane."""
        return int(self.first.Rows)

    @property
    def columns(self) -> int:
        """Columns of each plane."""
        return int(self.first.Columns)

    @property
    def coordinate_system(self) -> CoordinateSystemNames | None:
        """PATIENT, SLIDE or None without a frame of reference."""
        return self.index.coordinate_system

    @property
    def matrix(self) -> TotalPixelMatrix | None:
        """The total pixel matrix of a tiled source."""
        return self.index.matrix

    def _per_image(self, keyword: str, width: int) -> NDArray[np.float64] | None:
        rows = [float_values(d, keyword) for d in self.datasets]
        if any(row is None or len(row) != width for row in rows):
            return None
        return np.asarray(rows, dtype=np.float64)

    @cached_property
    def positions(self) -> NDArray[np.float64] | None:
        """Position of each plane in mm, shape (planes, 3); None where the images do not say."""
        if self.coordinate_system is None:
            return None
        if self.is_multi_frame:
            return self.index.positions
        positions = self._per_image("ImagePositionPatient", 3)
        if positions is None:
            raise GeometryError("some source images have no Image Position (Patient)")
        return positions

    @cached_property
    def orientations(self) -> NDArray[np.float64] | None:
        """Orientation cosines of each plane, shape (planes, 6)."""
        if self.coordinate_system is None:
            return None
        if self.is_multi_frame:
            return self.index.orientations
        orientations = self._per_image("ImageOrientationPatient", 6)
        if orientations is None:
            raise GeometryError("some source images have no Image Orientation (Patient)")
        return orientations

    @cached_property
    def pixel_spacing(self) -> tuple[float, float] | None:
        """Distance between rows and between columns in mm; None where the images do not say."""
        if self.is_multi_frame:
            return self.index.pixel_spacing
        spacings = self._per_image("PixelSpacing", 2)
        if spacings is None:
            return None
        if not np.allclose(spacings, spacings[0], rtol=1e-5, atol=0):
            raise GeometryError("the source images differ in pixel spacing")
        return float(spacings[0, 0]), float(spacings[0, 1])

    @cached_property
    def slice_thicknesses(self) -> NDArray[np.float64] | None:
        """Slice thickness of each plane in mm; None where some image does not say."""
        if self.is_multi_frame:
            values = self.index.numbers("PixelMeasuresSequence.SliceThickness")
        else:
            values = self._per_image("SliceThickness", 1)
        return None if values is None or not np.all(values > 0) else values[:, 0]

    @property
    def slice_thickness(self) -> float | None:
        """Slice thickness in mm that all planes share, if they do."""
        values = self.slice_thicknesses
        if values is None:
            return self.index.slice_thickness if self.is_multi_frame else None
        return float(values[0]) if np.allclose(values, values[0], rtol=1e-4) else None
