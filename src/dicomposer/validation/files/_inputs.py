"""What there is to check under the paths that a caller names: files, folders, archives, streams."""

from __future__ import annotations

import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias

from dicomposer.errors import ArgumentTypeError, MissingFileError
from dicomposer.validation._findings import Level

__all__ = [
    "Entry",
    "PathLike",
    "Task",
    "archive_entries",
    "entries",
    "reason",
    "starts_archive",
    "zip_errors",
]

PathLike: TypeAlias = "str | os.PathLike[str]"
#: A file, or a member of an archive.
Task: TypeAlias = tuple[str, str | None]

#: Larger members of archives are refused: they are unpacked in memory.
MEMBER_LIMIT = 2 * 2**30
#: Deflate cannot pack tighter than 1 : 1032, the other methods have no such bound.
RATIO_LIMIT = 2000
_SMALL = 16 * 2**20
_END = 22  # bytes of the shortest archive

#: What zipfile raises on damaged, encrypted or exotic archives.
zip_errors = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    RuntimeError,
    NotImplementedError,
    ValueError,
    EOFError,
    OverflowError,
)


@dataclass(frozen=True, slots=True)
class Entry:
    """Something to check, to say something about, or to skip.

    Attributes
    ----------
    shown : str
        Its path in the report.
    named : bool
        Whether the caller named it.
    task : tuple, optional
        What to open: a path, and the member if it is an archive.
    stream : binary file-like, optional
        Or the stream to read.
    problem : str
        Or why it cannot be checked. Without task, stream and problem it is skipped.
    level : str
        Level of the problem.
    """

    shown: str
    named: bool = False
    task: Task | None = None
    stream: Any = None
    problem: str = ""
    level: Level = "error"


def entries(paths: Iterable[PathLike | BinaryIO] | PathLike | BinaryIO) -> Iterator[Entry]:
    """Everything under the paths, once.

    Raises
    ------
    MissingFileError
        If a path does not exist.
    ArgumentTypeError
        If one is neither a path nor a binary stream.
    """
    given = [paths] if isinstance(paths, (str, os.PathLike)) or hasattr(paths, "read") else list(paths)
    for one in given:
        if isinstance(one, (str, os.PathLike)):
            if not os.path.lexists(one):
                raise MissingFileError(f"no such file or folder: {os.fspath(one)}", one)
        elif not hasattr(one, "read"):
            raise ArgumentTypeError(f"cannot validate a {type(one).__name__}: give paths or binary streams")
    seen: set[str] = set()
    for one in given:
        if isinstance(one, (str, os.PathLike)):
            found = _under(os.fspath(one))
        else:
            name = getattr(one, "name", None)
            named = isinstance(name, str) and name[:1] != "<"  # standard input is "<stdin>"
            found = iter([Entry(str(name) if named else "-", True, stream=one)])
        for entry in found:
            key = "" if entry.task is None else os.path.abspath(entry.task[0]) + f"!{entry.task[1]}"
            if not key or key not in seen:
                yield entry
            seen.add(key)


def _under(path: str) -> Iterator[Entry]:
    """A path that the caller named."""
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            yield from _folder(path)
        elif not stat.S_ISREG(mode):
            yield Entry(path, True, problem="is not a regular file")
        elif _is_archive(path):
            yield from archive_entries(path, path, True)
        else:
            yield Entry(path, True, (path, None))
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        yield Entry(path, True, problem=f"cannot be opened: {reason(error)}")


def _folder(top: str) -> Iterator[Entry]:
    """Files of a folder and those below it, in the order of their names; links to folders are not followed."""
    waiting = [top]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as listing:
                found = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Entry(folder, problem=f"the folder cannot be listed: {reason(error)}")
            continue
        waiting += [entry.path for entry in reversed(found) if _is(entry, folder=True)]
        for entry in found:
            if _is(entry, folder=True):
                continue
            if not _is(entry, folder=False):
                yield Entry(entry.path)
            elif entry.name.lower().endswith(".zip") and _is_archive(entry.path):
                yield from archive_entries(entry.path, entry.path, False)
            else:
                yield Entry(entry.path, False, (entry.path, None))


def _is(entry: os.DirEntry[str], *, folder: bool) -> bool:
    """Whether it is a folder, but not by a link; or a file, by a link or not."""
    try:
        return entry.is_dir(follow_symlinks=False) if folder else entry.is_file()
    except OSError:  # a link to itself
        return False


def _is_archive(path: str) -> bool:
    """Tell a zip archive by its first bytes, a damaged one by its name."""
    try:
        with open(path, "rb") as file:
            head = file.read(132)
    except OSError:
        return False
    return starts_archive(head) or (path.lower().endswith(".zip") and head[128:] != b"DICM")


def starts_archive(head: bytes) -> bool:
    """Whether these are the first 132 bytes of a zip archive."""
    return head[:4] in (b"PK\3\4", b"PK\5\6", b"PK\7\x08") and head[128:132] != b"DICM"


def archive_entries(path: str, shown: str, named: bool) -> Iterator[Entry]:
    """Members of an archive; those that would not fit into memory with a problem."""
    try:
        with zipfile.ZipFile(path) as archive:
            listed = [one for one in archive.infolist() if not one.is_dir()]
        size = os.path.getsize(path)
    except OSError as error:
        yield Entry(shown, named, problem=f"cannot be opened: {reason(error)}")
        return
    except zip_errors:
        problem = "the archive is damaged: its list of members cannot be read"
        yield Entry(shown, named, problem=problem, level="error" if named else "warning")
        return
    if sum(one.compress_size for one in listed) > max(0, size - _END):
        yield Entry(shown, named, problem="the archive is refused: its members overlap, as in a zip bomb")
        return
    for one in listed:
        problem = _refusal(one)
        task = None if problem else (path, one.filename)
        yield Entry(f"{shown}!/{one.filename}", False, task, problem=problem)


def _refusal(member: zipfile.ZipInfo) -> str:
    """Why a member is not unpacked; "" if it is."""
    if member.flag_bits & 1:
        return "the member is encrypted"
    if member.file_size > _SMALL and member.file_size > RATIO_LIMIT * member.compress_size:
        return "the member is refused: it is packed as tightly as in a zip bomb"
    if member.file_size > MEMBER_LIMIT:
        return f"the member has {member.file_size / 2**30:.1f} GiB: unpack the archive to check it"
    return ""


def reason(error: Exception) -> str:
    """What went wrong, without the path, which the report has."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
