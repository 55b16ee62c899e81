"""Compare dicomposer with highdicom: the same objects in one run, a fresh process each, alternating.

What counts is the ratio of CPU times (peer / ours) after import and one warm-up, written into memory. Both sides must
hold the same pixels: their digests are compared.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.reports import all_reports
from benchmarks.workloads import Workload, all_workloads

ROOT = Path(__file__).parents[1]


def _measure(workload: Workload, side: str, kernels: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.worker", workload.name, side],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "DICOMPOSER_KERNELS": kernels},
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{workload.name} failed on side {side}:\n{done.stderr[-2000:]}")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


#: What is imported; packages load their modules with the first name that is used.
_IMPORTS = {
    "pydicom": "import pydicom",
    "dicomposer": "import dicomposer",
    "dicomposer.seg.Segmentation": "from dicomposer.seg import Segmentation",
    "dicomposer.sr.Comprehensive3DSR": "from dicomposer.sr import Comprehensive3DSR",
    "dicomposer.report": "from dicomposer import report",
    "highdicom": "import highdicom",
}


def _import_times(repeat: int) -> str:
    """CPU time of imports, each in a fresh process, from byte code as installed packages have it."""
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)

        def seconds(statement: str) -> float:
            code = f"import time; t = time.process_time(); {statement}; print(time.process_time() - t)"
            run = [sys.executable, "-c", code]
            runs = [
                float(subprocess.run(run, capture_output=True, text=True, check=True, env=environment).stdout)
                for _ in range(repeat + 1)
            ]
            return statistics.median(runs[1:])  # the first one compiles

        figures = {name: seconds(statement) for name, statement in _IMPORTS.items()}
    return ", ".join(f"{name} {s:.2f} s" for name, s in figures.items())


def _middle(runs: list[dict[str, float]], key: str) -> float:
    return statistics.median(run[key] for run in runs)


def _row(workload: Workload, kinds: list[str], repeat: int) -> list[str]:
    runs: dict[str, list[dict[str, float]]] = {"peer": [], **{k: [] for k in kinds}}
    for _ in range(repeat):
        for kind in kinds:
            runs[kind].append(_measure(workload, "ours", kind))
        runs["peer"].append(_measure(workload, "peer", "numpy"))
    digests = {run["digest"] for some in runs.values() for run in some}
    peer = _middle(runs["peer"], "cpu")
    cells = [workload.name, f"{peer:.3f}"]
    for i, kind in enumerate(kinds):
        ours = _middle(runs[kind], "cpu")
        ratio = peer / ours
        mark = "" if ratio >= workload.target[i] else " **below**"
        cells += [f"{ours:.3f}", f"{ratio:.1f}x / {workload.target[i]:g}x{mark}"]
    ours_wall, peer_wall = _middle(runs[kinds[-1]], "wall"), _middle(runs["peer"], "wall")
    cells.append(f"{ours_wall:.3f} / {peer_wall:.3f}")
    memory = f"{_middle(runs[kinds[0]], 'extra_mb'):.0f} / {_middle(runs['peer'], 'extra_mb'):.0f}"
    cells.append(memory + (f" (target: {workload.memory})" if workload.memory else ""))
    cells.append("equal" if len(digests) == 1 else "**DIFFERENT**")
    return cells


def main() -> None:
    """Print the table, in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="only rows whose name contains this")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--heavy", action="store_true", help="also rows that take minutes and gigabytes")
    parser.add_argument("--no-fast", action="store_true", help="leave out the compiled kernels")
    arguments = parser.parse_args()
    kinds = ["numpy"] if arguments.no_fast else ["numpy", "numba"]
    versions = ", ".join(f"{p} {importlib.metadata.version(p)}" for p in ("highdicom", "pydicom", "numpy"))
    print(
        f"{versions}, Python {sys.version.split()[0]}, {os.cpu_count()} cores; median of {arguments.repeat}\n"
    )
    if not arguments.only:
        print(f"CPU time of imports: {_import_times(arguments.repeat)}\n")
        print("Validation and growth, ours alone:\n")
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.validator"],
            capture_output=True,
            text=True,
            check=True,
            cwd=ROOT,
        )
        print(done.stdout)
    head = ["workload", "highdicom CPU s"]
    for kind in kinds:
        head += [f"ours ({kind}) CPU s", "ratio / target"]
    head += ["wall s ours / peer", "memory over input, MB, ours / peer", "pixels"]
    print("| " + " | ".join(head) + " |")
    print("|" + " --- |" * len(head), flush=True)
    for workload in all_workloads() + all_reports():
        if arguments.only.lower() in workload.name.lower() and (arguments.heavy or not workload.heavy):
            print("| " + " | ".join(_row(workload, kinds, arguments.repeat)) + " |", flush=True)


if __name__ == "__main__":
    main()
