"""Where bytes come from: memory, a file read at positions, or a file-like object behind a lock."""

from __future__ import annotations

import io
import os
import stat
import threading
from typing import Any, Protocol

from pydicom.tag import BaseTag

from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    MissingFileError,
    NotAFileError,
    TruncatedError,
)

#: Tags whose value is the pixels: Pixel Data, Float Pixel Data, Double Float Pixel Data.
PIXEL_TAGS = (0x7FE00010, 0x7FE00008, 0x7FE00009)


_CHANGED = "the file has changed since it was opened; open it again"


def _signature(status: os.stat_result) -> tuple[int, int, int]:
    """What changes when a file does: size, time of modification, identity."""
    return status.st_size, status.st_mtime_ns, status.st_ino


class Source(Protocol):
    """Random access to bytes; safe to use from several threads."""

    size: int

    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Return exactly `length` bytes, or raise TruncatedError."""
        ...

    def close(self) -> None:
        """Release what is held open."""
        ...


class MemorySource:
    """Bytes in memory; reading gives views, not copies."""

    def __init__(self, data: Any) -> None:
        self.data = data
        self._view = memoryview(data).cast("B") if len(data) else memoryview(b"")
        self.size = len(self._view)

    def read(self, offset: int, length: int) -> memoryview:
        """Return a view of the bytes."""
        if offset + length > self.size:
            raise TruncatedError("the bytes end too early", position=self.size)
        return self._view[offset : offset + length]

    def close(self) -> None:
        """Nothing is held open."""

    def __reduce__(self) -> tuple[Any, ...]:
        return MemorySource, (bytes(self._view),)

    def __deepcopy__(self, memo: dict[int, Any]) -> MemorySource:
        return self


class FileSource:
    """A file on disk, kept open and read at positions.

    A file that is rewritten in place while it is open is refused: what was read of it before describes other bytes.
    (Programs that replace files whole, as :func:`save` does, leave those who have it open what they opened.)
    Copies (deepcopy) share it; a pickle opens the file again elsewhere and refuses one that has changed meanwhile.
    """

    def __init__(self, path: str, signature: tuple[int, int, int] | None = None) -> None:
        self.path = path
        try:
            self._file = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0))
        except FileNotFoundError:
            raise MissingFileError(f"no such file or folder: {path}", path) from None
        status = os.fstat(self._file)
        if stat.S_ISDIR(status.st_mode):
            self.close()
            raise NotAFileError(f"{path} is a folder; give the name of a file", path)
        self.size = status.st_size
        self.signature = _signature(status)
        self._lock = threading.Lock()
        if signature not in (None, self.signature):
            self.close()
            raise DamagedFileError(_CHANGED)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the file."""
        if self._file < 0:
            raise ArgumentError("the file of this dataset has been closed")
        data = self._read_all(offset, length)
        if len(data) < length:
            raise TruncatedError("the file ends too early", position=offset + len(data))
        if _signature(os.fstat(self._file)) != self.signature:  # now, so that no change slips in between
            raise DamagedFileError(_CHANGED)
        return data

    def _read_all(self, offset: int, length: int) -> bytes:
        """As many of the bytes as there are."""
        data = self._read_some(offset, length)
        if len(data) == length:
            return data
        parts = [data]
        missing = length - len(data)
        while data and missing:  # one call reads 2 GiB at most
            data = self._read_some(offset + length - missing, missing)
            parts.append(data)
            missing -= len(data)
        return b"".join(parts)

    def _read_some(self, offset: int, length: int) -> bytes:
        if hasattr(os, "pread"):
            return os.pread(self._file, length, offset)
        with self._lock:
            os.lseek(self._file, offset, os.SEEK_SET)
            return os.read(self._file, length)

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        if getattr(self, "_file", -1) >= 0:
            self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return FileSource, (os.path.abspath(self.path), self.signature)

    def __deepcopy__(self, memo: dict[int, Any]) -> FileSource:
        return self


class StreamSource:
    """A seekable binary file-like object, from its present position on."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._lock = threading.Lock()
        self._start = stream.tell()
        self.size = stream.seek(0, io.SEEK_END) - self._start
        stream.seek(self._start)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes of the stream."""
        with self._lock:
            try:
                self._stream.seek(self._start + offset)
                data = bytes(self._stream.read(length))
                while len(data) < length:
                    more = self._stream.read(length - len(data))
                    if not more:
                        raise TruncatedError("the stream ends too early", position=offset + len(data))
                    data += more
                self._stream.seek(self._start)  # others read it from there
            except ValueError as error:
                if isinstance(error, TruncatedError):
                    raise
                raise ArgumentError("the file-like object of this dataset has been closed") from error
        return data

    def close(self) -> None:
        """Leave the stream to its owner."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise ArgumentTypeError("a dataset that reads its pixels from a file-like object cannot be pickled")

    def __deepcopy__(self, memo: dict[int, Any]) -> StreamSource:
        return self


class FileSlice(io.BufferedIOBase):
    """Part of a source, as the buffered value of a pydicom element.

    Copies share the source and have their own position.
    """

    def __init__(self, source: Source, offset: int, size: int) -> None:
        super().__init__()
        self.source = source
        self.offset = offset
        self.size = size
        self._position = 0

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position inside the slice."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move inside the slice."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ArgumentError("the position would lie before the start")
        self._position = base + offset
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Return up to `size` bytes from the position on."""
        left = max(0, self.size - self._position)
        count = left if size is None or size < 0 else min(size, left)
        data = bytes(self.source.read(self.offset + self._position, count)) if count else b""
        self._position += count
        return data

    def __len__(self) -> int:
        return self.size

    def __bytes__(self) -> bytes:
        return bytes(self.source.read(self.offset, self.size)) if self.size else b""

    def read1(self, size: int = -1, /) -> bytes:
        """Return up to `size` bytes."""
        return self.read(size)

    def __deepcopy__(self, memo: dict[int, Any]) -> FileSlice:
        return FileSlice(self.source, self.offset, self.size)

    def __reduce__(self) -> tuple[Any, ...]:
        return FileSlice, (self.source, self.offset, self.size)

    def __reduce_ex__(self, protocol: Any, /) -> tuple[Any, ...]:
        return self.__reduce__()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, FileSlice):
            return NotImplemented
        if (self.source, self.offset, self.size) == (other.source, other.offset, other.size):
            return True
        chunk = 1 << 22
        return self.size == other.size and all(
            self.source.read(self.offset + at, min(chunk, self.size - at))
            == other.source.read(other.offset + at, min(chunk, self.size - at))
            for at in range(0, self.size, chunk)
        )

    __hash__ = io.BufferedIOBase.__hash__


class PixelSource:
    """The bytes of a pixel data element, in memory or on disk.

    Attributes
    ----------
    size : int
        Number of bytes; fragments with their headers if the pixels are encapsulated.
    """

    def __init__(self, source: Source, offset: int, size: int) -> None:
        self._source = source
        self._offset = offset
        self.size = size

    @classmethod
    def of(cls, data: Any) -> PixelSource:
        """Make a source of bytes-like data, without a copy."""
        memory = MemorySource(data)
        return cls(memory, 0, memory.size)

    def read(self, offset: int, length: int) -> bytes | memoryview:
        """Return `length` bytes from `offset` on; a view if they are in memory. Safe from several threads.

        Raises
        ------
        TruncatedError
            If the range does not lie inside.
        """
        if offset < 0 or length < 0 or offset + length > self.size:
            raise TruncatedError(
                f"bytes {offset} to {offset + length} of {self.size} bytes of pixel data were needed",
                tag=PIXEL_TAGS[0],
            )
        return self._source.read(self._offset + offset, length)


def pixel_source(dataset: Any) -> PixelSource:
    """Return the bytes of a dataset's pixels.

    Parameters
    ----------
    dataset : pydicom.Dataset
        With Pixel Data, Float Pixel Data or Double Float Pixel Data.

    Returns
    -------
    PixelSource
        Nothing is read or copied.

    Raises
    ------
    KeyError
        If there is none.
    """
    for tag in PIXEL_TAGS:
        element = dataset._dict.get(BaseTag(tag))
        if element is None:
            continue
        value = element.value
        if value is None:
            value = dataset[tag].value or b""  # deferred by pydicom
        if isinstance(value, FileSlice):
            return PixelSource(value.source, value.offset, value.size)
        if isinstance(value, io.BytesIO):
            return PixelSource.of(value.getbuffer())
        if isinstance(value, io.BufferedIOBase):
            stream = StreamSource(value)
            return PixelSource(stream, 0, stream.size)
        if isinstance(value, (bytes, bytearray, memoryview)):
            return PixelSource.of(value)
        raise ArgumentTypeError("the pixel data of the dataset are neither bytes nor a file-like object")
    raise KeyError("PixelData")
