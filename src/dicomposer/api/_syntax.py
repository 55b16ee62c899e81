"""Friendly names of transfer syntaxes."""

from __future__ import annotations

from dicomposer import standard
from dicomposer.errors import UnsupportedError

TRANSFER_SYNTAXES = {
    "native": "1.2.840.10008.1.2.1",
    "explicit": "1.2.840.10008.1.2.1",
    "implicit": "1.2.840.10008.1.2",
    "deflated": "1.2.840.10008.1.2.1.99",
    "rle": "1.2.840.10008.1.2.5",
    "jpeg-ls": "1.2.840.10008.1.2.4.80",
    "jpeg2000": "1.2.840.10008.1.2.4.90",
    "j2k": "1.2.840.10008.1.2.4.90",
}


def transfer_syntax(name: str) -> str:
    """UID of a transfer syntax by UID or by name.

    Raises
    ------
    UnsupportedError
        When it is neither.
    """
    uid = TRANSFER_SYNTAXES.get(name.lower(), name)
    if standard.transfer_syntax(uid) is None:
        raise UnsupportedError(
            f"{name!r} is not a known transfer syntax; say one of {', '.join(TRANSFER_SYNTAXES)}, or give its UID"
        )
    return uid
