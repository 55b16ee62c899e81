"""Planes of labels and single-bit frames."""

from __future__ import annotations

from types import ModuleType

import numpy as np
from numpy.typing import ArrayLike, NDArray

from dicomposer.errors import ArgumentError, TruncatedError

from ._dispatch import Array, Buffer, bits_of, choose_twin, groups, indices, label_plane, within, writable

__all__ = ["labels_present", "merge_bit_frames", "pack_label_frames", "remap_labels"]


def labels_present(planes: Array, n_labels: int) -> NDArray[np.bool_]:
    """Which labels occur in which plane.

    Parameters
    ----------
    planes : ndarray
        Labels (p, r, c), whole numbers or booleans; read plane by plane.
    n_labels : int
        The highest label allowed.

    Returns
    -------
    ndarray of bool
        (p, n_labels + 1); column 0 is the background.

    Raises
    ------
    ArgumentError
        If a label is negative or above ``n_labels``.
    """
    twin = choose_twin(planes.size)
    present = np.zeros((planes.shape[0], n_labels + 1), dtype=bool)
    for index, flags in enumerate(present):
        mark(twin, planes[index], flags)
    return present


def mark(twin: ModuleType, plane: Array, flags: NDArray[np.bool_]) -> None:
    highest = twin.mark_labels(label_plane(plane), flags)
    if highest >= flags.size:
        raise ArgumentError(f"label {highest} is above the highest that is described, {flags.size - 1}")


def pack_label_frames(
    planes: Array, plane_index: ArrayLike, label: ArrayLike, out: bytearray | memoryview | NDArray[np.uint8]
) -> None:
    """Pack single-bit frames, one after the other without padding between them (PS3.5 8.1.1).

    Parameters
    ----------
    planes : ndarray
        Labels (p, r, c), whole numbers or booleans; each plane is read once.
    plane_index, label : array_like of int
        For each frame f: its plane, and the label whose pixels are set.
    out : bytearray, memoryview or ndarray
        Zeroed and writable, at least (f * r * c + 7) // 8 bytes.

    Raises
    ------
    ArgumentError
        If shapes, indices or the buffer do not fit.
    """
    plane_index, label = indices(plane_index, label)
    pixels = planes.shape[1] * planes.shape[2]
    target = writable(out, pixels * plane_index.size)
    within("plane_index", plane_index, planes.shape[0])
    twin = choose_twin(planes.size)
    for index, frames in groups(plane_index):
        pack(twin, planes[index], planes.shape[2], label[frames], frames * pixels, target)


def pack(
    twin: ModuleType,
    plane: Array,
    columns: int,
    labels: NDArray[np.int64],
    offsets: NDArray[np.int64],
    out: NDArray[np.uint8],
) -> None:
    plane = label_plane(plane)
    if labels.size == 1 or np.unique(labels).size == labels.size:
        twin.pack_labels(plane, columns, labels, offsets, out)
        return
    for k in range(labels.size):  # the same label of the same plane twice
        twin.pack_labels(plane, columns, labels[k : k + 1], offsets[k : k + 1], out)


def merge_bit_frames(
    source: Buffer,
    frame_index: ArrayLike,
    plane_index: ArrayLike,
    label: ArrayLike,
    out: Array,
    *,
    check_overlap: bool = True,
) -> bool:
    """Merge single-bit frames into planes of labels; where they overlap the highest label stays.

    Parameters
    ----------
    source : bytes-like
        Native single-bit pixel data.
    frame_index, plane_index, label : array_like of int
        For each frame to merge: its number in ``source``, the plane it goes to, the label that it means.
    out : ndarray
        (p, r, c), unsigned; usually zeroed.
    check_overlap : bool
        Stop at the first overlap (``out`` is then incomplete).

    Returns
    -------
    bool
        Whether any pixel belonged to two frames (or was set in ``out`` before).

    Raises
    ------
    ArgumentError
        If indices do not fit or a label does not fit the type of ``out``.
    TruncatedError
        If ``source`` ends before a frame.
    """
    frame_index, plane_index, label = indices(frame_index, plane_index, label)
    bits = bits_of(source)
    pixels = out.shape[1] * out.shape[2]
    check_merge(bits, frame_index, pixels, label, out)
    within("plane_index", plane_index, out.shape[0])
    twin = choose_twin(pixels * frame_index.size)
    overlapped = False
    for frame, plane, value in zip(frame_index.tolist(), plane_index.tolist(), label.tolist(), strict=True):
        overlapped |= twin.merge_bits(bits, frame * pixels, out.shape[2], value, out[plane])
        if overlapped and check_overlap:
            return True
    return overlapped


def check_merge(
    bits: NDArray[np.uint8], frame_index: NDArray[np.int64], pixels: int, label: NDArray[np.int64], out: Array
) -> None:
    if out.dtype.kind != "u":
        raise ArgumentError(f"the output must be of an unsigned type, not {out.dtype}")
    if label.size and (int(label.min()) < 0 or int(label.max()) > int(np.iinfo(out.dtype).max)):
        raise ArgumentError(f"labels do not fit {out.dtype}")
    if frame_index.size and int(frame_index.min()) < 0:
        raise ArgumentError("frame_index must not be negative")
    if frame_index.size and (int(frame_index.max()) + 1) * pixels > 8 * bits.size:
        raise TruncatedError(f"pixel data end before frame {int(frame_index.max())}", tag=0x7FE00010)


def remap_labels(planes: Array, lut: ArrayLike, out: Array | None = None) -> Array:
    """Replace labels through a table, plane by plane.

    Parameters
    ----------
    planes : ndarray
        (p, r, c), whole numbers.
    lut : array_like
        New label for each old one; -1 (or any negative number) where an old one is not allowed.
    out : ndarray, optional
        (p, r, c); by default uint8 or uint16, whichever holds the new labels.

    Raises
    ------
    ArgumentError
        If a label is outside the table or not allowed.
    """
    table = np.asarray(lut, dtype=np.int64)
    if out is None:
        out = np.empty(planes.shape, dtype=np.uint8 if int(table.max(initial=0)) < 256 else np.uint16)
    narrow = np.maximum(table, 0).astype(out.dtype)
    refused = np.flatnonzero(table < 0)
    present = np.zeros(table.size, dtype=bool)
    twin = choose_twin(planes.size)
    for index in range(planes.shape[0]):
        plane = label_plane(planes[index])
        mark(twin, plane, present)
        if present[refused].any():
            raise ArgumentError(f"label {int(refused[present[refused]][0])} is not described")
        np.take(narrow, plane, out=out[index], mode="clip")
    return out
