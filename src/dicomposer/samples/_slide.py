"""Whole slide images: a real H&E region with its own JPEG tiles, and a phantom of any size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, VLWholeSlideMicroscopyImageStorage

from dicomposer.errors import ArgumentError, MissingDependencyError
from dicomposer.samples._dataset import DATE, TIME, add_file_meta, code, new_image, sample_uid, save
from dicomposer.samples._icc import srgb_profile
from dicomposer.samples._packages import fetch
from dicomposer.samples._series import ds_value

if TYPE_CHECKING:
    from PIL import Image

_ADOBE_RGB = b"\xff\xee\x00\x0eAdobe\x00\x64\x00\x00\x00\x00\x00"
"""APP14 with transform 0: without it decoders take three components for YCbCr."""


@dataclass(frozen=True)
class SlideImage:
    """One tiled image of a slide, and a mask for it.

    Attributes
    ----------
    dataset : pydicom.dataset.Dataset
        VL Whole Slide Microscopy Image.
    pixels : numpy.ndarray
        Total pixel matrix, (rows, columns, 3) uint8 RGB.
    mask : numpy.ndarray
        (rows, columns) uint8 labels, 0 for background.
    labels : Mapping[int, str]
        What each label stands for.
    file : pathlib.Path or None
        Where :meth:`save` wrote the dataset.
    """

    dataset: Dataset
    pixels: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    labels: Mapping[int, str]
    file: Path | None = None

    def __repr__(self) -> str:
        """What it is in one line; the dataset would be hundreds."""
        rows, columns = self.mask.shape
        names = ", ".join(f"{value} {name}" for value, name in self.labels.items())
        where = f" in {self.file}" if self.file else ""
        return f"<SlideImage {rows} x {columns}, mask: {names}{where}>"

    def save(self, path: str | Path) -> SlideImage:
        """Write the dataset to a file; returns the same slide, with its file."""
        return replace(self, file=save(self.dataset, Path(path)))


@dataclass(frozen=True)
class _Tiling:
    """Where the tiles of one image lie: sizes in pixels, spacing in mm between rows and between columns."""

    name: str
    rows: int
    columns: int
    tile_rows: int
    tile_columns: int
    spacing: tuple[float, float]

    @property
    def down(self) -> int:
        return -(-self.rows // self.tile_rows)

    @property
    def across(self) -> int:
        return -(-self.columns // self.tile_columns)


def slide_image(path: str | Path | None = None) -> SlideImage:
    """A real H&E slide: 2967 x 2220 pixels of 0.499 um in 130 tiles of 240 x 240, TILED_FULL, JPEG.

    The tiles are the scanner's own JPEG streams, completed with their tables but not encoded again. The mask
    tells nuclei (2) from other tissue (1) by colour alone: good to look at, no ground truth.

    Parameters
    ----------
    path : str or pathlib.Path, optional
        Where to write the DICOM file; by default it is only in memory.

    Returns
    -------
    SlideImage
        Image, pixels, mask and, with `path`, the file.

    Raises
    ------
    MissingDependencyError
        Without Pillow, which decodes the tiles.
    UnavailableError
        When the package with the slide is not in the cache and cannot be fetched.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise MissingDependencyError("the sample slide", "Pillow", "view") from error
    source = fetch("cmu1-slide")
    with Image.open(source) as opened:
        tiles = _jpeg_tiles(source, opened)
        pixels = np.asarray(opened.convert("RGB"))
    tiling = _Tiling("sm-cmu1", pixels.shape[0], pixels.shape[1], 240, 240, (0.000499, 0.000499))
    ds = _slide(tiling, len(tiles))
    ds.PixelData = encapsulate(tiles)
    ds["PixelData"].VR = "OB"
    ds.LossyImageCompression = "01"
    ds.LossyImageCompressionRatio = ds_value(
        round(len(tiles) * 240 * 240 * 3 / sum(len(tile) for tile in tiles), 3)
    )
    ds.LossyImageCompressionMethod = "ISO_10918_1"
    add_file_meta(ds, JPEGBaseline8Bit)
    slide = SlideImage(ds, pixels, stain_mask(pixels), {1: "Tissue", 2: "Nuclei"})
    return slide if path is None else slide.save(path)


def phantom_slide(
    *,
    shape: tuple[int, int] = (70, 90),
    tile: tuple[int, int] = (32, 32),
    spacing: float = 0.0005,
    organization: str = "TILED_FULL",
    name: str = "phantom",
) -> SlideImage:
    """A small made-up slide, uncompressed, in memory.

    Parameters
    ----------
    shape : tuple[int, int]
        Rows and columns of the total pixel matrix.
    tile : tuple[int, int]
        Rows and columns of a tile.
    spacing : float
        Millimetres between pixels, both ways.
    organization : {"TILED_FULL", "TILED_SPARSE"}
        Whether positions are implied or written for each frame (PS3.3 C.7.6.17.3).
    name : str
        Slides of different names belong to different patients.

    Returns
    -------
    SlideImage
        Image, pixels and a mask of tissue (1) with nuclei (2).

    Raises
    ------
    ArgumentError
        For another organization.
    """
    if organization not in ("TILED_FULL", "TILED_SPARSE"):
        raise ArgumentError(f"a slide is TILED_FULL or TILED_SPARSE, not {organization!r}")
    tiling = _Tiling(f"sm-{name}", *shape, *tile, (spacing, spacing))
    y, x = np.ogrid[: shape[0], : shape[1]]
    tissue = (2 * y / shape[0] - 1) ** 2 + (2 * x / shape[1] - 1) ** 2 < 0.8
    nuclei = tissue & ((y % 9 - 4) ** 2 + (x % 11 - 5) ** 2 < 8)
    mask = (tissue.astype(np.uint8) + nuclei).astype(np.uint8)
    pixels = np.array([(244, 242, 245), (222, 150, 190), (90, 60, 140)], dtype=np.uint8)[mask]
    tiles = tile_up(pixels, tile)
    ds = _slide(tiling, len(tiles))
    if organization == "TILED_SPARSE":
        _add_positions(ds, tiling)
    ds.PixelData = tiles.tobytes() + b"\x00" * (tiles.size % 2)
    ds["PixelData"].VR = "OB"
    ds.LossyImageCompression = "00"
    add_file_meta(ds)
    return SlideImage(ds, pixels, mask, {1: "Tissue", 2: "Nuclei"})


def tile_up(pixels: NDArray[Any], tile: tuple[int, int]) -> NDArray[Any]:
    """Cut (rows, columns, ...) into (tiles, rows, columns, ...), row by row, edges padded with 0."""
    down, across = (-(-size // step) for size, step in zip(pixels.shape, tile, strict=False))
    padded = np.zeros((down * tile[0], across * tile[1], *pixels.shape[2:]), dtype=pixels.dtype)
    padded[: pixels.shape[0], : pixels.shape[1]] = pixels
    split = padded.reshape(down, tile[0], across, tile[1], *pixels.shape[2:])
    return split.swapaxes(1, 2).reshape(down * across, *tile, *pixels.shape[2:])


def stain_mask(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Nuclei (2) and other tissue (1) of an H&E image by optical density and two thresholds of Otsu's.

    Parameters
    ----------
    pixels : numpy.ndarray
        (rows, columns, 3) uint8 RGB.

    Returns
    -------
    numpy.ndarray
        (rows, columns) uint8.
    """
    density = -np.log10((pixels.astype(np.float32) + 1.0) / 256.0)
    density = _smooth(density)
    total = density.sum(axis=2)
    tissue = total > _otsu(total)
    # Haematoxylin absorbs red light, eosin hardly does.
    red = density[..., 0]
    nuclei = tissue & (red > _otsu(red[tissue]))
    return np.asarray(tissue.astype(np.uint8) + nuclei, dtype=np.uint8)


def _smooth(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean over 3 x 3 pixels."""
    padded = np.pad(values, ((1, 1), (1, 1), (0, 0)), mode="edge")
    rows = padded[:-2] + padded[1:-1] + padded[2:]
    return np.asarray((rows[:, :-2] + rows[:, 1:-1] + rows[:, 2:]) / 9.0, dtype=np.float32)


def _otsu(values: NDArray[np.float32]) -> float:
    """The threshold that separates two groups best (N. Otsu, 1979)."""
    counts, edges = np.histogram(values, bins=256)
    centres = (edges[:-1] + edges[1:]) / 2
    weight = np.cumsum(counts)
    total = np.cumsum(counts * centres)
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (total[-1] * weight / weight[-1] - total) ** 2 / (weight * (weight[-1] - weight))
    return float(centres[int(np.nanargmax(between[:-1]))])


def _jpeg_tiles(source: Path, image: Image.Image) -> list[bytes]:
    """Complete JPEG streams from the abbreviated ones of a TIFF file (TIFF Technical Note 2)."""
    tags: Any = image.tag_v2  # type: ignore[attr-defined]
    offsets, lengths, tables = tags[324], tags[325], bytes(tags[347])
    content = source.read_bytes()
    head = b"\xff\xd8" + _ADOBE_RGB + tables[2:-2]
    return [
        head + content[start + 2 : start + length] for start, length in zip(offsets, lengths, strict=True)
    ]


def _slide(tiling: _Tiling, frames: int) -> Dataset:
    """Everything but the pixels: VL Whole Slide Microscopy Image IOD (PS3.3 A.32.8)."""
    ds = new_image(tiling.name, 1, VLWholeSlideMicroscopyImageStorage, "SM")
    ds.FrameOfReferenceUID = sample_uid(tiling.name, "frame of reference")
    ds.PositionReferenceIndicator = "SLIDE_CORNER"
    ds.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    ds.AcquisitionDateTime = DATE + TIME
    ds.AcquisitionContextSequence = []
    ds.VolumetricProperties = "VOLUME"
    ds.BurnedInAnnotation = "NO"
    ds.SpecimenLabelInImage = "NO"
    ds.FocusMethod = "AUTO"
    ds.ExtendedDepthOfField = "NO"
    _add_specimen(ds, tiling.name)
    _add_optical_path(ds)
    ds.ImagedVolumeWidth = tiling.columns * tiling.spacing[1]
    ds.ImagedVolumeHeight = tiling.rows * tiling.spacing[0]
    ds.ImagedVolumeDepth = 1.0
    ds.TotalPixelMatrixColumns, ds.TotalPixelMatrixRows = tiling.columns, tiling.rows
    ds.TotalPixelMatrixFocalPlanes = 1
    ds.NumberOfOpticalPaths = 1
    ds.ImageOrientationSlide = ["0", "-1", "0", "-1", "0", "0"]
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = "20", "40"
    ds.TotalPixelMatrixOriginSequence = [origin]
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.Rows, ds.Columns = tiling.tile_rows, tiling.tile_columns
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.NumberOfFrames = frames
    ds.DimensionOrganizationType = "TILED_FULL"
    organization = Dataset()
    organization.DimensionOrganizationUID = sample_uid(tiling.name, "dimensions")
    ds.DimensionOrganizationSequence = [organization]
    measures, frame_type, shared = Dataset(), Dataset(), Dataset()
    measures.PixelSpacing = [ds_value(value) for value in tiling.spacing]
    measures.SliceThickness = "0.001"
    frame_type.FrameType = ds.ImageType
    shared.PixelMeasuresSequence = [measures]
    shared.WholeSlideMicroscopyImageFrameTypeSequence = [frame_type]
    ds.SharedFunctionalGroupsSequence = [shared]
    return ds


def _add_specimen(ds: Dataset, name: str) -> None:
    """Specimen module (PS3.3 C.7.6.22): one section on one slide, stained with H&E."""
    ds.ContainerIdentifier = f"{name}-slide"
    ds.IssuerOfTheContainerIdentifierSequence = []
    ds.ContainerTypeCodeSequence = [code("433466003", "SCT", "Microscope slide")]
    specimen = Dataset()
    specimen.SpecimenIdentifier = f"{name}-section"
    specimen.SpecimenUID = sample_uid(name, "specimen")
    specimen.IssuerOfTheSpecimenIdentifierSequence = []
    steps = []
    for stain in (
        code("12710003", "SCT", "hematoxylin stain"),
        code("36879007", "SCT", "water soluble eosin stain"),
    ):
        content = []
        for concept, value in (
            (code("111701", "DCM", "Processing type"), code("127790008", "SCT", "Staining")),
            (code("424361007", "SCT", "Using substance"), stain),
        ):
            item = Dataset()
            item.ValueType = "CODE"
            item.ConceptNameCodeSequence = [concept]
            item.ConceptCodeSequence = [value]
            content.append(item)
        step = Dataset()
        step.SpecimenPreparationStepContentItemSequence = content
        steps.append(step)
    specimen.SpecimenPreparationSequence = steps
    ds.SpecimenDescriptionSequence = [specimen]


def _add_optical_path(ds: Dataset) -> None:
    """Optical Path module (PS3.3 C.8.12.5): one brightfield path."""
    path = Dataset()
    path.OpticalPathIdentifier = "1"
    path.IlluminationTypeCodeSequence = [code("111744", "DCM", "Brightfield illumination")]
    path.IlluminationColorCodeSequence = [code("414298005", "SCT", "Full Spectrum")]
    path.ICCProfile = srgb_profile()
    path.ColorSpace = "SRGB"
    path.ObjectiveLensPower = "20"
    ds.OpticalPathSequence = [path]


def _add_positions(ds: Dataset, tiling: _Tiling) -> None:
    """Multi-frame Dimension module and a position for each frame (PS3.3 C.7.6.17, C.8.12.6.1)."""
    ds.DimensionOrganizationType = "TILED_SPARSE"
    indices = []
    for pointer in (0x0048021E, 0x0048021F):  # column, row position in total image pixel matrix
        index = Dataset()
        index.DimensionOrganizationUID = ds.DimensionOrganizationSequence[0].DimensionOrganizationUID
        index.DimensionIndexPointer = pointer
        index.FunctionalGroupPointer = 0x0048021A
        indices.append(index)
    ds.DimensionIndexSequence = indices
    items = []
    for frame in range(tiling.down * tiling.across):
        down, across = divmod(frame, tiling.across)
        content, place, optical, item = Dataset(), Dataset(), Dataset(), Dataset()
        content.DimensionIndexValues = [across + 1, down + 1]
        place.ColumnPositionInTotalImagePixelMatrix = across * tiling.tile_columns + 1
        place.RowPositionInTotalImagePixelMatrix = down * tiling.tile_rows + 1
        # Columns run along -y and rows along -x of the slide (Image Orientation (Slide) above).
        place.XOffsetInSlideCoordinateSystem = ds_value(20 - down * tiling.tile_rows * tiling.spacing[0])
        place.YOffsetInSlideCoordinateSystem = ds_value(40 - across * tiling.tile_columns * tiling.spacing[1])
        place.ZOffsetInSlideCoordinateSystem = "0"
        optical.OpticalPathIdentifier = "1"
        item.FrameContentSequence = [content]
        item.PlanePositionSlideSequence = [place]
        item.OpticalPathIdentificationSequence = [optical]
        items.append(item)
    ds.PerFrameFunctionalGroupsSequence = items
