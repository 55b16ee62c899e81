from __future__ import annotations

import highdicom as hd
import pytest

from dicomposer.coding import CodingSchemeIdentificationItem, CodingSchemeResourceItem
from dicomposer.errors import ArgumentError, ArgumentTypeError

FULL = {"name": "n", "version": "1", "registry": "HL7", "uid": "1.2", "responsible_organization": "o"}


@pytest.mark.parametrize(
    "more", [{}, FULL, {"registry": "HL7", "external_id": "5"}, {"name": "x"}, {"external_id": "5"}]
)
def test_same_as_the_peer(more: dict[str, str]) -> None:
    ours = CodingSchemeIdentificationItem("99X", **more)  # type: ignore[arg-type]
    theirs = hd.coding_schemes.CodingSchemeIdentificationItem("99X", **more)
    expected = [(e.keyword, str(e.value)) for e in theirs]
    assert [(e.keyword, str(e.value)) for e in ours] == expected


def test_resources() -> None:
    item = CodingSchemeResourceItem("http://example.org", "DOC")
    assert CodingSchemeIdentificationItem("99X", resources=[item]).CodingSchemeResourcesSequence[0] == item
    with pytest.raises(ArgumentError):
        CodingSchemeResourceItem("http://example.org", "PDF")
    with pytest.raises(ArgumentTypeError):
        CodingSchemeIdentificationItem("99X", resources=["x"])  # type: ignore[list-item]


def test_a_registered_scheme_needs_an_identifier() -> None:
    with pytest.raises(ArgumentError):
        CodingSchemeIdentificationItem("99X", registry="HL7")


def test_a_uid_is_written_also_without_a_registry() -> None:
    # the peer drops it; PS3.3 C.12.1 requires it if the scheme has one
    item = CodingSchemeIdentificationItem("99X", uid="1.2", external_id="5")
    assert item.CodingSchemeUID == "1.2"
    assert "CodingSchemeExternalID" not in item
