"""Where a mask goes among the planes of its source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import spatial
from dicomposer.api._headers import check_same_patient
from dicomposer.api._masks import Layer
from dicomposer.api._order import plane_order
from dicomposer.api._planes import SourcePlanes
from dicomposer.api._sources import SourceImages
from dicomposer.enum import CoordinateSystemNames
from dicomposer.errors import ArgumentError, GeometryError
from dicomposer.volume import VolumeGeometry

# How far voxels of mask and images may lie apart, in voxels, anywhere: room for the rounding of positions in
# headers (a hundredth of a millimetre a step adds up over hundreds of planes), far from the half voxel that a
# wrong convention moves a mask.
_TOLERANCE = 0.05


@dataclass(frozen=True)
class Placed:
    """A mask of which every plane has its place.

    Attributes
    ----------
    array : numpy.ndarray
        (planes, rows, columns) or (planes, rows, columns, segments).
    order : numpy.ndarray
        (planes,) indices into the planes of the source.
    """

    array: NDArray[Any]
    order: NDArray[np.intp]


@dataclass(frozen=True)
class Placer:
    """Puts masks on the planes of one source.

    Attributes
    ----------
    source : SourceImages
        The images.
    planes : SourcePlanes
        Their planes.
    order : str, Sequence[str] or None
        What the caller said about the order of bare arrays.
    """

    source: SourceImages
    planes: SourcePlanes
    order: str | Sequence[str] | None

    def place(self, layer: Layer) -> Placed:
        """Place one mask: by its geometry if it has one, else by the order of its planes."""
        if layer.made is not None:
            check_same_patient(layer.made, self.source.datasets[0])
        return self._by_order(layer.array) if layer.geometry is None else self._by_geometry(layer)

    def _by_order(self, array: NDArray[Any]) -> Placed:
        if array.ndim == 2:
            array = array[np.newaxis]
        _check_plane_shape(array, self.planes)  # first what is plainly wrong, then the question of the order
        order = plane_order(self.order, self.planes, ordered=self.source.ordered)
        if len(array) != len(order):
            raise ArgumentError(
                f"the mask has {len(array)} planes and the source {len(order)}; they must be as many. To "
                "segment some "
                "of the images, pass only those, in the order of the array"
            )
        return Placed(array, order)

    def _by_geometry(self, layer: Layer) -> Placed:
        if self.order is not None:
            raise ArgumentError(
                "the mask carries its geometry, which says where its planes lie: leave order= out"
            )
        assert layer.geometry is not None
        target, order = source_grid(self.planes, layer.geometry)
        try:
            match = spatial.match_affines(
                layer.geometry.affine,
                layer.geometry.spatial_shape,
                target.affine,
                target.spatial_shape,
                tol=_TOLERANCE,
            )
        except GeometryError as error:
            raise GeometryError(f"{error} {_compared(layer.geometry, target)}") from None
        placed = match.apply(layer.array)
        if match.voxels_lost:
            lost = int(np.count_nonzero(layer.array)) - int(np.count_nonzero(placed))
            if lost:
                raise GeometryError(
                    f"{lost} voxels of the mask lie outside the source images ({len(self.planes)} planes of "
                    f"{self.planes.shape[0]}x{self.planes.shape[1]}); are some images missing? "
                    f"{_compared(layer.geometry, target)}"
                )
        return Placed(placed, order)


def source_grid(planes: SourcePlanes, mask: VolumeGeometry) -> tuple[VolumeGeometry, NDArray[np.intp]]:
    """The regular grid on which the planes of a source lie, and their order along it.

    Parameters
    ----------
    planes : SourcePlanes
        The planes.
    mask : VolumeGeometry
        The grid of the mask: its coordinate system and frame of reference must agree, and its spacing across the
        plane serves a source of one plane.

    Raises
    ------
    GeometryError
        When they fill no regular grid (irregular spacing, gaps, tilt), with the figures.
    """
    if mask.coordinate_system != CoordinateSystemNames.PATIENT:
        raise GeometryError(
            f"the mask lies in the {mask.coordinate_system.value} coordinate system, the images in that of the PATIENT"
        )
    uid = planes.frame_of_reference_uid
    if uid is not None and mask.frame_of_reference_uid not in (None, uid):
        raise GeometryError(
            "the mask and the source images have different frames of reference: register one to the other "
            "first"
        )
    stack = spatial.PlaneStack.of(
        planes.positions,
        planes.orientation.tolist(),
        spacing=mask.spacing_along(planes.normal) if len(planes) == 1 else None,
        pixel_spacing=planes.pixel_spacing,
    )
    problems = stack.problems()
    if problems:
        raise GeometryError(
            f"a mask with a geometry needs images on a regular grid, and the {len(planes)} source images fill none: "
            f"{'; '.join(problems)}{_missing_places(stack)}. Pass the complete series, or the mask as an "
            "array with one plane for each image and order="
        )
    spacing = stack.spacing
    assert spacing is not None  # one plane took that of the mask
    affine = np.eye(4)
    affine[:3, 0] = stack.normal * spacing
    affine[:3, 1] = planes.orientation[3:] * planes.pixel_spacing[0]
    affine[:3, 2] = planes.orientation[:3] * planes.pixel_spacing[1]
    affine[:3, 3] = stack.origin
    return VolumeGeometry(affine, (len(planes), *planes.shape), "PATIENT", uid), stack.order


def _missing_places(stack: spatial.PlaneStack) -> str:
    """Image Position (Patient) of the slices that are not there."""
    if not stack.missing or stack.spacing is None:
        return ""
    shown = [stack.origin + slot * stack.spacing * stack.normal for slot in stack.missing[:3]]
    places = " and ".join("(" + ", ".join(f"{value + 0.0:.5g}" for value in place) + ")" for place in shown)
    more = ", ..." if len(stack.missing) > len(shown) else ""
    return f"; no slice lies at x, y, z = {places}{more} mm"


def _compared(mask: VolumeGeometry, target: VolumeGeometry) -> str:
    """Where mask and images lie, in millimetres: those of another scan are far away or of another size."""
    (centre, size), (wanted, room) = _box(mask), _box(target)
    apart = float(np.linalg.norm(centre - wanted))
    text = (
        f"The centre of the mask lies {apart:.4g} mm from that of the images; along x, y, z the mask measures "
        f"{_millimetres(size)}, the images {_millimetres(room)}"
    )
    strange = apart > 0.1 * float(room.max()) or np.abs(size - room).max() > 0.1 * float(room.max())
    return text + ("; is this the mask of another scan?" if strange else "")


def _box(grid: VolumeGeometry) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre (3,) and extent (3,) along the axes of the patient, mm."""
    shape = np.asarray(grid.spatial_shape, dtype=np.float64)
    centre = grid.affine[:3, :3] @ ((shape - 1) / 2) + grid.affine[:3, 3]
    return centre, np.abs(grid.affine[:3, :3]) @ shape


def _millimetres(lengths: NDArray[np.float64]) -> str:
    return " x ".join(f"{length:.4g}" for length in lengths) + " mm"


def _check_plane_shape(array: NDArray[Any], planes: SourcePlanes) -> None:
    rows, columns = planes.shape
    if array.shape[1:3] == (rows, columns):
        return
    hint = ""
    if array.shape[-2:] == (rows, columns):
        hint = "; move the axis of the segments to the end: numpy.moveaxis(mask, 0, -1)"
    elif array.shape[:2] in ((rows, columns), (columns, rows)) and array.shape[2] == len(planes):
        hint = (
            "; this looks like the (x, y, z) order of nibabel: pass the nibabel image or the file itself, "
            "whose geometry "
            "says how the axes run"
        )
    elif array.shape[1:3] == (columns, rows):
        hint = "; rows and columns look exchanged: numpy.swapaxes(mask, 1, 2)"
    raise ArgumentError(
        f"the mask's planes are {array.shape[1]}x{array.shape[2]} (shape {array.shape}), the source images "
        f"{rows}x{columns}"
        f": pass (planes, rows, columns){hint}"
    )
