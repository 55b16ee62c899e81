"""Equipment that contributed: the drop-in name of :class:`dicomposer.content.ContributingEquipment`."""

from __future__ import annotations

from dicomposer.content import ContributingEquipment

__all__ = ["ContributingEquipment"]
