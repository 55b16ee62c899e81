"""Content items and trees of structured reports (PS3.3 C.17.3)."""

from __future__ import annotations

from dicomposer.items._codes import dcm, sct
from dicomposer.items._coordinates import Scoord3DContentItem, ScoordContentItem, TcoordContentItem
from dicomposer.items._document import DocumentTemplate
from dicomposer.items._evidence import collect_evidence, evidence_of, first_evidence, hierarchy
from dicomposer.items._item import CONTENT, ContentItem, by_reference
from dicomposer.items._numbers import NumContentItem
from dicomposer.items._observers import (
    DEVICE,
    DEVICE_SUBJECT,
    FETUS,
    PERSON,
    SPECIMEN,
    DeviceObserverIdentifyingAttributes,
    LanguageOfContentItemAndDescendants,
    ObservationContext,
    ObserverContext,
    PersonObserverIdentifyingAttributes,
    SubjectContext,
    SubjectContextDevice,
    SubjectContextFetus,
    SubjectContextSpecimen,
    subject_contexts,
)
from dicomposer.items._raw import identity
from dicomposer.items._references import references, walk
from dicomposer.items._root import attach_content, content_root
from dicomposer.items._sequence import ContentSequence
from dicomposer.items._template import Include, Row, Template, put_below
from dicomposer.items._types import (
    CodeContentItem,
    CompositeContentItem,
    ContainerContentItem,
    DateContentItem,
    DateTimeContentItem,
    ImageContentItem,
    PnameContentItem,
    TextContentItem,
    TimeContentItem,
    UIDRefContentItem,
    WaveformContentItem,
)
from dicomposer.items.enum import (
    GraphicTypeValues,
    GraphicTypeValues3D,
    PixelOriginInterpretationValues,
    RelationshipTypeValues,
    TemporalRangeTypeValues,
    ValueTypeValues,
)

__all__ = [
    "CONTENT",
    "DEVICE",
    "DEVICE_SUBJECT",
    "FETUS",
    "PERSON",
    "SPECIMEN",
    "CodeContentItem",
    "CompositeContentItem",
    "ContainerContentItem",
    "ContentItem",
    "ContentSequence",
    "DateContentItem",
    "DateTimeContentItem",
    "DeviceObserverIdentifyingAttributes",
    "DocumentTemplate",
    "GraphicTypeValues",
    "GraphicTypeValues3D",
    "ImageContentItem",
    "Include",
    "LanguageOfContentItemAndDescendants",
    "NumContentItem",
    "ObservationContext",
    "ObserverContext",
    "PersonObserverIdentifyingAttributes",
    "PixelOriginInterpretationValues",
    "PnameContentItem",
    "RelationshipTypeValues",
    "Row",
    "Scoord3DContentItem",
    "ScoordContentItem",
    "SubjectContext",
    "SubjectContextDevice",
    "SubjectContextFetus",
    "SubjectContextSpecimen",
    "TcoordContentItem",
    "Template",
    "TemporalRangeTypeValues",
    "TextContentItem",
    "TimeContentItem",
    "UIDRefContentItem",
    "ValueTypeValues",
    "WaveformContentItem",
    "attach_content",
    "by_reference",
    "collect_evidence",
    "content_root",
    "dcm",
    "evidence_of",
    "first_evidence",
    "hierarchy",
    "identity",
    "put_below",
    "references",
    "sct",
    "subject_contexts",
    "walk",
]
