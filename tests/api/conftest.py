"""A phantom on disk: the folder that a user has."""

from __future__ import annotations

from pathlib import Path

import pytest

from dicomposer import samples


@pytest.fixture
def ct(tmp_path: Path) -> samples.ImageSeries:
    """Eight axial CT slices of 32 x 40 with a liver and a spleen, feet to head, in a folder."""
    return samples.phantom_series("CT").save(tmp_path / "ct")
