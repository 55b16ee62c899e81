"""``dicomposer select``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dicomposer import api
from dicomposer.cli._report import Job, written


def run(images: list[Path], job: Job, options: Mapping[str, Any], *, as_json: bool) -> None:
    """Flag images as key objects; of folders the files in them, as :func:`dicomposer.select` takes one."""
    job.check()
    files = [
        file
        for path in images
        for file in (sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path])
    ]
    written(api.select(files, **options), job, as_json=as_json)
