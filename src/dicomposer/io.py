"""Frames of a file, one at a time: the drop-in ``ImageFileReader``."""

from __future__ import annotations

import operator
import os
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.filebase import DicomIO

from dicomposer.coding import UID
from dicomposer.errors import ArgumentError, ArgumentTypeError, DamagedFileError
from dicomposer.image import Image
from dicomposer.pixels import ColorManager
from dicomposer.record import read

__all__ = ["ImageFileReader", "UnreadableFileError"]

#: Tag of the first element that may hold pixels.
_PIXELS = 0x7FE00008


class UnreadableFileError(DamagedFileError, OSError):
    """A file that cannot be read as DICOM, or that is not open."""


class ImageFileReader:
    """Reads frames of an image file when they are asked for.

    :func:`dicomposer.imread` with ``lazy_frame_retrieval=True`` does the same and much more.

    Parameters
    ----------
    filename : str or pathlib.Path or pydicom.filebase.DicomIO
        Path of the file, or an open file.

    Raises
    ------
    TypeError
        If it is neither.
    """

    def __init__(self, filename: str | Path | DicomIO) -> None:
        if not isinstance(filename, str | os.PathLike | DicomIO):
            raise ArgumentTypeError("filename must be a path or an open DicomIO object")
        self._file = filename
        self._image: Image | None = None
        self._metadata = Dataset()
        self._manager: ColorManager | None = None

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        except_type: type[BaseException] | None,
        except_value: BaseException | None,
        except_trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def filename(self) -> str:
        """Path of the file."""
        if isinstance(self._file, DicomIO):
            return str(getattr(self._file, "name", None) or getattr(self._file, "filename", ""))
        return os.fspath(self._file)

    def open(self) -> None:
        """Open the file and read its metadata.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        OSError
            If it cannot be opened, or is not DICOM.
        ValueError
            If it is not an image.
        """
        if self._image is not None:
            return
        source: Any = self._file if isinstance(self._file, DicomIO) else os.fspath(self._file)
        try:
            dataset = read(source, lazy=True)
        except DamagedFileError as error:
            raise UnreadableFileError(str(error)) from error
        self._image = Image.from_dataset(dataset, copy=False)
        self._metadata = dataset[:_PIXELS]  # elements are shared, not copied
        self._metadata.file_meta = dataset.file_meta
        profile = dataset.get("ICCProfile")
        colour = self._image.get("SamplesPerPixel", 1) > 1
        self._manager = ColorManager(profile) if profile is not None and colour else None

    def close(self) -> None:
        """Close the file."""
        self._image = None

    @property
    def _opened(self) -> Image:
        if self._image is None:
            raise UnreadableFileError("the file has not been opened for reading")
        return self._image

    @property
    def metadata(self) -> Dataset:
        """The dataset without its pixels."""
        _ = self._opened
        return self._metadata

    @property
    def transfer_syntax_uid(self) -> UID:
        """How the file is encoded."""
        return UID(str(self._opened.transfer_syntax_uid))

    @property
    def number_of_frames(self) -> int:
        """Number of frames."""
        return self._opened.number_of_frames

    def _checked(self, index: int) -> int:
        index = operator.index(index)
        if not 0 <= index < self.number_of_frames:
            raise ArgumentError(f"frame indices run from 0 to {self.number_of_frames - 1}")
        return index

    def read_frame_raw(self, index: int) -> bytes:
        """Encoded bytes of a frame.

        Parameters
        ----------
        index : int
            Zero-based frame index.

        Raises
        ------
        ValueError
            If there is no such frame.
        OSError
            If the file is not open.
        """
        return self._opened.get_raw_frame(self._checked(index), as_index=True)

    def read_frame(self, index: int, correct_color: bool = True) -> NDArray[Any]:
        """Decoded stored values of a frame.

        Parameters
        ----------
        index : int
            Zero-based frame index.
        correct_color : bool, optional
            Bring colours to sRGB if the image has an ICC profile.

        Returns
        -------
        numpy.ndarray
            (rows, columns), or (rows, columns, samples) of RGB colours.

        Raises
        ------
        ValueError
            If there is no such frame.
        OSError
            If the file is not open.
        """
        frame = self._opened.get_stored_frame(self._checked(index), as_index=True)
        if correct_color and self._manager is not None:
            return np.asarray(self._manager.transform_frame(frame))
        return frame
