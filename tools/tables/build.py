"""Joining the sources, and what is written by hand, into the lines of the package data."""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydicom._uid_dict import UID_dictionary
from pydicom.datadict import dictionary_VR, tag_for_keyword

from tools.tables import predicates, sources
from tools.tables.contexts import Contexts, Counts
from tools.tables.older import Older, Row, fingerprint

HERE = Path(__file__).parent
GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
KeyPath = tuple[str, ...]
_TITLE = re.compile(
    r"(?:(?:for )?Value (\d+) )?(Enumerated Values|Defined Terms)(?: for Value (\d+))?:?", re.I
)


@dataclass
class Node:
    """An attribute while the tables are put together."""

    keyword: str
    type: str
    items: list[Node] = field(default_factory=list)


@dataclass
class Hand:
    """What is written by hand (TOML files beside this one)."""

    reviewed: dict[str, str]
    exact: dict[tuple[str, KeyPath], dict[str, Any]]
    ends: dict[KeyPath, dict[str, Any]]
    modules: dict[str, dict[str, Any]]
    usages: dict[tuple[str, str], dict[str, Any]]
    groups: dict[tuple[str, str], dict[str, Any]]
    iods: dict[str, dict[str, Any]]
    uids: dict[str, list[str]]
    dictionary: dict[str, list[Any]]
    used: set[object] = field(default_factory=set)

    @classmethod
    def read(cls) -> Hand:
        """All hand-written facts."""
        reviewed = tomllib.loads((HERE / "reviewed.toml").read_text("utf-8"))
        overlay: dict[str, Any] = {}
        for file in sorted(HERE.glob("overlay*.toml")):
            tables = tomllib.loads(file.read_text("utf-8"))
            edition = {"edition": tables.pop("edition")} if "edition" in tables else {}
            for table, content in tables.items():
                if isinstance(content, list):
                    overlay.setdefault(table, []).extend(edition | entry for entry in content)
                else:
                    overlay.setdefault(table, {}).update(content)
        exact, ends = {}, {}
        for entry in overlay.get("attribute", []):
            for place in [entry["at"]] if isinstance(entry["at"], str) else entry["at"]:
                owner, _, path = place.partition(":")
                if owner == "*":
                    ends[tuple(path.split("."))] = entry
                else:
                    exact[owner, tuple(path.split("."))] = entry
        return cls(
            reviewed=reviewed["conditions"],
            exact=exact,
            ends=ends,
            modules=overlay.get("module", {}),
            usages={(e["iod"], e["module"]): e for e in overlay.get("usage", [])},
            groups={(iod, e["group"]): e for e in overlay.get("group", []) for iod in _listed(e["iod"])},
            iods=overlay.get("iod", {}),
            uids=overlay.get("uid", {}),
            dictionary=overlay.get("dictionary", {}),
        )

    def attribute(self, owner: str, path: KeyPath) -> dict[str, Any]:
        """What is said of the attribute at `path`; its exact place goes before ends of paths."""
        if (owner, path) in self.exact:
            self.used.add((owner, path))
            return self.exact[owner, path]
        for start in range(len(path)):
            if path[start:] in self.ends:
                self.used.add(path[start:])
                return self.ends[path[start:]]
        return {}

    def unused(self) -> list[str]:
        """Places that are nowhere in the tables."""
        places = [f"{owner}:{'.'.join(path)}" for owner, path in self.exact if (owner, path) not in self.used]
        return sorted(places + [f"*:{'.'.join(end)}" for end in self.ends if end not in self.used])


def _plain(term: str, keyword: str) -> str:
    """A term as its value reads: binary numbers without leading zeros, hexadecimal ones as decimal."""
    tag = tag_for_keyword(keyword)
    if tag is None or dictionary_VR(tag) not in ("US", "SS", "UL", "SL", "US or SS", "AT"):
        return term
    match = re.fullmatch(r"([0-9A-F]+)H", term)
    if match:
        return str(int(match.group(1), 16))
    return str(int(term)) if re.fullmatch(r"[+-]?[0-9]+", term) else term


def _tags_in_groups(trees: dict[str, list[Node]]) -> list[int]:
    """Tags of the attributes that stand directly in the items of functional group sequences."""
    sequences = [node for tree in trees.values() for node in tree if node.keyword in GROUPS]
    keywords = {node.keyword for sequence in sequences for group in sequence.items for node in group.items}
    return sorted(tag for tag in map(tag_for_keyword, keywords) if tag is not None)


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


class Tables:
    """The package data: file -> key -> JSON value."""

    def __init__(self) -> None:
        self.structure = sources.structure()
        self.older = Older()
        self.hand = Hand.read()
        self.contexts = Contexts()
        self.item_counts = Counts(self.older)
        self.files: dict[str, dict[str, Any]] = {
            name: {}
            for name in ("iods", "modules", "lists", "conditions", "values", "contexts", "uids", "dictionary")
        }
        self.texts: dict[str, tuple[str, list[str]]] = {}
        self.counts: Counter[str] = Counter()
        self.names: dict[str, list[int]] = {}

    @cached_property
    def edition(self) -> str:
        """Edition of the structure."""
        return self.structure.source.edition

    def build(self) -> dict[str, dict[str, Any]]:
        """All files."""
        iods = self.structure.json("iod_module_map")
        classes = {**self.structure.json("sop_class_iod_map")}
        rows = self.structure.json("module_attribute_map")
        trees = {key: self._tree(key, content) for key, content in sorted(rows.items())}
        self._uids(classes)
        self.names["functional_group_tags"] = _tags_in_groups(trees)
        for modules in iods.values():
            for entry in modules:  # a few modules whose attributes the source does not have
                trees.setdefault(entry["key"], self._tree(entry["key"], []))
        for key, tree in sorted(trees.items()):
            name, section = self._module_name(key)
            plain = [node if node.keyword not in GROUPS else Node(node.keyword, node.type) for node in tree]
            self.files["modules"][key] = [name, section, self._rows(key, plain, ())]
        self.files["iods"]["@edition"] = self.edition
        older = self._older_iods(classes)
        for key, modules in sorted(iods.items()):
            self.files["iods"][key] = self._iod(key, older.get(key), modules, trees)
        self.files["dictionary"] = dict(sorted(self.hand.dictionary.items()))
        for name in ("lists", "conditions", "values", "contexts"):
            self.files[name] = dict(sorted(self.files[name].items()))
        return self.files

    # -- structure -------------------------------------------------------------------------------------------

    def _tree(self, key: str, rows: list[dict[str, Any]]) -> list[Node]:
        top: list[Node] = []
        level: dict[KeyPath, list[Node]] = {(): top}
        for row in rows:
            path = tuple(row["path"])
            kind = row["type"] if row["type"] in ("1", "1C", "2", "2C", "3") else ""
            node = Node(row["keyword"], kind)
            level[path].append(node)
            level[(*path, row["keyword"])] = node.items
        for (owner, path), entry in self.hand.exact.items():
            if owner == key and entry.get("add"):
                items: list[Node] = []
                level[path[:-1]].append(Node(path[-1], entry["type"], items))
                level[path] = items
        return top

    def _module_name(self, key: str) -> tuple[str, str]:
        known = self.hand.modules.get(key, {})
        older = self.older.names.get(key)
        name = known.get("name") or (older[0] if older else key.replace("-", " ").title())
        return re.sub(r" Module$", "", name), known.get("section") or (older[1] if older else "")

    def _uids(self, classes: dict[str, str]) -> None:
        for uid, iod in sorted(classes.items(), key=lambda pair: [int(part) for part in pair[0].split(".")]):
            known = self.hand.uids.get(uid)
            if known is None:
                name, _, _, _, keyword = UID_dictionary[uid]
                known = [name, keyword]
            self.files["uids"][uid] = [*known, iod]

    def _older_iods(self, classes: dict[str, str]) -> dict[str, tuple[str, str, str]]:
        found: dict[str, tuple[str, str, str]] = {}
        for uid, iod in classes.items():
            if uid in self.older.iods:
                found.setdefault(iod, self.older.iods[uid])
        return found

    def _iod(
        self,
        key: str,
        older: tuple[str, str, str] | None,
        modules: list[dict[str, str]],
        trees: dict[str, list[Node]],
    ) -> list[Any]:
        known = self.hand.iods.get(key, {})
        old_id, name, section = older or ("", key.replace("-", " ").title(), "")
        usages = [self._usage(key, old_id, entry) for entry in modules]
        groups: list[Any] = []
        for entry in modules:
            tree = {node.keyword: node for node in trees.get(entry["key"], [])}
            if GROUPS[0] in tree:
                nodes = {
                    node.keyword: node for group in GROUPS if group in tree for node in tree[group].items
                }
                groups = [self._group(key, old_id, node) for node in nodes.values()]
        return [known.get("name", name), known.get("section", section), usages, groups]

    def _usage(self, iod: str, old_id: str, entry: dict[str, str]) -> list[Any]:
        module, usage = entry["key"], entry["usage"]
        hand = self.hand.usages.get((iod, module)) or self.hand.usages.get(("*", module), {})
        condition = ""
        if usage == "C":
            old_usage, text = self.older.usages.get((old_id, module), ("", ""))
            condition = self._condition(hand, text if old_usage == "C" else "", f"{iod} / {module}")
        return [module, usage, condition, entry["ie"]]

    def _group(self, iod: str, old_id: str, node: Node) -> list[Any]:
        macro, usage, text = self._macro(old_id, node.keyword)
        hand = {
            **self.hand.groups.get(("*", node.keyword), {}),
            **self.hand.groups.get((iod, node.keyword), {}),
        }
        usage = hand.get("usage", usage)
        name, section = self.older.names.get(macro, ("", ""))
        row = self._row(macro or node.keyword, node, ())
        condition = self._condition(hand, text, f"{iod} / {node.keyword}") if usage == "C" else ""
        return [
            hand.get("name", name) or node.keyword,
            row,
            usage,
            condition,
            hand.get("placement", "any"),
            hand.get("section", section),
        ]

    def _macro(self, old_id: str, keyword: str) -> tuple[str, str, str]:
        for macro, usage, text in self.older.groups.get(old_id, []):
            if (keyword,) in self.older.macros.get(macro, {}):
                return macro, usage, text
        used = sorted({macro for groups in self.older.groups.values() for macro, _, _ in groups})
        for macro in used:
            if (keyword,) in self.older.macros.get(macro, {}):
                return macro, "", ""
        return "", "", ""

    # -- attributes ------------------------------------------------------------------------------------------

    def _rows(self, owner: str, nodes: list[Node], path: KeyPath) -> list[list[str]]:
        return [self._row(owner, node, path) for node in nodes]

    def _row(self, owner: str, node: Node, path: KeyPath) -> list[str]:
        path = (*path, node.keyword)
        if owner.endswith("-multi-frame-functional-groups"):
            owner = "multi-frame-functional-groups"  # the source has one copy of that module per IOD
        old = self._old_row(owner, path)
        hand = self.hand.attribute(owner, path)
        kind = hand.get("type", node.type)
        condition = ""
        if "forbidden" in hand:
            condition = self._prohibition(hand)
        elif kind in ("1C", "2C"):
            condition = self._attribute_condition(hand, old, kind, f"{owner}:{'.'.join(path)}")
        items = ""
        if node.items:
            rows = self._rows(owner, node.items, path)
            items = fingerprint(json.dumps(rows))
            self.files["lists"][items] = rows
        section = hand.get("section") or (self._section(owner, old) if old else "")
        row = [node.keyword, kind, section, condition, self._values(node.keyword, hand, old), items]
        row += [self.item_counts.of(owner, path), self._contexts(owner, path, section)]
        while len(row) > 2 and not row[-1]:
            row.pop()
        return row

    def _contexts(self, owner: str, path: KeyPath, section: str) -> str:
        bindings = []
        for binding, condition in self.contexts.of(owner, path, section):
            if condition is not None:
                binding[2] = fingerprint(json.dumps(condition))
                self.files["conditions"][binding[2]] = condition
            bindings.append(binding)
        if not bindings:
            return ""
        key = fingerprint(json.dumps(bindings))
        self.files["contexts"][key] = bindings
        return key

    def _section(self, owner: str, old: Row) -> str:
        # pages of the 2020 source name the section that they open with; the module's own may be one below
        if old.section == self.older.names.get(owner, ("", ""))[1]:
            return str(self.hand.modules.get(owner, {}).get("section", old.section))
        return old.section

    def _old_row(self, owner: str, path: KeyPath) -> Row | None:
        row = self.older.modules.get((owner, path)) or self.older.macros.get(owner, {}).get(path)
        length = min(4, len(path))
        while row is None and length > (0 if len(path) > 1 else 1):
            row = self.older.suffixes.get(path[-length:])
            length -= 1
        return row

    def _attribute_condition(self, hand: dict[str, Any], old: Row | None, kind: str, where: str) -> str:
        if "when" in hand or old is None:
            return self._condition(hand, "", where)
        if old.type and old.type != kind and old.type not in ("1C", "2C"):
            self.counts["type changed since 2020"] += 1
            return self._condition({"when": "unknown('its type is another than in 2020')"}, "", where)
        return self._condition(hand, old.condition or " ".join(old.text), where)

    def _condition(self, hand: dict[str, Any], text: str, where: str) -> str:
        edition = hand.get("edition", self.edition)
        expression = hand.get("when")
        if expression is None and text:
            edition = self.older_edition
            name = fingerprint(text)
            self.texts.setdefault(name, (text, []))[1].append(where)
            expression = self.hand.reviewed.get(name)
        if expression is None:
            return ""
        code = [*predicates.parse(expression, self.names), edition]
        key = fingerprint(json.dumps(code))
        self.files["conditions"][key] = code
        return key

    def _prohibition(self, hand: dict[str, Any]) -> str:
        # an optional attribute that shall not be present if: never required, permitted unless
        unless, _ = predicates.parse(hand["forbidden"])
        code = [["|"], ["!", unless], hand.get("edition", self.edition)]
        key = fingerprint(json.dumps(code))
        self.files["conditions"][key] = code
        return key

    @property
    def older_edition(self) -> str:
        """Edition of conditions and values that are not written by hand."""
        return sources.RULES.edition

    # -- values ----------------------------------------------------------------------------------------------

    def _values(self, keyword: str, hand: dict[str, Any], old: Row | None) -> str:
        if "values" in hand:
            edition, section = (
                hand.get("edition", self.edition),
                hand.get("section") or (old.section if old else ""),
            )
            rules = [self._hand_rule(rule, edition, section) for rule in hand["values"]]
        else:
            found = (self._old_rule(old, keyword, *rule) for rule in old.rules) if old else ()
            rules = [rule for rule in found if rule]
        if not rules:
            return ""
        key = fingerprint(json.dumps(rules))
        self.files["values"][key] = rules
        return key

    def _hand_rule(self, rule: dict[str, Any], edition: str, section: str) -> list[Any]:
        kind = "defined" if "defined" in rule else "enumerated"
        condition = (
            self._condition({"when": rule["when"], "edition": edition}, "", "") if "when" in rule else ""
        )
        return [
            kind,
            sorted(rule[kind]),
            rule["value"] - 1 if "value" in rule else None,
            condition,
            edition,
            section,
        ]

    def _old_rule(self, old: Row, keyword: str, title: str, terms: tuple[str, ...]) -> list[Any] | None:
        terms = tuple(_plain(term, keyword) for term in terms)
        match = _TITLE.fullmatch(title)
        if not match or not terms or any(not re.fullmatch(r"[ -~]{1,64}", term) for term in terms):
            if terms:
                self.counts["value rules not worked through"] += 1
            return None
        place = match.group(1) or match.group(3)
        kind = "enumerated" if match.group(2).lower().startswith("enum") else "defined"
        return [kind, sorted(terms), int(place) - 1 if place else None, "", self.older_edition, old.section]
