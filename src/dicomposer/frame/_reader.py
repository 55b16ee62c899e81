"""Random access to the frames of an image, native or encapsulated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dicomposer.errors import ArgumentError, TruncatedError, UnsupportedError

from . import kernels
from ._codecs import can_decode, decode_one
from ._encapsulation import FragmentMap
from ._format import ByteSource, PixelFormat
from ._native import expand_bits, native_frame
from ._parallel import Workers, ordered_map
from ._syntax import is_big_endian, is_native, syntax_name

__all__ = ["BytesSource", "FrameReader"]

_PIXEL_DATA = 0x7FE00010


class BytesSource:
    """A value in memory as a :class:`ByteSource`; reading gives views, not copies."""

    def __init__(self, value: bytes | bytearray | memoryview) -> None:
        self._view = memoryview(value).toreadonly().cast("B")

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self._view)

    def read(self, offset: int, length: int) -> memoryview:
        """Bytes from ``offset``, fewer at the end."""
        return self._view[offset : offset + length]


def _decode(data: bytes | memoryview, fmt: PixelFormat, syntax_uid: str) -> NDArray[Any]:
    return decode_one(data, fmt, syntax_uid)


class FrameReader:
    """The frames of one pixel data value.

    Nothing is decoded until asked for. Lengths are checked against the bytes that are there before anything
    of the announced size is made; offset tables are checked against the fragments (see ``notices``).

    Parameters
    ----------
    source : ByteSource or bytes-like
        The value of Pixel Data, Float Pixel Data or Double Float Pixel Data.
    fmt : PixelFormat
        Layout of the frames.
    syntax_uid : str
        Transfer syntax of the data set.
    frames : int
        Number of Frames.
    extended_offsets, extended_lengths : bytes, optional
        Extended Offset Table and its lengths.
    encapsulated : bool, optional
        Whether the value consists of fragments; by default as the transfer syntax says.
    vr : str, optional
        Value Representation, "OB" or "OW": only big-endian pixels of a byte or less depend on it.

    Attributes
    ----------
    notices : list of str
        What was wrong with the data and could be put right, in plain sentences.

    Raises
    ------
    TruncatedError
        If the value is too short for its frames.
    DamagedFileError
        If fragments cannot be assigned to frames.
    UnsupportedError
        If there is no codec for the transfer syntax.
    """

    def __init__(  # noqa: PLR0913 - what the data set says about its pixels
        self,
        source: ByteSource | bytes | bytearray | memoryview,
        fmt: PixelFormat,
        syntax_uid: str,
        frames: int,
        *,
        extended_offsets: bytes | None = None,
        extended_lengths: bytes | None = None,
        encapsulated: bool | None = None,
        vr: str | None = None,
    ) -> None:
        if frames < 1:
            raise ArgumentError(f"Number of Frames must be 1 or more, not {frames}")
        self.source = BytesSource(source) if isinstance(source, (bytes, bytearray, memoryview)) else source
        self.format = fmt
        self.syntax_uid = syntax_uid
        self.frames = frames
        self._frame_bits = fmt.frame_bits
        self._big = is_big_endian(syntax_uid)
        # Pixels of a byte or less lie in words of two bytes, whose bytes big-endian syntaxes exchange
        self._words = self._big and vr == "OW" and fmt.bits_allocated <= 8
        self._fragments: FragmentMap | None = None
        self._notices: list[str] = []
        if not is_native(syntax_uid) if encapsulated is None else encapsulated:
            if not can_decode(syntax_uid):
                raise UnsupportedError(f"no codec for {syntax_name(syntax_uid)} ({syntax_uid})")
            self._fragments = FragmentMap(
                self.source, frames, extended_offsets=extended_offsets, extended_lengths=extended_lengths
            )
        else:
            self._check_native_length()

    def _check_native_length(self) -> None:
        needed = self.format.native_size(self.frames)
        if self.source.size < needed:
            raise TruncatedError(
                f"{self.frames} frames need {needed} bytes of pixel data, there are {self.source.size}",
                tag=_PIXEL_DATA,
            )
        if self.source.size > needed + needed % 2:
            self._notices.append(f"{self.source.size - needed} bytes after the last frame ignored")

    def __len__(self) -> int:
        return self.frames

    @property
    def notices(self) -> list[str]:
        """What was put right so far."""
        return self._notices + (self._fragments.notices if self._fragments else [])

    @property
    def photometric(self) -> str:
        """Photometric Interpretation of the arrays (decoders of JPEG 2000 undo its colour transforms)."""
        return self.format.decoded_photometric if self._fragments else self.format.photometric

    def verify(self) -> None:
        """Check the whole offset table now, which is otherwise done frame by frame."""
        if self._fragments is not None:
            self._fragments.verify()

    def raw(self, index: int) -> bytes | memoryview:
        """Bytes of a frame: as compressed (with padding), or native.

        A native single-bit frame that does not begin on a whole byte is shifted, so that its first pixel is
        the lowest bit of the first byte.

        Raises
        ------
        IndexError
            If there is no such frame.
        TruncatedError, DamagedFileError
            If the bytes are not there.
        """
        index = self._checked(index)
        if self._fragments is not None:
            return self._fragments.read(index)
        data, shift = self._native(index)
        if shift == 0:
            return data
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")
        return np.packbits(bits[shift : shift + self.format.frame_bits], bitorder="little").tobytes()

    def array(self, index: int) -> NDArray[Any]:
        """Decode a frame.

        Parameters
        ----------
        index : int
            Frame, from 0; negative numbers count from the end.

        Returns
        -------
        ndarray
            (rows, columns) or (rows, columns, samples), ``format.dtype``. May be read-only: a native frame is
            a view of the pixel data. Stored values, in the colour space ``photometric``.

        Raises
        ------
        IndexError
            If there is no such frame.
        CodecError
            If it cannot be decoded, or is not what the attributes announce.
        """
        index = self._checked(index)
        if self._fragments is not None:
            return decode_one(self._fragments.read(index), self.format, self.syntax_uid)
        data, shift = self._native(index)
        return native_frame(data, self.format, big_endian=self._big, shift=shift)

    def arrays(
        self, indices: Iterable[int] | None = None, out: NDArray[Any] | None = None, workers: Workers = 0
    ) -> NDArray[Any]:
        """Decode several frames into one array.

        Parameters
        ----------
        indices : iterable of int, optional
            Frames; all by default.
        out : ndarray, optional
            (n, rows, columns[, samples]) to fill; a new one of ``format.dtype`` by default.
        workers : int or Executor
            See :func:`encode_frames`.

        Returns
        -------
        ndarray
            ``out``.
        """
        wanted = [self._checked(i) for i in (range(self.frames) if indices is None else indices)]
        shape = (len(wanted), *self.format.shape)
        if out is None:
            if self._fragments is None and self.format.bits_allocated == 1:
                return self._expanded(wanted, np.zeros(shape, dtype=self.format.dtype))
            out = np.empty(shape, dtype=self.format.dtype)
        elif out.shape != shape:
            raise ArgumentError(f"an output of {shape} is needed, not {out.shape}")
        for target, frame in zip(out, self.iter_arrays(wanted, workers=workers), strict=True):
            target[...] = frame
        return out

    def _expanded(self, wanted: list[int], out: NDArray[Any]) -> NDArray[Any]:
        """Native single-bit frames, written into zeros."""
        for target, index in zip(out, wanted, strict=True):
            data, shift = self._native(index)
            expand_bits(data, self.format, shift, target)
        return out

    def iter_arrays(
        self, indices: Sequence[int] | None = None, *, workers: Workers = 0
    ) -> Iterator[NDArray[Any]]:
        """Decode frames one by one, a few ahead where there are workers."""
        wanted = range(self.frames) if indices is None else indices
        fragments = self._fragments
        if fragments is None:
            return map(self.array, wanted)
        kernels.prepare(self.format.frame_pixels * len(wanted))
        decode = partial(_decode, fmt=self.format, syntax_uid=self.syntax_uid)
        raw = (bytes(fragments.read(self._checked(i))) for i in wanted)
        return ordered_map(decode, raw, workers=workers, item_bytes=self.format.array_bytes)

    def native_bits(self) -> memoryview | bytes:
        """All of a native single-bit value, for :func:`kernels.merge_bit_frames`."""
        if self._fragments is not None or self.format.bits_allocated != 1:
            raise UnsupportedError("only native single-bit frames lie together")
        return self.source.read(0, self.format.native_size(self.frames))

    def _native(self, index: int) -> tuple[bytes | memoryview, int]:
        start = index * self._frame_bits
        first, shift = divmod(start, 8)
        length = (start + self._frame_bits + 7) // 8 - first
        data = self.source.read(first, length)
        if len(data) < length:
            raise TruncatedError(f"pixel data end within frame {index}", position=first, tag=_PIXEL_DATA)
        if self._words:
            return self._swapped(first, length), shift
        return data, shift

    def _swapped(self, first: int, length: int) -> bytes:
        """Bytes of big-endian words (OW) in the order of the pixels (PS3.5 Annex D)."""
        begin = first & ~1
        end = min((first + length + 1) & ~1, self.source.size)
        words = np.frombuffer(bytes(self.source.read(begin, end - begin)), dtype=np.uint8)
        words = words[: words.size & ~1].reshape(-1, 2)[:, ::-1].reshape(-1)
        return words[first - begin : first - begin + length].tobytes()

    def _checked(self, index: int) -> int:
        if not -self.frames <= index < self.frames:
            raise IndexError(f"frame {index} of {self.frames}")
        return index % self.frames
