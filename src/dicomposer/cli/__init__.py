"""The commands: ``dicomposer segment``, ``show``, ``validate``, ``terms`` and ``demo``."""

from __future__ import annotations

__all__ = ["main"]


def main() -> None:
    """Run the command line; the entry point of the ``dicomposer`` program."""
    from dicomposer.cli._app import app

    app(prog_name="dicomposer")
