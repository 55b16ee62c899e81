"""Many files at once: reading, workers, checks across files, reports."""

from __future__ import annotations

__all__: list[str] = []
