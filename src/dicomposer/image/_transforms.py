"""From stored values to what a caller asked for: real world, modality, VOI, presentation, palette and ICC transforms.

The order is that of PS3.4 N.2: the modality transform (or a real world value map, which nothing follows), the
values of interest, the presentation; colours go through a palette and an ICC profile. All that can be worked out
before there are pixels is worked out before: what remains for a frame is a line, a look-up, a window, or a line and a
look-up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

from dicomposer.content import PaletteColorLUTTransformation
from dicomposer.enum import VOILUTFunctionValues
from dicomposer.errors import ArgumentError, ArgumentTypeError, IndexingError, UnsupportedError
from dicomposer.frame import PixelFormat
from dicomposer.image._grey import GreyParameters, Line, Table, VOITable, Window, grey_parameters
from dicomposer.image._index import FrameIndex
from dicomposer.image._parameters import PerFrame
from dicomposer.image._wanted import Wanted
from dicomposer.pixels import ColorManager, apply_lut, apply_voi_window, to_rgb

__all__ = ["Pipeline", "Transform", "is_colour", "pipeline", "stored_colours"]

Array = NDArray[Any]


class Transform(Protocol):
    """What is done to the pixels of a frame, or of part of it."""

    def into(self, frame: Array, target: Array) -> None:
        """Transform ``frame`` (rows, columns[, samples]) into ``target`` (rows, columns[, 3])."""


def limits(fmt: PixelFormat) -> tuple[int, int]:
    """Least and greatest number that Bits Stored can hold."""
    if fmt.pixel_representation:
        return -(1 << (fmt.stored - 1)), (1 << (fmt.stored - 1)) - 1
    return 0, (1 << fmt.stored) - 1


def _range_of(dtype: np.dtype[Any]) -> tuple[int, int]:
    if dtype.kind == "b":
        return 0, 1
    info = np.iinfo(dtype)
    return int(info.min), int(info.max)


# ---- grey values ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Linear:
    """``slope * value + intercept``; ``mapped`` bounds the stored values that a real world value map covers."""

    slope: float = 1.0
    intercept: float = 0.0
    mapped: tuple[float, float] | None = None
    certain: bool = True

    def into(self, frame: Array, target: Array) -> None:
        """Rescale."""
        _check_mapped(frame, self.mapped)
        if target.dtype.kind == "f":
            self._floats(frame, target)
        else:
            self._integers(frame, target)

    def _floats(self, frame: Array, target: Array) -> None:
        if self.slope == 1.0 and self.intercept == 0.0:
            np.copyto(target, frame, casting="unsafe")
        elif self.slope == 1.0:
            np.add(frame, self.intercept, out=target, dtype=np.float64, casting="unsafe")
        else:
            np.multiply(frame, self.slope, out=target, dtype=np.float64, casting="unsafe")
            if self.intercept:
                target += target.dtype.type(self.intercept)

    def _integers(self, frame: Array, target: Array) -> None:
        slope, intercept = int(self.slope), int(self.intercept)
        if not self.certain and frame.size:
            ends = sorted(slope * int(end) + intercept for end in (frame.min(), frame.max()))
            least, greatest = _range_of(target.dtype)
            if ends[0] < least or ends[1] > greatest:
                raise ArgumentError(
                    f"pixels after slope {slope} and intercept {intercept} do not fit {target.dtype}: choose a "
                    "wider dtype, or a floating-point one"
                )
        if slope == 1 and intercept == 0:
            np.copyto(target, frame, casting="unsafe")
            return
        # Arithmetic modulo 2^n: what comes out is right because the result fits, which was checked
        modulus = 1 << (8 * target.dtype.itemsize)
        unsigned = target.view(f"u{target.dtype.itemsize}")
        np.copyto(unsigned, frame, casting="unsafe")
        kind = unsigned.dtype.type
        if slope != 1:
            np.multiply(unsigned, kind(slope % modulus), out=unsigned)
        if intercept:
            np.add(unsigned, kind(intercept % modulus), out=unsigned)


@dataclass(frozen=True, eq=False)
class LookUp:
    """Entries (n,) or (n, 3) of a table; values outside take the first or last entry, or are refused."""

    entries: Array
    first: int
    clip: bool = True

    def into(self, frame: Array, target: Array) -> None:
        """Look up."""
        target[...] = apply_lut(_whole(frame), self.entries, self.first, clip=self.clip)


@dataclass(frozen=True, eq=False)
class LineThenLookUp:
    """A line, whose results are rounded to the whole numbers that a table maps."""

    line: Line
    table: LookUp

    def into(self, frame: Array, target: Array) -> None:
        """Rescale and look up."""
        self.table.into(np.rint(frame * self.line.slope + self.line.intercept).astype(np.int64), target)


@dataclass(frozen=True)
class Windowed:
    """A line and a window."""

    line: Line
    window: Window
    output: tuple[float, float]
    invert: bool

    def into(self, frame: Array, target: Array) -> None:
        """Rescale and apply the window."""
        Linear(self.line.slope, self.line.intercept).into(frame, target)
        target[...] = _through_window(target, self.window, self.output, target.dtype, self.invert)


def _through_window(
    values: Array, window: Window, output: tuple[float, float], dtype: DTypeLike, invert: bool
) -> Array:
    function = VOILUTFunctionValues(window.function)
    return apply_voi_window(values, window.center, window.width, function, output, dtype, invert)


def _check_mapped(frame: Array, mapped: tuple[float, float] | None) -> None:
    if mapped is not None and frame.size and (frame.min() < mapped[0] or frame.max() > mapped[1]):
        raise ArgumentError(
            "pixels lie outside the range that the real world value map covers (PS3.3 C.7.6.16.2.11); pass "
            "apply_real_world_transform=False, or select another map"
        )


def _whole(frame: Array) -> Array:
    return frame.view(np.uint8) if frame.dtype.kind == "b" else frame


def _grey_transform(found: GreyParameters, wanted: Wanted, fmt: PixelFormat) -> Transform:
    """What is left to do for the frames with these parameters."""
    if found.voi is not None and wanted.dtype.kind != "f":
        raise ArgumentError(f"values of interest need a floating-point dtype, not {wanted.dtype}")
    if isinstance(found.modality, Table):
        return _of_table(found, found.modality, wanted)
    line = found.modality or Line()
    if isinstance(found.voi, Window):
        return Windowed(line, found.voi, wanted.voi_range, found.invert)
    if isinstance(found.voi, VOITable):
        entries = found.voi.scaled(wanted.voi_range, wanted.dtype, invert=found.invert)
        table = LookUp(entries, found.voi.first)
        whole = line == Line() and not fmt.floating
        return table if whole else LineThenLookUp(line, table)
    if found.invert:
        line = _inverted(line, fmt)
    return _linear(line, wanted, fmt)


def _inverted(line: Line, fmt: PixelFormat) -> Line:
    """Mirror stored values within their range before the line."""
    if fmt.floating:
        raise UnsupportedError("floating-point pixels have no range to invert: apply_presentation_lut=False")
    total = sum(limits(fmt))
    return Line(-line.slope, line.intercept + line.slope * total, line.mapped)


def _linear(line: Line, wanted: Wanted, fmt: PixelFormat) -> Linear:
    dtype = wanted.dtype
    if dtype.kind == "f":
        return Linear(line.slope, line.intercept, line.mapped)
    if fmt.floating:
        raise ArgumentError(f"floating-point pixels need a floating-point dtype, not {dtype}")
    if not (float(line.slope).is_integer() and float(line.intercept).is_integer()):
        raise ArgumentError("an integer dtype needs a whole-numbered slope and intercept")
    least, greatest = _range_of(dtype)
    ends = sorted(int(line.slope) * end + int(line.intercept) for end in limits(fmt))
    return Linear(line.slope, line.intercept, line.mapped, certain=least <= ends[0] and ends[1] <= greatest)


def _of_table(found: GreyParameters, table: Table, wanted: Wanted) -> LookUp:
    """Everything that follows a table is done to its entries."""
    entries: Array = table.entries
    clip = not table.strict
    if isinstance(found.voi, Window):
        entries = _through_window(entries, found.voi, wanted.voi_range, wanted.dtype, found.invert)
    elif isinstance(found.voi, VOITable):
        after = found.voi.scaled(wanted.voi_range, wanted.dtype, invert=found.invert)
        entries = apply_lut(np.rint(entries).astype(np.int64), after, found.voi.first)
    elif found.invert:
        entries = entries.min() + entries.max() - entries
    return LookUp(_cast_table(entries, wanted.dtype), table.first, clip)


def _cast_table(entries: Array, dtype: np.dtype[Any]) -> Array:
    """Entries in the dtype asked for; floating-point types of any size take those of another."""
    if dtype.kind == "f" and entries.dtype.kind == "f":
        return entries.astype(dtype, copy=False)
    if not np.can_cast(entries.dtype, dtype, "safe"):
        raise ArgumentTypeError(f"{dtype} cannot hold every entry of a look-up table of {entries.dtype}")
    return entries.astype(dtype, copy=False)


# ---- colours -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Colour:
    """Colour samples: to RGB, through an ICC profile."""

    photometric: str
    manager: ColorManager | None

    def into(self, frame: Array, target: Array) -> None:
        """Convert."""
        frame = to_rgb(frame, self.photometric)
        if self.manager is not None:
            frame = self.manager.transform_frame(frame)
        Linear(certain=np.can_cast(frame.dtype, target.dtype, "safe")).into(frame, target)


def is_colour(fmt: PixelFormat) -> bool:
    """Whether frames have several samples a pixel."""
    return fmt.samples > 1


def stored_colours(frames: Array, photometric: str) -> Array:
    """Decoded frames as RGB, where they are stored in a space of luminance and chrominance."""
    if frames.dtype == np.uint8 and photometric in ("YBR_FULL", "YBR_FULL_422"):
        return to_rgb(frames, photometric)
    return frames


def _manager(index: FrameIndex, wanted: Wanted, dtype: np.dtype[Any]) -> ColorManager | None:
    if wanted.icc is False:
        return None
    dataset = index.dataset
    profile = dataset.get("ICCProfile")
    if profile is None:  # in slides it belongs to an optical path
        paths = dataset.get("OpticalPathSequence") or []
        profile = paths[0].get("ICCProfile") if len(paths) == 1 else None
    if profile is None:
        if wanted.icc:
            raise IndexingError("an ICC profile is to be applied, but the image has none")
        return None
    if dtype != np.uint8:
        raise UnsupportedError(
            f"ICC profiles are applied to colours of 8 bits, not {dtype}; pass apply_icc_profile=False"
        )
    return ColorManager(bytes(profile))


def _palette(index: FrameIndex, wanted: Wanted) -> LookUp:
    palette = PaletteColorLUTTransformation.extract_from_dataset(index.dataset)
    entries = palette.combined_lut_data
    if not np.can_cast(entries.dtype, wanted.dtype, "safe"):
        raise ArgumentTypeError(f"{wanted.dtype} cannot hold every colour of a palette of {entries.dtype}")
    manager = _manager(index, wanted, entries.dtype)
    if manager is not None:
        entries = manager.transform_frame(np.ascontiguousarray(entries[None]))[0]
    return LookUp(entries, palette.first_mapped_value)


# ---- whole images ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Pipeline:
    """Transforms of some frames: ``transforms.codes[i]`` belongs to the i-th of the frames it was made for."""

    transforms: PerFrame[Transform]
    samples: int
    dtype: np.dtype[Any]

    def of(self, place: int) -> Transform:
        """Transform of the frame at a place."""
        return self.transforms.values[int(self.transforms.codes[place])]


def pipeline(index: FrameIndex, fmt: PixelFormat, photometric: str, wanted: Wanted, frames: Any) -> Pipeline:
    """Work out what is to be done to frames.

    Parameters
    ----------
    index : FrameIndex
        Of the image.
    fmt : PixelFormat
        Its pixels.
    photometric : str
        Colour space of decoded frames.
    wanted : Wanted
        What the caller asked for.
    frames : ndarray of int
        Frames that are going to be transformed.

    Raises
    ------
    IndexingError
        If a transform is required that the image does not have.
    ArgumentError, ArgumentTypeError
        If a transform is required that images of its kind cannot have, or the dtype does not fit.
    SelectionError
        If a selector names none of the transforms.
    """
    chosen = np.asarray(frames, dtype=np.intp)
    if fmt.samples == 1 and photometric != "PALETTE COLOR":
        wanted.refuse_colour()
        found = grey_parameters(index, wanted, fmt, chosen)
        return Pipeline(found.map(lambda x: _grey_transform(x, wanted, fmt)), 1, wanted.dtype)
    wanted.refuse_grey()
    if fmt.samples == 1:
        transform: Transform
        if wanted.palette is False:
            if wanted.icc:
                raise ArgumentError(
                    "an ICC profile applies to colours: apply_palette_color_lut=False leaves none"
                )
            transform = _linear(Line(), wanted, fmt)
        else:
            transform = _palette(index, wanted)
        return Pipeline(
            PerFrame.shared(transform, len(chosen)), 1 if wanted.palette is False else 3, wanted.dtype
        )
    if wanted.palette:
        raise ArgumentError("a palette is to be applied, but the image is not a palette color image")
    colour: Transform = Colour(photometric, _manager(index, wanted, fmt.dtype))
    return Pipeline(PerFrame.shared(colour, len(chosen)), 3, wanted.dtype)
