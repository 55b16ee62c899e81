"""Concept names and values that templates fix (PS3.16 Annexes A, B, D)."""

from __future__ import annotations

from dicomposer.coding import Code

__all__ = ["dcm", "sct"]


def dcm(value: str, meaning: str) -> Code:
    """A code of DICOM's own scheme."""
    return Code(value, "DCM", meaning)


def sct(value: str, meaning: str) -> Code:
    """A code of SNOMED CT."""
    return Code(value, "SCT", meaning)
