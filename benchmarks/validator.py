"""What the validator takes, and how reports grow: ours alone, since peers do not check.

Run as ``python -m benchmarks.validator``; every figure is CPU time in this process unless it says otherwise, the least
of several runs.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.data import get_testdata_file

from benchmarks.reports import made, uid_of
from benchmarks.workloads import Side, ct_series, organs

_FIRST_USE = """
import time
from dicomposer.standard import iod as iod_of  # the module; its tables come with the first question
from dicomposer.validation import validate
start = time.process_time()
iod = iod_of("1.2.840.10008.5.1.4.1.1.66.4")
[one for usage in iod.modules for one in usage.module.attributes]
print(time.process_time() - start)
"""


def _least(measured: Callable[[], Any], runs: int = 5) -> float:
    measured()
    found = []
    for _ in range(runs):
        start = time.process_time()
        measured()
        found.append(time.process_time() - start)
    return min(found)


def _line(what: str, seconds: float, target: float) -> str:
    mark = "" if seconds <= target else " **above**"
    return f"- {what}: {seconds * 1000:.1f} ms (target: below {target * 1000:.0f} ms{mark})"


def first_use() -> float:
    """CPU time of the tables of one IOD, in a fresh process."""
    run = [sys.executable, "-c", _FIRST_USE]
    return min(
        float(subprocess.run(run, capture_output=True, text=True, check=True).stdout) for _ in range(3)
    )


def _folder(files: int) -> str:
    """A folder of slices: files per second on all cores, and what reading their bytes takes."""
    from dicomposer import Volume  # noqa: F401  # both sides of the comparison start with the library loaded
    from dicomposer.validation import validate_files

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number, slice_ in enumerate(ct_series(files)):
            slice_.PixelData = np.zeros((512, 512), np.int16).tobytes()
            slice_.save_as(folder / f"{number:04}.dcm", enforce_file_format=True)
        paths = sorted(folder.iterdir())
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(Path.read_bytes, paths))
            start = time.perf_counter()
            list(pool.map(Path.read_bytes, paths))
            reading = time.perf_counter() - start
        start = time.perf_counter()
        report = validate_files([folder])
        wall = time.perf_counter() - start
    assert len(report) == files
    return (
        f"- folder of {files} CT slices of 512 KiB, {os.cpu_count()} cores: {files / wall:.0f} files/s "
        f"(reading their bytes, from the cache: {files / reading:.0f} files/s)"
    )


def validator_lines() -> list[str]:
    """Figures of the validator."""
    from dicomposer.validation import validate

    ours = Side("ours")
    slice_ = get_testdata_file("CT_small.dcm")
    lines = [_line("CT slice, from a file", _least(lambda: validate(slice_), 20), 0.005)]
    for planes, what, target in ((400, "7,666", 0.03), (520, "about 10,000", 0.5)):
        seg = ours.segmentation(ct_series(planes), organs(planes, 100), "BINARY", 100)
        lines.append(_line(f"SEG BINARY, {what} frames", _least(lambda seg=seg: validate(seg)), target))
    document = made(ours, ct_series(20), 1000)
    lines.append(_line("SR of 1,000 groups", _least(lambda: validate(document)), 0.2))
    lines.append(_line("first use of the tables of an IOD (Segmentation)", first_use(), 0.03))
    lines.append(_folder(400))
    return lines


def growth_lines() -> list[str]:
    """Reports of 1,000 to 10,000 groups: milliseconds per 1,000 groups, which linear growth keeps the same."""
    import io

    ours, sources, lines = Side("ours"), ct_series(20), []
    ours.saved(made(ours, sources, 3))
    for count in (1000, 5000, 10_000):
        start = time.process_time()
        data = ours.saved(made(ours, sources, count))
        create = time.process_time() - start
        start = time.process_time()
        groups = ours.lib.sr.srread(io.BytesIO(data)).content.get_planar_roi_measurement_groups()
        read = time.process_time() - start
        assert len(groups) == count
        report = ours.lib.sr.srread(io.BytesIO(data)).content
        start = time.process_time()
        assert len(report.get_planar_roi_measurement_groups(tracking_uid=uid_of(count // 2))) == 1
        one = time.process_time() - start
        per = 1000 / count * 1000
        lines.append(
            f"- {count:,} groups: create + save {create:.2f} s ({create * per:.0f} ms per 1,000), open + all groups "
            f"{read:.2f} s ({read * per:.0f}), one by tracking UID {one * 1000:.1f} ms ({one * per:.1f})"
        )
        del groups, report
    return lines


def main() -> None:
    """Print the figures."""
    print("\n".join([*validator_lines(), "", *growth_lines()]), flush=True)


if __name__ == "__main__":
    main()
