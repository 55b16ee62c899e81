"""Names that models give to structures, and the codes, sides and colours that belong to them.

The table ``terms.tsv`` holds the structures; PS3.16 CID 7150, 7151 and 4 are the sources of its codes. A name
that is not in it is refused with the nearest ones: nothing is guessed.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias, cast

from dicomposer.coding._concept import CodedConcept, CodeLike, as_concept
from dicomposer.errors import ArgumentTypeError, TerminologyError

__all__ = ["TERMINOLOGY", "Term", "Terminology", "look_up", "terms"]

Side: TypeAlias = Literal["left", "right"]
_Triple: TypeAlias = tuple[str, str, str]
_Colour: TypeAlias = tuple[int, int, int]

_SIDES: Final[dict[str, Side]] = {
    "left": "left", "lt": "left", "lh": "left", "l": "left",
    "right": "right", "rt": "right", "rh": "right", "r": "right",
}  # fmt: skip
_SIDE_CODES: Final[dict[Side, _Triple]] = {
    "left": ("7771000", "SCT", "Left"),
    "right": ("24028007", "SCT", "Right"),
}
_CATEGORIES: Final = {
    "91723000": "Anatomical Structure",
    "85756007": "Tissue",
    "49755003": "Morphologically Abnormal Structure",
    "309825002": "Spatial and Relational Concept",
    "260787004": "Physical object",
    "91720002": "Body Substance",
    "105590001": "Substance",
    "246464006": "Function",
}
_SPELLINGS: Final = {
    "grey": "gray",
    "haemorrhage": "hemorrhage",
    "oedema": "edema",
    "oesophagus": "esophagus",
    "tumour": "tumor",
    "tumours": "tumors",
}
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z])")
_WORD: Final = re.compile(r"[^\W_]+")
_FILLERS: Final = frozenset({"of", "the"})
_SUGGESTIONS: Final = 5
_LEFT_SHADE: Final = 0.8


@dataclass(frozen=True, slots=True)
class Term:
    """What a name stands for.

    Attributes
    ----------
    name : str
        The name under which the table holds it, e.g. "kidney_left".
    label : str
        For people, and for Segment Label: e.g. "Left kidney".
    category : CodedConcept
        Segmented Property Category (PS3.16 CID 7150).
    type : CodedConcept
        Segmented Property Type (CID 7151).
    colour : tuple[int, int, int]
        Recommended colour: red, green, blue from 0 to 255.
    modifiers : tuple[CodedConcept, ...]
        Modifiers of the type, e.g. the side (CID 244).
    region : CodedConcept | None
        Where something lies that is not itself a region (CID 4), e.g. the liver for a tumour.
    region_modifiers : tuple[CodedConcept, ...]
        Modifiers of the region, e.g. the side.
    aliases : tuple[str, ...]
        Other names.
    """

    name: str
    label: str
    category: CodedConcept
    type: CodedConcept
    colour: _Colour
    modifiers: tuple[CodedConcept, ...] = ()
    region: CodedConcept | None = None
    region_modifiers: tuple[CodedConcept, ...] = ()
    aliases: tuple[str, ...] = ()

    @property
    def side(self) -> Side | None:
        """The side that qualifies the type or the region, if any."""
        for modifier in (*self.modifiers, *self.region_modifiers):
            for side, (value, scheme, _) in _SIDE_CODES.items():
                if (modifier.value, modifier.scheme_designator) == (value, scheme):
                    return side
        return None


class _Row(NamedTuple):
    """A term without objects that a caller could change, and cheap to make by the hundred."""

    name: str
    label: str
    category: _Triple
    type: _Triple
    colour: _Colour
    modifiers: tuple[_Triple, ...]
    region: _Triple | None
    region_modifiers: tuple[_Triple, ...]
    aliases: tuple[str, ...]

    def term(self) -> Term:
        return Term(
            self.name,
            self.label,
            CodedConcept(*self.category),
            CodedConcept(*self.type),
            self.colour,
            tuple(CodedConcept(*code) for code in self.modifiers),
            None if self.region is None else CodedConcept(*self.region),
            tuple(CodedConcept(*code) for code in self.region_modifiers),
            self.aliases,
        )


class Terminology:
    """A table of terms in which names are looked up.

    Parameters
    ----------
    terms : Iterable[Term]
        The terms; of two with the same name the later one counts.

    See Also
    --------
    TERMINOLOGY : the table that comes with the library; ``TERMINOLOGY.extended({...})`` adds to it.
    """

    def __init__(self, terms: Iterable[Term] = ()) -> None:
        self._rows: tuple[_Row, ...] | None = tuple(_row(term) for term in terms)
        self._index: dict[str, _Row] | None = None

    @classmethod
    def _of_rows(cls, rows: tuple[_Row, ...] | None) -> Terminology:
        made = cls()
        made._rows = rows
        return made

    def look_up(self, name: str | CodeLike) -> Term:
        """Return the term for a name or for the code of a type.

        Parameters
        ----------
        name : str | pydicom.sr.coding.Code | CodedConcept
            A name such as "Liver", "kidney_left", "Left kidney", "Kidney, left" or "rib_left_3": case,
            separators and the place of the side do not matter. Or the code of a type: the answer is then the
            term of that type without side or region.

        Raises
        ------
        TerminologyError
            If it is not in the table; ``.suggestions`` holds the names of the nearest terms.
        ArgumentTypeError
            If it is neither a name nor a code.
        """
        if not isinstance(name, str):
            return self._look_up_type(as_concept(name, "name"))
        row = self._names().get(_key(name))
        if row is None:
            raise self._unknown(name)
        return row.term()

    def extended(self, terms: Mapping[str, Term]) -> Terminology:
        """Return a table that also has other terms.

        Parameters
        ----------
        terms : Mapping[str, Term]
            Terms by name; they take precedence over those of this table. A term is found by its key in this
            mapping, its own name, its label and its aliases.

        Raises
        ------
        ArgumentTypeError
            If a value is not a term.
        """
        added = []
        for name, term in terms.items():
            if not isinstance(term, Term):
                raise ArgumentTypeError(f"terms must be Term objects, found {type(term).__name__}")
            row = _row(term)
            added.append(row if name == row.name else row._replace(aliases=(*row.aliases, name)))
        return self._of_rows((*self._all(), *added))

    def names(self) -> tuple[str, ...]:
        """Return the names of all terms."""
        return tuple(row.name for row in self._all())

    def terms(self) -> tuple[Term, ...]:
        """Return all terms."""
        return tuple(row.term() for row in self._all())

    def __len__(self) -> int:
        return len(self._all())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._names()

    def _all(self) -> tuple[_Row, ...]:
        return _table() if self._rows is None else self._rows

    def _names(self) -> dict[str, _Row]:
        if self._index is None:
            index: dict[str, _Row] = {}
            for row in self._all():
                for name in (*row.aliases, row.label, row.name):
                    index[_key(name)] = row
            self._index = index
        return self._index

    def _look_up_type(self, code: CodedConcept) -> Term:
        found = [row for row in self._all() if code == CodedConcept(*row.type)]
        plain = [row for row in found if not row.modifiers and row.region is None]
        if plain:
            return plain[0].term()
        if not found:
            raise TerminologyError("no term of the table has this type")
        names = [row.name for row in found]
        raise TerminologyError(f"the type alone does not tell which is meant: {', '.join(names)}", names)

    def _unknown(self, name: str) -> TerminologyError:
        wanted = _key(name)
        near = difflib.get_close_matches(wanted, self._names(), n=4 * _SUGGESTIONS, cutoff=0.6)
        words = set(wanted.split())
        sharing = [key for key in self._names() if words & set(key.split()) - set(_SIDES)]
        sharing.sort(key=lambda key: -difflib.SequenceMatcher(None, wanted, key).ratio())
        best = dict.fromkeys(self._names()[key].name for key in (*near, *sharing))
        names = list(best)[:_SUGGESTIONS]
        hint = f"; did you mean {', '.join(names)}?" if names else "."
        return TerminologyError(
            f"no term is called {name!r}{hint} `dicomposer terms <word>` lists the names", names
        )


def _key(name: str) -> str:
    """Return what two spellings of a name have in common: lower-case words, the side last."""
    words = [word.lower() for word in _WORD.findall(_CAMEL.sub(" ", name))]
    words = [_SPELLINGS.get(word, word) for word in words if word not in _FILLERS]
    found = [
        place
        for place, word in enumerate(words)
        # single letters are sides at an end only: "l" may be anything elsewhere
        if word in _SIDES and (len(word) > 1 or place in (0, len(words) - 1))
    ]
    if len(found) == 1 and len(words) > 1:
        side = _SIDES[words.pop(found[0])]
        words.append(side)
    return " ".join(words)


def _triple(code: CodeLike) -> _Triple:
    concept = as_concept(code)
    return concept.value, concept.scheme_designator, concept.meaning


def _row(term: Term) -> _Row:
    return _Row(
        term.name,
        term.label,
        _triple(term.category),
        _triple(term.type),
        term.colour,
        tuple(_triple(code) for code in term.modifiers),
        None if term.region is None else _triple(term.region),
        tuple(_triple(code) for code in term.region_modifiers),
        tuple(term.aliases),
    )


@cache
def _table() -> tuple[_Row, ...]:
    from importlib.resources import files  # slow to import

    text = (files("dicomposer.coding") / "terms.tsv").read_text(encoding="utf-8")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return tuple(row for line in lines for row in _rows_of(line))


def _rows_of(line: str) -> Iterator[_Row]:
    name, label, category, scheme, value, meaning, paired, place, place_meaning, colour, others = line.split(
        "\t"
    )
    red, green, blue = bytes.fromhex(colour[1:])
    row = _Row(
        name,
        label,
        (category, "SCT", _CATEGORIES[category]),
        (value, scheme, meaning),
        (red, green, blue),
        (),
        (place, "SCT", place_meaning) if place else None,
        (),
        tuple(filter(None, others.split(";"))),
    )
    yield row
    if paired:
        yield _sided(row, "left", paired)
        yield _sided(row, "right", paired)


def _sided(row: _Row, side: Side, paired: str) -> _Row:
    code = (_SIDE_CODES[side],)
    label, what = row.label, row.label[0].lower() + row.label[1:]
    if paired == "region" and " of " in label:
        label = label.replace(" of ", f" of {side} ")
    else:
        label = f"{side.capitalize()} {what}"
    colour = row.colour
    if side == "left":  # so that the two sides can be told apart
        colour = cast("_Colour", tuple(int(channel * _LEFT_SHADE) for channel in colour))
    return row._replace(
        name=f"{row.name}_{side}",
        label=label,
        colour=colour,
        modifiers=code if paired == "type" else (),
        region_modifiers=code if paired == "region" else (),
        aliases=tuple(f"{alias} {side}" for alias in row.aliases),
    )


TERMINOLOGY: Final = Terminology._of_rows(None)
"""The table that comes with the library, read when first asked."""


def look_up(name: str | CodeLike) -> Term:
    """Return the term for a name or the code of a type: see :meth:`Terminology.look_up`."""
    return TERMINOLOGY.look_up(name)


def terms() -> tuple[Term, ...]:
    """Return all terms of the table that comes with the library."""
    return TERMINOLOGY.terms()
