"""Making segmentations in tests without repeating their dozen arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from dicomposer.coding import new_uid
from dicomposer.content import AlgorithmIdentificationSequence
from dicomposer.seg import Segmentation, SegmentDescription

EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
DEFLATED, DEFLATED_FRAMES = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1"
RLE, J2K, JPEG_LS = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.80"


def describe(number: int, label: str | None = None, **more: Any) -> SegmentDescription:
    """A description of a liver, found by a program."""
    algorithm = AlgorithmIdentificationSequence("test", codes.DCM.ArtificialIntelligence, "1.0")
    return SegmentDescription(
        number, label or f"Segment {number}", codes.SCT.Organ, codes.SCT.Liver, "AUTOMATIC", algorithm,
        tracking_uid=new_uid(), tracking_id=f"tracking {number}", **more,
    )  # fmt: skip


def build(
    sources: Sequence[Dataset],
    mask: Any,
    kind: str = "BINARY",
    segments: int | Sequence[int] = 1,
    **more: Any,
) -> Segmentation:
    """A segmentation with segments 1 to n, or of the given numbers."""
    numbers = range(1, segments + 1) if isinstance(segments, int) else segments
    return Segmentation(
        sources, mask, kind, [describe(n) for n in numbers], new_uid(), 3, new_uid(), 1,
        "Nobody", "Model", "1.0", "42", **more,
    )  # fmt: skip


def uids(sources: Sequence[Dataset]) -> list[str]:
    """SOP Instance UIDs, in order."""
    return [str(d.SOPInstanceUID) for d in sources]


def stack(mask: np.ndarray, segments: int) -> np.ndarray:
    """Labels as booleans with an axis of segments."""
    return np.stack([mask == n + 1 for n in range(segments)], axis=-1)
