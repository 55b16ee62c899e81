"""Fixtures that every part shares. Real samples are fetched once a machine."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from dicomposer import samples

# Wall-clock limits of single examples only measure how busy the machine is.
settings.register_profile("default", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile(
    "ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("ci" if os.environ.get("CI") else "default")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Iterator[None]:  # a skipped test proves nothing: it fails
    report = yield
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped; tests of this project pass or fail"
    return report


@pytest.fixture
def ct_phantom() -> samples.ImageSeries:
    """A small regular axial CT, in memory: 8 planes of 32 x 40, two organs."""
    from dicomposer import samples

    return samples.phantom_series("CT")


@pytest.fixture
def mr_phantom() -> samples.ImageSeries:
    """A small oblique MR, in memory."""
    from dicomposer import samples

    return samples.phantom_series("MR", orientation="oblique", shape=(6, 24, 30))


@pytest.fixture
def pt_phantom() -> samples.ImageSeries:
    """A small PET, in memory."""
    from dicomposer import samples

    return samples.phantom_series("PT")


@pytest.fixture(scope="session")
def ct_sample() -> samples.ImageSeries:
    """The real chest CT, 48 planes of 512 x 512, with a tumour's mask; in memory: do not change it."""
    from dicomposer import samples

    return samples.ct_series()


@pytest.fixture(scope="session")
def mr_sample() -> samples.ImageSeries:
    """The real head MR, 25 planes of 256 x 256, with a tumour's mask; in memory: do not change it."""
    from dicomposer import samples

    return samples.mr_series()
