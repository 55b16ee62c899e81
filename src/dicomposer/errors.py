"""Every exception that dicomposer raises on purpose.

Each is also one of Python's own kinds, so that ``except ValueError`` keeps working::

    DicomposerError
    ├── ArgumentError (ValueError)          an argument's value cannot be used
    │   ├── GeometryError                   positions, orientations or grids do not fit
    │   ├── SelectionError (IndexError)     a number or name that selects nothing
    │   ├── TerminologyError                a name or code that is not known
    │   ├── UnsupportedError                a legal request that cannot be met (syntax, combination)
    │   └── ConformanceError                the object would break the standard; carries findings
    ├── ArgumentTypeError (TypeError)       an argument of the wrong type
    ├── MissingAttributeError (AttributeError)  an object given lacks an attribute that is needed
    ├── DamagedFileError (ValueError)       bytes that do not hold together
    │   ├── NotDicomError                   not a DICOM file at all
    │   ├── TruncatedError                  the bytes end too early
    │   └── CodecError                      a compressed frame that cannot be decoded
    ├── MissingDependencyError (ImportError)  an optional package is needed
    ├── MissingFileError (FileNotFoundError)  there is no such file or folder
    ├── NotAFileError (IsADirectoryError)     a folder where a file is needed
    └── UnavailableError (OSError)          something outside this machine cannot be reached

    EmptySegmentWarning (UserWarning)       a segment of which the mask holds nothing

Messages give file positions, attribute names and figures of geometry, never values that identify a patient.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import os

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CodecError",
    "ConformanceError",
    "DamagedFileError",
    "DicomposerError",
    "EmptySegmentWarning",
    "GeometryError",
    "IndexingError",
    "MissingAttributeError",
    "MissingDependencyError",
    "MissingFileError",
    "NotAFileError",
    "NotDicomError",
    "OverlapError",
    "SelectionError",
    "TerminologyError",
    "TruncatedError",
    "UnavailableError",
    "UnsupportedError",
]


class DicomposerError(Exception):
    """Root of all exceptions raised by dicomposer."""


class ArgumentError(DicomposerError, ValueError):
    """An argument has a value that cannot be used."""


class ArgumentTypeError(DicomposerError, TypeError):
    """An argument is of the wrong type."""


class GeometryError(ArgumentError):
    """Positions, orientations, spacings or grids do not fit what was asked."""


class SelectionError(ArgumentError, IndexError):
    """A number or a name selects nothing: a frame, a transformation."""


class MissingAttributeError(DicomposerError, AttributeError):
    """A dataset or sequence that was given lacks an attribute that is needed."""


class TerminologyError(ArgumentError):
    """A name or a code that no table knows.

    Parameters
    ----------
    message : str
        What was not found.
    suggestions : Sequence[str]
        Near matches, best first.
    """

    def __init__(self, message: str, suggestions: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.suggestions = tuple(suggestions)


class UnsupportedError(ArgumentError):
    """The request is understood but cannot be met: a transfer syntax, a combination, a layout."""


class ConformanceError(ArgumentError):
    """The object would not conform to the standard.

    Parameters
    ----------
    message : str
        Summary for people.
    findings : Sequence[Any]
        The findings of :mod:`dicomposer.validation`, all of them.
    """

    def __init__(self, message: str, findings: Sequence[Any] = ()) -> None:
        super().__init__(message)
        self.findings = tuple(findings)


class DamagedFileError(DicomposerError, ValueError):
    """Bytes that do not hold together as DICOM.

    Parameters
    ----------
    message : str
        What does not hold.
    position : int, optional
        Offset in bytes from the start of the file or value.
    tag : int, optional
        The attribute concerned.
    """

    def __init__(self, message: str, *, position: int | None = None, tag: int | None = None) -> None:
        where = "" if tag is None else f" in ({tag >> 16:04X},{tag & 0xFFFF:04X})"
        where += "" if position is None else f" at byte {position}"
        super().__init__(message + where)
        self.position = position
        self.tag = tag


class NotDicomError(DamagedFileError):
    """The file is not DICOM."""


class TruncatedError(DamagedFileError):
    """The bytes end before the value that was announced."""


class CodecError(DamagedFileError):
    """A compressed frame cannot be decoded, or does not hold what its header says."""


class IndexingError(DicomposerError, RuntimeError):
    """The object does not hold what this way of reading it needs."""


class OverlapError(IndexingError, ValueError):
    """Segments overlap where a pixel can hold only one label."""


class MissingDependencyError(DicomposerError, ImportError):
    """A feature needs an optional package.

    Parameters
    ----------
    feature : str
        What was asked for, e.g. "reading NRRD files".
    package : str
        The package to install.
    extra : str
        The extra of dicomposer that brings it.
    """

    def __init__(self, feature: str, package: str, extra: str) -> None:
        super().__init__(f"{feature} needs {package}: pip install 'dicomposer[{extra}]'")
        self.package = package
        self.extra = extra


class MissingFileError(DicomposerError, FileNotFoundError):
    """There is no such file or folder.

    Parameters
    ----------
    message : str
        What is missing.
    filename : str or os.PathLike, optional
        Its path.
    """

    def __init__(self, message: str, filename: str | os.PathLike[str] | None = None) -> None:
        super().__init__(message)
        self.errno, self.filename = errno.ENOENT, filename

    def __str__(self) -> str:
        return str(self.args[0])  # OSError would put the number of the error in front


class NotAFileError(DicomposerError, IsADirectoryError):
    """A folder, where a file is needed.

    Parameters
    ----------
    message : str
        What is wrong.
    filename : str or os.PathLike, optional
        The path.
    """

    def __init__(self, message: str, filename: str | os.PathLike[str] | None = None) -> None:
        super().__init__(message)
        self.errno, self.filename = errno.EISDIR, filename

    def __str__(self) -> str:
        return str(self.args[0])


class EmptySegmentWarning(UserWarning):
    """A segment is described, but the mask holds no voxel of it."""


class UnavailableError(DicomposerError, OSError):
    """Something outside this machine, a package registry or an archive, cannot be reached or gives the wrong thing."""
