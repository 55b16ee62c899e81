"""Units of measurement: the syntax of UCUM's case sensitive codes (PS3.16 7.2.2).

A validator of its own and no library: those of the package index bring a unit system and its conversions with them,
while here only what is clearly malformed matters. Annotations in braces and units in brackets, of which DICOM has
its own (``[100]g``), are taken as they are.
"""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["unit_problem"]

#: Units that take no prefix.
_PLAIN = frozenset(
    """% ' '' deg gon min h d wk mo a a_t a_j a_g mo_s mo_j mo_g ppm ppb ppth pptr B Np AU bit_s circ sph
    Lmb mho sb Ao b att st ph RAD REM 10* 10^ u. bit By atm""".split()
)
#: Units that may take one.
_METRIC = frozenset(
    """m s g rad K C cd mol sr Hz N Pa J W A V F Ohm S Wb Cel T H lm lx Bq Gy Sv l L ar t bar u eV pc gf Ky Gal dyn erg
    P Bi St Mx G Oe Gb Ci R cal eq osm kat U B Bd bit By st tex m_e g% cal_th cal_IT diop mho""".split()
)
_PREFIXES = ("Ki", "Mi", "Gi", "Ti", "da", *"YZEPTGMkhdcmunpfazy")
_TOKEN = re.compile(r"\{[!-z|~ ]*\}|\(|\)|[./]|[^./(){}]+")
#: One factor: brackets may hold anything, and stand for a unit or the end of one; then an exponent.
_FACTOR = re.compile(r"(?P<unit>10[*^]|[%'A-Za-z_]*(?:\[[^\]\s]+\])*[%'A-Za-z_]*)(?P<exponent>[+-]?\d+)?")


@lru_cache(maxsize=1024)
def unit_problem(unit: str) -> str | None:
    """What is wrong with a UCUM code: "malformed", "unknown" for a unit that UCUM does not have, or None."""
    if not unit or any(not "!" <= letter <= "~" for letter in re.sub(r"\{[^{}]*\}", "", unit)):
        return "malformed"
    tokens = _TOKEN.findall(unit)
    if "".join(tokens) != unit:
        return "malformed"
    depth, due, unknown = 0, True, False  # whether a unit is due
    for place, token in enumerate(tokens):
        if token[0] == "{":
            due = False
        elif token == "(":
            if not due:
                return "malformed"
            depth += 1
        elif token == ")":
            depth -= 1
            if due or depth < 0:
                return "malformed"
        elif token in "./":
            if due and not (token == "/" and (place == 0 or tokens[place - 1] == "(")):
                return "malformed"
            due = True
        else:
            if not due and tokens[place - 1][0] != ")":
                return "malformed"
            problem = _factor_problem(token, exponent_only=not due)
            if problem == "malformed":
                return problem
            unknown, due = unknown or problem is not None, False
    return "malformed" if due or depth else "unknown" if unknown else None


def _factor_problem(text: str, *, exponent_only: bool) -> str | None:
    if exponent_only:  # (m/s)2
        return None if re.fullmatch(r"[+-]?\d+", text) else "malformed"
    if re.fullmatch(r"[+-]?\d+", text):
        return None
    match = _FACTOR.fullmatch(text)
    if match is None:
        return "malformed"
    name = match["unit"]
    if not name or "[" in name:
        return None if "[" in name or match["exponent"] else "malformed"
    return None if _known(name) else "unknown"


def _known(name: str) -> bool:
    if name in _PLAIN or name in _METRIC:
        return True
    return any(name.startswith(prefix) and name[len(prefix) :] in _METRIC for prefix in _PREFIXES)
