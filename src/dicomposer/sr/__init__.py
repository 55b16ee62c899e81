"""Structured reports. So far only what segmentations need of them: coded concepts."""

from __future__ import annotations

from dicomposer.sr import coding
from dicomposer.sr.coding import CodedConcept

__all__ = ["CodedConcept", "coding"]
