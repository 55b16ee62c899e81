"""Packages that load their modules when a name of theirs is first used (PEP 562).

A package whose modules are seldom all needed says where its names are. Type checkers see the imports instead;
``tests/test_architecture.py`` holds the two together::

    if TYPE_CHECKING:
        from dicomposer.standard._codes import code, codes
    else:
        __getattr__, __dir__ = lazy_names(__name__, {"_codes": "code codes"})
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["lazy_names"]


def lazy_names(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    homes : Mapping[str, str]
        Module -> public names that are found there, separated by spaces: below the package, or elsewhere if it is
        the full name of a module of this library. With the key "", further modules that are public themselves.

    Returns
    -------
    __getattr__, __dir__ : callable
        The first fetches a public name, once; the second lists what the package has in ``__all__``.
    """
    library = __name__.partition(".")[0] + "."
    # A module without an underscore is there too, as if it had been imported: ``seg.content`` beside its names
    home_of = {home: package for home in homes if home[:1] not in ("", "_") and "." not in home}
    home_of |= {
        name: home if home.startswith(library) else f"{package}.{home}".rstrip(".")
        for home, names in homes.items()
        for name in names.split()
    }

    def fetch(name: str) -> Any:
        if name not in home_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        home = home_of[name]
        value = import_module(f"{home}.{name}") if home == package else getattr(import_module(home), name)
        setattr(sys.modules[package], name, value)
        return value

    def listed() -> list[str]:
        return sorted(sys.modules[package].__all__)  # what came along on the way is not ours to offer

    return fetch, listed
