"""The one place where UIDs and times are made, both of which a caller can replace."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from typing import Self, cast
from uuid import UUID, uuid4

import pydicom.uid

from dicomposer.coding._text import check_text
from dicomposer.errors import ArgumentError, ArgumentTypeError

UIDSource = Callable[[], str]
"""Returns another UID at each call."""
Clock = Callable[[], datetime]
"""Returns the present moment."""

_UUID_ROOT = "2.25."
"""The arc under which every UUID is a UID, with no registration (PS3.5 B.2)."""


def _random_uid() -> str:
    return f"{_UUID_ROOT}{uuid4().int}"


def _wall_clock() -> datetime:
    return datetime.now().astimezone()


# context variables, so that a test or a thread can have its own source without disturbing others
_uid_source: ContextVar[UIDSource] = ContextVar("dicomposer_uid_source", default=_random_uid)
_clock: ContextVar[Clock] = ContextVar("dicomposer_clock", default=_wall_clock)


class UID(pydicom.uid.UID):
    """A unique identifier.

    ``UID()`` makes a new one; ``UID("1.2.3")`` is that one, unchecked as in pydicom: see :func:`check_uid`.

    Parameters
    ----------
    value : str | None
        The identifier; None for a new one (see :func:`injected`).
    validation_mode : int | None
        As in :class:`pydicom.uid.UID`.
    """

    def __new__(cls, value: str | None = None, validation_mode: int | None = None) -> Self:
        """Make a new identifier, or take the given one."""
        text = _uid_source.get()() if value is None else value
        return cast("Self", super().__new__(cls, text, validation_mode))

    @classmethod
    def from_uuid(cls, uuid: str) -> Self:
        """Return the identifier of a UUID in text form (PS3.5 B.2).

        Raises
        ------
        ArgumentError
            If `uuid` is not the text of a UUID.
        """
        try:
            return cls(f"{_UUID_ROOT}{UUID(str(uuid)).int}")
        except ValueError as error:
            raise ArgumentError("not the text of a UUID") from error


def new_uid() -> UID:
    """Return a new identifier from the source in force."""
    return UID()


def check_uid(value: object, name: str) -> UID:
    """Return `value` as an identifier, or raise unless it is legal: numbers and dots, up to 64."""
    return UID(check_text(value, "UI", name))


def now() -> datetime:
    """Return the present moment, with its time zone, from the clock in force."""
    return _clock.get()()


@contextmanager
def injected(*, uid_source: UIDSource | None = None, clock: Clock | None = None) -> Iterator[None]:
    """Replace the source of identifiers, the clock or both within a ``with`` block.

    The replacement holds for the current context (thread or task) only.

    Parameters
    ----------
    uid_source : Callable[[], str] | None
        Called for each new identifier, for example :func:`counted_uids`.
    clock : Callable[[], datetime] | None
        Called for the present moment.

    Examples
    --------
    >>> with injected(uid_source=counted_uids("golden"), clock=lambda: datetime(2024, 5, 17)):
    ...     uid = new_uid()
    """
    for replacement in (uid_source, clock):
        if replacement is not None and not callable(replacement):
            raise ArgumentTypeError("a source of identifiers and a clock must be callable")
    uids = None if uid_source is None else _uid_source.set(uid_source)
    moment = None if clock is None else _clock.set(clock)
    try:
        yield
    finally:
        if uids is not None:
            _uid_source.reset(uids)
        if moment is not None:
            _clock.reset(moment)


def counted_uids(seed: str) -> UIDSource:
    """Return a source that gives the same identifiers, in the same order, for the same seed."""
    number = 0

    def source() -> str:
        nonlocal number
        number += 1
        return derived_uid(seed, str(number))

    return source


def derived_uid(*parts: str) -> UID:
    """Return the identifier that belongs to these texts: always the same one, and another for other texts."""
    digest = hashlib.sha256("\0".join(parts).encode()).digest()[:16]
    # version 8 of RFC 9562: a UUID by a scheme of one's own
    return UID(f"{_UUID_ROOT}{_stamped(digest).int}")


def _stamped(digest: bytes) -> UUID:
    number = int.from_bytes(digest, "big")
    number = number & ~(0xF << 76) | 8 << 76
    return UUID(int=number & ~(0x3 << 62) | 2 << 62)
