"""One Orthanc, one browser, one object after the other: ``python -m tools.viewers.session ORDERS.json``.

The orders are {"dist", "chromium", "orthanc", "node", "folder", "jobs": [{"files", "study", "series", ...}]}; one line
of JSON is printed for the browser and one for each job (those of ``ohif.mjs``). It is a program of its own so that it
can run in a network without a way out.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "helpers"))

from orthanc_exchange import Server  # noqa: E402  (needs the path above)


def main(orders: Mapping[str, Any]) -> int:
    """Store, open, print, forget; the status of the browser's driver."""
    with Server(orders["orthanc"], Path(orders["folder"])) as server:
        command = [orders["node"], "ohif.mjs", orders["dist"], orders["chromium"], server.root, server.login]
        here = Path(__file__).parent
        driver = subprocess.Popen(
            command, cwd=here, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )
        assert driver.stdin is not None and driver.stdout is not None
        try:
            print(driver.stdout.readline(), end="", flush=True)
            for job in orders["jobs"]:
                server.clear()
                for file in job["files"]:
                    server.store(Path(file).read_bytes())
                driver.stdin.write(json.dumps(job) + "\n")
                driver.stdin.flush()
                print(driver.stdout.readline(), end="", flush=True)
            driver.stdin.close()
            return driver.wait(60)
        finally:
            driver.kill()


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
