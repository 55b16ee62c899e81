"""Key object selection documents (PS3.3 A.35.4, PS3.16 TID 2010)."""

from __future__ import annotations

from dicomposer.ko.content import KeyObjectSelection
from dicomposer.ko.sop import SOP_CLASS_UIDS, KeyObjectSelectionDocument

__all__ = ["SOP_CLASS_UIDS", "KeyObjectSelection", "KeyObjectSelectionDocument"]
