"""dicomposer: model outputs and image analysis as standard DICOM objects, and back.

Three ways in: the commands (``dicomposer --help``), the front door (:func:`segment`, :func:`open`,
:func:`validate`) and the object API (:class:`dicomposer.seg.Segmentation` and its siblings), which is
call-compatible with highdicom: ``import dicomposer as hd``.

Importing this package loads nothing but a helper: every name below is fetched when it is first used (PEP 562).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer import (
        api as api,
        base_content as base_content,
        coding_schemes as coding_schemes,
        color as color,
        content as content,
        convert as convert,
        enum as enum,
        errors as errors,
        frame as frame,
        image as image,
        ko as ko,
        pixels as pixels,
        samples as samples,
        seg as seg,
        spatial as spatial,
        sr as sr,
        uid as uid,
        validation as validation,
        valuerep as valuerep,
        version as version,
        view as view,
        volume as volume,
    )
    from dicomposer.api import (
        measure as measure,
        measure_segments as measure_segments,
        measurement_rows as measurement_rows,
        measurements as measurements,
        open as open,
        report as report,
        segment as segment,
        select as select,
        validate as validate,
        validate_files as validate_files,
    )
    from dicomposer.base import (
        SOPClass as SOPClass,
    )
    from dicomposer.base_content import (
        ContributingEquipment as ContributingEquipment,
    )
    from dicomposer.content import (
        LUT as LUT,
        VOILUT as VOILUT,
        AlgorithmIdentificationSequence as AlgorithmIdentificationSequence,
        ContentCreatorIdentificationCodeSequence as ContentCreatorIdentificationCodeSequence,
        IssuerOfIdentifier as IssuerOfIdentifier,
        ModalityLUT as ModalityLUT,
        ModalityLUTTransformation as ModalityLUTTransformation,
        PaletteColorLUT as PaletteColorLUT,
        PaletteColorLUTTransformation as PaletteColorLUTTransformation,
        PixelMeasuresSequence as PixelMeasuresSequence,
        PlaneOrientationSequence as PlaneOrientationSequence,
        PlanePositionSequence as PlanePositionSequence,
        PresentationLUT as PresentationLUT,
        PresentationLUTTransformation as PresentationLUTTransformation,
        ReferencedImageSequence as ReferencedImageSequence,
        SegmentedPaletteColorLUT as SegmentedPaletteColorLUT,
        SpecimenCollection as SpecimenCollection,
        SpecimenDescription as SpecimenDescription,
        SpecimenPreparationStep as SpecimenPreparationStep,
        SpecimenProcessing as SpecimenProcessing,
        SpecimenSampling as SpecimenSampling,
        SpecimenStaining as SpecimenStaining,
        VOILUTTransformation as VOILUTTransformation,
    )
    from dicomposer.enum import (
        AnatomicalOrientationTypeValues as AnatomicalOrientationTypeValues,
        AxisHandedness as AxisHandedness,
        ContentQualificationValues as ContentQualificationValues,
        CoordinateSystemNames as CoordinateSystemNames,
        DimensionOrganizationTypeValues as DimensionOrganizationTypeValues,
        InterpolationMethods as InterpolationMethods,
        LateralityValues as LateralityValues,
        PadModes as PadModes,
        PatientOrientationValuesBiped as PatientOrientationValuesBiped,
        PatientOrientationValuesQuadruped as PatientOrientationValuesQuadruped,
        PatientSexValues as PatientSexValues,
        PhotometricInterpretationValues as PhotometricInterpretationValues,
        PixelDataKeywords as PixelDataKeywords,
        PixelIndexDirections as PixelIndexDirections,
        PixelRepresentationValues as PixelRepresentationValues,
        PlanarConfigurationValues as PlanarConfigurationValues,
        PresentationLUTShapeValues as PresentationLUTShapeValues,
        RescaleTypeValues as RescaleTypeValues,
        RGBColorChannels as RGBColorChannels,
        SpecificCharacterSetValues as SpecificCharacterSetValues,
        UniversalEntityIDTypeValues as UniversalEntityIDTypeValues,
        VOILUTFunctionValues as VOILUTFunctionValues,
    )
    from dicomposer.image import (
        Image as Image,
        get_volume_from_series as get_volume_from_series,
        imread as imread,
    )
    from dicomposer.uid import (
        UID as UID,
    )
    from dicomposer.version import (
        __version__ as __version__,
    )
    from dicomposer.volume import (
        RGB_COLOR_CHANNEL_DESCRIPTOR as RGB_COLOR_CHANNEL_DESCRIPTOR,
        ChannelDescriptor as ChannelDescriptor,
        Volume as Volume,
        VolumeGeometry as VolumeGeometry,
        VolumeToVolumeTransformer as VolumeToVolumeTransformer,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "": (
                "api base_content coding_schemes color content convert enum errors frame image ko "
                "pixels samples seg spatial sr uid validation valuerep version view volume"
            ),
            "api": (
                "measure measurement_rows measurements measure_segments open report segment select "
                "validate validate_files"
            ),
            "base": "SOPClass",
            "base_content": "ContributingEquipment",
            "content": (
                "AlgorithmIdentificationSequence ContentCreatorIdentificationCodeSequence "
                "IssuerOfIdentifier LUT ModalityLUT ModalityLUTTransformation PaletteColorLUT "
                "PaletteColorLUTTransformation PixelMeasuresSequence PlaneOrientationSequence "
                "PlanePositionSequence PresentationLUT PresentationLUTTransformation "
                "ReferencedImageSequence SegmentedPaletteColorLUT SpecimenCollection "
                "SpecimenDescription SpecimenPreparationStep SpecimenProcessing SpecimenSampling "
                "SpecimenStaining VOILUT VOILUTTransformation"
            ),
            "enum": (
                "AnatomicalOrientationTypeValues AxisHandedness ContentQualificationValues "
                "CoordinateSystemNames DimensionOrganizationTypeValues InterpolationMethods "
                "LateralityValues PadModes PatientOrientationValuesBiped "
                "PatientOrientationValuesQuadruped PatientSexValues PhotometricInterpretationValues "
                "PixelDataKeywords PixelIndexDirections PixelRepresentationValues "
                "PlanarConfigurationValues PresentationLUTShapeValues RGBColorChannels "
                "RescaleTypeValues SpecificCharacterSetValues UniversalEntityIDTypeValues "
                "VOILUTFunctionValues"
            ),
            "image": "Image get_volume_from_series imread",
            "uid": "UID",
            "version": "__version__",
            "volume": (
                "ChannelDescriptor RGB_COLOR_CHANNEL_DESCRIPTOR Volume VolumeGeometry "
                "VolumeToVolumeTransformer"
            ),
        },
    )

__all__ = [
    "LUT",
    "RGB_COLOR_CHANNEL_DESCRIPTOR",
    "UID",
    "VOILUT",
    "AlgorithmIdentificationSequence",
    "AnatomicalOrientationTypeValues",
    "AxisHandedness",
    "ChannelDescriptor",
    "ContentCreatorIdentificationCodeSequence",
    "ContentQualificationValues",
    "ContributingEquipment",
    "CoordinateSystemNames",
    "DimensionOrganizationTypeValues",
    "Image",
    "InterpolationMethods",
    "IssuerOfIdentifier",
    "LateralityValues",
    "ModalityLUT",
    "ModalityLUTTransformation",
    "PadModes",
    "PaletteColorLUT",
    "PaletteColorLUTTransformation",
    "PatientOrientationValuesBiped",
    "PatientOrientationValuesQuadruped",
    "PatientSexValues",
    "PhotometricInterpretationValues",
    "PixelDataKeywords",
    "PixelIndexDirections",
    "PixelMeasuresSequence",
    "PixelRepresentationValues",
    "PlanarConfigurationValues",
    "PlaneOrientationSequence",
    "PlanePositionSequence",
    "PresentationLUT",
    "PresentationLUTShapeValues",
    "PresentationLUTTransformation",
    "RGBColorChannels",
    "ReferencedImageSequence",
    "RescaleTypeValues",
    "SOPClass",
    "SegmentedPaletteColorLUT",
    "SpecificCharacterSetValues",
    "SpecimenCollection",
    "SpecimenDescription",
    "SpecimenPreparationStep",
    "SpecimenProcessing",
    "SpecimenSampling",
    "SpecimenStaining",
    "UniversalEntityIDTypeValues",
    "VOILUTFunctionValues",
    "VOILUTTransformation",
    "Volume",
    "VolumeGeometry",
    "VolumeToVolumeTransformer",
    "__version__",
    "api",
    "base_content",
    "coding_schemes",
    "color",
    "content",
    "convert",
    "enum",
    "errors",
    "frame",
    "get_volume_from_series",
    "image",
    "imread",
    "ko",
    "measure",
    "measure_segments",
    "measurement_rows",
    "measurements",
    "open",
    "pixels",
    "report",
    "samples",
    "seg",
    "segment",
    "select",
    "spatial",
    "sr",
    "uid",
    "validate",
    "validate_files",
    "validation",
    "valuerep",
    "version",
    "view",
    "volume",
]
