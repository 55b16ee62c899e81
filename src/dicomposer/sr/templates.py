"""Templates of structured reports, where users of the drop-in names look for them."""

from __future__ import annotations

from dicomposer.items import (
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    SubjectContext,
    SubjectContextDevice,
    SubjectContextFetus,
    SubjectContextSpecimen,
    Template,
)
from dicomposer.sr._groups import (
    MeasurementsAndQualitativeEvaluations,
    PlanarROIMeasurementsAndQualitativeEvaluations,
    VolumetricROIMeasurementsAndQualitativeEvaluations,
)
from dicomposer.sr._library import ImageLibrary, ImageLibraryEntry, ImageLibraryEntryDescriptors
from dicomposer.sr._measurements import (
    AlgorithmIdentification,
    DerivedMeasurement,
    Measurement,
    MeasurementProperties,
    MeasurementStatisticalProperties,
    NormalRangeProperties,
    QualitativeEvaluation,
    TimePointContext,
    TrackingIdentifier,
)
from dicomposer.sr._report import MeasurementReport
from dicomposer.sr.coding import DEFAULT_LANGUAGE

__all__ = [
    "DEFAULT_LANGUAGE",
    "AlgorithmIdentification",
    "DerivedMeasurement",
    "DeviceObserverIdentifyingAttributes",
    "ImageLibrary",
    "ImageLibraryEntry",
    "ImageLibraryEntryDescriptors",
    "LanguageOfContentItemAndDescendants",
    "Measurement",
    "MeasurementProperties",
    "MeasurementReport",
    "MeasurementStatisticalProperties",
    "MeasurementsAndQualitativeEvaluations",
    "NormalRangeProperties",
    "ObservationContext",
    "ObserverContext",
    "PersonObserverIdentifyingAttributes",
    "PlanarROIMeasurementsAndQualitativeEvaluations",
    "QualitativeEvaluation",
    "SubjectContext",
    "SubjectContextDevice",
    "SubjectContextFetus",
    "SubjectContextSpecimen",
    "Template",
    "TimePointContext",
    "TrackingIdentifier",
    "VolumetricROIMeasurementsAndQualitativeEvaluations",
]
