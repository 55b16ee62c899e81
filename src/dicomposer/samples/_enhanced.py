"""Enhanced CT and MR: a series as the frames of one image (PS3.3 A.38, A.36)."""

from __future__ import annotations

from dataclasses import replace

from pydicom.dataset import Dataset
from pydicom.uid import EnhancedCTImageStorage, EnhancedMRImageStorage

from dicomposer.errors import ArgumentError
from dicomposer.samples._dataset import DATE, TIME, add_file_meta, code, new_image, sample_uid
from dicomposer.samples._series import ImageSeries

_ANATOMY = {
    "CT": code("43799004", "SCT", "Thoracic cavity"),
    "MR": code("12738006", "SCT", "Brain"),
}


def enhanced_image(series: ImageSeries) -> ImageSeries:
    """Put the planes of a CT or MR series into one multi-frame image.

    The image is DERIVED, as converters make it: acquisition parameters, which nobody knows, are not required.

    Parameters
    ----------
    series : ImageSeries
        A CT or MR series, for instance of :func:`phantom_series` or :func:`ct_series`.

    Returns
    -------
    ImageSeries
        One dataset whose frames are the planes in their order, with the same mask; not saved yet.

    Raises
    ------
    ArgumentError
        For another modality, or an image that is multi-frame already.
    """
    first = series.datasets[0]
    if first.Modality not in _ANATOMY or "NumberOfFrames" in first:
        raise ArgumentError("an enhanced sample is made of single-frame CT or MR images")
    sop_class = EnhancedCTImageStorage if first.Modality == "CT" else EnhancedMRImageStorage
    name = f"enhanced-{first.PatientID.removeprefix('SAMPLE-').lower()}"
    ds = new_image(name, 1, sop_class, first.Modality)
    for keyword in (
        *("SamplesPerPixel", "PhotometricInterpretation", "Rows", "Columns", "BitsAllocated", "BitsStored"),
        *("HighBit", "PixelRepresentation", "PatientPosition"),
    ):
        setattr(ds, keyword, first[keyword].value)
    _add_image(ds, name)
    ds.NumberOfFrames = len(series.datasets)
    ds.SharedFunctionalGroupsSequence = [_shared(ds, first)]
    ds.PerFrameFunctionalGroupsSequence = [
        _per_frame(image, plane) for plane, image in enumerate(series.datasets, start=1)
    ]
    ds.PixelData = b"".join(image.PixelData for image in series.datasets)
    ds["PixelData"].VR = "OW"
    add_file_meta(ds)
    return replace(series, datasets=(ds,), files=())


def _add_image(ds: Dataset, name: str) -> None:
    """Enhanced CT or MR Image, Acquisition Context, Frame of Reference and Multi-frame Dimension modules."""
    ds.FrameOfReferenceUID = sample_uid(name, "frame of reference")
    ds.PositionReferenceIndicator = ""
    ds.ImageType = ["DERIVED", "PRIMARY", "VOLUME", "NONE"]
    ds.PixelPresentation = "MONOCHROME"
    ds.VolumetricProperties = "VOLUME"
    ds.VolumeBasedCalculationTechnique = "NONE"
    ds.PresentationLUTShape = "IDENTITY"
    ds.LossyImageCompression = "00"
    ds.BurnedInAnnotation = "NO"
    ds.ContentQualification = "RESEARCH"
    del ds.AcquisitionDate, ds.AcquisitionTime  # one attribute in enhanced images:
    ds.AcquisitionDateTime = DATE + TIME
    ds.AcquisitionContextSequence = []
    if ds.Modality == "MR":
        ds.ComplexImageComponent = "MAGNITUDE"
        ds.AcquisitionContrast = "T1"
        ds.ApplicableSafetyStandardAgency = "IEC"
    organization = Dataset()
    organization.DimensionOrganizationUID = sample_uid(name, "dimensions")
    ds.DimensionOrganizationSequence = [organization]
    ds.DimensionOrganizationType = "3D"
    indices = []
    for pointer, group in ((0x00209056, 0x00209111), (0x00209057, 0x00209111)):  # stack, position in it
        index = Dataset()
        index.DimensionOrganizationUID = organization.DimensionOrganizationUID
        index.DimensionIndexPointer = pointer
        index.FunctionalGroupPointer = group
        indices.append(index)
    ds.DimensionIndexSequence = indices


def _shared(ds: Dataset, first: Dataset) -> Dataset:
    measures, orientation, anatomy, frame_type, rescale, window = (Dataset() for _ in range(6))
    measures.PixelSpacing = first.PixelSpacing
    measures.SliceThickness = first.SliceThickness
    orientation.ImageOrientationPatient = first.ImageOrientationPatient
    anatomy.FrameLaterality = "U"
    anatomy.AnatomicRegionSequence = [_ANATOMY[ds.Modality]]
    frame_type.FrameType = ds.ImageType
    frame_type.PixelPresentation = ds.PixelPresentation
    frame_type.VolumetricProperties = ds.VolumetricProperties
    frame_type.VolumeBasedCalculationTechnique = ds.VolumeBasedCalculationTechnique
    window.WindowCenter, window.WindowWidth = first.WindowCenter, first.WindowWidth
    rescale.RescaleIntercept = first.get("RescaleIntercept", "0")
    rescale.RescaleSlope = first.get("RescaleSlope", "1")
    rescale.RescaleType = "HU" if ds.Modality == "CT" else "US"
    shared = Dataset()
    shared.PixelMeasuresSequence = [measures]
    shared.PlaneOrientationSequence = [orientation]
    shared.FrameAnatomySequence = [anatomy]
    shared.FrameVOILUTSequence = [window]
    shared.PixelValueTransformationSequence = [rescale]
    if ds.Modality == "CT":
        shared.CTImageFrameTypeSequence = [frame_type]
        event = Dataset()
        event.IrradiationEventUID = sample_uid(ds.StudyInstanceUID, "irradiation event")
        shared.IrradiationEventIdentificationSequence = [event]
    else:
        frame_type.ComplexImageComponent = ds.ComplexImageComponent
        frame_type.AcquisitionContrast = ds.AcquisitionContrast
        shared.MRImageFrameTypeSequence = [frame_type]
    return shared


def _per_frame(image: Dataset, plane: int) -> Dataset:
    content, position, item = Dataset(), Dataset(), Dataset()
    content.StackID = "1"
    content.InStackPositionNumber = plane
    content.DimensionIndexValues = [1, plane]
    content.FrameAcquisitionNumber = 1
    position.ImagePositionPatient = image.ImagePositionPatient
    item.FrameContentSequence = [content]
    item.PlanePositionSequence = [position]
    return item
