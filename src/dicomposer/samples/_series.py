"""Series of single-frame CT, MR and PET images: one dataset a plane."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage, PositronEmissionTomographyImageStorage

from dicomposer.errors import ArgumentError
from dicomposer.samples._dataset import DATE, TIME, add_file_meta, code, new_image, sample_uid, save


@dataclass(frozen=True)
class ImageSeries:
    """Images of one series and a mask for them.

    Attributes
    ----------
    datasets : tuple[pydicom.dataset.Dataset, ...]
        One image a plane, plane ``i`` of the mask on ``datasets[i]``; or one multi-frame image.
    mask : numpy.ndarray
        (planes, rows, columns) uint8 labels, 0 for background.
    labels : Mapping[int, str]
        What each label stands for.
    affine : numpy.ndarray or None
        (4, 4) float64: (plane, row, column) indices to millimetres LPS; None when the planes are not a
        regular grid.
    files : tuple[pathlib.Path, ...]
        Where :meth:`save` wrote the datasets, in their order; empty before.
    """

    datasets: tuple[Dataset, ...]
    mask: NDArray[np.uint8]
    labels: Mapping[int, str]
    affine: NDArray[np.float64] | None
    files: tuple[Path, ...] = field(default=())

    def __repr__(self) -> str:
        """What it is in one line; the datasets of a series would be thousands."""
        first = self.datasets[0]
        planes, rows, columns = self.mask.shape
        names = ", ".join(f"{value} {name}" for value, name in self.labels.items())
        where = f" in {self.folder}" if self.files else ""
        return f"<ImageSeries {first.Modality}, {planes} x {rows} x {columns}, mask: {names}{where}>"

    @property
    def folder(self) -> Path:
        """Folder of the files; ArgumentError before :meth:`save`."""
        if not self.files:
            raise ArgumentError("this series has not been saved yet: series = series.save(folder)")
        return self.files[0].parent

    def save(self, folder: str | Path) -> ImageSeries:
        """Write one file a plane, ``0001.dcm`` and so on.

        Parameters
        ----------
        folder : str or pathlib.Path
            Made when it does not exist.

        Returns
        -------
        ImageSeries
            The same series, with its files.
        """
        folder = Path(folder)
        files = tuple(save(ds, folder / f"{n:04d}.dcm") for n, ds in enumerate(self.datasets, start=1))
        return replace(self, files=files)

    def save_mask(self, path: str | Path) -> Path:
        """Write the mask as a NIfTI file with the geometry of the series, as a model would.

        The array's axes are those NIfTI tools use: (column, row, plane), millimetres, RAS.

        Parameters
        ----------
        path : str or pathlib.Path
            File name ending in ``.nii`` or ``.nii.gz``.

        Raises
        ------
        ArgumentError
            When the planes are not a regular grid, which NIfTI cannot express.
        """
        import nibabel

        if self.affine is None:
            raise ArgumentError("these planes are not a regular grid, which a NIfTI file cannot express")
        reorder = np.eye(4)[[2, 1, 0, 3]]
        to_ras = np.diag([-1.0, -1.0, 1.0, 1.0])
        image = nibabel.Nifti1Image(np.ascontiguousarray(self.mask.T), to_ras @ self.affine @ reorder)
        image.header.set_xyzt_units("mm")
        path = Path(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        nibabel.save(image, path)
        return path


@dataclass(frozen=True)
class Stack:
    """Values and positions from which a series is written.

    ``values`` (planes, rows, columns) in the unit of the modality; ``positions`` (planes, 3), ``orientation``
    (6,) as DICOM has them; ``pixel_spacing`` between rows and between columns.
    """

    name: str
    modality: str
    values: NDArray[Any]
    positions: NDArray[np.float64]
    orientation: NDArray[np.float64]
    pixel_spacing: tuple[float, float]
    thickness: float


def ds_value(value: float) -> str:
    """A Decimal String of at most 16 characters (PS3.5 6.2) as close to the value as that allows."""
    value = float(value) + 0.0  # no "-0"
    for digits in range(16, 5, -1):
        text = f"{value:.{digits}g}"
        if len(text) <= 16:
            return text
    raise ArgumentError("the number does not fit a Decimal String")


def write_stack(stack: Stack) -> list[Dataset]:
    """Make the images of a stack, in its order."""
    finish, sop_class, stored, slope, intercept = _modality(stack)
    images = []
    for plane, position in enumerate(stack.positions):
        ds = new_image(stack.name, plane + 1, sop_class, stack.modality)
        ds.FrameOfReferenceUID = sample_uid(stack.name, "frame of reference")
        ds.PositionReferenceIndicator = ""
        ds.PatientPosition = "HFS"
        ds.AcquisitionNumber = 1
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.ImagePositionPatient = [ds_value(value) for value in position]
        ds.ImageOrientationPatient = [ds_value(value) for value in stack.orientation]
        ds.PixelSpacing = [ds_value(value) for value in stack.pixel_spacing]
        ds.SliceThickness = ds_value(stack.thickness)
        finish(ds)
        _add_pixels(ds, stored[plane])
        if slope is not None:
            ds.RescaleSlope, ds.RescaleIntercept = ds_value(slope), ds_value(intercept)
        low, high = np.percentile(stack.values, (2, 99.5))
        ds.WindowCenter, ds.WindowWidth = (
            ds_value(round((low + high) / 2)),
            ds_value(max(1, round(high - low))),
        )
        if stack.modality == "PT":
            ds.NumberOfSlices = len(stack.positions)
        add_file_meta(ds)
        images.append(ds)
    return images


def _modality(
    stack: Stack,
) -> tuple[Callable[[Dataset], None], str, NDArray[Any], float | None, float]:
    """What finishes an image, the SOP class, the stored values, slope (None: no rescale) and intercept."""
    if stack.modality == "CT":
        return _finish_ct, CTImageStorage, (stack.values + 1024).astype(np.uint16), 1.0, -1024.0
    if stack.modality == "MR":
        return _finish_mr, MRImageStorage, stack.values.astype(np.uint16), None, 0.0
    if stack.modality == "PT":
        slope = max(float(stack.values.max()), 1.0) / 32767
        stored = np.round(stack.values / slope).astype(np.int16)
        return _finish_pt, PositronEmissionTomographyImageStorage, stored, slope, 0.0
    raise ArgumentError(f"samples of modality {stack.modality!r} cannot be made; there are CT, MR and PT")


def _add_pixels(ds: Dataset, stored: NDArray[Any]) -> None:
    """Image Pixel module (PS3.3 C.7.6.3)."""
    signed = np.issubdtype(stored.dtype, np.signedinteger)
    bits = 16 if signed or int(stored.max(initial=0)) > 4095 else 12
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.Rows, ds.Columns = stored.shape
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = 16, bits, bits - 1
    ds.PixelRepresentation = int(signed)
    ds.PixelData = stored.astype(stored.dtype.newbyteorder("<")).tobytes()
    ds["PixelData"].VR = "OW"


def _finish_ct(ds: Dataset) -> None:
    """CT Image module (PS3.3 C.8.2.1)."""
    ds.RescaleType = "HU"
    ds.KVP = "120"
    ds.BodyPartExamined = "CHEST"


def _finish_mr(ds: Dataset) -> None:
    """MR Image module (PS3.3 C.8.3.1)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY", "OTHER"]
    ds.ScanningSequence = "SE"
    ds.SequenceVariant = "NONE"
    ds.ScanOptions = ""
    ds.MRAcquisitionType = "2D"
    ds.RepetitionTime, ds.EchoTime, ds.EchoTrainLength = "500", "15", "1"
    ds.MagneticFieldStrength = "1.5"
    ds.BodyPartExamined = "HEAD"


def _finish_pt(ds: Dataset) -> None:
    """PET Series, Isotope, Image and Orientation modules (PS3.3 C.8.9)."""
    ds.ImageType = ["ORIGINAL", "PRIMARY"]
    ds.SeriesType = ["STATIC", "IMAGE"]
    ds.Units = "BQML"
    ds.CountsSource = "EMISSION"
    ds.CorrectedImage = ["DECY", "ATTN"]
    ds.DecayCorrection = "START"
    ds.AttenuationCorrectionMethod = "CT"
    ds.CollimatorType = ""
    ds.ImageIndex = ds.InstanceNumber
    ds.BodyPartExamined = "CHEST"
    del ds.PatientPosition  # the code sequences below take its place
    ds.DecayFactor = "1"
    ds.FrameReferenceTime = "0"
    ds.ActualFrameDuration = "180000"
    nuclide = Dataset()
    nuclide.RadionuclideCodeSequence = [code("77004003", "SCT", "^18^Fluorine")]
    nuclide.RadiopharmaceuticalStartDateTime = DATE + TIME
    nuclide.RadionuclideTotalDose = "350000000"
    nuclide.RadionuclideHalfLife = "6586.2"
    nuclide.RadionuclidePositronFraction = "0.97"
    ds.RadiopharmaceuticalInformationSequence = [nuclide]
    recumbent = code("102538003", "SCT", "recumbent")
    recumbent.PatientOrientationModifierCodeSequence = [code("40199007", "SCT", "supine")]
    ds.PatientOrientationCodeSequence = [recumbent]
    ds.PatientGantryRelationshipCodeSequence = [code("102540008", "SCT", "headfirst")]
