"""A series of single-frame images as one volume, without a second copy of its voxels."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from dicomposer.coding import CodedConcept
from dicomposer.content import VOILUTTransformation
from dicomposer.errors import ArgumentTypeError, GeometryError, SelectionError
from dicomposer.frame import FrameReader, PixelFormat
from dicomposer.image._fill import in_threads
from dicomposer.image._image import rgb_channels
from dicomposer.image._index import FrameIndex
from dicomposer.image._patients import refuse_several_patients
from dicomposer.image._stored import frame_reader, pixel_format
from dicomposer.image._transforms import Pipeline, pipeline
from dicomposer.image._volumes import stack_tolerance
from dicomposer.image._wanted import Wanted
from dicomposer.record import float_values, int_value, required, text_value, text_values
from dicomposer.spatial import StackTolerance, stack_of_series
from dicomposer.volume import Volume, VolumeGeometry

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["get_volume_from_series"]

_EXPLICIT = "1.2.840.10008.1.2.1"

# Whatever pixels, and what is done to them, depends on; images in which all of it is equal are looked at once.
_DECISIVE = (
    "Rows Columns SamplesPerPixel PhotometricInterpretation PlanarConfiguration BitsAllocated BitsStored "
    "PixelRepresentation PresentationLUTShape RescaleSlope RescaleIntercept ModalityLUTSequence "
    "RealWorldValueMappingSequence WindowCenter WindowWidth WindowCenterWidthExplanation VOILUTFunction "
    "VOILUTSequence ICCProfile OpticalPathSequence SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence "
    "RedPaletteColorLookupTableDescriptor RedPaletteColorLookupTableData GreenPaletteColorLookupTableData "
    "BluePaletteColorLookupTableData SegmentedRedPaletteColorLookupTableData "
    "SegmentedGreenPaletteColorLookupTableData SegmentedBluePaletteColorLookupTableData"
).split()
_DECISIVE_TAGS = tuple(Tag(keyword) for keyword in _DECISIVE)


def _key(dataset: Dataset) -> tuple[Hashable, ...]:
    """Something that is equal for images with equal pixel formats and transforms, and cheap."""
    return tuple(map(_mark, map(dataset.get_item, _DECISIVE_TAGS)))


def _mark(element: Any) -> Hashable:
    value = None if element is None else element.value
    if value is None or isinstance(value, bytes | str | int | float):
        return value
    return tuple(map(str, value)) if isinstance(value, MultiValue) else id(element)


@dataclass(frozen=True)
class _Plane:
    """One image of the series: its decoder, and what is done to its pixels."""

    reader: FrameReader
    chain: Pipeline


class _Planes:
    """Decoders and transforms of images; those that are alike share what was found out about the first."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._known: dict[Hashable, tuple[PixelFormat, Pipeline]] = {}

    def of(self, dataset: Dataset) -> _Plane:
        meta = getattr(dataset, "file_meta", None)
        syntax = (text_value(meta, "TransferSyntaxUID") if meta is not None else None) or _EXPLICIT
        key = (syntax, *_key(dataset))
        known = self._known.get(key)
        fmt = pixel_format(dataset) if known is None else known[0]
        reader = frame_reader(dataset, fmt, syntax, 1)
        if known is not None:
            return _Plane(reader, known[1])
        chain = pipeline(FrameIndex(dataset), fmt, reader.photometric, self._wanted, np.zeros(1, np.intp))
        self._known[key] = fmt, chain
        return _Plane(reader, chain)


def _geometry(
    datasets: Sequence[Dataset], tolerance: StackTolerance, orientation_tol: float | None
) -> tuple[VolumeGeometry, NDArray[np.intp]]:
    """The grid of the series, and the slice that each image is."""
    first = datasets[0]
    for keyword, what in (
        ("SeriesInstanceUID", "series"),
        ("PixelSpacing", "pixel spacing"),
    ):
        values = {text_values(dataset, keyword) for dataset in datasets}
        if len({tuple(map(_number, value or ())) for value in values}) > 1:
            raise GeometryError(f"the images have more than one {what}: {len(values)} are not a volume")
    spacing = None
    if len(datasets) == 1:  # nothing but what the image says tells how thick its only plane is
        stated = float_values(first, "SpacingBetweenSlices") or float_values(first, "SliceThickness")
        spacing = abs(stated[0]) if stated and stated[0] else None
    kept = {} if orientation_tol is None else {"orientation_tol": orientation_tol}
    refuse_several_patients(datasets)
    stack = stack_of_series(datasets, spacing=spacing, tolerance=tolerance, **kept)
    if stack.pixel_spacing is None:
        raise GeometryError("the images have no Pixel Spacing: they are not a volume in space")
    geometry = VolumeGeometry.from_stack(
        stack,
        rows=required(int_value(first, "Rows"), "Rows"),
        columns=required(int_value(first, "Columns"), "Columns"),
        frame_of_reference_uid=first.get("FrameOfReferenceUID"),
    )
    slots = stack.slots
    return geometry, np.zeros(1, np.intp) if slots is None else np.asarray(slots, dtype=np.intp)


def _number(text: str) -> float | str:
    """Decimal strings may be written in several ways."""
    try:
        return float(text)
    except ValueError:
        return text


def get_volume_from_series(  # noqa: PLR0913  # drop-in signature
    series_datasets: Sequence[Dataset],
    *,
    dtype: DTypeLike = np.float64,
    apply_real_world_transform: bool | None = None,
    real_world_value_map_selector: int | str | Code | CodedConcept = 0,
    apply_modality_transform: bool | None = None,
    apply_voi_transform: bool | None = False,
    voi_transform_selector: int | str | VOILUTTransformation = 0,
    voi_output_range: tuple[float, float] = (0.0, 1.0),
    apply_presentation_lut: bool = True,
    apply_palette_color_lut: bool | None = None,
    apply_icc_profile: bool | None = None,
    atol: float | None = None,
    rtol: float | None = None,
    perpendicular_tol: float | None = None,
    orientation_tol: float | None = None,
) -> Volume:
    """Make a volume of a series of single-frame images.

    Frames are decoded on all cores, straight into the volume.

    Parameters
    ----------
    series_datasets : Sequence[pydicom.Dataset]
        Images of one series in any order; they are not changed.
    atol, rtol : float, optional
        Absolute (mm) or relative (default 0.01) tolerance of the slice spacing; give one of them.
    perpendicular_tol : float, optional
        How far the direction of stacking may lie from the slice normal, as 1 - cosine (default 1e-3).
    orientation_tol : float, optional
        Largest difference between direction cosines of the images (default 1e-5).

    Other parameters are those of :meth:`FrameAccess.get_frame`; each image has its own transforms.

    Returns
    -------
    Volume
        Axes (slice, row, column), right-handed, and a channel of red, green and blue for colours.

    Raises
    ------
    GeometryError
        If the images do not fill a regular grid: uneven or missing slices, several at one place, tilt, several
        orientations, spacings or frames of reference. It gives the figures.
    RuntimeError
        If a transform is required that an image does not have.
    """
    wanted = Wanted.of(
        dtype, apply_real_world_transform, real_world_value_map_selector, apply_modality_transform,
        apply_voi_transform, voi_transform_selector, voi_output_range, apply_presentation_lut,
        apply_palette_color_lut, apply_icc_profile,
    )  # fmt: skip
    datasets = list(series_datasets)
    for number, dataset in enumerate(datasets):
        if not isinstance(dataset, Dataset):
            raise ArgumentTypeError(f"number {number} (from 0) is a {type(dataset).__name__}, not a dataset")
    if not datasets:
        raise SelectionError("the series has no images")
    geometry, slots = _geometry(datasets, stack_tolerance(rtol, atol, perpendicular_tol), orientation_tol)
    planes = _Planes(wanted)
    parts = [planes.of(dataset) for dataset in datasets]
    shape, samples = geometry.spatial_shape, parts[0].chain.samples
    for number, part in enumerate(parts):
        size = part.reader.format
        if (size.rows, size.columns, part.chain.samples) != (*shape[1:], samples):
            raise GeometryError(
                f"image number {number} (from 0) has {size.rows} x {size.columns} pixels of {part.chain.samples} "
                f"samples, the first has {shape[1]} x {shape[2]} of {samples}"
            )
    out = np.empty(shape if samples == 1 else (*shape, samples), dtype=wanted.dtype)
    places = slots.tolist()

    def place(i: int) -> None:
        parts[i].chain.of(0).into(parts[i].reader.array(0), out[places[i]])

    in_threads(place, len(parts), out.nbytes)
    return geometry.with_array(out, channels=rgb_channels(out))
