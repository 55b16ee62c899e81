"""Unique identifiers: the drop-in name of :class:`dicomposer.coding.UID`."""

from __future__ import annotations

from dicomposer.coding import UID

__all__ = ["UID"]
