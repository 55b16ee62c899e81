"""Colours: sRGB and CIELab of the profile connection space, as DICOM writes them (PS3.3 C.10.7.1.1)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError

from ._names import named_colour

__all__ = ["CIELabColor", "decode_lab", "encode_lab", "lab_to_rgb", "rgb_to_lab"]

# Linear sRGB to XYZ under D50, the white of the profile connection space: the primaries of IEC 61966-2-1 adapted
# from D65 by Bradford's method. The row sums are the white point, so grey has a* = b* = 0.
_TO_XYZ = np.array(
    [
        [0.43602805, 0.38510097, 0.14309099],
        [0.22247851, 0.71689736, 0.06062413],
        [0.01392638, 0.09709217, 0.71419145],
    ]
)
_FROM_XYZ = np.linalg.inv(_TO_XYZ)
_WHITE = _TO_XYZ.sum(axis=1)
_DELTA = 6 / 29
_OFFSET = np.array((0, 128, 128))
_FULL = 0xFFFF


def rgb_to_lab(rgb: ArrayLike) -> NDArray[np.float64]:
    """Convert sRGB to CIELab under D50.

    Parameters
    ----------
    rgb : array_like
        (..., 3), 0 to 255.

    Returns
    -------
    ndarray
        (..., 3): L* 0 to 100, a* and b* about -128 to 127.
    """
    encoded = np.asarray(rgb, dtype=np.float64) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    ratio = linear @ _TO_XYZ.T / _WHITE
    f = np.where(ratio > _DELTA**3, np.cbrt(ratio), ratio / (3 * _DELTA**2) + 4 / 29)
    x, y, z = f[..., 0], f[..., 1], f[..., 2]
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def lab_to_rgb(lab: ArrayLike) -> NDArray[np.float64]:
    """Convert CIELab under D50 to sRGB; the inverse of :func:`rgb_to_lab`.

    Parameters
    ----------
    lab : array_like
        (..., 3).

    Returns
    -------
    ndarray
        (..., 3), not rounded and not clipped: colours outside sRGB lie outside 0 to 255.
    """
    values = np.asarray(lab, dtype=np.float64)
    y = (values[..., 0] + 16) / 116
    f = np.stack([y + values[..., 1] / 500, y, y - values[..., 2] / 200], axis=-1)
    xyz = np.where(f > _DELTA, f**3, 3 * _DELTA**2 * (f - 4 / 29)) * _WHITE
    linear = xyz @ _FROM_XYZ.T
    bright = 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055
    return np.asarray(255 * np.where(linear <= 0.0031308, 12.92 * linear, bright))


def encode_lab(lab: ArrayLike) -> NDArray[np.uint16]:
    """Scale CIELab (..., 3) to the 16-bit numbers of DICOM (PS3.3 C.10.7.1.1), clipped to their range."""
    values = np.asarray(lab, dtype=np.float64)
    scaled = (values + _OFFSET) * (_FULL / 100, _FULL / 255, _FULL / 255)
    return np.asarray(np.clip(np.rint(scaled), 0, _FULL).astype(np.uint16))


def decode_lab(values: ArrayLike) -> NDArray[np.float64]:
    """CIELab (..., 3) of DICOM's 16-bit numbers; the inverse of :func:`encode_lab`."""
    scaled = np.asarray(values, dtype=np.float64) * (100 / _FULL, 255 / _FULL, 255 / _FULL)
    return np.asarray(scaled - _OFFSET)


class CIELabColor:
    """A colour in CIELab space under D50 (PS3.3 C.10.7.1.1).

    Parameters
    ----------
    l_star : float
        Lightness, 0 (black) to 100 (white).
    a_star, b_star : float
        Green to red and blue to yellow, -128 to 127.

    Raises
    ------
    ArgumentError
        If a component is out of range.

    Examples
    --------
    >>> CIELabColor(50.0, 0.0, 0.0).value
    (32768, 32896, 32896)
    >>> CIELabColor.from_rgb(255, 128, 0).to_rgb()
    (255, 128, 0)
    """

    __slots__ = ("_value",)

    def __init__(self, l_star: float, a_star: float, b_star: float) -> None:
        for name, component, low, high in (
            ("l_star", l_star, 0, 100),
            ("a_star", a_star, -128, 127),
            ("b_star", b_star, -128, 127),
        ):
            if not low <= component <= high:  # NaN included
                raise ArgumentError(f"{name} must be {low} to {high}, not {component}")
        self._value: tuple[int, int, int] = _three(encode_lab((l_star, a_star, b_star)))

    @classmethod
    def from_dicom_value(cls, value: Sequence[int]) -> Self:
        """Take the three 16-bit numbers of an attribute such as Recommended Display CIELab Value.

        Raises
        ------
        ArgumentError
            If there are not three, or one is not 0 to 65535.
        """
        if len(value) != 3 or not all(0 <= int(v) <= _FULL for v in value):
            raise ArgumentError("a CIELab value has three numbers of 0 to 65535")
        colour = cls.__new__(cls)
        colour._value = _three(value)
        return colour

    @classmethod
    def from_rgb(cls, r: float, g: float, b: float) -> Self:
        """Convert sRGB components of 0 to 255.

        Raises
        ------
        ArgumentError
            If one is out of range.
        """
        if not all(0 <= component <= 255 for component in (r, g, b)):
            raise ArgumentError("red, green and blue must be 0 to 255")
        return cls.from_dicom_value(_three(encode_lab(rgb_to_lab((r, g, b)))))

    @classmethod
    def from_string(cls, color: str) -> Self:
        """Take a colour's name ("turquoise"), "#rgb", "#rrggbb" or "rgb(255, 128, 0)".

        Raises
        ------
        ArgumentError
            If it is none of these.
        """
        text = color.strip().lower()
        named = named_colour(text)
        if named is not None:
            return cls.from_rgb(*named)
        if re.fullmatch(r"#[0-9a-f]{3}", text):
            return cls.from_rgb(*(17 * int(digit, 16) for digit in text[1:]))
        if re.fullmatch(r"#[0-9a-f]{6}", text):
            return cls.from_rgb(*bytes.fromhex(text[1:]))
        parts = re.fullmatch(r"rgb\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)", text)
        if parts:
            return cls.from_rgb(*map(int, parts.groups()))
        raise ArgumentError(f"no colour: {color!r}; use a CSS name, '#rrggbb' or 'rgb(r, g, b)'")

    @property
    def value(self) -> tuple[int, int, int]:
        """The three 16-bit numbers for DICOM."""
        return self._value

    @property
    def lab(self) -> tuple[float, float, float]:
        """L*, a* and b*, as the 16-bit numbers have them."""
        l_star, a_star, b_star = decode_lab(self._value).tolist()
        return l_star, a_star, b_star

    @property
    def l_star(self) -> float:
        """Lightness, 0 to 100."""
        return self.lab[0]

    @property
    def a_star(self) -> float:
        """Green (negative) to red."""
        return self.lab[1]

    @property
    def b_star(self) -> float:
        """Blue (negative) to yellow."""
        return self.lab[2]

    def to_rgb(self, clip: bool = False) -> tuple[int, int, int]:
        """Nearest sRGB colour, 0 to 255.

        Parameters
        ----------
        clip : bool
            Take the nearest limit where the colour lies outside sRGB, instead of refusing.

        Raises
        ------
        ArgumentError
            If the colour lies outside sRGB.
        """
        rounded = np.rint(lab_to_rgb(self.lab))
        inside = np.clip(rounded, 0, 255)
        if not clip and not np.array_equal(inside, rounded):
            raise ArgumentError("the colour lies outside sRGB; clip=True takes the nearest one")
        return _three(inside)

    def __eq__(self, other: object) -> bool:
        return self._value == other._value if isinstance(other, CIELabColor) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "CIELabColor({:.2f}, {:.2f}, {:.2f})".format(*self.lab)


def _three(values: Any) -> tuple[int, int, int]:
    first, second, third = (int(v) for v in values)
    return first, second, third
