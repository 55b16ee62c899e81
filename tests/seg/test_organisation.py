"""Dimension Organization Type 3D is written only where it is true (PS3.3 C.7.6.17)."""

from __future__ import annotations

import numpy as np
import pytest

from dicomposer import samples
from dicomposer.errors import ArgumentError, GeometryError
from segmentations import build


@pytest.mark.parametrize(("kind", "segments"), [("LABELMAP", 2), ("BINARY", 1), ("FRACTIONAL", 1)])
def test_volume_is_3d(ct_phantom: samples.ImageSeries, kind: str, segments: int) -> None:
    mask = np.minimum(ct_phantom.mask, segments)
    assert build(ct_phantom.datasets, mask, kind, segments).DimensionOrganizationType == "3D"
    assert build(ct_phantom.datasets, mask, kind, segments, dimension_organization_type="3D")


@pytest.mark.parametrize("kind", ["BINARY", "FRACTIONAL"])
def test_several_frames_a_plane(ct_phantom: samples.ImageSeries, kind: str) -> None:
    assert "DimensionOrganizationType" not in build(ct_phantom.datasets, ct_phantom.mask, kind, 2)
    with pytest.raises(ArgumentError, match="one frame a plane"):
        build(ct_phantom.datasets, ct_phantom.mask, kind, 2, dimension_organization_type="3D")


def test_gaps(ct_phantom: samples.ImageSeries) -> None:
    mask = ct_phantom.mask.copy()
    mask[3] = 0
    assert "DimensionOrganizationType" not in build(ct_phantom.datasets, mask, "LABELMAP", 2)
    with pytest.raises(GeometryError, match="without gaps"):
        build(ct_phantom.datasets, mask, "LABELMAP", 2, dimension_organization_type="3D")
    kept = build(ct_phantom.datasets, mask, "LABELMAP", 2, omit_empty_frames=False)
    assert kept.DimensionOrganizationType == "3D"
    gap = samples.phantom_series("CT", flaws=samples.Flaws(gap=True))
    with pytest.raises(GeometryError):
        build(
            gap.datasets, gap.mask, "LABELMAP", 2, dimension_organization_type="3D", omit_empty_frames=False
        )
