"""Coding schemes: the drop-in names of :mod:`dicomposer.coding`."""

from __future__ import annotations

from dicomposer.coding import CodingSchemeIdentificationItem, CodingSchemeResourceItem

__all__ = ["CodingSchemeIdentificationItem", "CodingSchemeResourceItem"]
