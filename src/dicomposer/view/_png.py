"""Pictures into files."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer import record
from dicomposer.errors import ArgumentError, MissingDependencyError

_LINE = 22  # pixels of a line of the legend


def save_png(
    array: NDArray[np.uint8],
    path: str | os.PathLike[str],
    *,
    legend: Mapping[str, tuple[int, int, int]] | None = None,
) -> None:
    """Write a picture as PNG; the file appears whole or not at all.

    Parameters
    ----------
    array : numpy.ndarray
        (rows, columns, 3) or (rows, columns), uint8.
    path : str or os.PathLike
        Where to.
    legend : Mapping[str, tuple[int, int, int]], optional
        Labels and their colours, written below the picture; see :func:`legend`.

    Raises
    ------
    MissingDependencyError
        Without Pillow (extra ``view``).
    ArgumentError
        When the array is no picture, or the name does not end in ``.png``.
    MissingFileError, NotAFileError
        When there is no such folder, or the path is one.
    """
    if Path(path).suffix.lower() != ".png":
        raise ArgumentError(f"{path} would hold a PNG picture: let its name end in .png")
    try:
        from PIL import Image
    except ImportError:
        raise MissingDependencyError("writing pictures", "Pillow", "view") from None
    if array.dtype != np.uint8 or array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] != 3):
        raise ArgumentError(f"a picture is uint8 (rows, columns[, 3]), not {array.dtype} {array.shape}")
    picture = Image.fromarray(np.ascontiguousarray(array))
    if legend:
        picture = _with_legend(picture.convert("RGB"), legend)
    with record.replacing(path, durable=False) as file:
        picture.save(file, format="PNG", optimize=True)


def _with_legend(picture: Any, legend: Mapping[str, tuple[int, int, int]]) -> Any:
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.load_default(size=14)
    places, left, top = [], 10, picture.height + 8
    for label in legend:
        width = 26 + round(font.getlength(label)) + 18
        if left + width > picture.width and left > 10:
            left, top = 10, top + _LINE
        places.append((left, top))
        left += width
    sheet = Image.new("RGB", (picture.width, top + _LINE + 4), (24, 24, 24))
    sheet.paste(picture, (0, 0))
    draw = ImageDraw.Draw(sheet)
    for (label, colour), (x, y) in zip(legend.items(), places, strict=True):
        draw.rectangle((x, y + 1, x + 14, y + 15), fill=tuple(colour))
        draw.text((x + 22, y), label, fill=(235, 235, 235), font=font)
    return sheet
