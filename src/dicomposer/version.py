"""The version of the library."""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
"""Version of the installed package; the project file reads it from here or agrees with it (a test checks)."""
