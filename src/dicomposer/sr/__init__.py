"""Structured reports: content items, templates, documents (PS3.3 A.35, PS3.16 Annex A)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dicomposer.lazy import lazy_names

if TYPE_CHECKING:
    from dicomposer.sr import coding, content, enum, sop, templates, utils, value_types
    from dicomposer.sr._plain import content_from_dict, document_dict, tree_of
    from dicomposer.sr._table_forms import COLUMNS, to_arrow, to_dataframe
    from dicomposer.sr._tables import Points, rows_of
    from dicomposer.sr._text import Line, facts_of, html_of, lines_of, printable, text_of
    from dicomposer.sr.coding import CodedConcept
    from dicomposer.sr.content import (
        CoordinatesForMeasurement,
        CoordinatesForMeasurement3D,
        FindingSite,
        ImageRegion,
        ImageRegion3D,
        LongitudinalTemporalOffsetFromEvent,
        RealWorldValueMap,
        ReferencedSegment,
        ReferencedSegmentationFrame,
        SourceImageForMeasurement,
        SourceImageForMeasurementGroup,
        SourceImageForRegion,
        SourceImageForSegmentation,
        SourceSeriesForSegmentation,
        VolumeSurface,
    )
    from dicomposer.sr.enum import (
        GraphicTypeValues,
        GraphicTypeValues3D,
        PixelOriginInterpretationValues,
        RelationshipTypeValues,
        TemporalRangeTypeValues,
        ValueTypeValues,
    )
    from dicomposer.sr.sop import (
        SOP_CLASS_UIDS,
        Comprehensive3DSR,
        ComprehensiveSR,
        EnhancedSR,
        StructuredReport,
        as_report,
        srread,
    )
    from dicomposer.sr.templates import (
        AlgorithmIdentification,
        DerivedMeasurement,
        DeviceObserverIdentifyingAttributes,
        ImageLibrary,
        ImageLibraryEntryDescriptors,
        LanguageOfContentItemAndDescendants,
        Measurement,
        MeasurementProperties,
        MeasurementReport,
        MeasurementsAndQualitativeEvaluations,
        MeasurementStatisticalProperties,
        NormalRangeProperties,
        ObservationContext,
        ObserverContext,
        PersonObserverIdentifyingAttributes,
        PlanarROIMeasurementsAndQualitativeEvaluations,
        QualitativeEvaluation,
        SubjectContext,
        SubjectContextDevice,
        SubjectContextFetus,
        SubjectContextSpecimen,
        TimePointContext,
        TrackingIdentifier,
        VolumetricROIMeasurementsAndQualitativeEvaluations,
    )
    from dicomposer.sr.value_types import (
        CodeContentItem,
        CompositeContentItem,
        ContainerContentItem,
        ContentItem,
        ContentSequence,
        DateContentItem,
        DateTimeContentItem,
        ImageContentItem,
        NumContentItem,
        PnameContentItem,
        Scoord3DContentItem,
        ScoordContentItem,
        TcoordContentItem,
        TextContentItem,
        TimeContentItem,
        UIDRefContentItem,
        WaveformContentItem,
    )
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "": "coding content enum sop templates utils value_types",
            "_plain": "content_from_dict document_dict tree_of",
            "_table_forms": "COLUMNS to_arrow to_dataframe",
            "_tables": "Points rows_of",
            "_text": "Line facts_of html_of lines_of printable text_of",
            "coding": "CodedConcept",
            "content": (
                "CoordinatesForMeasurement CoordinatesForMeasurement3D FindingSite ImageRegion "
                "ImageRegion3D LongitudinalTemporalOffsetFromEvent RealWorldValueMap ReferencedSegment "
                "ReferencedSegmentationFrame SourceImageForMeasurement SourceImageForMeasurementGroup "
                "SourceImageForRegion SourceImageForSegmentation SourceSeriesForSegmentation "
                "VolumeSurface"
            ),
            "enum": (
                "GraphicTypeValues GraphicTypeValues3D PixelOriginInterpretationValues "
                "RelationshipTypeValues TemporalRangeTypeValues ValueTypeValues"
            ),
            "sop": (
                "Comprehensive3DSR ComprehensiveSR EnhancedSR SOP_CLASS_UIDS StructuredReport as_report "
                "srread"
            ),
            "templates": (
                "AlgorithmIdentification DerivedMeasurement DeviceObserverIdentifyingAttributes "
                "ImageLibrary ImageLibraryEntryDescriptors LanguageOfContentItemAndDescendants "
                "Measurement MeasurementProperties MeasurementReport MeasurementStatisticalProperties "
                "MeasurementsAndQualitativeEvaluations NormalRangeProperties ObservationContext "
                "ObserverContext PersonObserverIdentifyingAttributes "
                "PlanarROIMeasurementsAndQualitativeEvaluations QualitativeEvaluation SubjectContext "
                "SubjectContextDevice SubjectContextFetus SubjectContextSpecimen TimePointContext "
                "TrackingIdentifier VolumetricROIMeasurementsAndQualitativeEvaluations"
            ),
            "value_types": (
                "CodeContentItem CompositeContentItem ContainerContentItem ContentItem ContentSequence "
                "DateContentItem DateTimeContentItem ImageContentItem NumContentItem PnameContentItem "
                "Scoord3DContentItem ScoordContentItem TcoordContentItem TextContentItem "
                "TimeContentItem UIDRefContentItem WaveformContentItem"
            ),
        },
    )

__all__ = [
    "COLUMNS",
    "SOP_CLASS_UIDS",
    "AlgorithmIdentification",
    "CodeContentItem",
    "CodedConcept",
    "CompositeContentItem",
    "Comprehensive3DSR",
    "ComprehensiveSR",
    "ContainerContentItem",
    "ContentItem",
    "ContentSequence",
    "CoordinatesForMeasurement",
    "CoordinatesForMeasurement3D",
    "DateContentItem",
    "DateTimeContentItem",
    "DerivedMeasurement",
    "DeviceObserverIdentifyingAttributes",
    "EnhancedSR",
    "FindingSite",
    "GraphicTypeValues",
    "GraphicTypeValues3D",
    "ImageContentItem",
    "ImageLibrary",
    "ImageLibraryEntryDescriptors",
    "ImageRegion",
    "ImageRegion3D",
    "LanguageOfContentItemAndDescendants",
    "Line",
    "LongitudinalTemporalOffsetFromEvent",
    "Measurement",
    "MeasurementProperties",
    "MeasurementReport",
    "MeasurementStatisticalProperties",
    "MeasurementsAndQualitativeEvaluations",
    "NormalRangeProperties",
    "NumContentItem",
    "ObservationContext",
    "ObserverContext",
    "PersonObserverIdentifyingAttributes",
    "PixelOriginInterpretationValues",
    "PlanarROIMeasurementsAndQualitativeEvaluations",
    "PnameContentItem",
    "Points",
    "QualitativeEvaluation",
    "RealWorldValueMap",
    "ReferencedSegment",
    "ReferencedSegmentationFrame",
    "RelationshipTypeValues",
    "Scoord3DContentItem",
    "ScoordContentItem",
    "SourceImageForMeasurement",
    "SourceImageForMeasurementGroup",
    "SourceImageForRegion",
    "SourceImageForSegmentation",
    "SourceSeriesForSegmentation",
    "StructuredReport",
    "SubjectContext",
    "SubjectContextDevice",
    "SubjectContextFetus",
    "SubjectContextSpecimen",
    "TcoordContentItem",
    "TemporalRangeTypeValues",
    "TextContentItem",
    "TimeContentItem",
    "TimePointContext",
    "TrackingIdentifier",
    "UIDRefContentItem",
    "ValueTypeValues",
    "VolumeSurface",
    "VolumetricROIMeasurementsAndQualitativeEvaluations",
    "WaveformContentItem",
    "as_report",
    "coding",
    "content",
    "content_from_dict",
    "document_dict",
    "enum",
    "facts_of",
    "html_of",
    "lines_of",
    "printable",
    "rows_of",
    "sop",
    "srread",
    "templates",
    "text_of",
    "to_arrow",
    "to_dataframe",
    "tree_of",
    "utils",
    "value_types",
]
