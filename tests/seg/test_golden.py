"""Objects are, attribute by attribute, what they were; see tests/helpers/golden.py."""

from __future__ import annotations

import pytest

from golden import FOLDER, GOLDEN, dump


@pytest.mark.parametrize("name", GOLDEN)
def test_golden(name: str) -> None:
    expected = (FOLDER / f"{name}.txt").read_text(encoding="utf-8")
    assert dump(GOLDEN[name]).splitlines() == expected.splitlines(), (
        "the object has changed; if it should: python tests/helpers/golden.py, and read the difference"
    )


def test_no_forgotten_files() -> None:
    assert {path.stem for path in FOLDER.glob("*.txt")} == set(GOLDEN)
