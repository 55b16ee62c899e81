"""In which order a bare array's planes run, said in words that cannot be misread.

An array has no geometry, and programs that make one from a folder disagree: some run from head to feet,
others from feet to head, others by file name. So the order is taken from whoever gave it (a list of images)
or must be named.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.api._planes import SourcePlanes
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

# The direction in which the planes run, in patient coordinates: L, P and H are positive (PS3.3 C.7.6.2.1.1).
_DIRECTIONS = {
    "feet-to-head": (0, 0, 1),
    "head-to-feet": (0, 0, -1),
    "right-to-left": (1, 0, 0),
    "left-to-right": (-1, 0, 0),
    "anterior-to-posterior": (0, 1, 0),
    "posterior-to-anterior": (0, -1, 0),
}
# Along the cross product of row and column direction (GDCM, SimpleITK), or against it (dicomposer's own
# volumes).
_NORMALS = {"along-normal": 1.0, "against-normal": -1.0}
ORDERS = ("given", *_DIRECTIONS, *_NORMALS, "instance-number")

# Planes closer than this along their normal (mm) cannot be told apart: the spacing of real stacks is above
# 0.1 mm.
_SAME_PLACE = 1e-3


def plane_order(
    order: str | Sequence[str] | None, planes: SourcePlanes, *, ordered: bool
) -> NDArray[np.intp]:
    """For each plane of a bare array, the index of the source plane that it belongs to.

    Parameters
    ----------
    order : str, Sequence[str] or None
        One of :data:`ORDERS`, or the SOP Instance UIDs of the planes one by one.
    planes : SourcePlanes
        The planes of the source.
    ordered : bool
        Whether the source came in an order that somebody gave.

    Raises
    ------
    ArgumentError
        When the order is unknown, or missing where nobody gave one.
    GeometryError
        When the planes have no such order: other direction, equal positions, no position.
    """
    if order is None or order == "given":
        if not ordered:
            raise ArgumentError(_no_order(planes))
        return np.arange(len(planes))
    if not isinstance(order, str):
        return _by_uid(order, planes)
    if order == "instance-number":
        return _by_instance_number(planes)
    if order in _DIRECTIONS:
        return _along(_patient_direction(order, planes), order, planes)
    if order in _NORMALS:
        return _along(_NORMALS[order] * planes.normal, order, planes)
    if order == "geometric":
        raise ArgumentError(
            f"order='geometric' does not say which end comes first; say one of {_suggest(planes)}"
        )
    raise ArgumentError(
        f"unknown order {order!r}; known are {', '.join(ORDERS)} or a list of SOP Instance UIDs"
    )


def _no_order(planes: SourcePlanes) -> str:
    return (
        "the mask is a bare array and the source a folder, so nobody has said which plane belongs to which "
        "of the "
        f"{len(planes)} images (programs disagree: some run from head to feet, some from feet to head). Pass "
        "order= "
        f"({_suggest(planes)}, 'instance-number', or the SOP Instance UIDs in the array's order), or a list "
        "of "
        "datasets in the array's order, or a mask that carries its geometry (NIfTI, NRRD, SimpleITK, Volume)"
    )


def _suggest(planes: SourcePlanes) -> str:
    """The words for the two directions in which these planes can run."""
    if not planes.has_geometry:
        return "'instance-number'"
    words = [word for word, axis in _DIRECTIONS.items() if abs(np.dot(axis, planes.normal)) > 0.9]
    return " or ".join(repr(word) for word in (words or list(_NORMALS)))


def _patient_direction(order: str, planes: SourcePlanes) -> NDArray[np.float64]:
    direction = np.asarray(_DIRECTIONS[order], dtype=np.float64)
    cosine = float(np.dot(direction, planes.normal))
    if abs(cosine) < 0.5:  # beyond 60 degrees the words no longer describe the stack
        angle = np.degrees(np.arccos(abs(cosine)))
        raise GeometryError(
            f"order={order!r} does not fit: the normal of the slices is {angle:.0f} degrees away from that "
            "direction; "
            f"say {_suggest(planes)}"
        )
    return direction


def _along(direction: NDArray[Any], order: str, planes: SourcePlanes) -> NDArray[np.intp]:
    # Distances along the normal, not along the named axis: an oblique stack then has its true spacing.
    sign = 1.0 if np.dot(direction, planes.normal) >= 0 else -1.0
    distance = sign * (planes.positions @ planes.normal)
    sequence = np.argsort(distance, kind="stable")
    same = int((np.diff(distance[sequence]) < _SAME_PLACE).sum())
    if same:
        raise GeometryError(
            f"order={order!r} is not unique: {same} of {len(planes)} planes lie where another one lies, as "
            "when a "
            "series holds several points in time; pass the planes of one of them, or their SOP Instance UIDs"
        )
    return sequence


def _by_instance_number(planes: SourcePlanes) -> NDArray[np.intp]:
    numbers = planes.instance_numbers
    if numbers is None:
        raise ArgumentError("order='instance-number' needs Instance Number (0020,0013) in every source image")
    if len(np.unique(numbers)) != len(numbers):
        raise ArgumentError(
            "order='instance-number' is not unique: several images share their Instance Number"
        )
    return np.argsort(numbers, kind="stable")


def _by_uid(order: Sequence[str], planes: SourcePlanes) -> NDArray[np.intp]:
    if not all(isinstance(uid, str) for uid in order):
        raise ArgumentTypeError("order must be a word or a sequence of SOP Instance UIDs")
    if planes.uids is None:
        raise ArgumentError(
            "SOP Instance UIDs do not name the frames of a multi-frame image; use another order"
        )
    place = {uid: index for index, uid in enumerate(planes.uids)}
    unknown = sum(uid not in place for uid in order)
    if unknown:
        raise ArgumentError(
            f"{unknown} of the {len(order)} SOP Instance UIDs in order= are not in the source"
        )
    if len(set(order)) != len(order):
        raise ArgumentError("order= names a SOP Instance UID twice")
    return np.asarray([place[uid] for uid in order], dtype=np.intp)
