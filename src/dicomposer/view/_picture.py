"""Arrays into pictures: windows, colours, contours, panels. Plain numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]  # (rows, columns, 3), RGB


def windowed(values: NDArray[np.float64], centre: float, width: float) -> Picture:
    """Grey picture of a window: its lower edge is black, its upper edge white."""
    grey = np.clip((values - (centre - width / 2)) / max(width, 1e-12), 0.0, 1.0)
    return np.repeat(np.rint(grey * 255).astype(np.uint8)[..., np.newaxis], 3, axis=-1)


def percentile_window(planes: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Centre and width between the 1st and the 99th percentile of some planes."""
    sample = np.concatenate([plane[::4, ::4].ravel() for plane in planes])
    low, high = np.percentile(sample, (1, 99))
    return float(low + high) / 2, float(max(high - low, 1e-6))


def contour(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The pixels of a mask that touch what is not the mask, by an edge, or the border of the picture."""
    inner = np.zeros_like(mask)
    inner[1:-1, 1:-1] = mask[1:-1, 1:-1] & mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    return mask & ~inner


def painted(
    picture: Picture, mask: NDArray[np.floating] | NDArray[np.bool_], colour: Sequence[int], opacity: float
) -> Picture:
    """A picture with a mask laid over it: filled in `opacity` (times the fraction), its contour opaque."""
    share = mask.astype(np.float64)[..., np.newaxis] * opacity
    tint = np.asarray(colour, dtype=np.float64)
    result = np.rint(picture * (1 - share) + tint * share).astype(np.uint8)
    result[contour(mask >= 0.5)] = tint.astype(np.uint8)
    return result


def resampled(picture: Picture, rows: int, columns: int) -> Picture:
    """Nearest pixels on another number of rows and columns."""
    row = (np.arange(rows) * picture.shape[0]) // rows
    column = (np.arange(columns) * picture.shape[1]) // columns
    result: Picture = picture[row[:, np.newaxis], column]
    return result


def montage(panels: Sequence[Picture], columns: int, gap: int = 4) -> Picture:
    """Panels of one size side by side, row by row, on a dark ground."""
    across = max(1, min(columns, len(panels)))
    down = -(-len(panels) // across)
    rows, width = panels[0].shape[:2]
    sheet = np.full((down * (rows + gap) - gap, across * (width + gap) - gap, 3), 24, dtype=np.uint8)
    for index, panel in enumerate(panels):
        top, left = index // across * (rows + gap), index % across * (width + gap)
        sheet[top : top + rows, left : left + width] = panel
    return sheet
