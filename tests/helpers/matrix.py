"""The matrix: every legal combination of source, type, transfer syntax, organisation and empty frames.

What is legal is said here from the standard, not asked of the code under test:

- transfer syntaxes: PS3.5 8.2 (single bits: native or JPEG 2000);
- ``3D`` (PS3.3 C.7.6.17): parallel planes at equal distances, one frame each;
- ``TILED_FULL`` and ``TILED_SPARSE`` (PS3.3 C.7.6.17.3): tiled sources only, and TILED_FULL keeps every tile.

Masks come in several styles, which take turns over the combinations of one source and type. Compressed frames have a
basic offset table where empty frames are omitted, and otherwise an extended one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product
from typing import Any

import numpy as np

from dicomposer.coding import counted_uids, injected
from dicomposer.seg import Segmentation
from dicomposer.volume import Volume
from matrix_sources import SOURCES, Source, source
from segmentations import DEFLATED, DEFLATED_FRAMES, EXPLICIT, IMPLICIT, J2K, JPEG_LS, RLE, build

__all__ = ["MAXIMUM", "SYNTAXES", "TYPES", "Case", "Truth", "all_cases", "covering", "make", "truth"]

#: Name of a transfer syntax -> UID.
SYNTAXES = {
    "explicit": EXPLICIT, "implicit": IMPLICIT, "deflated": DEFLATED, "RLE": RLE, "J2K": J2K, "JPEG-LS": JPEG_LS,
    "deflated-frames": DEFLATED_FRAMES,
}  # fmt: skip
_SINGLE_BIT = ("explicit", "implicit", "deflated", "J2K", "deflated-frames")
_FRAMES_COMPRESSED = ("RLE", "J2K", "JPEG-LS", "deflated-frames")
#: BINARY, FRACTIONAL, and label maps of 8 and of 16 bits.
TYPES = ("BINARY", "FRACTIONAL", "LABELMAP", "LABELMAP16")
#: Maximum Fractional Value of the fractional objects: not 255, so that scaling shows.
MAXIMUM = 200
_WIDE = (2, 300, 40000)
_NOW = datetime(2026, 2, 3, 4, 5, 6)


@dataclass(frozen=True)
class Case:
    """One combination. ``organisation`` "" leaves the choice to the library; ``style`` is how the mask is given."""

    source: str
    type: str
    syntax: str
    organisation: str
    omit_empty: bool
    style: str

    @property
    def id(self) -> str:
        empty = "omit" if self.omit_empty else "keep"
        return "-".join((self.source, self.type, self.syntax, self.organisation or "any", empty, self.style))

    @property
    def kind(self) -> str:
        """Segmentation Type."""
        return self.type.removesuffix("16")


@dataclass(frozen=True)
class Truth:
    """What must come back: ``numbers`` of the segments and (planes, rows, columns, segments) values.

    Values are booleans, or fractions as float32 multiples of 1 / MAXIMUM.
    """

    numbers: tuple[int, ...]
    stack: np.ndarray


def _styles(kind: str, origin: Source, organisation: str) -> tuple[str, ...]:
    volume = ("volume", "volume-stack") if origin.contiguous else ()
    if organisation == "3D" and kind in ("BINARY", "FRACTIONAL"):
        return ("one", *(("volume-one",) if volume else ()))  # one frame a plane: one segment
    if kind in ("LABELMAP", "LABELMAP16"):
        return ("labels", "stack", *volume)
    if kind == "FRACTIONAL":
        return ("fractions", "labels", "overlap", "fractions", *volume, "fractions", "absent")
    return ("labels", "overlap", *volume, "absent")


def _organisations(origin: Source) -> Iterator[tuple[str, bool]]:
    """Organisation and whether empty frames are omitted."""
    if origin.tiled:
        yield from (("TILED_SPARSE", True), ("TILED_SPARSE", False), ("TILED_FULL", False))
        return
    yield from (("", True), ("", False))
    if origin.contiguous and len(origin.mask) > 1:
        yield from (("3D", True), ("3D", False))


def all_cases() -> list[Case]:
    """All legal combinations, always the same and in the same order."""
    cases = []
    for (start, name), kind in product(enumerate(SOURCES), TYPES):
        origin = source(name)
        syntaxes = _SINGLE_BIT if kind == "BINARY" else tuple(SYNTAXES)
        combinations = product(_organisations(origin), syntaxes)
        for turn, ((organisation, omit), syntax) in enumerate(combinations):
            styles = _styles(kind, origin, organisation)
            # another start for each source, and steps at each round, or a style would keep to its syntaxes
            style = styles[(start + turn + 3 * (turn // len(syntaxes))) % len(styles)]
            cases.append(Case(name, kind, syntax, organisation, omit, style))
        # no style may be left without a turn
        assert {c.style for c in cases if (c.source, c.type) == (name, kind)} >= set(
            _styles(kind, origin, "")
        )
    return cases


def covering(cases: Sequence[Case]) -> list[Case]:
    """A small part of the cases: every type with every syntax, organisation, choice about empty frames, style
    and source with which it occurs (greedy; sources take turns).
    """

    def pairs(case: Case) -> set[tuple[str, object]]:
        partners = (case.syntax, (case.organisation, case.omit_empty), case.style)
        return {(case.type, partner) for partner in partners} | {(case.kind, case.source)}

    of_case = [pairs(case) for case in cases]
    missing = set().union(*of_case)
    chosen: list[Case] = []
    while missing:
        used = Counter(case.source for case in chosen)
        best = max(range(len(cases)), key=lambda i: (len(of_case[i] & missing), -used[cases[i].source]))
        chosen.append(cases[best])
        missing -= of_case[best]
    return chosen


# ---- masks -------------------------------------------------------------------------------------------


def truth(case: Case) -> Truth:
    """The segments that a case encodes."""
    labels = source(case.source).mask
    stack = np.stack([labels == n for n in (1, 2, 3)], axis=-1)
    if case.style in ("one", "volume-one"):
        return Truth((1,), labels[..., None] > 0)
    if case.style == "overlap":
        stack[..., 1] |= np.roll(stack[..., 0], 3, axis=-1)
    elif case.style == "absent":
        stack[..., 1] = False  # described, not found
    elif case.style == "fractions":
        rows, columns = np.indices(labels.shape[1:])
        steps = (rows * 7 + columns * 3)[None, :, :, None] % MAXIMUM + 1
        return Truth((1, 2, 3), (stack * steps / MAXIMUM).astype(np.float32))
    return Truth(_WIDE if case.type == "LABELMAP16" else (1, 2, 3), stack)


def _labels(wanted: Truth) -> np.ndarray:
    out = np.zeros(wanted.stack.shape[:3], dtype=np.uint16)
    for i, number in enumerate(wanted.numbers):
        out[wanted.stack[..., i]] = number
    return out


def given(case: Case) -> np.ndarray | Volume:
    """The mask of a case in the form in which its style gives it."""
    wanted, origin = truth(case), source(case.source)
    array: np.ndarray = wanted.stack
    if case.style in ("labels", "volume", "one", "volume-one", "absent"):
        array = _labels(wanted)
    if not case.style.startswith("volume"):
        return array
    assert origin.affine is not None
    system = "SLIDE" if origin.tiled else "PATIENT"
    reference = str(origin.datasets[0].FrameOfReferenceUID)
    channels: dict[Any, Any] = {"ReferencedSegmentNumber": list(wanted.numbers)}
    return Volume(array, origin.affine, system, reference, channels=channels if array.ndim == 4 else None)


def make(case: Case) -> Segmentation:
    """Build the object of a case: the same bytes in every run."""
    origin = source(case.source)
    more: dict[str, Any] = {"tile_pixel_array": True} if origin.tiled else {}
    if case.kind == "FRACTIONAL":
        more["max_fractional_value"] = MAXIMUM
    if case.syntax in _FRAMES_COMPRESSED and not case.omit_empty:
        more["use_extended_offset_table"] = True  # and a basic one for the others
    if case.organisation:
        more["dimension_organization_type"] = case.organisation
    with injected(uid_source=counted_uids(case.id), clock=lambda: _NOW):
        return build(
            origin.datasets, given(case), case.kind, truth(case).numbers,
            transfer_syntax_uid=SYNTAXES[case.syntax], omit_empty_frames=case.omit_empty, **more,
        )  # fmt: skip
