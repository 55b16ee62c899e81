"""Codes and templates together: the lines of the data files below ``terms``."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.tables import codes
from tools.tables.debian import PIXELMED
from tools.tables.templates import Templates

_FILES = [
    f"com/pixelmed/validate/{name}.xml"
    for name in ("standardcontextgroups", "extendedcontextgroups", "DicomSRDescriptionsSource")
]


def build(documents: list[bytes] | None = None) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """Data files by name, and counts of what was changed or could not be taken over."""
    standard, private, reports = documents or PIXELMED.members(*_FILES)
    groups = codes.groups(standard)
    reader = Templates(reports, codes.groups(private), codes.dictionary(groups, []))
    templates = reader.build()
    files: dict[str, dict[str, Any]] = {
        "groups": {"@edition": PIXELMED.edition, **groups},
        "codes": codes.dictionary(groups, reader.codes),
        "templates": {"@edition": PIXELMED.edition, **templates},
        "twins": {
            "SRT": codes.twins(standard),
            "SCT": [[old, old, new] for old, new in codes.SUPERSEDED.items()],
        },
    }
    return files, dict(reader.counts)


def update(folder: Path, render: Callable[[dict[str, Any]], str], *, write: bool) -> bool:
    """True if a data file in `folder` differs from what the sources yield; it is written if `write`."""
    files, counts = build()
    changed = {}
    for name, lines in files.items():
        path, text = folder / f"{name}.z", render(lines)
        before = zlib.decompress(path.read_bytes()).decode("utf-8") if path.exists() else ""
        if text != before:
            changed[name] = len(set(text.splitlines()) ^ set(before.splitlines()))
            if write:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_bytes(zlib.compress(text.encode("utf-8"), 9))
    print("terms:", {name: len(lines) for name, lines in files.items()}, counts, "changed lines:", changed)
    return bool(changed)
