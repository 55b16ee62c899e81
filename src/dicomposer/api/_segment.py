"""``segment``: a mask and its images in, a Segmentation out."""

from __future__ import annotations

import difflib
import inspect
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from itertools import chain
from typing import Any, TypedDict, Unpack

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer.api._empty import warn_of_empty_segments
from dicomposer.api._grid import Placer
from dicomposer.api._headers import whole_number_or_none
from dicomposer.api._join import join
from dicomposer.api._labels import as_labels, labels_in, relabel
from dicomposer.api._masks import MaskLike, Masks, mask_suffixes
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._segments import (
    Algorithm,
    SegmentsLike,
    SegmentSpec,
    describe,
    read_segments,
    value_of,
)
from dicomposer.api._slide import OnSlide, matrix_size, place_on_slide
from dicomposer.api._sources import SourceImages, SourceLike, read_source
from dicomposer.api._syntax import transfer_syntax
from dicomposer.base import SOPClass
from dicomposer.coding import new_uid
from dicomposer.content import AlgorithmIdentificationSequence
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.seg import Segmentation, SegmentDescription

_TYPES = ("BINARY", "LABELMAP", "FRACTIONAL")


class SegmentOptions(TypedDict, total=False):
    """What else :func:`segment` takes; any other argument of :class:`dicomposer.seg.Segmentation` as well."""

    algorithm_version: str
    algorithm_type: str
    source_series: str | int
    transfer_syntax_uid: str
    series_instance_uid: str
    series_number: int
    series_description: str
    sop_instance_uid: str
    instance_number: int
    manufacturer: str
    manufacturer_model_name: str
    software_versions: str | tuple[str]
    device_serial_number: str
    content_label: str
    content_description: str
    content_creator_name: str
    omit_empty_frames: bool
    fractional_type: str
    max_fractional_value: int
    dimension_organization_type: str
    tile_size: Sequence[int]
    further_source_images: Sequence[Dataset]
    use_extended_offset_table: bool
    workers: int


@dataclass(frozen=True)
class _Canvas:
    """The mask, plane by plane in the order of the images that go with it."""

    array: NDArray[Any]
    images: Sequence[Dataset]
    tile: bool = False


def segment(
    mask: MaskLike,
    source: SourceLike,
    segments: SegmentsLike | None = None,
    *,
    segmentation_type: str = "BINARY",
    order: str | Sequence[str] | None = None,
    algorithm: str | AlgorithmIdentificationSequence | None = None,
    **options: Unpack[SegmentOptions],
) -> Segmentation:
    """Turn a mask and the images that it belongs to into a DICOM Segmentation.

    What the images say (patient, study, geometry) is taken over; what only the caller knows (what the labels
    mean) must be said; everything else has a default that a keyword replaces.

    Parameters
    ----------
    mask : numpy.ndarray, Volume, path, nibabel or SimpleITK image, or a dictionary of these by name
        Labels (0 is background; floats within 1e-5 of a whole number are labels, too), 0/1 masks, or fractions
        from 0 to 1. Arrays are (rows, columns), (planes, rows, columns) or
        (planes, rows, columns, segments). Files: NIfTI, NRRD, MetaImage, ``.npy``,
        ``.npz``, pictures for single images, DICOM Segmentations. A dictionary, or a folder of files, holds one mask a
        structure; they may overlap unless LABELMAP is asked for. A mask with a geometry is put on the grid of
        the images, never resampled: its axes are turned, and planes outside it are empty.
    source : str, os.PathLike, pydicom.Dataset or a list of files or datasets
        A folder with a series, one file or dataset (single-frame, enhanced multi-frame, slide), or a list.
        Pixel data are not read. Of a folder with the levels of a slide, the level of the mask's size is
        taken.
    segments : list, dictionary, str or SegmentDescription, optional
        What the labels mean. A list names labels 1, 2, 3...; a dictionary names label values (``{1: "Liver",
        7: "Spleen"}``, or the other way round as models list them: ``{"background": 0, "liver": 1}``). Each
        item is a name of the terminology table (see ``dicomposer terms``), a dictionary (``name``, ``label``,
        ``category``, ``type``, ``regions``, ``colour``, ``algorithm``, ``algorithm_type``, ``tracking_id``,
        ``tracking_uid``) or a :class:`~dicomposer.seg.SegmentDescription`. Optional when `mask` is a
        dictionary. A single name stands for the only value of a mask, whatever it is. Described labels may be
        missing from the mask, but not the reverse.
    segmentation_type : {"BINARY", "LABELMAP", "FRACTIONAL"}
        How to store it, in upper or lower case. BINARY and FRACTIONAL number the segments 1, 2, 3... in the
        order of the label values; LABELMAP keeps the values.
    order : str or Sequence[str], optional
        In which order the planes of a bare array run; required when `source` is a folder. A direction
        ("head-to-feet", "feet-to-head", "left-to-right", "right-to-left", "anterior-to-posterior",
        "posterior-to-anterior"), "along-normal" or "against-normal" (of the slices; SimpleITK's series reader
        runs along it), "instance-number", "given" (as the list of sources is), or the SOP Instance UIDs one
        by one.
    algorithm : str or AlgorithmIdentificationSequence, optional
        What made the mask. Without a name the segments are AUTOMATIC by an "unspecified" algorithm; a mask
        drawn by a person is ``algorithm_type="MANUAL"``.
    **options
        ``algorithm_version``, ``algorithm_type``; ``source_series``, the UID or number of the series in a
        folder with several; ``transfer_syntax_uid``, a UID or one of "native", "deflated", "rle", "jpeg-ls",
        "jpeg2000"; and any argument of :class:`~dicomposer.seg.Segmentation`. Defaults: new UIDs, series
        number 100 times that of the source plus 1, manufacturer and model "dicomposer", content label
        "SEGMENTATION".

    Returns
    -------
    Segmentation
        Checked against the standard; write it with ``save_as``.

    Raises
    ------
    ArgumentError
        When the mask does not fit the images or a label is not described. Its subclasses:
        :class:`GeometryError` for grids, :class:`TerminologyError` for names, :class:`UnsupportedError` for
        transfer syntaxes.

    Warns
    -----
    EmptySegmentWarning
        When the mask holds no voxel of a segment.

    Examples
    --------
    >>> import dicomposer as dc
    >>> dc.segment("liver.nii.gz", "ct/", ["Liver"]).save_as("liver.dcm")  # doctest: +SKIP
    """
    extra: dict[str, Any] = dict(options)
    kind = str(getattr(segmentation_type, "value", segmentation_type)).upper()  # an enumeration's, as well
    if kind not in _TYPES:
        raise ArgumentError(
            f"segmentation_type must be one of {', '.join(_TYPES)}, not {segmentation_type!r}"
        )
    made_by = Algorithm(algorithm, extra.pop("algorithm_version", None), extra.pop("algorithm_type", None))
    series = extra.pop("source_series", None)
    _check_options(extra)
    _check_exchanged(mask, source)
    images = read_source(source, series=series)
    masks = Masks.of(mask)
    canvas = _compose(masks, images, order, kind)
    array, descriptions = _assign(
        canvas.array,
        read_segments(segments or masks.descriptions or None, masks.names),
        kind,
        made_by,
        masks.channel_numbers,
    )
    arguments = _defaults(canvas.images[0], descriptions) | extra
    if "transfer_syntax_uid" in arguments:
        arguments["transfer_syntax_uid"] = transfer_syntax(arguments["transfer_syntax_uid"])
    if canvas.tile:
        arguments.setdefault("tile_pixel_array", True)
    made = Segmentation(
        source_images=canvas.images,
        pixel_array=array,
        segmentation_type=kind,
        segment_descriptions=descriptions,
        **arguments,
    )
    tiled_full = made.get("DimensionOrganizationType") == "TILED_FULL"
    kept = tiled_full or not arguments.get("omit_empty_frames", True)
    warn_of_empty_segments(made, array, empty_frames_kept=kept)
    return made


def _check_exchanged(mask: MaskLike, source: SourceLike) -> None:
    """Say so when the mask and the images were given in each other's place."""
    if isinstance(source, str | os.PathLike) and os.fspath(source).lower().endswith(mask_suffixes()):
        raise ArgumentError(
            f"the source is a file of a mask ({os.fspath(source)}): the mask comes first, then the images"
            + (", as in segment(mask, source)" if isinstance(mask, str | os.PathLike) else "")
        )


def _check_options(options: dict[str, Any]) -> None:
    """Name the keyword that nobody takes, before any work."""
    known = {*SegmentOptions.__annotations__}
    for constructor in (Segmentation, SOPClass):
        known.update(inspect.signature(constructor).parameters)
    known -= {"self", "kwargs", "source_images", "pixel_array", "segment_descriptions"}
    for name in options:
        if name not in known:
            near = difflib.get_close_matches(name, {*known, *inspect.signature(segment).parameters}, n=1)
            raise ArgumentTypeError(
                f"segment() takes no {name!r}" + (f"; did you mean {near[0]!r}?" if near else "")
            )


def _defaults(image: Dataset, descriptions: Sequence[SegmentDescription]) -> dict[str, Any]:
    number = whole_number_or_none(image, "SeriesNumber")
    labels = ", ".join(description.segment_label for description in descriptions)
    return {
        "series_instance_uid": new_uid(),
        # Sorts behind its source in every list, and tells which one that is.
        "series_number": 100 * number + 1 if number is not None and 0 <= number < 10**7 else 1001,
        "series_description": _shortened(f"Segmentation: {labels}", 64),
        "sop_instance_uid": new_uid(),
        "instance_number": 1,
        "manufacturer": "dicomposer",
        "manufacturer_model_name": "dicomposer",
        "software_versions": version("dicomposer"),
        "device_serial_number": "unspecified",
        "content_label": "SEGMENTATION",
        "content_description": _shortened(labels, 64),
    }


def _shortened(text: str, length: int) -> str:
    """Within the length of an LO value, without the backslash that would make it two (PS3.5 6.2)."""
    text = text.replace("\\", "/")
    return text if len(text) <= length else text[: length - 3] + "..."


def _compose(masks: Masks, source: SourceImages, order: str | Sequence[str] | None, kind: str) -> _Canvas:
    """All masks on one array, whose planes lie in the order of the images."""
    if source.is_slide:
        return _compose_slide(masks, source, kind)
    placer = Placer(source, SourcePlanes.of(source), order)
    layers = map(placer.place, masks.layers(len(placer.planes) * math.prod(placer.planes.shape)))
    first = next(layers)
    arrays = (_reordered(placed.array, placed.order, first.order) for placed in chain([first], layers))
    array = join(arrays, masks.names, kind)
    if not source.is_multi_frame:
        return _Canvas(array, [source.datasets[index] for index in first.order])
    frames = np.arange(len(placer.planes))  # the frames of an image keep their order, so the mask follows it
    return _Canvas(_reordered(array, first.order, frames), source.datasets)


def _compose_slide(masks: Masks, source: SourceImages, kind: str) -> _Canvas:
    pixels = max(math.prod(matrix_size(level)) for level in source.datasets)
    layers = (place_on_slide(layer, source) for layer in masks.layers(pixels))
    first = next(layers)
    array = join((_same_level(one, first) for one in chain([first], layers)), masks.names, kind)
    return _Canvas(array, [first.level], tile=first.whole)


def _same_level(one: OnSlide, first: OnSlide) -> NDArray[Any]:
    if one.level is not first.level or one.whole is not first.whole:
        raise ArgumentError("the masks belong to different levels of the slide; pass those of one level")
    return one.array


def _reordered(array: NDArray[Any], order: NDArray[np.intp], wanted: NDArray[np.intp]) -> NDArray[Any]:
    if np.array_equal(order, wanted):
        return array
    place = {int(index): plane for plane, index in enumerate(order)}
    if {int(index) for index in wanted} != set(place):
        raise ArgumentError("the masks cover different planes of the source")
    return array[[place[int(index)] for index in wanted]]


def _assign(
    array: NDArray[Any],
    segments: list[SegmentSpec | SegmentDescription],
    kind: str,
    made_by: Algorithm,
    numbers: Sequence[int] | None,
) -> tuple[NDArray[Any], list[SegmentDescription]]:
    """Give every label its segment and every segment its number."""
    if array.ndim == 4 or (kind == "FRACTIONAL" and array.dtype.kind == "f"):
        return _assign_channels(array, segments, made_by, numbers, fractions=kind == "FRACTIONAL")
    labels = as_labels(array)
    if not segments:
        raise ArgumentError(
            "segments= is missing: say what the labels mean. The mask holds "
            f"{_values(labels_in(labels)) or 'none'}; "
            "for example segments=['Liver'] or segments={1: 'Liver'}"
        )
    values = _values_of(segments, labels, only_value=kind != "FRACTIONAL")
    by_value = sorted(
        range(len(values)), key=values.__getitem__
    )  # segments are listed in the order of their numbers
    segments, values = [segments[index] for index in by_value], [values[index] for index in by_value]
    _check_described(labels, values, kind)
    if kind == "LABELMAP":
        return labels, describe(segments, values, made_by)
    return relabel(labels, values), describe(segments, range(1, len(values) + 1), made_by)


def _assign_channels(
    array: NDArray[Any],
    segments: list[SegmentSpec | SegmentDescription],
    made_by: Algorithm,
    numbers: Sequence[int] | None,
    *,
    fractions: bool,
) -> tuple[NDArray[Any], list[SegmentDescription]]:
    """The same where every segment has a channel: those of a Segmentation have its `numbers`, others 1, 2, 3..."""
    channels = array.shape[3] if array.ndim == 4 else 1
    wanted = list(numbers or range(1, channels + 1))
    values = [
        number if (value := value_of(s)) is None else value for number, s in enumerate(segments, start=1)
    ]
    if sorted(values) != wanted or len(wanted) != channels:
        raise ArgumentError(
            f"the mask has {channels} channel{'s' * (channels > 1)}, one a segment, and segments describes "
            f"{_values(values) or 'none'}; describe {_values(wanted)}"
            + ("" if array.ndim == 4 else ", or pass (planes, rows, columns, segments)")
        )
    array = array if fractions else as_labels(array)
    ordered = [segment for _, segment in sorted(zip(values, segments, strict=True), key=lambda pair: pair[0])]
    return array, describe(ordered, range(1, channels + 1), made_by)


def _values_of(
    segments: Sequence[SegmentSpec | SegmentDescription], labels: NDArray[Any], *, only_value: bool
) -> list[int]:
    """The label value of each segment; the only name may stand for the only value, unless it may be a fraction."""
    given = [value_of(segment) for segment in segments]
    if given == [None] and only_value:
        present = labels_in(labels)
        return present if len(present) == 1 else [1]
    if any(value is None for value in given) and any(value is not None for value in given):
        raise ArgumentError("some segments have a value and others none; give all of them one, or none")
    values = [number if value is None else value for number, value in enumerate(given, start=1)]
    if len(set(values)) != len(values):
        raise ArgumentError("segments describes one value twice")
    if min(values) < 1:
        raise ArgumentError(f"segments describes the value {min(values)}; values of segments start at 1")
    return values


def _check_described(labels: NDArray[Any], values: Sequence[int], kind: str) -> None:
    if not labels.size or (values == list(range(1, len(values) + 1)) and int(labels.max()) <= len(values)):
        return  # the common case, without looking at every voxel
    missing = [value for value in labels_in(labels) if value not in set(values)]
    if missing:
        raise ArgumentError(
            f"the mask holds the label{'s' * (len(missing) > 1)} {_values(missing)}, which segments does not "
            "describe "
            f"(it describes {_values(values)}); describe them, or set them to 0"
            + ("; fractions are floats from 0 to 1" if kind == "FRACTIONAL" else "")
        )


def _values(values: Sequence[int]) -> str:
    return ", ".join(str(value) for value in values[:12]) + (
        f" and {len(values) - 12} more" if len(values) > 12 else ""
    )
