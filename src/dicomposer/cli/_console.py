"""What all commands share: where they print, how they fail, how they show that they are at work."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any, cast

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from dicomposer.cli._wording import for_the_command_line
from dicomposer.errors import ConformanceError, DicomposerError, EmptySegmentWarning, TerminologyError

_UNFOLDED = 100_000  # columns: wider than any record


def out() -> Console:
    """The console for results; looked up at every call, since tests exchange the streams.

    What goes into a file or another program has one record a line: nothing is folded, and nothing padded.
    """
    console = Console(highlight=False)
    if console.is_terminal:
        return console
    return Console(highlight=False, width=_UNFOLDED, file=cast("IO[str]", _Unpadded(sys.stdout)))


class _Unpadded:
    """A stream whose lines do not end in spaces."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        return self._stream.write(re.sub(r" +(?=\n|$)", "", text))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def err() -> Console:
    """The console for progress and errors."""
    return Console(stderr=True, highlight=False)


class CommandGroup(TyperGroup):
    """Prints the errors that we raise on purpose as one clean message, and leaves with status 1."""

    def invoke(self, ctx: Any) -> Any:
        """Run a command."""
        if ctx.params.get("debug"):
            return super().invoke(ctx)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what pydicom says about odd values; `validate` says it better
            warnings.simplefilter("always", EmptySegmentWarning)
            warnings.showwarning = _warn
            try:
                return super().invoke(ctx)
            except (DicomposerError, OSError) as error:
                _explain(error)
                raise typer.Exit(1) from None


def _warn(message: Warning | str, *_: Any, **__: Any) -> None:
    err().print(f"[yellow]warning:[/] {escape(for_the_command_line(str(message)))}", soft_wrap=True)


def _explain(error: Exception) -> None:
    console = err()
    message = for_the_command_line(str(error))
    if isinstance(error, OSError) and not isinstance(error, DicomposerError) and error.strerror:
        message = f"{error.filename}: {error.strerror.lower()}" if error.filename else error.strerror
    console.print(f"[bold red]error:[/] {escape(message)}", soft_wrap=True)
    if isinstance(error, TerminologyError) and error.suggestions and error.suggestions[0] not in message:
        console.print(f"did you mean: {escape(', '.join(error.suggestions[:5]))}", soft_wrap=True)
    if isinstance(error, ConformanceError):
        for finding in error.findings[:20]:
            console.print(f"  {escape(str(finding))}", soft_wrap=True)


@contextmanager
def working(what: str, *, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """Show that something is under way; the value takes (done, all) where that is known."""
    console = err()
    if quiet or not console.is_terminal:
        yield _unseen
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=28),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def _unseen(done: int, total: int) -> None:
    """Progress that nobody watches."""
