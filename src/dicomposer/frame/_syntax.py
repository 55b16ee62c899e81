"""The transfer syntaxes that say how pixels are encoded (PS3.5 Annex A)."""

from __future__ import annotations

from dicomposer import standard

__all__ = ["is_big_endian", "is_native", "syntax_name"]

IMPLICIT_LITTLE = "1.2.840.10008.1.2"
EXPLICIT_LITTLE = "1.2.840.10008.1.2.1"
DEFLATED = "1.2.840.10008.1.2.1.99"
EXPLICIT_BIG = "1.2.840.10008.1.2.2"
DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
RLE = "1.2.840.10008.1.2.5"
JPEG_BASELINE = "1.2.840.10008.1.2.4.50"
JPEG_EXTENDED = "1.2.840.10008.1.2.4.51"
JPEG_LOSSLESS = "1.2.840.10008.1.2.4.57"
JPEG_LOSSLESS_SV1 = "1.2.840.10008.1.2.4.70"
JPEG_LS = "1.2.840.10008.1.2.4.80"
JPEG_LS_NEAR = "1.2.840.10008.1.2.4.81"
J2K_LOSSLESS = "1.2.840.10008.1.2.4.90"
J2K = "1.2.840.10008.1.2.4.91"
HTJ2K_LOSSLESS = "1.2.840.10008.1.2.4.201"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
HTJ2K = "1.2.840.10008.1.2.4.203"

_NATIVE = frozenset({IMPLICIT_LITTLE, EXPLICIT_LITTLE, DEFLATED, EXPLICIT_BIG})


def is_native(syntax_uid: str) -> bool:
    """Whether pixel data are stored without compression and without fragments."""
    return syntax_uid in _NATIVE


def is_big_endian(syntax_uid: str) -> bool:
    """Whether the words of native pixel data are big-endian."""
    return syntax_uid == EXPLICIT_BIG


def syntax_name(syntax_uid: str) -> str:
    """Name of a transfer syntax, for messages."""
    name = standard.uid_name(syntax_uid)
    return "an unknown transfer syntax" if name == syntax_uid else name
