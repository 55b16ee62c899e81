"""Rules beyond the standard: what viewers take, what the IHE AI Results profile asks."""

from __future__ import annotations

__all__: list[str] = []
