"""The dimension organisation of multi-frame objects (PS3.3 C.7.6.17)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from dicomposer.validation._rules import Issue, rule
from dicomposer.validation._subject import Subject
from dicomposer.validation._view import Item, keyword_of, tag_of

__all__: list[str] = []

VALUES = "FrameContentSequence.DimensionIndexValues"
_POSITION = ("PlanePositionSequence", "ImagePositionPatient")
#: Positions in mm that differ by less are the same: Decimal Strings round.
SAME = 1e-3


def _has_dimensions(subject: Subject) -> bool:
    return bool(subject.root.items("DimensionIndexSequence"))


def _target(item: Item) -> tuple[str, str]:
    """Keywords of the functional group and of the attribute that a dimension points to ("" if it has none)."""
    group, attribute = item.first("FunctionalGroupPointer"), item.first("DimensionIndexPointer")
    return (keyword_of(int(group)) if group else "", keyword_of(int(attribute)) if attribute else "")


@rule("dimension-pointer", "PS3.3 C.7.6.17.1", applies=_has_dimensions)
def _pointers(subject: Subject) -> Iterator[Issue]:
    groups = {usage.keyword: usage for usage in subject.iod.functional_groups} if subject.iod else {}
    for index, item in enumerate(subject.root.items("DimensionIndexSequence")):
        group, attribute = _target(item)
        place = f"DimensionIndexSequence[{index}]"
        if attribute.startswith("(") or group.startswith("("):
            continue  # private: no table can tell
        if attribute in groups:
            if group:
                yield Issue(
                    f"{place}.FunctionalGroupPointer", "is present, though the dimension is a whole group"
                )
            continue
        if group and groups and group not in groups:
            yield Issue(f"{place}.FunctionalGroupPointer", "is not a functional group of this kind of object")
        elif group and groups and attribute not in _keywords(groups[group].attribute):
            yield Issue(
                f"{place}.DimensionIndexPointer", "points to an attribute that its functional group lacks"
            )
        elif not group and subject.root.named(attribute) is None and attribute:
            yield Issue(
                f"{place}.FunctionalGroupPointer", "is missing, and the dataset itself has no such attribute"
            )


def _keywords(attribute: object) -> set[str]:
    """Keywords of all attributes below one of the tables."""
    found: set[str] = set()
    for inner in getattr(attribute, "items", ()):
        found |= {inner.keyword} | _keywords(inner)
    return found


@rule("dimension-target", "PS3.3 C.7.6.17.1", applies=_has_dimensions, level="warning")
def _targets(subject: Subject) -> Iterator[Issue]:
    if subject.is_tiled_full or subject.frames is None:
        return
    for index, item in enumerate(subject.root.items("DimensionIndexSequence")):
        group, attribute = _target(item)
        if not group or not attribute or attribute.startswith("("):
            continue
        path = f"{group}.{attribute}"
        if path not in subject.frames.paths and subject.shared_values(path) is None:
            yield Issue(
                f"DimensionIndexSequence[{index}].DimensionIndexPointer", "points to what no frame has"
            )


@rule("dimension-organization", "PS3.3 C.7.6.17.2", applies=_has_dimensions)
def _organizations(subject: Subject) -> Iterator[Issue]:
    listed = {
        item.text("DimensionOrganizationUID") for item in subject.root.items("DimensionOrganizationSequence")
    }
    used = set()
    for index, item in enumerate(subject.root.items("DimensionIndexSequence")):
        uid = item.text("DimensionOrganizationUID")
        used.add(uid)
        if uid and uid not in listed:
            path = f"DimensionIndexSequence[{index}].DimensionOrganizationUID"
            yield Issue(path, "is not listed in Dimension Organization Sequence")
    for index, item in enumerate(subject.root.items("DimensionOrganizationSequence")):
        if item.text("DimensionOrganizationUID") not in used:
            path = f"DimensionOrganizationSequence[{index}].DimensionOrganizationUID"
            yield Issue(path, "is used by no dimension", "advice")


def _indices(subject: Subject) -> NDArray[np.float64] | None:
    return None if subject.frames is None else subject.frame_numbers(VALUES)


@rule("dimension-index-values", "PS3.3 C.7.6.16.2.2", applies=_has_dimensions)
def _lengths(subject: Subject) -> Iterator[Issue]:
    indices, due = _indices(subject), len(subject.root.items("DimensionIndexSequence"))
    if indices is None:
        return
    counts = (~np.isnan(indices)).sum(axis=1)
    wrong = (counts != due) & (counts > 0)
    if wrong.any():
        path = subject.group_path(VALUES, int(np.argmax(wrong)))
        yield Issue(path, f"has not the {due} values that the dimensions need", count=int(wrong.sum()))
    with np.errstate(invalid="ignore"):
        low = (indices < 1).any(axis=1)
    if low.any():
        yield Issue(
            subject.group_path(VALUES, int(np.argmax(low))), "counts from less than 1", count=int(low.sum())
        )


@rule("dimension-index-unique", "PS3.3 C.7.6.17.1", applies=_has_dimensions, level="warning")
def _unique(subject: Subject) -> Iterator[Issue]:
    indices = _indices(subject)
    if indices is None or not _complete(subject, indices):
        return
    codes = np.zeros(len(indices), np.int64)
    for column in indices.T.astype(np.int64):
        codes = codes * (int(column.max()) + 1) + column
    order = np.argsort(codes, kind="stable")
    again = np.zeros(len(indices), bool)
    again[order[1:]] = codes[order[1:]] == codes[order[:-1]]
    if again.any():
        path = subject.group_path(VALUES, int(np.argmax(again)))
        yield Issue(
            path, "are those of an earlier frame, so that their order is undefined", count=int(again.sum())
        )


def _complete(subject: Subject, indices: NDArray[np.float64]) -> bool:
    due = len(subject.root.items("DimensionIndexSequence"))
    return indices.shape[1] == due and not np.isnan(indices).any()


@rule("dimension-index-consistent", "PS3.3 C.7.6.17.1", applies=_has_dimensions)
def _consistent(subject: Subject) -> Iterator[Issue]:
    """One value, one index: an index is the ordinal of the value that it points to."""
    indices = _indices(subject)
    if indices is None or not _complete(subject, indices) or subject.frames is None or (indices < 0).any():
        return
    # Elsewhere a dimension may be a label for values that jitter (trigger delays), or count within a stack.
    level = None if subject.is_segmentation else "advice"
    for number, item in enumerate(subject.root.items("DimensionIndexSequence")):
        group, attribute = _target(item)
        codes = _value_codes(subject, f"{group}.{attribute}")
        if codes is None:
            continue
        wrong = _unmatched(indices[:, number].astype(np.int64), codes)
        if wrong.any():
            path = subject.group_path(VALUES, int(np.argmax(wrong)))
            message = f"value {number + 1} does not go with {attribute}: one value, one index"
            yield Issue(path, message, level, int(wrong.sum()))  # type: ignore[arg-type]


def _value_codes(subject: Subject, path: str) -> NDArray[np.int64] | None:
    """A number per frame that is the same for the same value of an attribute; None if it does not vary by frame."""
    frames = subject.frames
    if frames is None or path not in frames.paths:
        return None
    if path.endswith(("ImagePositionPatient", "OffsetInSlideCoordinateSystem")):
        numbers = frames.numbers(path)
        if np.isnan(numbers).any():
            return None
        return _rounded_codes(numbers)
    categories = frames.categories(path)
    codes = np.asarray(categories.codes, np.int64)
    return None if (codes < 0).any() else codes


def _rounded_codes(numbers: NDArray[np.float64]) -> NDArray[np.int64]:
    codes = np.zeros(len(numbers), np.int64)
    for column in numbers.T:
        distinct, inverse = np.unique(column, return_inverse=True)
        fresh = np.concatenate([[0], np.cumsum(np.diff(distinct) > SAME)])
        codes = codes * (int(fresh[-1]) + 1) + fresh[inverse]
    return codes


def _unmatched(index: NDArray[np.int64], value: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Frames in the minority of an index with several values, or of a value with several indices."""
    wrong = np.zeros(len(index), bool)
    # Counting instead of sorting: both are small non-negative numbers (an index of a damaged file may be any).
    if index.max() > 4 * len(index):
        index = np.unique(index, return_inverse=True)[1]
    if value.max() > 4 * len(value):
        value = np.unique(value, return_inverse=True)[1]
    pairs, pair, sizes = np.unique(index * (value.max() + 1) + value, return_inverse=True, return_counts=True)
    if len(pairs) == np.count_nonzero(np.bincount(index)) == np.count_nonzero(np.bincount(value)):
        return wrong
    owner_index, owner_value = pairs // (value.max() + 1), pairs % (value.max() + 1)
    bad = np.zeros(len(pairs), bool)
    for owner in (owner_index, owner_value):
        order = np.lexsort((np.arange(len(pairs)), -sizes, owner))
        bad[order[1:]] |= owner[order][1:] == owner[order][:-1]
    return np.asarray(bad[pair])


@rule("dimension-index-gap", "PS3.3 C.7.6.17.1", applies=_has_dimensions, level="advice")
def _gaps(subject: Subject) -> Iterator[Issue]:
    indices = _indices(subject)
    if (
        indices is None
        or not _complete(subject, indices)
        or subject.root.named("ConcatenationUID") is not None
    ):
        return
    targets = [_target(item)[1] for item in subject.root.items("DimensionIndexSequence")]
    for number, column in enumerate(indices.T):
        used = np.unique(column)
        # Segments that no frame shows are legal, and writers keep their numbers as indices.
        if used.size != used[-1] and targets[number] != "ReferencedSegmentNumber":
            yield Issue("DimensionIndexSequence", f"index {number + 1} skips numbers: not 1, 2, 3 and so on")


@rule("dimension-order", "PS3.3 C.7.6.17.1", applies=_has_dimensions, level="warning")
def _order(subject: Subject) -> Iterator[Issue]:
    """Indices of positions count along the stack, one way or the other."""
    indices, positions = _indices(subject), subject.frame_numbers(f"{_POSITION[0]}.{_POSITION[1]}")
    cosines = subject.frame_numbers("PlaneOrientationSequence.ImageOrientationPatient")
    if indices is None or positions is None or cosines is None or not _complete(subject, indices):
        return
    if (
        len(positions) < 3
        or cosines.shape[1] != 6
        or (cosines != cosines[0]).any()
        or positions.shape[1] != 3
    ):
        return
    depth = positions @ np.cross(cosines[0, :3], cosines[0, 3:])
    for number, item in enumerate(subject.root.items("DimensionIndexSequence")):
        if _target(item) != _POSITION:
            continue
        _, first = np.unique(indices[:, number], return_index=True)
        steps = np.sign(np.diff(depth[first]))
        main = 1.0 if (steps > 0).sum() * 2 >= steps.size else -1.0
        against = steps == -main
        if against.any():
            path = subject.group_path(VALUES, int(first[int(np.argmax(against)) + 1]))
            message = f"value {number + 1} does not count along the stack"
            yield Issue(path, message, count=int(against.sum()))


@rule(
    "in-stack-position", "PS3.3 C.7.6.16.2.2.4", applies=lambda subject: subject.has_frames, level="warning"
)
def _in_stack(subject: Subject) -> Iterator[Issue]:
    path = "FrameContentSequence.InStackPositionNumber"
    numbers = subject.frame_numbers(path)
    if numbers is None or tag_of("StackID") < 0:
        return
    with np.errstate(invalid="ignore"):
        low = (numbers < 1).any(axis=1)
    if low.any():
        yield Issue(
            subject.group_path(path, int(np.argmax(low))), "counts from less than 1", count=int(low.sum())
        )
