"""Start Orthanc, store files in it by STOW-RS, fetch them by WADO-RS, stop it. Prints JSON.

Run as a program: ``orthanc_exchange.py ORTHANC FOLDER FILE...``. The answer has ``stored`` (what QIDO-RS counts) and
for each file in ``files`` whether the bytes that came back are ``identical``, and its ``first`` and ``last`` frame as
hexadecimal digits; an ``error`` instead where the server refuses. The server refuses whoever is not on this machine
or has not the password, and lives as long as this program.
"""

from __future__ import annotations

import base64
import fcntl
import json
import os
import re
import secrets
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pydicom

_PLUGINS = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
_BOUNDARY = "a-boundary-that-no-object-holds"
_OPENER = build_opener(ProxyHandler({}))


class Server:
    """Orthanc, answering on one port of the loopback interface: ``root`` its address, ``login`` what lets one in."""

    def __init__(self, program: str, folder: Path) -> None:
        with suppress(
            OSError
        ):  # a new network has its loopback interface down; elsewhere this is not allowed
            _raise_loopback()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        password = secrets.token_hex(16)
        configuration = {
            "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
            "HttpPort": port, "RemoteAccessAllowed": False, "HttpBindAddresses": ["127.0.0.1"],
            "AuthenticationEnabled": True, "RegisteredUsers": {"test": password},
            "DicomServerEnabled": False, "Plugins": [_PLUGINS],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }  # fmt: skip
        file = folder / "orthanc.json"
        file.write_text(json.dumps(configuration), encoding="utf-8")
        self.root = f"http://127.0.0.1:{port}"
        self.login = "Basic " + base64.b64encode(f"test:{password}".encode()).decode()
        self._log = folder / "orthanc.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen([program, str(file)], stdout=log, stderr=subprocess.STDOUT)

    def __enter__(self) -> Server:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError):
                self.ask("/system")
                return self
            time.sleep(0.05)
        self.__exit__()
        raise SystemExit("Orthanc does not start:\n" + self._log.read_text(errors="replace")[-2000:])

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def ask(
        self, path: str, body: bytes | None = None, *, method: str | None = None, **headers: str
    ) -> tuple[bytes, str]:
        """Content and its type; names of headers with _ for -."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(self.root + path, body, {"Authorization": self.login, **named}, method=method)
        with _OPENER.open(request, timeout=30) as answer:
            return answer.read(), answer.headers.get("Content-Type", "")

    def store(self, content: bytes) -> None:
        """STOW-RS (PS3.18 10.5)."""
        head = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
        kind = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
        tail = f"\r\n--{_BOUNDARY}--\r\n".encode()
        answer, _ = self.ask(
            "/dicom-web/studies", head + content + tail, Content_Type=kind, Accept="application/dicom+json"
        )
        if "00081199" not in json.loads(answer):  # Referenced SOP Sequence: what was stored
            raise ValueError(f"not stored: {answer[:500]!r}")

    def clear(self) -> None:
        """Forget everything that was stored."""
        for patient in json.loads(self.ask("/patients")[0]):
            self.ask(f"/patients/{patient}", method="DELETE")

    def fetch(self, path: str, kind: str) -> bytes:
        """The first part of a WADO-RS answer (PS3.18 10.4), as it is stored."""
        answer, content_type = self.ask(path, Accept=f'multipart/related; type="{kind}"; transfer-syntax=*')
        found = re.search(r'boundary="?([^";]+)', content_type)
        if found is None:
            raise ValueError(f"not multipart: {content_type}")
        delimiter = b"--" + found[1].encode()
        start = answer.index(b"\r\n\r\n", answer.index(delimiter)) + 4
        return answer[start : answer.rindex(b"\r\n" + delimiter + b"--")]


def _raise_loopback() -> None:
    set_flags, up_and_running = 0x8914, 0x1 | 0x40
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, set_flags, struct.pack("16sh", b"lo", up_and_running))


def _exchange(server: Server, file: Path) -> Mapping[str, Any]:
    content = file.read_bytes()
    head = pydicom.dcmread(file, stop_before_pixels=True)
    path = (
        f"/dicom-web/studies/{head.StudyInstanceUID}/series/{head.SeriesInstanceUID}"
        f"/instances/{head.SOPInstanceUID}"
    )
    answer: dict[str, Any] = {}
    try:
        server.store(content)
        answer["identical"] = server.fetch(path, "application/dicom") == content
        for name, number in (("first", 1), ("last", int(head.get("NumberOfFrames", 1)))):
            answer[name] = server.fetch(f"{path}/frames/{number}", "application/octet-stream").hex()
    except HTTPError as error:
        answer["error"] = f"{error} {error.read()[:300].decode('utf-8', 'replace')}"
    except ValueError as error:
        answer["error"] = str(error)
    return answer


def main(program: str, folder: Path, files: list[Path]) -> None:
    """Exchange all files and print the answers."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    os.umask(0o077)
    with Server(program, folder) as server:
        answers = [_exchange(server, file) for file in files]
        found, _ = server.ask("/dicom-web/instances", Accept="application/dicom+json")
    print(json.dumps({"stored": len(json.loads(found)), "files": answers}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), [Path(name) for name in sys.argv[3:]])
