"""Rules on whole objects, one family a file."""

from __future__ import annotations

__all__: list[str] = []
