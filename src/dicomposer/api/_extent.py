"""How far images reach in space, so that a point beyond them is noticed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record, spatial
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._slide import matrix_size
from dicomposer.api._sources import SourceImages
from dicomposer.errors import GeometryError

__all__ = ["Extent"]

Floats = NDArray[np.float64]

#: Thickness of what does not say its own, millimetres; that of a slide of glass.
_THIN = 1.0
#: A stated thickness beyond this is none; and so far beyond the last slice, at most, half a gap reaches. Millimetres.
_THICKEST = 20.0
#: Gaps of more than so many usual ones have no images in them.
_IRREGULAR = 2.0
_STATED = "PixelMeasuresSequence.SliceThickness"
_TO_RAS = np.asarray([-1.0, -1.0, 1.0])


@dataclass(frozen=True)
class Extent:
    """The box around the planes of images.

    Attributes
    ----------
    axes : numpy.ndarray
        (3, 3): direction of rows, of columns and the normal of parallel planes, else x, y, z.
    lowest, highest : numpy.ndarray
        (3,) edges along these axes, millimetres; edges of pixels, but centres of slices.
    margin : numpy.ndarray
        (3,) how far beyond an edge points may lie: half a pixel, or a slice.
    gaps : numpy.ndarray
        (n, 2) where parallel planes leave out some: the planes before and after, along the normal.
    span : numpy.ndarray
        (2, 3) least and greatest x, y, z of the edges, for people.
    """

    axes: Floats
    lowest: Floats
    highest: Floats
    margin: Floats
    gaps: Floats
    span: Floats

    @classmethod
    def of(cls, source: SourceImages) -> Self | None:
        """The box around images; None if they do not say where they lie.

        Parameters
        ----------
        source : SourceImages
            Images of one frame of reference, or levels of a slide.
        """
        if source.is_slide:
            levels = [_of_slide(one) for one in source.datasets]
            known = [one for one in levels if one is not None]
            if not known:
                return None
            corners, orientations = np.concatenate([one[0] for one in known]), known[0][1][None]
            pixel, step = np.max([one[2] for one in known], axis=0), _THIN
        else:
            planes = SourcePlanes.of(source)
            spacings = planes.columns.spacings
            if not planes.has_geometry or spacings is None or planes.columns.orientations is None:
                return None
            orientations = planes.columns.orientations
            corners = _corners(planes.positions, orientations, spacings, planes.shape)
            pixel, step = spacings.max(axis=0), _thickness(source)
        return cls._around(corners, orientations, pixel, step)

    @classmethod
    def _around(cls, corners: Floats, orientations: Floats, pixel: Floats, step: float) -> Self:
        if np.abs(orientations - orientations[0]).max() > 1e-3:
            axes, gaps = np.eye(3), np.empty((0, 2))
            margin = np.full(3, max(float(pixel.max()) / 2, step))
        else:
            right, down = orientations[0].reshape(2, 3)
            axes = np.stack([right, down, np.cross(right, down)])
            planes = np.unique(np.round(corners @ axes[2], 3))
            steps = np.diff(planes)
            usual = float(np.median(steps)) if len(steps) else 0.0
            gaps = np.stack([planes[:-1], planes[1:]], axis=1)[steps > _IRREGULAR * usual]
            margin = np.asarray([pixel[1] / 2, pixel[0] / 2, max(step, min(usual, _THICKEST) / 2)])
        placed = corners @ axes.T
        span = np.stack([corners.min(axis=0), corners.max(axis=0)])
        return cls(axes, placed.min(axis=0), placed.max(axis=0), margin, gaps, span)

    def distances(self, points: Floats) -> Floats:
        """How far points (n, 3) lie outside the box, or in a gap, millimetres; 0 inside, or within the margin."""
        placed = points @ self.axes.T
        beyond = np.maximum(0.0, np.maximum(self.lowest - placed, placed - self.highest))
        height = placed[:, 2:]
        within = np.minimum(height - self.gaps[:, 0], self.gaps[:, 1] - height)
        beyond[:, 2] = np.maximum(beyond[:, 2], within.max(axis=1, initial=0.0))
        outside = np.asarray((beyond > self.margin).any(axis=1))
        away: Floats = np.linalg.norm(beyond, axis=1) * outside
        return away

    def check(self, points: Floats, name: str) -> None:
        """Refuse points beyond the images.

        Parameters
        ----------
        points : numpy.ndarray
            (n, 3) x, y, z in millimetres.
        name : str
            What they are, for the message.

        Raises
        ------
        GeometryError
            With the distance, what the images span, and which other way of counting would place them inside.
        """
        points = np.unique(points, axis=0)
        away = self.distances(points)
        if not away.any():
            return
        several = (
            f"{np.count_nonzero(away)} of its {len(points)} points lie" if len(points) > 1 else "it lies"
        )
        # Pixels of slides are less than a thousandth of a millimetre wide
        digits = int(np.clip(np.ceil(-np.log10(self.margin[:2].min())), 1, 5))
        spans = ", ".join(
            f"{axis} {low:.{digits}f} to {high:.{digits}f}"
            for axis, low, high in zip("xyz", *self.span, strict=True)
        )
        spans += ", with gaps between the slices" if len(self.gaps) else ""
        hint = (
            "with the signs of x and y changed, it would be: these look like RAS, as NIfTI and 3D Slicer count; "
            if not self.distances(points * _TO_RAS).any()
            else ""
        )
        raise GeometryError(
            f"{name} is not in the images: {several} up to {away.max():.{digits}f} mm outside of them, which span "
            f"{spans}; {hint}pass millimetres in the coordinate system of the images (that of patients counts to the "
            "left, back and head), or the images that show it as source"
        )


def _corners(positions: Floats, orientations: Floats, spacings: Floats, shape: tuple[int, int]) -> Floats:
    """Outer corners of planes, (4 n, 3)."""
    rights = orientations[:, :3] * spacings[:, 1:]
    downs = orientations[:, 3:] * spacings[:, :1]
    first = positions - (rights + downs) / 2
    across, along = rights * shape[1], downs * shape[0]
    return np.concatenate([first, first + across, first + along, first + across + along])


def _of_slide(level: Dataset) -> tuple[Floats, Floats, Floats] | None:
    """Corners, orientation and pixel spacing of a total pixel matrix (PS3.3 C.8.12.4)."""
    try:
        plane = spatial.plane_of(level, for_total_pixel_matrix=True)
    except (GeometryError, AttributeError):
        return None
    orientation = np.asarray(plane.orientation, dtype=np.float64)
    spacing = np.asarray(plane.pixel_spacing, dtype=np.float64)
    corners = _corners(
        np.asarray(plane.position, dtype=np.float64)[None],
        orientation[None],
        spacing[None],
        matrix_size(level),
    )
    return corners, orientation, spacing


def _thickness(source: SourceImages) -> float:
    """The greatest Slice Thickness in millimetres that can be one (PS3.3 C.7.6.2, C.7.6.16.2.1)."""
    found: list[float] = []
    for image in source.datasets:
        holders = [image]
        for shared in record.items_of(image, "SharedFunctionalGroupsSequence")[:1]:
            holders += record.items_of(shared, "PixelMeasuresSequence")[:1]
        found += [number for one in holders for number in record.float_values(one, "SliceThickness") or ()]
        if "PerFrameFunctionalGroupsSequence" in image:
            table = record.FrameTable.of_dataset(image)
            if _STATED in table.paths:
                found += np.ravel(table.numbers(_STATED)).tolist()
    return max((one for one in found if 0 < one <= _THICKEST), default=_THIN)
