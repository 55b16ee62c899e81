"""ICC profiles (PS3.3 C.11.15), through Pillow."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, MissingDependencyError

__all__ = ["ColorManager"]


class ColorManager:
    """Brings colour frames from the space of an ICC profile to sRGB.

    Parameters
    ----------
    icc_profile : bytes
        Value of ICC Profile (0028,2000).

    Raises
    ------
    ArgumentError
        If the profile cannot be read.
    MissingDependencyError
        If Pillow is not installed (extra ``view``).
    """

    def __init__(self, icc_profile: bytes) -> None:
        try:
            from PIL import ImageCms
        except ImportError:
            raise MissingDependencyError("colour management", "pillow", "view") from None
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(icc_profile))
            self._transform: Any = ImageCms.buildTransform(
                source, ImageCms.createProfile("sRGB"), "RGB", "RGB"
            )
        except (OSError, ImageCms.PyCMSError) as error:
            raise ArgumentError("the ICC profile cannot be read") from error

    def transform_frame(self, array: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return a frame in sRGB.

        Parameters
        ----------
        array : ndarray of uint8
            (rows, columns, 3).

        Raises
        ------
        ArgumentError
            If the shape or the type is another.
        """
        from PIL import Image, ImageCms

        if array.ndim != 3 or array.shape[2] != 3 or array.dtype != np.uint8:
            raise ArgumentError(
                f"a colour frame is (rows, columns, 3) of uint8, not {array.shape} of {array.dtype}"
            )
        image = Image.fromarray(np.ascontiguousarray(array), mode="RGB")
        return np.asarray(ImageCms.applyTransform(image, self._transform))
