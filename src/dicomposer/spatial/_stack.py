"""Stacks of parallel planes: their order, their spacing, and whether they fill a regular grid.

One numpy pass finds everything that can be said about a set of positions; questions are then answered from
it, and refusals give the figures.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np
import numpy.typing as npt

from dicomposer.enum import AxisHandedness
from dicomposer.errors import ArgumentError, ArgumentTypeError, GeometryError

from ._affines import get_normal_vector
from ._conventions import VOLUME_INDEX_CONVENTION, FloatArray, IndexConvention, as_vector, direction_cosines

__all__ = ["PlaneStack", "StackTolerance", "get_plane_sort_index", "get_volume_positions"]

IntArray = npt.NDArray[np.intp]
_COINCIDENT_MM = 1e-6
_LARGEST_TYPICAL_MM = 1.0
_FARTHEST_MM = 1e13  # where the float64 numbers are 2 micrometres apart


@dataclass(frozen=True)
class StackTolerance:
    """How far a stack of planes may stray from a regular grid.

    Attributes
    ----------
    rtol : float
        Largest deviation of a step between two planes, as a fraction of the spacing.
    atol : float | None
        The same in mm; used instead of `rtol` when given.
    perpendicular : float
        Largest deviation from 1 of the cosine between a step and the normal of the planes: 1e-3 is 2.6
        degrees.
    lateral : float | None
        Largest sideways displacement of a plane, in mm, over the whole stack. None: half a pixel where the
        pixel spacing is known, else 0.5 mm. A tilt too small for `perpendicular` still adds up over many
        planes.
    """

    rtol: float = 0.01
    atol: float | None = None
    perpendicular: float = 1e-3
    lateral: float | None = None

    def along(self, spacing: float) -> float:
        """Tolerance in mm for one step of a stack with this spacing."""
        return self.rtol * abs(spacing) if self.atol is None else self.atol


@dataclass(frozen=True, eq=False)
class PlaneStack:
    """Parallel planes in space, seen along their normal.

    Make one with :meth:`of`. Distances run along the normal that makes (plane, row, column) right-handed, the
    order of the axes of a :class:`~dicomposer.volume.Volume`, unless another convention was asked for.

    Attributes
    ----------
    positions : numpy.ndarray
        Centres of the top left pixels, float64 ``(n, 3)``, in mm, in the order given.
    orientation : numpy.ndarray
        Direction cosines shared by all planes, float64 ``(6,)``.
    normal : numpy.ndarray
        Unit vector of increasing plane index, float64 ``(3,)``.
    hint : float | None
        Spacing in mm that was said to be right, if any.
    tolerance : StackTolerance
        What counts as regular.
    pixel_spacing : tuple[float, float] | None
        Spacing in mm between rows and between columns, where known.
    """

    positions: FloatArray
    orientation: FloatArray
    normal: FloatArray
    hint: float | None = None
    tolerance: StackTolerance = StackTolerance()
    pixel_spacing: tuple[float, float] | None = None

    @classmethod
    def of(
        cls,
        positions: object,
        orientation: Sequence[float],
        *,
        spacing: float | None = None,
        pixel_spacing: Sequence[float] | None = None,
        tolerance: StackTolerance | None = None,
        index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
        handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
    ) -> Self:
        """Look at planes of one orientation.

        Parameters
        ----------
        positions : array-like
            ``(n, 3)``, n >= 1, (x, y, z) in mm in any order.
        orientation : Sequence[float]
            Six direction cosines: of the rows, then of the columns.
        spacing : float, optional
            Spacing in mm, when known from elsewhere; needed where gaps hide it.
        pixel_spacing : Sequence[float], optional
            Spacing in mm between rows and columns; sets the default limit of sideways displacement.
        tolerance : StackTolerance, optional
            What counts as regular.
        index_convention, handedness
            Choose the direction of the normal; see :func:`get_normal_vector`.

        Raises
        ------
        ValueError
            When an argument has the wrong shape, or row and column directions are no unit vectors at right angles.
        """
        try:
            array = np.array(positions, dtype=np.float64)
        except (TypeError, ValueError):
            raise ArgumentError("Argument 'image_positions' should be an (N, 3) array of numbers.") from None
        if array.ndim != 2 or array.shape[1] != 3 or len(array) == 0:
            raise ArgumentError(f"Argument 'image_positions' should be an (N, 3) array, not {array.shape}.")
        if not np.isfinite(array).all():
            raise ArgumentError("Argument 'image_positions' must hold finite numbers.")
        if np.abs(array).max() > _FARTHEST_MM:
            raise GeometryError(
                f"The image positions reach {np.abs(array).max():.4g} mm from the origin: numbers of that size do not "
                f"tell planes apart (limit {_FARTHEST_MM:g} mm)."
            )
        cosines = direction_cosines(orientation)
        normal = get_normal_vector(cosines.tolist(), index_convention, handedness)
        length = float(np.linalg.norm(normal))
        if spacing is not None and not (np.isfinite(spacing) and spacing > 0):
            raise ArgumentError(f"The spacing between planes must be a positive number of mm, not {spacing}.")
        pixels = None
        if pixel_spacing is not None:
            rows, columns = as_vector(pixel_spacing, "pixel_spacing", 2).tolist()
            pixels = (rows, columns)
        return cls(array, cosines, normal / length, spacing, tolerance or StackTolerance(), pixels)

    def __len__(self) -> int:
        return len(self.positions)

    @cached_property
    def distances(self) -> FloatArray:
        """Distances in mm along the normal from the stack's first plane, ``(n,)``, in the order given."""
        along: FloatArray = self.positions @ self.normal
        distances: FloatArray = along - along.min()
        return distances

    @cached_property
    def order(self) -> IntArray:
        """Indices that sort the planes along the normal, ``(n,)``; equal distances keep their order."""
        return np.argsort(self.distances, kind="stable")

    @cached_property
    def _coincident(self) -> float:
        """Distance in mm up to which two planes count as one: a fraction of a typical step.

        Of few planes with a wide gap between them, the typical step is the gap: neighbours must not be taken for one
        plane because of it, hence the stated spacing and the bound.
        """
        steps = np.diff(self.distances[self.order])
        steps = steps[steps > _COINCIDENT_MM]
        typical = min(
            float(np.median(steps)) if len(steps) else 0.0,
            _LARGEST_TYPICAL_MM if self.hint is None else self.hint,
            _LARGEST_TYPICAL_MM,
        )
        return max(_COINCIDENT_MM, self.tolerance.rtol * typical)

    @cached_property
    def places(self) -> IntArray:
        """Rank of the place of each plane along the normal, ``(n,)``; duplicates share a place."""
        ranks = np.empty(len(self), dtype=np.intp)
        steps = np.diff(self.distances[self.order], prepend=0.0)
        ranks[self.order] = np.cumsum(steps > self._coincident)
        return ranks

    @cached_property
    def representatives(self) -> IntArray:
        """Index of the first plane given for each place, ``(places,)``, along the normal."""
        return np.unique(self.places, return_index=True)[1]

    @cached_property
    def duplicates(self) -> tuple[tuple[int, ...], ...]:
        """Groups of indices of planes that lie at the same distance."""
        counts = np.bincount(self.places)
        return tuple(
            tuple(np.flatnonzero(self.places == place).tolist()) for place in np.flatnonzero(counts > 1)
        )

    @cached_property
    def steps(self) -> FloatArray:
        """Distances in mm between neighbouring places, ``(places - 1,)``."""
        return np.diff(self.distances[self.representatives])

    @cached_property
    def _multiples(self) -> IntArray | None:
        """How many spacings each step is; None where steps are not whole multiples of one spacing.

        Nor where so many places would be empty that no stack can be meant: their number is bounded, because grids
        are made of it.
        """
        if not len(self.steps):
            return np.zeros(0, dtype=np.intp)
        # The smallest step guesses the spacing; the mean over all steps, far more exact, then decides.
        base = self.hint if self.hint is not None else float(self.steps.min())
        with np.errstate(over="ignore"):
            ratios = np.around(self.steps / base)
        if (ratios < 1).any() or not ratios.sum() < self.most_places:
            return None
        counts = ratios.astype(np.intp)
        if self.hint is None:
            base = float(self.steps.sum() / counts.sum())
        # One ulp of room: a step that differs by exactly the tolerance is accepted.
        within = np.abs(self.steps - counts * base) <= self.tolerance.along(base) * (1 + 1e-9)
        return counts if bool(within.all()) else None

    @cached_property
    def spacing(self) -> float | None:
        """Spacing in mm; None for one place without a hint, or where the steps do not fit one spacing."""
        if self._multiples is None:
            return None
        if not len(self.steps):
            return self.hint
        return float(self.steps.sum() / self._multiples.sum())

    @cached_property
    def slots(self) -> IntArray | None:
        """Index of each plane in the regular grid, gaps counted, ``(n,)``; None without a spacing."""
        if self._multiples is None:
            return None
        grid = np.concatenate([np.zeros(1, dtype=np.intp), np.cumsum(self._multiples)])
        result: IntArray = grid[self.places]
        return result

    @property
    def most_places(self) -> int:
        """How many places of a grid the planes may be spread over: 10,000, and 100 for each plane."""
        return 10_000 + 100 * len(self)

    @cached_property
    def missing_count(self) -> int:
        """Number of slots of the regular grid in which there is no plane."""
        return 0 if self._multiples is None else int((self._multiples - 1).sum())

    @cached_property
    def missing(self) -> tuple[int, ...]:
        """Slots of the regular grid in which there is no plane (a single gap may hold many)."""
        if self.slots is None:
            return ()
        present = np.zeros(int(self.slots.max()) + 1, dtype=bool)
        present[self.slots] = True
        return tuple(np.flatnonzero(~present).tolist())

    @cached_property
    def _sideways(self) -> FloatArray:
        """In-plane displacement ``(n, 3)`` in mm of each plane from the first one of the stack."""
        offsets = self.positions - self.positions[self.order[0]]
        sideways: FloatArray = offsets - np.outer(offsets @ self.normal, self.normal)
        return sideways

    @cached_property
    def lateral_offset(self) -> float:
        """Largest in-plane displacement in mm of a plane from the line along the normal."""
        return float(np.linalg.norm(self._sideways, axis=1).max())

    @cached_property
    def tilt_degrees(self) -> float:
        """Angle between the line from first to last plane and the normal: a gantry tilt where it is not 0."""
        first, last = self.representatives[0], self.representatives[-1]
        depth = float(self.distances[last] - self.distances[first])
        sideways = float(np.linalg.norm(self._sideways[last] - self._sideways[first]))
        return float(np.degrees(np.arctan2(sideways, depth))) if depth else 0.0

    @cached_property
    def _least_cosine(self) -> float:
        """Smallest cosine between the step to a next place and the normal."""
        if not len(self.steps):
            return 1.0
        lengths = np.linalg.norm(np.diff(self.positions[self.representatives], axis=0), axis=1)
        return float((self.steps / lengths).min())

    @cached_property
    def _scatter(self) -> float:
        """Largest in-plane distance in mm between planes at one place: 0 where they are true duplicates."""
        apart = self._sideways - self._sideways[self.representatives[self.places]]
        return float(np.linalg.norm(apart, axis=1).max())

    @property
    def lateral_limit(self) -> float:
        """Largest in-plane displacement in mm that is accepted."""
        if self.tolerance.lateral is not None:
            return self.tolerance.lateral
        return 0.5 if self.pixel_spacing is None else 0.5 * min(self.pixel_spacing)

    @property
    def is_perpendicular(self) -> bool:
        """Whether each place follows the one before it along the normal, and planes at one place coincide."""
        return (
            1.0 - self._least_cosine <= self.tolerance.perpendicular and self._scatter <= self.lateral_limit
        )

    @property
    def is_evenly_spaced(self) -> bool:
        """Whether all steps along the normal are equal within the tolerance; gaps and duplicates are not."""
        return self._multiples is not None and bool((self._multiples == 1).all()) and not self.duplicates

    @property
    def is_regular(self) -> bool:
        """Whether the planes fill a regular grid: evenly spaced along their normal, none missing or twice."""
        return not self.problems()

    def problems(self, *, allow_missing: bool = False, allow_duplicates: bool = False) -> tuple[str, ...]:
        """Say, with figures, everything that keeps the planes from filling a regular grid."""
        found = []
        if self.duplicates and not allow_duplicates:
            twice = sum(len(group) for group in self.duplicates)
            found.append(
                f"{twice} planes share {len(self.duplicates)} places (for instance planes "
                f"{_some(self.duplicates[0])} of those given)"
            )
        if self._multiples is None:
            found.append(self._irregular())
        elif self.missing_count and not allow_missing:
            found.append(
                f"{self.missing_count} plane{'s are' if self.missing_count > 1 else ' is'} missing: with a spacing "
                f"of {self.spacing:.6g} mm the steps reach {float(self.steps.max()):.6g} mm (missing places, from 0: "
                f"{_some(self.missing)})"
            )
        if not self.is_perpendicular or self.lateral_offset > self.lateral_limit:
            found.append(
                f"the planes are not stacked along their normal: tilt {self.tilt_degrees:.3g} degrees, "
                f"sideways displacement up to {self.lateral_offset:.4g} mm (limit {self.lateral_limit:.4g} "
                "mm)"
            )
        return tuple(found)

    def _irregular(self) -> str:
        low, high = float(self.steps.min()), float(self.steps.max())
        median = float(np.median(self.steps))
        base = low if self.hint is None else self.hint
        with np.errstate(over="ignore"):
            places = float(np.around(self.steps / base).sum()) + 1
        if places > self.most_places:
            return (
                f"with a spacing of {base:.6g} mm they would be spread over {places:.4g} places (steps up to "
                f"{high:.6g} mm; limit {self.most_places} places)"
            )
        text = (
            f"the spacing is irregular: steps from {low:.6g} to {high:.6g} mm (median {median:.6g} mm, "
            f"tolerance {self.tolerance.along(median):.3g} mm)"
        )
        return text if self.hint is None else f"{text} do not fit the stated spacing of {self.hint:.6g} mm"

    def require_regular(self, *, allow_missing: bool = False, allow_duplicates: bool = False) -> float | None:
        """Refuse planes that do not fill a regular grid.

        Parameters
        ----------
        allow_missing : bool, optional
            Accept gaps of whole multiples of the spacing.
        allow_duplicates : bool, optional
            Accept several planes at one place.

        Returns
        -------
        float | None
            Spacing in mm; None for a single place whose spacing nobody stated.

        Raises
        ------
        GeometryError
            With all figures, and what to pass instead.
        """
        problems = self.problems(allow_missing=allow_missing, allow_duplicates=allow_duplicates)
        if problems:
            raise GeometryError(
                f"The {len(self)} planes do not fill a regular grid: {'; '.join(problems)}. {self._advice()}"
            )
        return self.spacing

    def _advice(self) -> str:
        advice = []
        if self.duplicates:
            advice.append("select one plane for each place (one acquisition, echo or phase)")
        if self._multiples is None:
            advice.append(
                "resample to even spacing, pass a larger tolerance, or pass the spacing if planes are missing"
            )
        elif self.missing_count:
            advice.append("add the missing planes or allow gaps")
        if not self.is_perpendicular or self.lateral_offset > self.lateral_limit:
            advice.append("resample to planes stacked along their normal")
        return "What helps: " + "; ".join(advice) + "; or work on the planes themselves, which needs no grid."

    @property
    def origin(self) -> FloatArray:
        """Position ``(3,)`` in mm of the first plane along the normal."""
        first: FloatArray = self.positions[self.order[0]]
        return first


def _some(values: Sequence[int]) -> str:
    shown = ", ".join(str(value) for value in values[:5])
    return shown if len(values) <= 5 else f"{shown}, ..."


def get_plane_sort_index(
    image_positions: Sequence[Sequence[float]],
    image_orientation: Sequence[float],
    index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
) -> list[int]:
    """Indices that sort planes along their normal.

    Parameters
    ----------
    image_positions : Sequence[Sequence[float]]
        ``(n, 3)``, (x, y, z) in mm.
    image_orientation : Sequence[float]
        Six direction cosines shared by all planes.
    index_convention, handedness
        Choose the direction of the normal; see :func:`get_normal_vector`. The default makes (plane, row,
        column) right-handed.

    Returns
    -------
    list[int]
        Index of the first plane, of the second... in the order of the normal.
    """
    stack = PlaneStack.of(
        image_positions, image_orientation, index_convention=index_convention, handedness=handedness
    )
    return [int(index) for index in stack.order]


def _tolerance(rtol: float | None, atol: float | None, perpendicular_tol: float | None) -> StackTolerance:
    if rtol is not None and atol is not None:
        raise ArgumentTypeError("Arguments 'rtol' and 'atol' may not be provided together.")
    return StackTolerance(
        rtol=0.01 if rtol is None else rtol,
        atol=atol,
        perpendicular=1e-3 if perpendicular_tol is None else perpendicular_tol,
    )


def get_volume_positions(  # noqa: PLR0913
    image_positions: Sequence[Sequence[float]],
    image_orientation: Sequence[float],
    *,
    rtol: float | None = None,
    atol: float | None = None,
    perpendicular_tol: float | None = None,
    sort: bool = True,
    allow_missing_positions: bool = False,
    allow_duplicate_positions: bool = False,
    spacing_hint: float | None = None,
    index_convention: IndexConvention = VOLUME_INDEX_CONVENTION,
    handedness: AxisHandedness | str = AxisHandedness.RIGHT_HANDED,
    enforce_handedness: bool = False,
) -> tuple[float | None, list[int] | None]:
    """Spacing and indices of planes that make up a volume.

    Asks without refusing; :meth:`PlaneStack.require_regular` says what is wrong. Unlike it, this function
    does not limit the sum of small sideways displacements.

    Parameters
    ----------
    image_positions, image_orientation, index_convention, handedness
        As in :func:`get_plane_sort_index`.
    rtol, atol : float, optional
        Tolerance of the spacing, relative (0.01 by default) or in mm; one of them.
    perpendicular_tol : float, optional
        Largest deviation from 1 of the cosine between a step and the normal (1e-3 by default).
    sort : bool, optional
        Sort first. False: the planes must already be in order, either way along the normal.
    allow_missing_positions : bool, optional
        Accept gaps of whole multiples of the spacing (of `spacing_hint`, or of the smallest step).
    allow_duplicate_positions : bool, optional
        Accept several planes at one place.
    spacing_hint : float, optional
        Expected spacing in mm.
    enforce_handedness : bool, optional
        With ``sort=False``: accept only planes that follow the direction of the normal.

    Returns
    -------
    float | None
        Spacing in mm (1.0, or the hint, for a single place), or None when the planes make up no volume.
    list[int] | None
        Index of each plane in the volume, in the order given, or None.
    """
    if allow_duplicate_positions and not sort:
        raise ArgumentError("Argument 'allow_duplicate_positions' requires 'sort'.")
    if spacing_hint is not None:
        if spacing_hint == 0:
            raise ArgumentError("Argument 'spacing_hint' cannot be 0.")
        # Spacing Between Slices is negative in some nuclear medicine images (PS3.3 C.8.4.15).
        spacing_hint = abs(spacing_hint)
    stack = PlaneStack.of(
        image_positions,
        image_orientation,
        spacing=spacing_hint,
        tolerance=_tolerance(rtol, atol, perpendicular_tol),
        index_convention=index_convention,
        handedness=handedness,
    )
    if stack.duplicates and not allow_duplicate_positions:
        return None, None
    slots = stack.slots
    if slots is None or (stack.missing_count and not allow_missing_positions) or not stack.is_perpendicular:
        return None, None
    if not sort and len(stack) > 1:
        ahead = np.diff(slots)
        if not ((ahead > 0).all() or ((ahead < 0).all() and not enforce_handedness)):
            return None, None
        if ahead[0] < 0:
            slots = slots.max() - slots
    spacing = stack.spacing
    if spacing is None:
        spacing = 1.0
    return spacing, slots.tolist()
