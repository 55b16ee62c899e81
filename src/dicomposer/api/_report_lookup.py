"""Names of measurements, to be looked up by people."""

from __future__ import annotations

from dicomposer import standard
from dicomposer.api._report_names import is_measurable, unknown

__all__ = ["measurement_names"]

#: Context groups whose codes are listed if nothing is asked for: what is measured of regions (PS3.16).
_GENERAL = (7470, 7471, 7472, 218, 7469, 7464)
_MANY = 30


def measurement_names(query: str = "") -> list[standard.CodeMatch]:
    """Measurements whose names have the words of a query, resemble it, or mean what people call so.

    Parameters
    ----------
    query : str
        Part of a name; the usual measurements of regions if it is empty.

    Returns
    -------
    list of CodeMatch
        The very name first, then the best ones; each code once.
    """
    query = query.strip()
    if not query:
        facts = (fact for cid in _GENERAL for fact in standard.context_group(cid).codes)
        found = [standard.code(fact.value, fact.scheme) for fact in facts]
    else:
        near = (match for name in unknown(query).suggestions for match in standard.codes(name)[:1])
        alike = standard.codes(query, fuzzy=True, limit=2 * _MANY)
        found = [*near, *filter(_is_measured, alike)][:_MANY]
        found.sort(
            key=lambda one: query.casefold() not in map(str.casefold, one.meanings)
        )  # the very name first
    return list({(one.code.scheme, one.code.value): one for one in found}.values())


def _is_measured(match: standard.CodeMatch) -> bool:
    """Whether a group of measurements lists a code, or it can be the name of one."""
    names = [standard.context_group(cid).name.casefold() for cid in match.cids]
    if any("measurement" in name and "method" not in name for name in names):
        return True
    return match.score == 1 and is_measurable(match, match.code.meaning)
