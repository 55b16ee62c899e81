"""Macros and modules that the information objects share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.content._identification import (
        AlgorithmIdentificationSequence,
        ContentCreatorIdentificationCodeSequence,
        ContributingEquipment,
        IssuerOfIdentifier,
    )
    from dicomposer.content._lookup import (
        LUT,
        VOILUT,
        ModalityLUT,
        ModalityLUTTransformation,
        PresentationLUT,
        PresentationLUTTransformation,
        VOILUTTransformation,
    )
    from dicomposer.content._modules import (
        FrameOfReferenceModule,
        GeneralEquipmentModule,
        GeneralSeriesModule,
        GeneralStudyModule,
        PatientModule,
        SOPCommonModule,
    )
    from dicomposer.content._palette import (
        PaletteColorLUT,
        PaletteColorLUTTransformation,
        SegmentedPaletteColorLUT,
    )
    from dicomposer.content._plane import (
        PixelMeasuresSequence,
        PlaneOrientationSequence,
        PlanePositionSequence,
    )
    from dicomposer.content._positions import plane_positions_of_image, plane_positions_of_series
    from dicomposer.content._references import ReferencedImageSequence
    from dicomposer.content._specimens import (
        SpecimenCollection,
        SpecimenDescription,
        SpecimenPreparationStep,
        SpecimenProcessing,
        SpecimenSampling,
        SpecimenStaining,
    )
    from dicomposer.content._tiling import (
        are_plane_positions_tiled_full,
        compute_plane_position_slide_per_frame,
        compute_plane_position_tiled_full,
        get_plane_positions_of_image,
        get_plane_positions_of_series,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "_identification": (
                "AlgorithmIdentificationSequence ContentCreatorIdentificationCodeSequence "
                "ContributingEquipment IssuerOfIdentifier"
            ),
            "_lookup": (
                "LUT ModalityLUT ModalityLUTTransformation PresentationLUT "
                "PresentationLUTTransformation VOILUT VOILUTTransformation"
            ),
            "_modules": (
                "FrameOfReferenceModule GeneralEquipmentModule GeneralSeriesModule GeneralStudyModule "
                "PatientModule SOPCommonModule"
            ),
            "_palette": "PaletteColorLUT PaletteColorLUTTransformation SegmentedPaletteColorLUT",
            "_plane": "PixelMeasuresSequence PlaneOrientationSequence PlanePositionSequence",
            "_positions": "plane_positions_of_image plane_positions_of_series",
            "_references": "ReferencedImageSequence",
            "_specimens": (
                "SpecimenCollection SpecimenDescription SpecimenPreparationStep SpecimenProcessing "
                "SpecimenSampling SpecimenStaining"
            ),
            "_tiling": (
                "are_plane_positions_tiled_full compute_plane_position_slide_per_frame "
                "compute_plane_position_tiled_full get_plane_positions_of_image "
                "get_plane_positions_of_series"
            ),
        },
    )

__all__ = [
    "LUT",
    "VOILUT",
    "AlgorithmIdentificationSequence",
    "ContentCreatorIdentificationCodeSequence",
    "ContributingEquipment",
    "FrameOfReferenceModule",
    "GeneralEquipmentModule",
    "GeneralSeriesModule",
    "GeneralStudyModule",
    "IssuerOfIdentifier",
    "ModalityLUT",
    "ModalityLUTTransformation",
    "PaletteColorLUT",
    "PaletteColorLUTTransformation",
    "PatientModule",
    "PixelMeasuresSequence",
    "PlaneOrientationSequence",
    "PlanePositionSequence",
    "PresentationLUT",
    "PresentationLUTTransformation",
    "ReferencedImageSequence",
    "SOPCommonModule",
    "SegmentedPaletteColorLUT",
    "SpecimenCollection",
    "SpecimenDescription",
    "SpecimenPreparationStep",
    "SpecimenProcessing",
    "SpecimenSampling",
    "SpecimenStaining",
    "VOILUTTransformation",
    "are_plane_positions_tiled_full",
    "compute_plane_position_slide_per_frame",
    "compute_plane_position_tiled_full",
    "get_plane_positions_of_image",
    "get_plane_positions_of_series",
    "plane_positions_of_image",
    "plane_positions_of_series",
]
