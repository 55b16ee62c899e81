"""Who a finding is, through a report and through time: tracking UIDs, and the names that go with them."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

from dicomposer.api._report_sides import located
from dicomposer.api._report_viewer import TOOLS
from dicomposer.coding import stack_level
from dicomposer.errors import ArgumentError
from dicomposer.items import identity

__all__ = ["Tracking"]


class Tracking:
    """The findings of a report, by UID and by name.

    Parameters
    ----------
    viewer : str or None
        The viewer that the report is for.
    """

    def __init__(self, viewer: str | None) -> None:
        self._viewer = viewer
        self._owners: dict[str, tuple[str, dict[str, Any], str]] = {}
        self._names: dict[str, str] = {}

    def check(self, where: str, finding: Any) -> None:
        """Refuse a tracking UID that another finding has (PS3.16 TID 1501), and say if two findings share a name.

        Parameters
        ----------
        where : str
            What messages call the finding.
        finding : ReportFinding
            The finding.

        Raises
        ------
        ArgumentError
            If one UID would be two findings, or two annotations of a viewer.
        """
        uid = "" if finding.tracking_uid is None else str(finding.tracking_uid).strip()
        if uid:
            self._refuse_other_owner(uid, where, finding)
        elif finding.tracking_id is not None:
            self._warn_of_name(where, finding.tracking_id)

    def _refuse_other_owner(self, uid: str, where: str, finding: Any) -> None:
        who, tool = _who(finding), _tool(finding.region)
        if uid not in self._owners:
            self._owners[uid] = where, who, tool
            return
        first, other, other_tool = self._owners[uid]
        unlike = [name for name in who if who[name] != other[name]]
        if unlike or finding.tracking_id is None:
            raise ArgumentError(
                f"the tracking_uid is that of {first}, "
                + (f"which has another {' and '.join(unlike)}" if unlike else "and neither has a tracking_id")
                + ": one UID is one finding. Leave it out for a new one; if both are one finding in several places, "
                "give both the same label, site, laterality and tracking_id"
            )
        if self._viewer is not None and tool != other_tool:
            raise ArgumentError(
                f"the tracking_uid is that of {first}, and for OHIF one UID is one kind of annotation: {other_tool} "
                f"and {tool}. Give both the same shape, or leave out the tracking_uid of one"
            )

    def _warn_of_name(self, where: str, name: str) -> None:
        first = self._names.setdefault(name, where)
        if first != where:
            warnings.warn(
                f"{where} has the tracking_id of {first}, and they are tracked as two findings; if it is one in two "
                "places, give both the same tracking_uid, else a name of its own",
                stacklevel=stack_level(),
            )


def _who(finding: Any) -> dict[str, Any]:
    """What a report says of a finding, as codes: names and spellings of one code are one."""
    what, site, side = located(finding.label, finding.site, finding.laterality)
    codes = {"label": what.type, "site": site, "laterality": side}
    named: dict[str, Any] = {name: None if one is None else identity(one) for name, one in codes.items()}
    return named | {"tracking_id": finding.tracking_id}


def _tool(region: Any) -> str:
    """The tool of the viewer that draws a region."""
    given = [key for key, value in region.items() if value is not None] if isinstance(region, Mapping) else []
    kinds = ["axes" if key == "long_axis" else key for key in given]
    return next((TOOLS[kind] for kind in kinds if kind in TOOLS), "none")
