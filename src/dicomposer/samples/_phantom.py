"""Phantoms: small images of a body with organs, in any geometry, made in milliseconds, always the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError
from dicomposer.samples._dataset import sample_uid
from dicomposer.samples._series import ImageSeries, Stack, write_stack

ORIENTATIONS = {
    "axial": (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
    "coronal": (1.0, 0.0, 0.0, 0.0, 0.0, -1.0),
    "sagittal": (0.0, 1.0, 0.0, 0.0, 0.0, -1.0),
    "oblique": (0.96, 0.28, 0.0, -0.168, 0.576, -0.8),
}
"""Image Orientation (Patient) by name; all are exact in a Decimal String and orthonormal."""


@dataclass(frozen=True)
class Flaws:
    """What may be wrong with a stack of planes.

    Attributes
    ----------
    tilt : float
        Gantry tilt in degrees: the planes are shifted along their columns, as in many a head CT.
    gap : bool
        One plane in the middle is missing.
    jitter : float
        Distances between planes vary by up to this part of the spacing.
    duplicate : bool
        Two planes lie at the same position.
    frames_of_reference : int
        How many frames of reference the planes are spread over.
    """

    tilt: float = 0.0
    gap: bool = False
    jitter: float = 0.0
    duplicate: bool = False
    frames_of_reference: int = 1

    @property
    def regular(self) -> bool:
        """Whether the planes are still a regular grid at right angles to itself."""
        return not (self.tilt or self.gap or self.jitter or self.duplicate or self.frames_of_reference > 1)


def phantom_series(
    modality: str = "CT",
    *,
    shape: tuple[int, int, int] = (8, 32, 40),
    spacing: tuple[float, float, float] = (3.0, 0.8, 0.7),
    orientation: str | Sequence[float] = "axial",
    labels: int = 2,
    flaws: Flaws | None = None,
    name: str = "phantom",
) -> ImageSeries:
    """Make a series of a body with organs, in memory.

    Parameters
    ----------
    modality : {"CT", "MR", "PT"}
        Which kind of image.
    shape : tuple[int, int, int]
        Planes, rows, columns.
    spacing : tuple[float, float, float]
        Between planes, rows and columns, millimetres.
    orientation : str or Sequence[float]
        ``axial``, ``coronal``, ``sagittal``, ``oblique``, or the six cosines of Image Orientation (Patient).
    labels : int
        How many organs; they do not overlap. The first and the last plane have none.
    flaws : Flaws, optional
        What to get wrong; nothing by default.
    name : str
        Series of different names belong to different patients.

    Returns
    -------
    ImageSeries
        Images in order along the normal of their planes, and the mask of the organs.

    Raises
    ------
    ArgumentError
        For an unknown modality or orientation, or fewer than four planes for a stack with a gap.
    """
    flaws = flaws or Flaws()
    mask = organs(shape, labels)
    cosines = _cosines(orientation)
    positions = _positions(shape, spacing, cosines, flaws)
    if flaws.gap:
        if shape[0] < 4:
            raise ArgumentError("a stack with a gap needs four planes or more")
        kept = np.arange(shape[0]) != shape[0] // 2
        mask, positions = mask[kept], positions[kept]
    series_name = f"{modality.lower()}-{name}"
    stack = Stack(
        name=series_name,
        modality=modality,
        values=paint(mask, modality),
        positions=positions,
        orientation=cosines,
        pixel_spacing=(spacing[1], spacing[2]),
        thickness=spacing[0],
    )
    images = write_stack(stack)
    for plane, ds in enumerate(images):
        if frame := plane % flaws.frames_of_reference:
            ds.FrameOfReferenceUID = sample_uid(series_name, "frame of reference", frame)
    affine = stack_affine(positions, cosines, spacing) if flaws.regular else None
    organ_names = {label: ORGANS[(label - 1) % len(ORGANS)] for label in range(1, labels + 1)}
    return ImageSeries(tuple(images), mask, organ_names, affine)


ORGANS = ("Liver", "Spleen", "Pancreas", "Stomach", "Aorta", "Left kidney", "Right kidney", "Gallbladder")
"""Names given to the labels of a phantom, in turn."""


def organs(shape: tuple[int, int, int], labels: int) -> NDArray[np.uint8]:
    """Organs side by side, none overlapping: (planes, rows, columns) uint8 labels 1 to `labels`."""
    if not 1 <= labels <= 255:
        raise ArgumentError("a phantom has 1 to 255 labels")
    planes, rows, columns = shape
    across = int(np.ceil(np.sqrt(labels)))
    down = int(np.ceil(labels / across))
    row = (np.arange(rows) + 0.5) / rows * down
    column = (np.arange(columns) + 0.5) / columns * across
    cell = (row.astype(int)[:, None] * across + column.astype(int)[None, :]) + 1
    radius = np.hypot((row % 1 - 0.5)[:, None], (column % 1 - 0.5)[None, :])
    height = np.abs((np.arange(planes) - (planes - 1) / 2) / max(planes / 2 - 0.5, 0.5))
    inside = radius[None] < 0.42 * (1.0 - 0.6 * height)[:, None, None]
    mask = np.where(inside & (cell <= labels)[None], cell[None], 0).astype(np.uint8)
    if planes > 2:
        mask[0] = mask[-1] = 0
    return mask


def paint(mask: NDArray[np.uint8], modality: str) -> NDArray[Any]:
    """Values in the modality's unit for a body that holds the organs of the mask: (planes, rows, columns)."""
    _, rows, columns = mask.shape
    y = np.linspace(-1, 1, rows)[None, :, None]
    x = np.linspace(-1, 1, columns)[None, None, :]
    body = np.broadcast_to(x**2 + y**2 < 0.95, mask.shape)
    texture = (np.arange(mask.size).reshape(mask.shape) * 7919) % 23
    organ = mask.astype(np.int16) % 9
    if modality == "CT":
        return np.where(body, 20 + 15 * organ + texture, -1000).astype(np.int16)
    if modality == "MR":
        return np.where(body, 300 + 80 * organ + texture, texture).astype(np.int16)
    return np.where(body, 800.0 + 2500.0 * organ + texture, 0.0)


def _cosines(orientation: str | Sequence[float]) -> NDArray[np.float64]:
    if isinstance(orientation, str):
        if orientation not in ORIENTATIONS:
            raise ArgumentError(f"the orientation {orientation!r} is not one of {', '.join(ORIENTATIONS)}")
        orientation = ORIENTATIONS[orientation]
    cosines = np.array(orientation, dtype=np.float64)
    if cosines.shape != (6,):
        raise ArgumentError(f"an orientation has six cosines; {cosines.size} were given")
    return cosines


def _positions(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    cosines: NDArray[np.float64],
    flaws: Flaws,
) -> NDArray[np.float64]:
    """Upper left corners (planes, 3), centred on the origin, with the flaws asked for."""
    normal = np.cross(cosines[:3], cosines[3:])
    planes, rows, columns = shape
    start = -0.5 * (
        normal * spacing[0] * (planes - 1)
        + cosines[3:] * spacing[1] * (rows - 1)
        + cosines[:3] * spacing[2] * (columns - 1)
    )
    along = np.arange(planes) * spacing[0]
    along = along + flaws.jitter * spacing[0] * 0.5 * np.sin(1.7 * np.arange(planes))
    if flaws.duplicate:
        along[-1] = along[-2]
    step = normal + np.tan(np.radians(flaws.tilt)) * cosines[3:]
    return np.asarray(start + along[:, None] * step, dtype=np.float64)


def stack_affine(
    positions: NDArray[np.float64], cosines: NDArray[np.float64], spacing: tuple[float, float, float]
) -> NDArray[np.float64]:
    """(plane, row, column) indices to millimetres LPS (PS3.3 C.7.6.2.1.1), for a regular stack."""
    affine = np.eye(4)
    affine[:3, 0] = np.cross(cosines[:3], cosines[3:]) * spacing[0]
    affine[:3, 1] = cosines[3:] * spacing[1]
    affine[:3, 2] = cosines[:3] * spacing[2]
    affine[:3, 3] = positions[0]
    return affine
