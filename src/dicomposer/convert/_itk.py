"""MetaImage and the other formats that SimpleITK reads, and images of SimpleITK and ITK in memory."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dicomposer.convert._reader import Grid, SizeLimit, module_of
from dicomposer.errors import DamagedFileError, MissingDependencyError, UnsupportedError
from dicomposer.volume import Volume


class SimpleITKReader:
    """Files that SimpleITK reads, and its images. ITK's places are LPS, like DICOM's."""

    suffixes: tuple[str, ...] = (".mha", ".mhd", ".gipl")

    def accepts(self, image: object) -> bool:
        """Whether `image` is one of SimpleITK's."""
        return module_of(image) == "SimpleITK"

    def from_file(self, path: Path, limit: SizeLimit | None = None) -> Grid:
        """Read a file."""
        try:
            import SimpleITK
        except ImportError as error:
            raise MissingDependencyError(f"reading {path.suffix} files", "SimpleITK", "itk") from error
        if not path.exists():
            raise FileNotFoundError(f"there is no file {path.name}")
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(path))
        try:
            if limit is not None:
                reader.ReadImageInformation()
                limit.check(reader.GetSize(), reader.GetNumberOfComponents())
            image = reader.Execute()
        except RuntimeError as error:
            raise DamagedFileError(f"{path.name} cannot be read as an image of its suffix") from error
        return self.from_object(image)

    def from_object(self, image: Any) -> Grid:
        """Take an image: (slices, rows, columns) is its (z, y, x); components come last."""
        import SimpleITK

        _need_three_axes(image.GetDimension())
        if image.GetNumberOfComponentsPerPixel() == 1:
            return _grid(Volume.from_simpleitk(image))
        _, place = _grid(Volume.from_simpleitk(SimpleITK.VectorIndexSelectionCast(image, 0)))
        return SimpleITK.GetArrayFromImage(image), place


class ITKReader:
    """Images of the ``itk`` package."""

    suffixes: tuple[str, ...] = ()

    def accepts(self, image: object) -> bool:
        """Whether `image` is one of ITK's."""
        return module_of(image) == "itk"

    def from_file(self, path: Path, limit: SizeLimit | None = None) -> Grid:
        """Never called: SimpleITK reads the same files."""
        raise UnsupportedError(f"{path.suffix} files are read by SimpleITK")

    def from_object(self, image: Any) -> Grid:
        """Take an image: (slices, rows, columns) is its (z, y, x)."""
        _need_three_axes(image.GetImageDimension())
        return _grid(Volume.from_itk(image))


def _need_three_axes(dimensions: int) -> None:
    if dimensions != 3:
        raise UnsupportedError(f"a mask needs three axes in space; this image has {dimensions}")


def _grid(volume: Volume) -> Grid:
    turned = volume.permute_spatial_axes([2, 1, 0])  # a volume keeps the order of ITK's axes
    return turned.array, turned.affine
