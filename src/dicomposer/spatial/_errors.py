"""The one error of geometry that existing code may catch under two names."""

from __future__ import annotations

from dicomposer.errors import GeometryError

__all__ = ["GridError"]


class GridError(GeometryError, RuntimeError):
    """Coordinates or grids that do not fit each other.

    A :class:`~dicomposer.errors.GeometryError` (hence a ``ValueError``) like all refusals of geometry, and a
    ``RuntimeError`` too, since that is what callers of the bounds checks and of ``match_geometry`` catch.
    """
