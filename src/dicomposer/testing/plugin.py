"""Plugin of pytest: the fixture ``assert_valid_dicom`` and its options. Loaded in every project: nothing heavy here."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

import pytest

from dicomposer.testing._assertion import assert_valid_dicom as _assert_valid_dicom

if TYPE_CHECKING:
    from dicomposer.validation import Level

__all__ = ["assert_valid_dicom", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Make the options known."""
    parser.addini(
        "dicomposer_ignore",
        "findings that assert_valid_dicom leaves out, one a line: RULE or RULE@PATH, both may hold *",
        type="linelist",
        default=[],
    )
    parser.addini(
        "dicomposer_profiles",
        "profiles that assert_valid_dicom checks beside the standard; 'standard' for none",
        type="args",
        default=[],
    )


@pytest.fixture(scope="session")
def assert_valid_dicom(pytestconfig: pytest.Config) -> Callable[..., None]:
    """Check that a file, a folder or a dataset conforms to the DICOM standard.

    ``assert_valid_dicom(path_or_dataset, level="error", ignore=(), profiles=None)``; see
    :func:`dicomposer.testing.assert_valid_dicom`. What is ignored by configuration is ignored always.
    """
    always = tuple(pytestconfig.getini("dicomposer_ignore"))
    usual = tuple(pytestconfig.getini("dicomposer_profiles")) or None

    def check(
        what: Any,
        level: Level = "error",
        *,
        ignore: Collection[str] = (),
        profiles: Collection[str] | None = None,
    ) -> None:
        __tracebackhide__ = True
        chosen = usual if profiles is None else profiles
        _assert_valid_dicom(what, level, ignore=(*always, *ignore), profiles=chosen)

    return check
