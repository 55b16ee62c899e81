"""How a segmentation is built: bundle the arguments, plan planes and frames, write modules, check the result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.valuerep import PersonName

from dicomposer.coding import CodedConcept, check_person_name, decimal, new_uid
from dicomposer.content import (
    ContentCreatorIdentificationCodeSequence,
    ContributingEquipment,
    FrameOfReferenceModule,
    PaletteColorLUTTransformation,
)
from dicomposer.enum import DimensionOrganizationTypeValues
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError
from dicomposer.frame import PixelFormat, get_lossy_compression_attributes, is_native
from dicomposer.image import text_value
from dicomposer.pixels import srgb_profile
from dicomposer.record import Module, attribute
from dicomposer.seg._frames import (
    FramePlan,
    dimension_index,
    frame_table,
    plan_frames,
    reference_table,
    shared_groups,
)
from dicomposer.seg._mask import Mask, as_planes, make_mask
from dicomposer.seg._pixels import EncodedPixels, Encoding, encode_pixels, segmentation_format
from dicomposer.seg._planes import PlaneOverrides, PlanePlan, plan_planes
from dicomposer.seg._sources import SourceImages
from dicomposer.seg.content import SegmentDescription
from dicomposer.seg.enum import (
    SegmentationFractionalTypeValues,
    SegmentationTypeValues,
    SegmentsOverlapValues,
)
from dicomposer.volume import Volume

__all__ = [
    "Content",
    "Palette",
    "Plan",
    "Pyramid",
    "Request",
    "Segments",
    "SourceImages",
    "add_equipment",
    "inherited",
    "organisation",
    "plan",
    "tile_shape",
    "write",
]

_TILED = (DimensionOrganizationTypeValues.TILED_FULL, DimensionOrganizationTypeValues.TILED_SPARSE)


# ---- arguments, bundled ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Segments:
    """Descriptions in the order of their numbers; ``background`` is the item for pixel value 0 of a label map."""

    descriptions: tuple[SegmentDescription, ...]
    background: Dataset | None = None

    @property
    def numbers(self) -> list[int]:
        """Segment numbers, background left out."""
        return [d.segment_number for d in self.descriptions]

    @classmethod
    def of(cls, descriptions: Sequence[SegmentDescription], kind: SegmentationTypeValues) -> Segments:
        """Check descriptions and their numbers.

        Raises
        ------
        TypeError
            If an item is not a SegmentDescription.
        ArgumentError
            If numbers repeat, or, except in a label map, are not 1 to n.
        """
        if not isinstance(descriptions, Sequence):
            raise ArgumentTypeError("segment_descriptions must be a sequence of SegmentDescription")
        for item in descriptions:
            if not isinstance(item, SegmentDescription):
                raise ArgumentTypeError(
                    f"segment_descriptions must hold SegmentDescription objects, not {type(item).__name__}"
                )
        ordered = sorted(descriptions, key=lambda d: d.segment_number)
        numbers = [d.segment_number for d in ordered]
        if not numbers or numbers == [0]:
            raise ArgumentError("at least one segment description is needed")
        if len(set(numbers)) < len(numbers):
            raise ArgumentError("segment numbers must be unique")
        if kind is not SegmentationTypeValues.LABELMAP:
            if numbers != list(range(1, len(numbers) + 1)):
                raise ArgumentError(
                    f"segments of a {kind.value} segmentation are numbered 1 to {len(numbers)} without gaps "
                    "(PS3.3 C.8.20.2.4); relabel the mask, or use LABELMAP"
                )
            return cls(tuple(ordered))
        if numbers[0] == 0:
            return cls(tuple(ordered[1:]), ordered[0])
        return cls(tuple(ordered), _background(ordered[0]))


def _background(like: SegmentDescription) -> Dataset:
    """The item that describes pixel value 0 of a label map (PS3.3 C.8.20.2.3.3)."""
    item = Dataset()
    item.SegmentNumber = 0
    item.SegmentLabel = "Background"
    item.SegmentedPropertyCategoryCodeSequence = [CodedConcept("125040", "DCM", "Background")]
    item.SegmentedPropertyTypeCodeSequence = [CodedConcept("125040", "DCM", "Background")]
    item.SegmentAlgorithmType = like.algorithm_type.value
    if "SegmentAlgorithmName" in like:
        item.SegmentAlgorithmName = like.SegmentAlgorithmName
    if "SegmentationAlgorithmIdentificationSequence" in like:
        item.SegmentationAlgorithmIdentificationSequence = like.SegmentationAlgorithmIdentificationSequence
    item.RecommendedDisplayCIELabValue = [0, 32896, 32896]  # black
    return item


@dataclass(frozen=True)
class Content:
    """Content Identification (PS3.3 10.9)."""

    label: str | None
    description: str | None
    creator_name: str | PersonName | None
    creator_identification: ContentCreatorIdentificationCodeSequence | None


@dataclass(frozen=True)
class Palette:
    """Colours of a label map."""

    transformation: PaletteColorLUTTransformation | None
    icc_profile: bytes | None


@dataclass(frozen=True)
class Pyramid:
    """The multi-resolution pyramid that a segmentation belongs to (PS3.3 C.8.12.14)."""

    uid: str | None
    label: str | None


@dataclass(frozen=True)
class Request:
    """All that a caller asked for, checked one by one but not yet against one another."""

    kind: SegmentationTypeValues
    sources: SourceImages
    pixel_array: NDArray[Any] | Volume
    segments: Segments
    overrides: PlaneOverrides
    encoding: Encoding
    fractional_type: str | SegmentationFractionalTypeValues | None
    omit_empty_frames: bool
    organisation: DimensionOrganizationTypeValues | None
    content: Content
    palette: Palette
    pyramid: Pyramid


@dataclass(frozen=True)
class Plan:
    """What is to be written: planes, frames, pixels."""

    planes: PlanePlan
    frames: FramePlan
    fmt: PixelFormat
    pixels: EncodedPixels
    overlap: SegmentsOverlapValues
    organisation: DimensionOrganizationTypeValues | None
    stored_values: frozenset[int]


def tile_shape(tile_size: Sequence[int] | None) -> tuple[int, int] | None:
    """Rows and columns of the tiles asked for."""
    if tile_size is None:
        return None
    if len(tile_size) != 2:
        raise ArgumentError("tile_size must hold two numbers: rows and columns")
    return int(tile_size[0]), int(tile_size[1])


def organisation(
    value: DimensionOrganizationTypeValues | str | None,
) -> DimensionOrganizationTypeValues | None:
    """The dimension organization type asked for."""
    if value is None:
        return None
    kind = DimensionOrganizationTypeValues(value)
    if kind is DimensionOrganizationTypeValues.THREE_DIMENSIONAL_TEMPORAL:
        raise ArgumentError("a segmentation cannot be organised as 3D_TEMPORAL")
    return kind


def inherited(source: Dataset, given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of SOPClass that the source image gives, and the caller's."""
    own = {"study_instance_uid": str(source.StudyInstanceUID)}
    clash = sorted(set(own) & set(given))
    if clash:
        raise ArgumentTypeError(f"{clash[0]} is taken from the source images and cannot be given")
    return {**own, **given}


# ---- planning ----------------------------------------------------------------------------------------


def plan(request: Request) -> Plan:
    """Fit mask, segments and sources together and encode the pixels. Writes nothing."""
    kind = request.kind
    if kind is SegmentationTypeValues.FRACTIONAL:
        if not 0 < request.encoding.max_fractional_value <= 255:
            raise ArgumentError("max_fractional_value must be 1 to 255")
        if request.fractional_type is None:
            raise ArgumentTypeError("fractional_type is needed for a FRACTIONAL segmentation")
    if kind is not SegmentationTypeValues.LABELMAP and (
        request.palette.transformation is not None or request.palette.icc_profile is not None
    ):
        raise ArgumentError("a palette and its ICC profile are possible only in a LABELMAP segmentation")
    if request.palette.icc_profile is not None and request.palette.transformation is None:
        raise ArgumentTypeError("an ICC profile needs a palette_color_lut_transformation")
    array = _mask_array(request)
    where = request.pixel_array if isinstance(request.pixel_array, Volume) else array
    planes = plan_planes(request.sources, where, request.overrides)
    organised = _organisation(request, planes)
    tile = (planes.rows, planes.columns) if request.overrides.tile else None
    numbers = request.segments.numbers
    mask = make_mask(array, kind, numbers, tile)
    fmt = segmentation_format(planes.rows, planes.columns, request.encoding, max(numbers))
    labelmap = kind is SegmentationTypeValues.LABELMAP
    keep = not request.omit_empty_frames or organised is DimensionOrganizationTypeValues.TILED_FULL
    frames = _choose_frames(request.encoding, planes, mask, keep_empty=keep)
    if organised is None and _is_volume(planes, frames, one_a_plane=labelmap or len(numbers) == 1):
        organised = DimensionOrganizationTypeValues.THREE_DIMENSIONAL
    elif organised is DimensionOrganizationTypeValues.THREE_DIMENSIONAL:
        _check_volume(planes, frames, one_a_plane=labelmap or len(numbers) == 1)
    used = (
        {0, *mask.numbers[mask.presence.any(axis=0)].tolist()}
        if labelmap
        else {0, _highest_stored(request.encoding)}
    )
    return Plan(
        planes=planes,
        frames=frames,
        fmt=fmt,
        pixels=encode_pixels(mask, frames, fmt, request.encoding),
        overlap=_overlap(mask, kind),
        organisation=organised,
        stored_values=frozenset(used),
    )


def _choose_frames(encoding: Encoding, planes: PlanePlan, mask: Mask, *, keep_empty: bool) -> FramePlan:
    """The frames to encode; where all are kept, the mask is perhaps not looked at before it is packed."""
    native_bits = encoding.kind is SegmentationTypeValues.BINARY and is_native(encoding.transfer_syntax_uid)
    in_order = np.array_equal(planes.encoding_order, np.arange(planes.count))
    if keep_empty and native_bits and in_order and mask.packs_whole:
        segments = np.full(planes.count, mask.numbers[0])
        return FramePlan(planes.encoding_order.astype(np.intp), segments, whole=True)
    labelmap = encoding.kind is SegmentationTypeValues.LABELMAP
    return plan_frames(
        np.any(mask.presence, axis=1)[:, None] if labelmap else mask.presence,
        planes.encoding_order,
        None if labelmap else mask.numbers,
        keep_empty=keep_empty,
    )


def _highest_stored(encoding: Encoding) -> int:
    """Highest pixel value that a binary or fractional segmentation can hold: masks are checked as they are packed."""
    return encoding.max_fractional_value if encoding.kind is SegmentationTypeValues.FRACTIONAL else 1


def _mask_array(request: Request) -> NDArray[Any]:
    """The mask as (planes, rows, columns[, segments])."""
    source = request.pixel_array
    if not isinstance(source, Volume):
        return as_planes(source, tile=request.overrides.tile)
    if source.number_of_channel_dimensions > 1:
        raise ArgumentError("a volume mask has at most one channel dimension: its segments")
    if source.number_of_channel_dimensions == 1:
        keyword = source.channel_descriptors[0].keyword
        if keyword not in ("ReferencedSegmentNumber", "SegmentNumber"):
            raise ArgumentError(
                f"the channel of a volume mask must be ReferencedSegmentNumber, not {keyword}"
            )
        values = [int(str(v)) for v in source.get_channel_values(source.channel_descriptors[0])]
        if values != request.segments.numbers:
            raise ArgumentError(
                "the segment numbers of the volume's channel are not those that are described"
            )
    return as_planes(source.array, tile=request.overrides.tile)


def _organisation(request: Request, planes: PlanePlan) -> DimensionOrganizationTypeValues | None:
    wanted = request.organisation
    if planes.tiles is None:
        if wanted in _TILED:
            raise ArgumentError(f"{wanted.value} needs a tiled source image")
        return wanted
    if wanted is DimensionOrganizationTypeValues.THREE_DIMENSIONAL:
        raise ArgumentError("tiles are organised as TILED_FULL or TILED_SPARSE")
    if wanted is DimensionOrganizationTypeValues.TILED_FULL and not request.overrides.tile:
        _check_full(planes)
    return wanted or DimensionOrganizationTypeValues.TILED_SPARSE


def _check_full(planes: PlanePlan) -> None:
    """TILED_FULL implies positions: every tile must be there, on the grid of tiles, one focal plane."""
    assert planes.tiles is not None and planes.matrix is not None
    down = -(-planes.matrix.rows // planes.rows)
    across = -(-planes.matrix.columns // planes.columns)
    rows = np.arange(down) * planes.rows + 1
    columns = np.arange(across) * planes.columns + 1
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    if not np.array_equal(planes.tiles[planes.encoding_order], grid):
        raise ArgumentError("TILED_FULL needs every tile of the total pixel matrix, once; use TILED_SPARSE")


def _is_volume(planes: PlanePlan, frames: FramePlan, *, one_a_plane: bool) -> bool:
    """Whether the frames are a regular stack without gaps, one a plane (Dimension Organization Type 3D)."""
    stack = planes.stack
    if not one_a_plane or stack is None or stack.slots is None or not stack.is_regular:
        return False
    slots = stack.slots[frames.planes]
    return len(slots) > 1 and bool(np.all(np.diff(slots) == 1))


def _check_volume(planes: PlanePlan, frames: FramePlan, *, one_a_plane: bool) -> None:
    """3D means parallel planes at equal distances, one frame each (PS3.3 C.7.6.17), or a single one."""
    if not one_a_plane:
        raise ArgumentError(
            "3D has one frame a plane, which several segments of this type do not: leave dimension_organization_type "
            "out, or use LABELMAP"
        )
    if frames.count > 1 and not _is_volume(planes, frames, one_a_plane=one_a_plane):
        raise GeometryError(
            "3D needs parallel planes at equal distances without gaps: leave dimension_organization_type out, or keep "
            "empty frames"
        )


def _overlap(mask: Mask, kind: SegmentationTypeValues) -> SegmentsOverlapValues:
    if kind is SegmentationTypeValues.LABELMAP:
        return SegmentsOverlapValues.NO
    return mask.overlap()


class SegmentationImageModule(Module, table="segmentation-image"):
    """What the segmentation says of itself (PS3.3 C.8.20.2)."""

    image_type: Any = attribute("ImageType", default=["DERIVED", "PRIMARY"])
    content_label: Any = attribute("ContentLabel")
    content_description: Any = attribute("ContentDescription")
    content_creator_name: Any = attribute("ContentCreatorName")
    content_creator_identification: Any = attribute("ContentCreatorIdentificationCodeSequence")
    segmentation_type: Any = attribute("SegmentationType")
    fractional_type: Any = attribute("SegmentationFractionalType")
    maximum_fractional_value: Any = attribute("MaximumFractionalValue")
    segments_overlap: Any = attribute("SegmentsOverlap")
    segments: Any = attribute("SegmentSequence")


# ---- writing -----------------------------------------------------------------------------------------


def write(dataset: Dataset, request: Request, plan: Plan) -> None:
    """Write the modules of the segmentation into a dataset that has those of patient, study and equipment."""
    _write_frame_of_reference(dataset, request, plan)
    _write_pixel_description(dataset, request, plan)
    _write_segmentation(dataset, request, plan)
    _write_matrix(dataset, request, plan)
    implicit = request.encoding.transfer_syntax_uid == "1.2.840.10008.1.2"
    _write_references(dataset, request.sources, implicit=implicit)
    _write_frames(dataset, request, plan)
    _write_pixels(dataset, plan, implicit=implicit)


def _write_frame_of_reference(dataset: Dataset, request: Request, plan: Plan) -> None:
    first = request.sources.first
    if plan.planes.system is None:
        # Type 2C: needed where nothing else tells how the frames lie (PS3.3 C.7.6.1)
        dataset.PatientOrientation = first.get("PatientOrientation")
        return
    FrameOfReferenceModule.read_from(first).write_to(dataset)


def _write_pixel_description(dataset: Dataset, request: Request, plan: Plan) -> None:
    fmt = plan.fmt
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = fmt.rows, fmt.columns
    dataset.BitsAllocated = dataset.BitsStored = fmt.bits_allocated
    dataset.HighBit = fmt.bits_allocated - 1
    dataset.PixelRepresentation = 0
    if request.kind is SegmentationTypeValues.LABELMAP:
        dataset.add_new("PixelPaddingValue", "US", 0)
    if request.palette.transformation is not None:
        _write_palette(dataset, request.palette)
    _write_lossy(dataset, [*request.sources.datasets, *request.sources.further])


def _write_palette(dataset: Dataset, palette: Palette) -> None:
    assert palette.transformation is not None
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for element in palette.transformation:
        dataset.add(element)
    # The ICC Profile module is mandatory with a palette (PS3.3 A.51.3); display colours are sRGB unless said otherwise
    dataset.ICCProfile = srgb_profile() if palette.icc_profile is None else palette.icc_profile


def _write_lossy(dataset: Dataset, sources: Sequence[Dataset]) -> None:
    """Once lossy, always lossy (PS3.3 C.8.20.2.2); the transfer syntax tells where a source says nothing."""
    lossy = [source for source in sources if _lossy_method(source) is not None]
    dataset.LossyImageCompression = "01" if lossy else "00"
    if not lossy:
        return
    ratio = next(
        (s["LossyImageCompressionRatio"].value for s in lossy if s.get("LossyImageCompressionRatio")), None
    )
    if ratio is not None:
        dataset.LossyImageCompressionRatio = ratio
    method = next((m for m in map(_lossy_method, lossy) if m), None)
    if method:
        dataset.LossyImageCompressionMethod = method


def _lossy_method(source: Dataset) -> Any | None:
    """How a source was compressed with loss; empty where nobody knows, None if it was not."""
    meta = getattr(source, "file_meta", None)
    syntax = text_value(meta, "TransferSyntaxUID") if meta else None
    _, by_syntax = get_lossy_compression_attributes(syntax or "")
    if text_value(source, "LossyImageCompression") != "01" and by_syntax is None:
        return None
    return source.get("LossyImageCompressionMethod") or by_syntax or ""


def _write_segmentation(dataset: Dataset, request: Request, plan: Plan) -> None:
    content, fractional = request.content, request.kind is SegmentationTypeValues.FRACTIONAL
    modality = text_value(request.sources.first, "Modality") or "IMAGE"
    if content.creator_name is not None:
        check_person_name(content.creator_name)
    background = [] if request.segments.background is None else [request.segments.background]
    SegmentationImageModule(
        content_label=f"{modality}_SEG" if content.label is None else content.label,
        content_description=content.description,
        content_creator_name=content.creator_name,
        content_creator_identification=content.creator_identification,
        segmentation_type=request.kind.value,
        fractional_type=SegmentationFractionalTypeValues(request.fractional_type).value
        if fractional
        else None,
        maximum_fractional_value=request.encoding.max_fractional_value if fractional else None,
        segments_overlap=plan.overlap.value,
        segments=_described([*background, *request.segments.descriptions], request.palette),
    ).write_to(dataset)


def _described(items: Sequence[Dataset], palette: Palette) -> Sequence[Dataset]:
    """Items of the Segment Sequence; colours are the palette's where there is one (PS3.3 C.8.20.2)."""
    if palette.transformation is None:
        return items
    return [_without(item, "RecommendedDisplayCIELabValue") for item in items]


def _without(item: Dataset, keyword: str) -> Dataset:
    copied = deepcopy(item)
    if keyword in copied:
        del copied[keyword]
    return copied


def _write_matrix(dataset: Dataset, request: Request, plan: Plan) -> None:
    matrix = plan.planes.matrix
    if matrix is None:
        return
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = matrix.rows, matrix.columns
    dataset.TotalPixelMatrixFocalPlanes = matrix.focal_planes
    dataset.ImageOrientationSlide = [decimal(v, "image orientation") for v in matrix.orientation]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem = decimal(matrix.origin[0], "x offset")
    origin.YOffsetInSlideCoordinateSystem = decimal(matrix.origin[1], "y offset")
    dataset.TotalPixelMatrixOriginSequence = [origin]
    if request.pyramid.uid is not None:
        dataset.PyramidUID = request.pyramid.uid
    if request.pyramid.label is not None:
        dataset.PyramidLabel = request.pyramid.label


def _write_references(dataset: Dataset, sources: SourceImages, *, implicit: bool) -> None:
    """Common Instance Reference (PS3.3 C.12.2): every source instance, by series."""
    series: dict[str, list[tuple[str, str]]] = {}
    for identity in (*sources.identities, *sources.further_identities):
        series.setdefault(identity.series, []).append((identity.sop_class, identity.instance))
    items = []
    for uid, instances in series.items():
        item = Dataset()
        item.SeriesInstanceUID = uid
        # hundreds of like items: as bytes, which pydicom decodes when somebody looks
        reference_table(instances).attach_to_item(item, "ReferencedInstanceSequence", implicit=implicit)
        items.append(item)
    dataset.ReferencedSeriesSequence = items


def _write_frames(dataset: Dataset, request: Request, plan: Plan) -> None:
    labelmap = request.kind is SegmentationTypeValues.LABELMAP
    dataset.NumberOfFrames = plan.frames.count
    dataset.SharedFunctionalGroupsSequence = [shared_groups(plan.planes, request.sources, plan.organisation)]
    if plan.organisation is not None:
        dataset.DimensionOrganizationType = plan.organisation.value
    organization = Dataset()
    if plan.organisation is DimensionOrganizationTypeValues.TILED_FULL:
        organization.DimensionOrganizationUID = str(new_uid())
        dataset.DimensionOrganizationSequence = [organization]
        return
    dimensions = dimension_index(plan.planes, labelmap)
    organization.DimensionOrganizationUID = dimensions[0].DimensionOrganizationUID
    dataset.DimensionOrganizationSequence = [organization]
    dataset.DimensionIndexSequence = dimensions
    frame_table(plan.planes, plan.frames, request.sources).attach(dataset)


def _write_pixels(dataset: Dataset, plan: Plan, *, implicit: bool) -> None:
    # PS3.5 8.1.2 and A.2: OW in Implicit VR and for cells of more than 8 bits, otherwise OB
    words = implicit or (plan.fmt.bits_allocated > 8 and is_native(str(dataset.file_meta.TransferSyntaxUID)))
    dataset.add_new("PixelData", "OW" if words else "OB", plan.pixels.value)
    if plan.pixels.extended_offsets is not None:
        dataset.add_new("ExtendedOffsetTable", "OV", plan.pixels.extended_offsets)
        dataset.add_new("ExtendedOffsetTableLengths", "OV", plan.pixels.extended_lengths)


def add_equipment(dataset: Dataset, source: Dataset, further: Sequence[ContributingEquipment] | None) -> None:
    """Contributing Equipment (PS3.3 C.12.1): what acquired the source, this library, and what the caller adds."""
    items: list[Dataset] = []
    if source.get("Manufacturer"):
        items.append(ContributingEquipment.for_image_acquisition(source))
    items.extend(further or ())
    items.append(ContributingEquipment.for_dicomposer())
    dataset.ContributingEquipmentSequence = items
