"""What all commands share: where they print, how they fail, how they show that they are at work."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer
from rich.console import Console
from rich.markup import escape
from typer.core import TyperGroup

from dicomposer.errors import ConformanceError, DicomposerError, TerminologyError

# Messages speak to callers of the library; here its keywords are options.
_OPTIONS = {
    "source_series=": "--series",
    "algorithm_type=": "--algorithm-type",
    "algorithm=": "--algorithm",
    "segmentation_type=": "--type",
    "segments=": "--segment or --label",
    "order=": "--order",
}


def out() -> Console:
    """The console for results; looked up at every call, since tests exchange the streams."""
    return Console(highlight=False)


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
            try:
                return super().invoke(ctx)
            except (DicomposerError, OSError) as error:
                _explain(error)
                raise typer.Exit(1) from None


def _explain(error: Exception) -> None:
    console = err()
    message = str(error)
    for keyword, option in _OPTIONS.items():
        message = re.sub(rf"\b{keyword}", option + " ", message).replace(option + "  ", option + " ")
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
