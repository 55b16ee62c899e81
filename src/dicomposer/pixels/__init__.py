"""From stored values to display: look-up tables, windows, palettes, colour spaces, ICC profiles."""

from __future__ import annotations

from ._colour import CIELabColor, decode_lab, encode_lab, lab_to_rgb, rgb_to_lab
from ._display import apply_lut, apply_palette, apply_voi_window, to_rgb
from ._icc import ColorManager
from ._srgb import srgb_profile

__all__ = [
    "CIELabColor",
    "ColorManager",
    "apply_lut",
    "apply_palette",
    "apply_voi_window",
    "decode_lab",
    "encode_lab",
    "lab_to_rgb",
    "rgb_to_lab",
    "srgb_profile",
    "to_rgb",
]
