"""``dicomposer select``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dicomposer import api
from dicomposer.cli._report import Job, written


def run(images: list[Path], job: Job, options: Mapping[str, Any], *, as_json: bool) -> None:
    """Flag images as key objects."""
    job.check()
    written(api.select(images, **options), job, as_json=as_json)
