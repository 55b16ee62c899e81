"""What the tests of other people's readers share."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def page() -> str:
    """The page that says what each client reads."""
    return (Path(__file__).parents[2] / "docs" / "clients.md").read_text(encoding="utf-8")
