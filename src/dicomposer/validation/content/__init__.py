"""Content trees of structured reports: items, relationships, templates."""

from __future__ import annotations

__all__: list[str] = []
