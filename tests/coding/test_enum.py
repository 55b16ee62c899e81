from __future__ import annotations

import enum

import highdicom.enum as peer
import pytest

from dicomposer import enum as ours

NAMES = [
    name for name, kind in vars(peer).items() if isinstance(kind, type) and kind.__module__ == peer.__name__
]


@pytest.mark.parametrize("name", NAMES)
def test_every_value_of_the_peer(name: str) -> None:
    theirs: type[enum.Enum] = getattr(peer, name)
    mine: type[enum.Enum] = getattr(ours, name)
    for key, member in theirs.__members__.items():
        if key == "KOREAN_CODE_EXTENSIONS":  # the peer gives it the value of the Japanese supplementary set
            assert mine[key].value == "ISO 2022 IR 149"
        else:
            assert mine[key].value == member.value
    assert name in ours.__all__
