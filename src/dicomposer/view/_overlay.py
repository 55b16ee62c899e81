"""A Segmentation on the images it was made from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import api, image, record
from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.pixels import CIELabColor
from dicomposer.seg import Segmentation
from dicomposer.view._frames import FrameContents, positions_of_frames, segment_of_frames
from dicomposer.view._picture import Picture, montage, painted, percentile_window, resampled, windowed
from dicomposer.view._slide import slide_overlay

_PANEL = 384  # rows and columns that a panel has at least


@dataclass(frozen=True)
class Style:
    """How an overlay looks.

    Attributes
    ----------
    opacity : float
        Of the filled segments, 0 (contours only) to 1.
    columns : int
        Panels side by side.
    window : tuple[float, float] or None
        Centre and width; None takes the window in the header, or the percentiles 1 to 99.
    """

    opacity: float = 0.35
    columns: int = 3
    window: tuple[float, float] | None = None


def legend(segmentation: Segmentation) -> dict[str, tuple[int, int, int]]:
    """Label and RGB colour (0 to 255) of each segment, in the order of their numbers."""
    found: dict[str, tuple[int, int, int]] = {}
    for number, colour in colours_of(segmentation).items():
        label = segmentation.get_segment_description(number).segment_label
        found[label if label not in found else f"{label} ({number})"] = colour
    return found


def overlay(
    segmentation: Segmentation,
    source: api.SourceLike,
    *,
    planes: int | Sequence[int] = 6,
    style: Style | None = None,
) -> Picture:
    """Draw a Segmentation on its source images.

    Parameters
    ----------
    segmentation : Segmentation
        What to draw.
    source : folder, file, dataset, or list of these
        The images it was made from.
    planes : int or Sequence[int], optional
        How many planes to show (those that show most of the segments are chosen), or which planes of the
        source (from 0, in the order of `source`). A slide is shown as one picture.
    style : Style, optional
        How it looks.

    Returns
    -------
    numpy.ndarray
        (rows, columns, 3) uint8, RGB: the planes side by side.

    Raises
    ------
    GeometryError
        When the Segmentation does not lie on the planes of the source.
    """
    look = style or Style()
    images = api.read_source(source, series=source_series(segmentation))
    if images.is_slide:
        return slide_overlay(segmentation, images.datasets, colours_of(segmentation), look.opacity)
    columns = api.SourcePlanes.of(images)
    if (int(segmentation.Rows), int(segmentation.Columns)) != columns.shape:
        raise GeometryError(
            f"the segmentation has frames of {segmentation.Rows}x{segmentation.Columns}, the source images "
            "of "
            f"{columns.shape[0]}x{columns.shape[1]}: they are not on one grid"
        )
    plane_of_frame = _planes_of_frames(segmentation, columns)
    chosen = _chosen(segmentation, plane_of_frame, columns, planes)
    backgrounds = _backgrounds(images, chosen, look.window)
    colours = colours_of(segmentation)
    panels = [
        _scaled(
            _drawn(segmentation, np.flatnonzero(plane_of_frame == plane), background, colours, look), columns
        )
        for plane, background in zip(chosen, backgrounds, strict=True)
    ]
    return montage(panels, look.columns)


def source_series(segmentation: Dataset) -> str | None:
    """UID of the series that a Segmentation was made from: in a folder with several, the one to read."""
    series = record.items_of(segmentation, "ReferencedSeriesSequence")
    return record.text_value(series[0], "SeriesInstanceUID") if series else None


def colours_of(segmentation: Segmentation) -> dict[int, tuple[int, int, int]]:
    """RGB of each segment; label maps may carry a palette instead, which is not read here."""
    colours = {}
    for number in segmentation.segment_numbers:
        value = record.value_of(segmentation.get_segment_description(number), "RecommendedDisplayCIELabValue")
        lab = api.default_colour(number) if value is None else CIELabColor.from_dicom_value(value)
        red, green, blue = lab.to_rgb(clip=True)
        colours[number] = (int(red), int(green), int(blue))
    return colours


def _planes_of_frames(segmentation: Segmentation, planes: api.SourcePlanes) -> NDArray[np.intp]:
    """(frames,) the plane of the source on which each frame lies."""
    positions = positions_of_frames(segmentation)
    if positions is None or not planes.has_geometry:
        if len(planes) == 1:
            return np.zeros(segmentation.number_of_frames, dtype=np.intp)
        raise GeometryError("neither positions nor a single plane tell on which image each frame lies")
    along = planes.positions @ planes.normal
    order = np.argsort(along)
    place = np.clip(np.searchsorted(along[order], positions @ planes.normal), 1, max(1, len(order) - 1))
    candidates = np.stack([order[place - 1], order[np.minimum(place, len(order) - 1)]])
    distances = np.linalg.norm(planes.positions[candidates] - positions, axis=-1)
    nearest: NDArray[np.intp] = np.take_along_axis(candidates, distances.argmin(axis=0)[np.newaxis], 0)[0]
    farthest = float(distances.min(axis=0).max())
    if farthest > 0.1:  # far above the rounding of decimal strings, far below any distance between planes
        raise GeometryError(
            f"a frame of the segmentation lies {farthest:.3g} mm from the nearest plane of the source: these "
            "are "
            "not the images it was made from"
        )
    return nearest


def _chosen(
    segmentation: Segmentation,
    plane_of_frame: NDArray[np.intp],
    planes: api.SourcePlanes,
    wanted: int | Sequence[int],
) -> list[int]:
    """The planes to show, in the order of the source."""
    if not isinstance(wanted, int):
        beyond = [plane for plane in wanted if not 0 <= plane < len(planes)]
        if beyond or not len(wanted):
            raise ArgumentError(f"planes must name planes 0 to {len(planes) - 1} of the source, not {beyond}")
        return [int(plane) for plane in wanted]
    if wanted < 1:
        raise ArgumentError("at least one plane must be shown")
    contents = FrameContents.of(segmentation)
    if not contents.voxels.any():
        return [
            int(p) for p in np.unique(np.linspace(0, len(planes) - 1, min(wanted, len(planes))).astype(int))
        ]
    plane = plane_of_frame[contents.frame]
    return sorted(_most_telling(plane, contents, wanted))


def _most_telling(plane: NDArray[np.intp], contents: FrameContents, wanted: int) -> list[int]:
    """First the best plane of each segment, the largest segment first; then an even spread over all of it."""
    totals = {int(n): contents.totals(int(n))[0] for n in np.unique(contents.segment)}
    chosen: list[int] = []
    for number in sorted(totals, key=lambda n: -totals[n]):
        rows = np.flatnonzero(contents.segment == number)
        best = int(plane[rows[contents.voxels[rows].argmax()]])
        if totals[number] and best not in chosen and len(chosen) < wanted:
            chosen.append(best)
    occupied = np.unique(plane[contents.voxels > 0])
    while len(chosen) < min(wanted, len(occupied)):
        gaps = np.abs(occupied[:, np.newaxis] - np.asarray(chosen)).min(axis=1)
        chosen.append(int(occupied[gaps.argmax()]))
    return chosen


def _backgrounds(
    images: api.SourceImages, chosen: Sequence[int], window: tuple[float, float] | None
) -> list[Picture]:
    frames = [_pixels(images, plane) for plane in chosen]
    if frames[0].ndim == 3:
        return [frame.astype(np.uint8) for frame in frames]
    first = images.datasets[0]
    centre, width = window or _header_window(first) or percentile_window(frames)
    pictures = [windowed(frame, centre, width) for frame in frames]
    inverted = first.get("PhotometricInterpretation") == "MONOCHROME1"
    return [255 - picture for picture in pictures] if inverted else pictures


def _pixels(images: api.SourceImages, plane: int) -> NDArray[np.float64]:
    dataset = images.datasets[0] if images.is_multi_frame else images.datasets[plane]
    reader = image.Image.from_dataset(dataset, copy=False)
    pixels: NDArray[np.float64] = reader.get_frame(plane if images.is_multi_frame else 0, as_index=True)
    return pixels


def _header_window(dataset: Dataset) -> tuple[float, float] | None:
    """The first window of the image, wherever it stands (PS3.3 C.11.2, C.7.6.16.2.10)."""
    holders = [dataset]
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        groups = dataset.get(name)
        if groups and groups[0].get("FrameVOILUTSequence"):
            holders.append(groups[0].FrameVOILUTSequence[0])
    for holder in holders:
        centre, width = holder.get("WindowCenter"), holder.get("WindowWidth")
        if centre is not None and width is not None:
            return float(np.ravel(centre)[0]), float(np.ravel(width)[0])
    return None


def _drawn(
    segmentation: Segmentation,
    frames: NDArray[np.intp],
    background: Picture,
    colours: Mapping[int, tuple[int, int, int]],
    style: Style,
) -> Picture:
    numbers = segment_of_frames(segmentation)
    largest = int(segmentation.get("MaximumFractionalValue", 1))
    picture = background
    for frame in frames:
        pixels = segmentation.get_stored_frame(int(frame), as_index=True)
        if numbers is not None:
            picture = painted(picture, pixels / largest, colours[int(numbers[frame])], style.opacity)
            continue
        for number in np.unique(pixels):
            if number in colours and number:
                picture = painted(picture, pixels == number, colours[int(number)], style.opacity)
    return picture


def _scaled(picture: Picture, planes: api.SourcePlanes) -> Picture:
    """Square pixels, and panels large enough to look at."""
    spacings = planes.columns.spacings
    height, width = (1.0, 1.0) if spacings is None else spacings[0]
    unit = min(height, width)
    rows, columns = picture.shape[0] * height / unit, picture.shape[1] * width / unit
    factor = max(1, round(_PANEL / max(rows, columns)))
    return resampled(picture, round(rows * factor), round(columns * factor))
