"""Checks of values: the drop-in name of :func:`dicomposer.coding.check_person_name`."""

from __future__ import annotations

from dicomposer.coding import check_person_name

__all__ = ["check_person_name"]
