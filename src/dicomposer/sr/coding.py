"""Coded concepts, where users of the drop-in names look for them."""

from __future__ import annotations

from dicomposer.coding import CodedConcept

__all__ = ["CodedConcept"]
