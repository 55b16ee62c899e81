"""Access to imagecodecs, the extra ``codecs`` (why this one: docs/decisions/0005-codecs.md)."""

from __future__ import annotations

from typing import Any

from dicomposer.errors import MissingDependencyError

__all__ = ["imagecodecs"]


def imagecodecs(feature: str) -> Any:
    """The package, or the error that says how to get it."""
    try:
        import imagecodecs as package
    except ImportError:
        raise MissingDependencyError(feature, "imagecodecs", "codecs") from None
    return package
