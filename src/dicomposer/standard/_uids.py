"""Names of UIDs: storage SOP Classes and transfer syntaxes (PS3.6 Annex A), with those that pydicom lacks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pydicom._uid_dict import UID_dictionary

__all__ = [
    "SOPClassInfo",
    "TransferSyntax",
    "sop_class",
    "sop_classes",
    "transfer_syntax",
    "transfer_syntaxes",
    "uid_name",
]

_BASE = "1.2.840.10008.1.2"
# uid below 1.2.840.10008.1.2, name, keyword, flags:
# i implicit VR, b big endian, d deflated data set, e encapsulated, l can be lossless, y can be lossy,
# r retired
_SYNTAXES = (
    ("", "Implicit VR Little Endian", "ImplicitVRLittleEndian", "il"),
    (".1", "Explicit VR Little Endian", "ExplicitVRLittleEndian", "l"),
    (".1.98", "Encapsulated Uncompressed Explicit VR Little Endian",
     "EncapsulatedUncompressedExplicitVRLittleEndian", "el"),
    (".1.99", "Deflated Explicit VR Little Endian", "DeflatedExplicitVRLittleEndian", "dl"),
    (".2", "Explicit VR Big Endian", "ExplicitVRBigEndian", "blr"),
    (".4.50", "JPEG Baseline (Process 1)", "JPEGBaseline8Bit", "ey"),
    (".4.51", "JPEG Extended (Process 2 & 4)", "JPEGExtended12Bit", "ey"),
    (".4.57", "JPEG Lossless, Non-Hierarchical (Process 14)", "JPEGLossless", "el"),
    (".4.70", "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 [Selection Value 1])",
     "JPEGLosslessSV1", "el"),
    (".4.80", "JPEG-LS Lossless Image Compression", "JPEGLSLossless", "el"),
    (".4.81", "JPEG-LS Lossy (Near-Lossless) Image Compression", "JPEGLSNearLossless", "ely"),
    (".4.90", "JPEG 2000 Image Compression (Lossless Only)", "JPEG2000Lossless", "el"),
    (".4.91", "JPEG 2000 Image Compression", "JPEG2000", "ely"),
    (".4.92", "JPEG 2000 Part 2 Multi-component Image Compression (Lossless Only)",
     "JPEG2000MCLossless", "el"),
    (".4.93", "JPEG 2000 Part 2 Multi-component Image Compression", "JPEG2000MC", "ely"),
    (".4.94", "JPIP Referenced", "JPIPReferenced", "ly"),
    (".4.95", "JPIP Referenced Deflate", "JPIPReferencedDeflate", "dly"),
    (".4.100", "MPEG2 Main Profile / Main Level", "MPEG2MPML", "ey"),
    (".4.100.1", "Fragmentable MPEG2 Main Profile / Main Level", "MPEG2MPMLF", "ey"),
    (".4.101", "MPEG2 Main Profile / High Level", "MPEG2MPHL", "ey"),
    (".4.101.1", "Fragmentable MPEG2 Main Profile / High Level", "MPEG2MPHLF", "ey"),
    (".4.102", "MPEG-4 AVC/H.264 High Profile / Level 4.1", "MPEG4HP41", "ey"),
    (".4.102.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1", "MPEG4HP41F", "ey"),
    (".4.103", "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1", "MPEG4HP41BD", "ey"),
    (".4.103.1", "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
     "MPEG4HP41BDF", "ey"),
    (".4.104", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", "MPEG4HP422D", "ey"),
    (".4.104.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video", "MPEG4HP422DF", "ey"),
    (".4.105", "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", "MPEG4HP423D", "ey"),
    (".4.105.1", "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video", "MPEG4HP423DF", "ey"),
    (".4.106", "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", "MPEG4HP42STEREO", "ey"),
    (".4.106.1", "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2", "MPEG4HP42STEREOF", "ey"),
    (".4.107", "HEVC/H.265 Main Profile / Level 5.1", "HEVCMP51", "ey"),
    (".4.108", "HEVC/H.265 Main 10 Profile / Level 5.1", "HEVCM10P51", "ey"),
    (".4.110", "JPEG XL Lossless", "JPEGXLLossless", "el"),
    (".4.111", "JPEG XL JPEG Recompression", "JPEGXLJPEGRecompression", "ey"),
    (".4.112", "JPEG XL", "JPEGXL", "ely"),
    (".4.201", "High-Throughput JPEG 2000 Image Compression (Lossless Only)", "HTJ2KLossless", "el"),
    (".4.202", "High-Throughput JPEG 2000 with RPCL Options Image Compression (Lossless Only)",
     "HTJ2KLosslessRPCL", "el"),
    (".4.203", "High-Throughput JPEG 2000 Image Compression", "HTJ2K", "ely"),
    (".4.204", "JPIP HTJ2K Referenced", "JPIPHTJ2KReferenced", "ly"),
    (".4.205", "JPIP HTJ2K Referenced Deflate", "JPIPHTJ2KReferencedDeflate", "dly"),
    (".5", "RLE Lossless", "RLELossless", "el"),
    (".8.1", "Deflated Image Frame Compression", "DeflatedImageFrameCompression", "el"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class SOPClassInfo:
    """A storage SOP Class; ``iod_name`` is the key of its IOD."""

    uid: str
    name: str
    keyword: str
    iod_name: str


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """A transfer syntax (PS3.5 Annex A).

    Attributes
    ----------
    deflated
        The data set as a whole is deflated (not single frames).
    encapsulated
        Frames are compressed one by one, in fragments.
    lossless, lossy
        Whether the coding can keep every pixel value, and whether it can lose some (some can do either).
    retired
        No longer part of the standard.
    """

    uid: str
    name: str
    keyword: str
    implicit_vr: bool
    little_endian: bool
    deflated: bool
    encapsulated: bool
    lossless: bool
    lossy: bool
    retired: bool


@cache
def _syntaxes() -> dict[str, TransferSyntax]:
    return {
        _BASE + tail: TransferSyntax(
            uid=_BASE + tail,
            name=name,
            keyword=keyword,
            implicit_vr="i" in flags,
            little_endian="b" not in flags,
            deflated="d" in flags,
            encapsulated="e" in flags,
            lossless="l" in flags,
            lossy="y" in flags,
            retired="r" in flags,
        )
        for tail, name, keyword, flags in _SYNTAXES
    }


@cache
def _classes() -> dict[str, SOPClassInfo]:
    from dicomposer.standard._store import STORE  # what it brings along is for those who check objects

    lines = STORE.lines("uids")
    return {uid: SOPClassInfo(uid, *lines[uid]) for uid in lines}


def sop_class(uid: str) -> SOPClassInfo | None:
    """The storage SOP Class with that UID (PS3.4 B.5), or None if the tables do not know it."""
    return _classes().get(str(uid))


def sop_classes() -> tuple[SOPClassInfo, ...]:
    """All storage SOP Classes of the tables, by UID."""
    return tuple(_classes().values())


def transfer_syntax(uid: str) -> TransferSyntax | None:
    """The transfer syntax with that UID (PS3.5 Annex A), or None if the tables do not know it."""
    return _syntaxes().get(str(uid))


def transfer_syntaxes() -> tuple[TransferSyntax, ...]:
    """All transfer syntaxes of the tables."""
    return tuple(_syntaxes().values())


def uid_name(uid: str) -> str:
    """The name that the standard gives to a UID; the UID itself if it gives none."""
    key = str(uid)
    known = sop_class(key) or transfer_syntax(key)
    if known is not None:
        return known.name
    found = UID_dictionary.get(key)
    return found[0] if found else key
