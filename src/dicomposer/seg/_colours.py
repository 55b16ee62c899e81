"""Label maps in the colours of their palette."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from pydicom.dataset import Dataset

from dicomposer.content import PaletteColorLUTTransformation
from dicomposer.errors import ArgumentError
from dicomposer.pixels import ColorManager
from dicomposer.volume import RGB_COLOR_CHANNEL_DESCRIPTOR

__all__ = ["coloured", "rgb_channels"]


def coloured(
    dataset: Dataset, labels: NDArray[Any], dtype: DTypeLike | None, apply_icc_profile: bool | None
) -> NDArray[Any]:
    """Labels as colours through the palette of the object, (..., 3)."""
    if dataset.get("PhotometricInterpretation") != "PALETTE COLOR":
        raise ArgumentError("the segmentation has no palette")
    palette = PaletteColorLUTTransformation.extract_from_dataset(dataset)
    colours = palette.apply(labels)
    profile = dataset.get("ICCProfile")
    if apply_icc_profile and profile is None:
        raise ArgumentError("the segmentation has no ICC profile")
    if profile is not None and apply_icc_profile is not False:
        manager = ColorManager(profile)
        flat = colours.reshape(-1, *colours.shape[-3:])
        colours = np.stack([manager.transform_frame(frame) for frame in flat]).reshape(colours.shape)
    return colours if dtype is None else colours.astype(dtype)


def rgb_channels() -> dict[Any, Any]:
    """Channel description of a colour volume."""
    return {RGB_COLOR_CHANNEL_DESCRIPTOR: ["R", "G", "B"]}
