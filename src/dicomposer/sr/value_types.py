"""Content items, where users of the drop-in names look for them."""

from __future__ import annotations

from dicomposer.items import (
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

__all__ = [
    "CodeContentItem",
    "CompositeContentItem",
    "ContainerContentItem",
    "ContentItem",
    "ContentSequence",
    "DateContentItem",
    "DateTimeContentItem",
    "ImageContentItem",
    "NumContentItem",
    "PnameContentItem",
    "Scoord3DContentItem",
    "ScoordContentItem",
    "TcoordContentItem",
    "TextContentItem",
    "TimeContentItem",
    "UIDRefContentItem",
    "WaveformContentItem",
]
