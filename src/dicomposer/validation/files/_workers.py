"""Processes that check files, one file at a time, and survive each other.

Not :mod:`concurrent.futures`: its processes run the caller's script again where they are spawned, and one that dies
takes the whole pool along without saying over what. Here a process is an interpreter that reads tasks from its
standard input and writes results to its standard output; a thread of the caller feeds it, and knows over which task
it died.
"""

from __future__ import annotations

import json
import os
import pickle
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from queue import Empty, Queue
from typing import Any, BinaryIO, Generic, Self, TypeVar

__all__ = ["Crash", "cores", "in_processes", "serve"]

T = TypeVar("T")
R = TypeVar("R")

_CHUNK = 8  # tasks that are handed over at once
_START = (
    "import sys, json; sys.path[:] = json.loads(sys.argv[1]); "
    "from dicomposer.validation.files._workers import serve; serve()"
)
_READY = b"ready"


class Crash:
    """The result of a task over which a process died.

    Parameters
    ----------
    how : str
        In words.
    """

    def __init__(self, how: str) -> None:
        self.how = how


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def in_processes(
    tasks: Sequence[T], work: Callable[[T], R], count: int, limit: float | None = None
) -> Iterator[tuple[int, R | Crash]]:
    """Do tasks in other processes, and give the number of each and its result as it is done.

    Parameters
    ----------
    tasks : Sequence
        Picklable.
    work : Callable
        Picklable. Where no process can be started it is called in this one.
    count : int
        How many processes.
    limit : float, optional
        Seconds for one task, after which its process is ended; not where no process can be started.
    """
    pool = _Pool(tasks, work, count, limit)
    try:
        yield from pool.results()
    finally:  # also of a caller who is interrupted
        pool.stop()


class _Pool(Generic[T, R]):
    """Threads with a process each, which take tasks from one list."""

    def __init__(self, tasks: Sequence[T], work: Callable[[T], R], count: int, limit: float | None) -> None:
        self._work = work
        self._limit = limit
        self._setup = pickle.dumps(work)
        self._total = len(tasks)
        self._tasks: Iterator[tuple[int, T]] = enumerate(tasks)
        self._lock = threading.Lock()
        self._here = threading.Lock()  # where no process can be started
        self._results: Queue[tuple[int, R | Crash] | Exception] = Queue()
        self._stopped = False
        self._processes: list[subprocess.Popen[bytes]] = []
        self._threads = [threading.Thread(target=self._drive, daemon=True) for _ in range(count)]

    def results(self) -> Iterator[tuple[int, R | Crash]]:
        """Results as they come."""
        for thread in self._threads:
            thread.start()
        done = 0
        while done < self._total:
            try:
                result = self._results.get(timeout=0.5)  # without a limit, Ctrl-C waits on Windows
            except Empty:
                continue
            if isinstance(result, Exception):
                raise result
            yield result
            done += 1

    def stop(self) -> None:
        """End all processes and threads."""
        with self._lock:
            self._stopped = True
            self._tasks = iter(())
            for process in self._processes:
                process.kill()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def _drive(self) -> None:
        """Feed one process, and its successors if it dies."""
        process: subprocess.Popen[bytes] | None = None
        try:
            while chunk := self._take():
                while chunk:
                    process = process or self._start()
                    if process is None:
                        chunk = self._alone(chunk)
                    else:
                        chunk = self._hand_over(process, chunk)
                        process = process if process.poll() is None else None
        except Exception as error:  # noqa: BLE001 - raised again where the results are taken
            self._results.put(error)
        finally:
            if process is not None:
                _end(process)

    def _take(self) -> list[tuple[int, T]]:
        with self._lock:
            return list(islice(self._tasks, _CHUNK))

    def _start(self) -> subprocess.Popen[bytes] | None:
        """A process that is ready, or None where there can be none."""
        if not sys.executable or getattr(sys, "frozen", False):
            return None
        with self._lock:
            if self._stopped:
                return None
            try:
                process = subprocess.Popen(
                    [sys.executable, "-c", _START, json.dumps(sys.path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,  # Ctrl-C is for us, who end the process
                    creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
                )
            except OSError:
                return None
            self._processes.append(process)
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(self._setup)
            process.stdin.flush()
            ready = process.stdout.read(len(_READY)) == _READY
        except OSError:
            ready = False
        if not ready:
            _end(process)
            return None
        return process

    def _alone(self, chunk: list[tuple[int, T]]) -> list[tuple[int, T]]:
        """Do a chunk in this process."""
        with self._here:
            for index, task in chunk:
                if self._stopped:
                    break
                self._results.put((index, self._work(task)))
        return []

    def _hand_over(self, process: subprocess.Popen[bytes], chunk: list[tuple[int, T]]) -> list[tuple[int, T]]:
        """Let a process do a chunk; what is left when it died."""
        assert process.stdin is not None and process.stdout is not None
        with suppress(OSError):  # it died in between: the first task will tell
            pickle.dump([task for _, task in chunk], process.stdin, pickle.HIGHEST_PROTOCOL)
            process.stdin.flush()
        for number, (index, _) in enumerate(chunk, start=1):
            with _Alarm(process, self._limit) as alarm:
                try:
                    result = pickle.load(process.stdout)
                except (EOFError, OSError, pickle.UnpicklingError):
                    result = None
            if result is None:
                if self._stopped:
                    return []
                _end(process)
                how = f"no result after {self._limit:g} s" if alarm.rang else _how(process.returncode)
                self._results.put((index, Crash(how)))
                return chunk[number:]
            self._results.put((index, result[0]))
            if alarm.rang:  # at the last moment: the process is gone, the next task is not to blame
                _end(process)
                return chunk[number:]
        return []


class _Alarm:
    """Ends a process that takes too long.

    Parameters
    ----------
    process : subprocess.Popen
        The process.
    limit : float, optional
        Seconds; None for no limit.
    """

    def __init__(self, process: subprocess.Popen[bytes], limit: float | None) -> None:
        self.rang = False
        self._process = process
        self._timer = (
            None if limit is None else threading.Timer(min(limit, threading.TIMEOUT_MAX), self._ring)
        )

    def __enter__(self) -> Self:
        if self._timer is not None:
            self._timer.daemon = True
            self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()  # whether it rang is certain from here on

    def _ring(self) -> None:
        self.rang = True
        self._process.kill()


def _end(process: subprocess.Popen[bytes]) -> None:
    """Close the pipes of a process and wait until it has ended."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _how(status: int) -> str:
    if status < 0:
        with suppress(ValueError):
            return f"signal {signal.Signals(-status).name}"
    return f"exit status {status}"


def serve() -> None:
    """Do tasks from standard input until it ends; results go to standard output."""
    results: BinaryIO = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anyone prints must not get among the results
    tasks = sys.stdin.buffer
    warnings.simplefilter("ignore")
    work: Callable[[Any], Any] = pickle.load(tasks)
    results.write(_READY)
    results.flush()
    with suppress(EOFError, BrokenPipeError):
        while True:
            for task in pickle.load(tasks):
                pickle.dump((work(task),), results, pickle.HIGHEST_PROTOCOL)
                results.flush()
