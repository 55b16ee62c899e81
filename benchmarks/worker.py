"""Run one workload on one side in this process and print the figures as JSON."""

from __future__ import annotations

import gc
import json
import resource
import sys
import threading
import time

from benchmarks.reports import all_reports
from benchmarks.workloads import Side, all_workloads


def _resident() -> int:
    """Resident memory in kB, now; without pages of mapped files, which the system drops when it likes."""
    with open("/proc/self/statm") as file:
        resident, shared = map(int, file.read().split()[1:3])
    return (resident - shared) * resource.getpagesize() // 1024


class _Peak(threading.Thread):
    """Highest resident memory while the measured part runs (the maximum since start would count preparation)."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak = _resident()
        self.done = threading.Event()

    def run(self) -> None:
        while not self.done.wait(0.002):
            self.peak = max(self.peak, _resident())


def main() -> None:
    """Measure CPU time, wall time and memory over what was there before."""
    name, which = sys.argv[1:3]
    workload = next(w for w in all_workloads() + all_reports() if w.name == name)
    side = Side(which)
    given = workload.prepare(side)
    gc.collect()  # what imports and preparation left behind is not the measured part's to collect
    before = _resident()
    watch = _Peak()
    watch.start()
    cpu, wall = time.process_time(), time.perf_counter()
    made = workload.measured(side, given)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    watch.done.set()
    watch.join()
    peak = max(watch.peak, _resident())
    print(
        json.dumps(
            {
                "cpu": cpu,
                "wall": wall,
                "extra_mb": (peak - before) / 1024,
                "peak_mb": peak / 1024,
                "digest": workload.digest(side, made),
            }
        )
    )


if __name__ == "__main__":
    main()
