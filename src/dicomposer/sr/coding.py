"""Coded concepts, where users of the drop-in names look for them."""

from __future__ import annotations

from dicomposer.coding import CodedConcept

__all__ = ["DEFAULT_LANGUAGE", "CodedConcept"]

#: Language of a report that does not say otherwise.
DEFAULT_LANGUAGE = CodedConcept("en-US", "RFC5646", "English (United States)")
