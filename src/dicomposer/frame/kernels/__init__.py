"""Hot loops over masks: labels to bit-packed frames and back, tiles, fractions, run lengths.

The functions here check their arguments, walk planes, bands and tiles (so that memory maps and other lazy
arrays are read one plane or band at a time), and hand each plane to one of two twins: ``_numpy``, which
always works, or ``_numba`` (extra ``fast``). Both give the same results.

Which one: ``use_kernels("numpy" | "numba" | "auto")`` or the environment variable ``DICOMPOSER_KERNELS``.
"auto" takes numba where it is installed and either already loaded or worth the second that loading takes.
"""

from __future__ import annotations

from ._dispatch import prepare, spans, use_kernels
from ._planes import labels_present, merge_bit_frames, pack_label_frames, remap_labels
from ._runs import rle_decode, rle_encode
from ._stacks import (
    fraction_bands,
    fractions_present,
    pack_stack_frames,
    quantise_fractions,
    stack_overlaps,
    stack_present,
    stack_to_labels,
)
from ._tiles import (
    cut_tiles,
    label_tiles_present,
    merge_bit_tiles,
    pack_label_tiles,
    pack_mask_tiles,
    paste_tiles,
    tile_count,
)

__all__ = [
    "cut_tiles",
    "fraction_bands",
    "fractions_present",
    "label_tiles_present",
    "labels_present",
    "merge_bit_frames",
    "merge_bit_tiles",
    "pack_label_frames",
    "pack_label_tiles",
    "pack_mask_tiles",
    "pack_stack_frames",
    "paste_tiles",
    "prepare",
    "quantise_fractions",
    "remap_labels",
    "rle_decode",
    "rle_encode",
    "spans",
    "stack_overlaps",
    "stack_present",
    "stack_to_labels",
    "tile_count",
    "use_kernels",
]
