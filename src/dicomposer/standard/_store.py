"""Reading the package data: deflated lines ``key <tab> JSON``, decoded when asked for.

`tools/tables` writes them. A list of attributes that occurs in several places (the items of every code
sequence) is one line in ``lists`` and becomes one tuple here, shared by all attributes that hold it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from functools import cache, cached_property
from importlib.resources import files
from threading import RLock
from typing import Any

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary
from pydicom.datadict import tag_for_keyword

from dicomposer.standard._condition import Condition, decode
from dicomposer.standard._model import (
    IOD,
    Attribute,
    ContextBinding,
    DictionaryEntry,
    FunctionalGroupUsage,
    Module,
    ModuleUsage,
    ValueRule,
)


class Lines:
    """One data file: key -> undecoded JSON."""

    def __init__(self, name: str) -> None:
        packed = files("dicomposer.standard").joinpath("data", name + ".z").read_bytes()
        pairs = (line.partition("\t") for line in zlib.decompress(packed).decode("utf-8").splitlines())
        self._lines = {key: value for key, _, value in pairs}

    def __contains__(self, key: object) -> bool:
        return key in self._lines

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __getitem__(self, key: str) -> Any:
        return json.loads(self._lines[key])


#: What is left out at the end of a row.
_EMPTY = [""] * 8


@cache
def _range(count: str) -> tuple[int, int | None]:
    """Fewest and most of "1", "0-1" or "2-n"."""
    low, _, high = count.partition("-")
    return int(low), None if high == "n" else int(high or low)


class Store:
    """Facts decoded so far. All methods may be called from several threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._files: dict[str, Lines] = {}
        self._lists: dict[str, tuple[Attribute, ...]] = {}
        self._conditions: dict[str, Condition] = {}
        self._values: dict[str, tuple[ValueRule, ...]] = {}
        self._contexts: dict[str, tuple[ContextBinding, ...]] = {}
        self._modules: dict[str, Module] = {}
        self._root: frozenset[str] = frozenset()
        self._nested: frozenset[str] = frozenset()
        self._iods: dict[str, IOD] = {}
        self._entries: dict[int | str, DictionaryEntry] = {}

    def lines(self, name: str) -> Lines:
        """The data file `name`, read at its first use."""
        with self._lock:
            if name not in self._files:
                self._files[name] = Lines(name)
            return self._files[name]

    @cached_property
    def edition(self) -> str:
        """Edition of the structure: modules, nesting, types."""
        return str(self.lines("iods")["@edition"])

    def iod(self, key: str) -> IOD:
        """The IOD `key`; KeyError if there is none."""
        with self._lock:
            if key not in self._iods:
                self._iods[key] = self._build_iod(key)
            return self._iods[key]

    def module(self, key: str) -> Module:
        """The module `key`; KeyError if there is none."""
        with self._lock:
            if key not in self._modules:
                name, section, rows = self.lines("modules")[key]
                self._modules[key] = Module(key, name, section, self._attributes(rows), self.edition)
            return self._modules[key]

    def root_keywords(self) -> frozenset[str]:
        """Keywords that stand outside sequences in some module; cheap, nothing else is decoded."""
        with self._lock:
            if not self._root:
                modules = self.lines("modules")
                self._root = frozenset(row[0] for key in modules for row in modules[key][2])
            return self._root

    def nested_keywords(self) -> frozenset[str]:
        """Keywords that stand in items of sequences."""
        with self._lock:
            if not self._nested:
                lists = self.lines("lists")
                self._nested = frozenset(row[0] for key in lists for row in lists[key])
            return self._nested

    def _build_iod(self, key: str) -> IOD:
        if key.startswith("@"):
            raise KeyError(key)
        name, section, modules, groups = self.lines("iods")[key]
        usages = tuple(
            ModuleUsage(self.module(module), usage, self._condition(condition), entity)
            for module, usage, condition, entity in modules
        )
        macros = tuple(
            FunctionalGroupUsage(
                macro, self._attributes([row])[0], usage, self._condition(condition), placement, where
            )
            for macro, row, usage, condition, placement, where in groups
        )
        return IOD(key, name, section, usages, macros, self.edition)

    def _attributes(self, rows: list[list[Any]]) -> tuple[Attribute, ...]:
        return tuple(map(self._attribute, rows))

    def _attribute(self, row: list[Any]) -> Attribute:
        keyword, kind, section, condition, values, items, count, contexts = row + _EMPTY[len(row) :]
        entry = self.entry(keyword)
        return Attribute(
            tag=entry.tag,
            keyword=keyword,
            vr=entry.vr,
            vm=entry.vm,
            type=kind,
            condition=self._condition(condition),
            values=self._rules(values),
            items=self._list(items),
            edition=self.edition,
            section=section,
            item_count=_range(count) if count else None,
            context_groups=self._bindings(contexts) if contexts else (),
        )

    def _list(self, key: str) -> tuple[Attribute, ...]:
        if not key:
            return ()
        if key not in self._lists:
            self._lists[key] = self._attributes(self.lines("lists")[key])
        return self._lists[key]

    def _condition(self, key: str) -> Condition | None:
        if not key:
            return None
        if key not in self._conditions:
            predicate, otherwise, edition = self.lines("conditions")[key]
            self._conditions[key] = Condition(
                decode(predicate), otherwise if isinstance(otherwise, bool) else decode(otherwise), edition
            )
        return self._conditions[key]

    def _rules(self, key: str) -> tuple[ValueRule, ...]:
        if not key:
            return ()
        if key not in self._values:
            self._values[key] = tuple(
                ValueRule(kind, frozenset(values), index, self._condition(condition), edition, section)
                for kind, values, index, condition, edition, section in self.lines("values")[key]
            )
        return self._values[key]

    def _bindings(self, key: str) -> tuple[ContextBinding, ...]:
        if key not in self._contexts:
            self._contexts[key] = tuple(
                ContextBinding(cid, strength, self._condition(condition), edition, section)
                for cid, strength, condition, edition, section in self.lines("contexts")[key]
            )
        return self._contexts[key]

    def entry(self, key: int | str) -> DictionaryEntry:
        """Dictionary facts by tag or keyword; KeyError if unknown."""
        with self._lock:
            if not self._entries:
                self._fill_entries()
            if key not in self._entries:
                tag = tag_for_keyword(key) if isinstance(key, str) else key
                if tag is None or tag not in DicomDictionary:
                    raise KeyError(key)
                vr, vm, name, retired, keyword = DicomDictionary[tag]
                entry = DictionaryEntry(tag, keyword, name, vr, vm, bool(retired))
                self._entries[tag] = entry
                if keyword:  # a few retired ones have none
                    self._entries[keyword] = entry
            return self._entries[key]

    def _fill_entries(self) -> None:
        # pydicom's dictionary is the base, and is asked when needed; our lines add to it and correct it
        for mask, (vr, vm, name, retired, keyword) in RepeatersDictionary.items():
            tag = int(mask.replace("x", "0"), 16)
            entry = DictionaryEntry(tag, keyword, name, vr, vm, bool(retired))
            self._entries[tag] = self._entries[keyword] = entry
        lines = self.lines("dictionary")
        for keyword in lines:
            tag, name, vr, vm, is_retired = lines[keyword]
            entry = DictionaryEntry(tag, keyword, name, vr, vm, bool(is_retired))
            self._entries[tag] = self._entries[keyword] = entry


STORE = Store()
