"""Spatial registrations: transformation matrices (PS3.3 C.20.2.1.1)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, tag_of

__all__: list[str] = []

_MATRIX = "FrameOfReferenceTransformationMatrix"
#: What decimals of six digits may bring.
CLOSE = 1e-3
_PLACES = (
    ("RegistrationSequence", "MatrixRegistrationSequence"),
    ("DeformableRegistrationSequence", "PreDeformationMatrixRegistrationSequence"),
    ("DeformableRegistrationSequence", "PostDeformationMatrixRegistrationSequence"),
)


def _has_registration(subject: Subject) -> bool:
    return any(tag_of(outer) in subject.root for outer, _ in _PLACES)


def _matrices(subject: Subject) -> Iterator[Item]:
    for outer, inner in _PLACES:
        for item in subject.root.items(outer):
            for registration in item.items(inner):
                steps = registration.items("MatrixSequence")
                yield from steps if steps else [registration]


@rule("transformation-matrix", "PS3.3 C.20.2.1.1", applies=_has_registration)
def _matrix(subject: Subject) -> Iterator[Issue]:
    for item in _matrices(subject):
        try:
            matrix = np.array([float(value) for value in item.values(_MATRIX)], float)
        except (TypeError, ValueError):
            continue
        if matrix.size != 16:
            continue
        problem = _problem(matrix.reshape(4, 4), item.text(f"{_MATRIX}Type"))
        if problem:
            yield Issue(item.path_of(_MATRIX), problem)


def _problem(matrix: np.ndarray, kind: str) -> str | None:
    if np.abs(matrix[3] - (0, 0, 0, 1)).max() > CLOSE:
        return "has a last row other than 0, 0, 0, 1"
    linear = matrix[:3, :3]
    squares = linear.T @ linear
    scale = float(np.abs(squares).max())
    if scale == 0 or np.linalg.det(linear) == 0:
        return "cannot be inverted"
    off = float(np.abs(squares - np.diag(np.diag(squares))).max())
    if kind == "RIGID" and np.abs(squares - np.eye(3)).max() > CLOSE:
        return "is not a rotation and translation, though its type is RIGID"
    if kind == "RIGID" and np.linalg.det(linear) < 0:
        return "mirrors, though its type is RIGID"
    if kind == "RIGID_SCALE" and off > CLOSE * scale:
        return "has directions that are not at right angles, though its type is RIGID_SCALE"
    return None
