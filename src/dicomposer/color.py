"""Colours: the drop-in names of :mod:`dicomposer.pixels`."""

from __future__ import annotations

from dicomposer.pixels import CIELabColor, ColorManager

__all__ = ["CIELabColor", "ColorManager"]
