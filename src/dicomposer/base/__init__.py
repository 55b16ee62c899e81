"""The base of all objects: compose modules, check once, return."""

from __future__ import annotations

from dicomposer.base._carry import CARRIED_MODULES, LEFT_BEHIND, carry_over
from dicomposer.base.sop import IMPLEMENTATION_CLASS_UID, SOPClass

__all__ = ["CARRIED_MODULES", "IMPLEMENTATION_CLASS_UID", "LEFT_BEHIND", "SOPClass", "carry_over"]
