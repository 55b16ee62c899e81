"""Parts of the reports of the matrix: each with what readers must give back of it, as plain values."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.coding import Code

from dicomposer import sr
from dicomposer.coding import derived_uid
from matrix import Case as SegmentationCase, make as make_segmentation
from matrix_sources import Source, source

__all__ = ["DETAILS", "TEXTS", "Part", "Scene", "code", "dcm", "details", "evaluation", "scene", "sct"]

#: Expected values by name; what is None or empty is left out.
Expected = dict[str, Any]

DETAILS = (
    "plain", "qualifier", "method", "properties", "algorithm", "value-map", "tracking", "sites", "time-point",
    "session", "references", "numbers", "everything",
)  # fmt: skip
#: Text of people, beyond ASCII or not.
TEXTS = {
    "ascii": ("nodule", "Doe^Jane"),
    "latin": ("Läsion größer, œdème", "Müller^Jörg"),
    "japanese": ("病変", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    "private-codes": ("local", "O'Hara^P."),
}


def dcm(value: str, meaning: str) -> Code:
    return Code(value, "DCM", meaning)


def sct(value: str, meaning: str) -> Code:
    return Code(value, "SCT", meaning)


def code(given: Any) -> tuple[str, str, str]:
    """A code as plain values."""
    return str(given.value), str(given.scheme_designator), str(given.meaning)


MM, MM2, MM3 = (Code(unit, "UCUM", unit) for unit in ("mm", "mm2", "mm3"))
NO_UNITS, DAY = Code("1", "UCUM", "no units"), Code("d", "UCUM", "day")
AREA, VOLUME = sct("131184002", "Area of defined region"), sct("118565006", "Volume")
LENGTH = sct("410668003", "Length")
MEAN, MAXIMUM = sct("373098007", "Mean"), sct("56851009", "Maximum")
#: What pixel values measure, by source.
INTENSITY = {
    "ct": (dcm("112031", "Attenuation Coefficient"), Code("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "enhanced-ct": (dcm("112031", "Attenuation Coefficient"), Code("[hnsf'U]", "UCUM", "Hounsfield unit")),
    "mr": (dcm("110852", "MR signal intensity"), NO_UNITS),
    "pt": (dcm("126401", "SUVbw"), Code("g/ml{SUVbw}", "UCUM", "Standardized Uptake Value body weight")),
    "slide-full": (sct("410668003", "Length"), MM),
}
NODULE, LUNG, LIVER = sct("27925004", "Nodule"), sct("39607008", "Lung"), sct("10200004", "Liver")
LESION = sct("49755003", "Morphologically Abnormal Structure")
LOCAL = Code("L-1", "99LOCAL", "Local finding")
RIGHT, LEFT = sct("24028007", "Right"), sct("7771000", "Left")
ANTERIOR = sct("255549009", "Anterior")
LEVEL, SIGNIFICANT = dcm("121403", "Level of Significance"), sct("386134007", "Significant")


@dataclass(frozen=True)
class Part:
    """An object of the library and what must be read of it."""

    made: Any
    expected: Expected


@dataclass
class Scene:
    """The images of a report, with what else it may refer to."""

    origin: Source
    text: str
    case_id: str
    used: dict[str, Dataset] = field(default_factory=dict)
    count: int = 0

    @property
    def images(self) -> tuple[Dataset, ...]:
        return self.origin.datasets

    @property
    def words(self) -> str:
        return TEXTS[self.text][0]

    @property
    def person(self) -> str:
        return TEXTS[self.text][1]

    def uid(self) -> str:
        """A new identifier, the same in every run."""
        self.count += 1
        return derived_uid(self.case_id, str(self.count))

    def plane(self, turn: int = 0) -> tuple[Dataset, list[int] | None]:
        """An image, or a frame of it, to measure in."""
        if self.origin.tiled:
            return self.images[0], None
        if self.origin.multi_frame:
            return self.images[0], [turn % len(self.origin.mask) + 1]
        return self.images[turn % len(self.images)], None

    def reference(self, turn: int = 0) -> tuple[str, str, tuple[int, ...]]:
        """Class, instance and frames of that image."""
        image, frames = self.plane(turn)
        return str(image.SOPClassUID), str(image.SOPInstanceUID), tuple(frames or ())

    @property
    def segmentation(self) -> Dataset:
        """A segmentation of the images, with segments 1 to 3."""
        made = segmentation(self.origin.name)
        self.used[str(made.SOPInstanceUID)] = made
        return made

    @property
    def value_map(self) -> str:
        """UID of a Real World Value Mapping object."""
        made = self._stand_in("1.2.840.10008.5.1.4.1.1.67", "value map")
        return str(made.SOPInstanceUID)

    def _stand_in(self, class_uid: str, name: str) -> Dataset:
        made = Dataset()
        made.StudyInstanceUID = self.images[0].StudyInstanceUID
        made.SeriesInstanceUID = derived_uid(self.origin.name, name, "series")
        made.SOPClassUID, made.SOPInstanceUID = class_uid, derived_uid(self.origin.name, name)
        self.used[str(made.SOPInstanceUID)] = made
        return made

    @property
    def evidence(self) -> list[Dataset]:
        """Everything that may be referred to."""
        return [*self.images, *self.used.values()]

    def in_space(self, points: Any, turn: int = 0, *, swapped: bool = False) -> np.ndarray:
        """Points (column, row) of a plane in mm of the frame of reference; `swapped`: with the distance of rows
        taken for that of columns, and the other way round.
        """
        affine, slots = self.origin.affine, self.origin.slots
        assert affine is not None and slots is not None
        if swapped:
            rows, columns = np.linalg.norm(affine[:3, 1:3], axis=0)
            affine = affine @ np.diag([1, columns / rows, rows / columns, 1])
        array = np.asarray(points, float)
        slot = 0 if self.origin.tiled else slots[turn % len(slots)]
        indices = np.column_stack([np.full(len(array), slot), array[:, 1] - 0.5, array[:, 0] - 0.5])
        return (indices @ affine[:3, :3].T + affine[:3, 3]).astype(np.float32).astype(float)

    @property
    def frame_of_reference(self) -> str:
        return str(self.images[0].FrameOfReferenceUID)


def scene(name: str, text: str, case_id: str) -> Scene:
    return Scene(source(name), text, case_id)


@cache
def segmentation(name: str) -> Dataset:
    """Made once a process; nobody may change it."""
    organisation = "TILED_SPARSE" if source(name).tiled else ""
    return make_segmentation(SegmentationCase(name, "BINARY", "explicit", organisation, True, "labels"))


# ---- measurements ------------------------------------------------------------------------------------


def _row(relationship: str, kind: str, name: Code, value: Any) -> tuple[Any, ...]:
    """An item below another, as plain values."""
    return relationship, kind, name.value, code(value)[0] if isinstance(value, Code) else value


def algorithm(text: str) -> Part:
    family = dcm("123110", "Artificial Intelligence")
    made = sr.AlgorithmIdentification(f"algorithm {text}", "1.2", ["a=1", "b=2"], family, "Maker")
    rows = [
        _row("HAS CONCEPT MOD", "TEXT", dcm("111001", ""), f"algorithm {text}"),
        _row("HAS CONCEPT MOD", "TEXT", dcm("111003", ""), "1.2"),
        _row("HAS CONCEPT MOD", "TEXT", dcm("122405", ""), "Maker"),
        _row("HAS CONCEPT MOD", "TEXT", dcm("111002", ""), "a=1"),
        _row("HAS CONCEPT MOD", "TEXT", dcm("111002", ""), "b=2"),
        _row("HAS CONCEPT MOD", "CODE", dcm("111000", ""), family),
    ]
    return Part(made, {"rows": rows})


def site(turn: int, *, whole: bool) -> Part:
    where = (LUNG, LIVER)[turn % 2]
    if not whole:
        return Part(sr.FindingSite(where), {"site": (code(where), None, None)})
    made = sr.FindingSite(where, RIGHT, ANTERIOR)
    return Part(made, {"site": (code(where), code(RIGHT), code(ANTERIOR))})


def properties(text: str, unit: Code) -> Part:
    have = "HAS PROPERTIES"
    normal, chosen = sct("17621005", "Normal"), dcm("121410", "User chosen value")
    mean, upper = sct("373098007", "Mean Value of population"), sct("371933006", "Normal Range Upper Limit")
    made = sr.MeasurementProperties(
        normal, SIGNIFICANT, chosen,
        sr.MeasurementStatisticalProperties(
            [sr.NumContentItem(mean, 12.5, unit, relationship_type=have)], f"population {text}", "authority"
        ),
        sr.NormalRangeProperties(
            [sr.NumContentItem(upper, 40, unit, relationship_type=have)], f"range {text}", "authority"
        ),
        1.5, 0.25,
    )  # fmt: skip
    rows = [
        _row(have, "CODE", dcm("121402", ""), normal),
        _row(have, "CODE", LEVEL, SIGNIFICANT),
        _row(have, "CODE", dcm("121404", ""), chosen),
        _row(have, "NUM", mean, (12.5, unit.value)),
        _row(have, "TEXT", dcm("121405", ""), f"population {text}"),
        _row(have, "TEXT", dcm("121406", ""), "authority"),
        _row(have, "NUM", upper, (40.0, unit.value)),
        _row(have, "TEXT", dcm("121407", ""), f"range {text}"),
        _row(have, "TEXT", dcm("121408", ""), "authority"),
        _row(have, "NUM", sct("371886008", ""), (1.5, unit.value)),
        _row(have, "NUM", sct("371885007", ""), (0.25, unit.value)),
    ]
    return Part(made, {"rows": rows})


#: (value, qualifier, value as it must be read)
_NUMBERS: dict[str, Sequence[tuple[Any, Code | None, float | None]]] = {
    "qualifier": (
        (None, dcm("114006", "Measurement failure"), None),
        (math.nan, None, None),
        (-math.inf, None, None),
        (4096, dcm("114009", "Value out of range"), 4096),
    ),
    "numbers": ((math.pi * 1e-30, None, math.pi * 1e-30), (-(2**52) - 1, None, -(2**52) - 1), (0, None, 0),
                (1 / 3, None, 1 / 3)),
}  # fmt: skip
_REASONS = {"nan": dcm("114000", "Not a number"), "-inf": dcm("114001", "Negative Infinity")}


def measurement(place: Scene, name: Code, unit: Code, detail: str, turn: int, *, region: bool) -> Part:
    """A measurement; `region` tells whether it is one of a region, which has no coordinates of its own."""
    values = _NUMBERS.get(detail, ((12.5 + turn, None, 12.5 + turn), (-1024 - turn, None, -1024 - turn)))
    value, qualifier, read = values[turn % len(values)]
    given: dict[str, Any] = {"qualifier": qualifier}
    reason = qualifier or _REASONS.get(str(value))
    rows: list[Any] = []
    expected: Expected = {
        "name": code(name), "value": read, "unit": None if read is None else code(unit),
        "qualifier": code(reason) if reason else None, "rows": rows,
    }  # fmt: skip
    for part in _DETAILS if detail == "everything" else (detail,):
        add = _MEASUREMENT_DETAILS.get(part)
        if add is not None and not (part == "references" and region and detail == "everything"):
            add(place, given, expected, turn, region)
    if "properties" in given:
        found = properties(place.words, unit)
        given["properties"] = found.made
        rows += found.expected["rows"]
    return Part(sr.Measurement(name, value, unit, **given), expected)


_DETAILS = DETAILS[1:-1]


def _method(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    given["derivation"], given["method"] = MAXIMUM, dcm("126081", "RECIST 1.1")
    expected |= {"derivation": code(MAXIMUM), "method": code(given["method"])}


def _properties(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    given["properties"] = True


def _algorithm(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    found = algorithm(place.words)
    given["algorithm_id"] = found.made
    expected["rows"] += found.expected["rows"]


def _value_map(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    given["referenced_real_world_value_map"] = sr.RealWorldValueMap(place.value_map)
    expected["rows"].append(_row("INFERRED FROM", "COMPOSITE", dcm("126100", ""), place.value_map))


def _tracking(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    uid, text = place.uid(), f"{place.words} m{turn}"
    given["tracking_identifier"] = sr.TrackingIdentifier(uid, text)
    expected["rows"].append(_row("HAS OBS CONTEXT", "UIDREF", dcm("112040", ""), uid))
    expected["rows"].append(_row("HAS OBS CONTEXT", "TEXT", dcm("112039", ""), text))


def _sites(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    found = [site(turn, whole=True), site(turn + 1, whole=False)]
    given["finding_sites"] = [one.made for one in found]
    expected["sites"] = [one.expected["site"] for one in found]


def _references(place: Scene, given: dict[str, Any], expected: Expected, turn: int, region: bool) -> None:
    if region or turn % 2:
        given["referenced_images"] = [sr.SourceImageForMeasurement.from_source_image(*place.plane(turn))]
        expected["images"] = [place.reference(turn)]
        return
    points = np.array([[1.5, 2.0], [7.25, 9.0]])
    image = sr.SourceImageForRegion.from_source_image(*place.plane(turn))
    given["referenced_coordinates"] = [sr.CoordinatesForMeasurement("POLYLINE", points, image)]
    expected["coordinates"] = [("POLYLINE", points.tolist())]


Adder = Callable[[Scene, dict[str, Any], Expected, int, bool], None]
_MEASUREMENT_DETAILS: dict[str, Adder] = {
    "method": _method, "properties": _properties, "algorithm": _algorithm, "value-map": _value_map,
    "tracking": _tracking, "sites": _sites, "references": _references,
}  # fmt: skip


def evaluation(turn: int, text: str) -> Part:
    """An evaluation; with private codes in one of the texts."""
    name, value = (LEVEL, SIGNIFICANT) if turn % 2 == 0 else (dcm("121402", "Normality"), LESION)
    if text == "private-codes":
        value = Code("E-1", "99LOCAL", "Local grade")
    elif text != "ascii":
        value = Code("E-2", "99LOCAL", f"Grad {TEXTS[text][0]}"[:60])
    made = sr.QualitativeEvaluation(name, value)
    return Part(made, {"evaluation": (code(name), code(value))})


# ---- what groups say ---------------------------------------------------------------------------------


def details(place: Scene, detail: str, turn: int, *, purpose: bool) -> Part:
    """Arguments of a group (but region and measurements), and what must be read.

    `purpose` tells whether the group may have a geometric purpose.
    """
    uid, text = place.uid(), f"{place.words} {turn}"
    finding = LOCAL if place.text == "private-codes" else NODULE
    given: dict[str, Any] = {
        "tracking_identifier": sr.TrackingIdentifier(uid, text),
        "finding_type": finding,
    }
    rows: list[Any] = []
    expected: Expected = {
        "tracking_uid": uid, "tracking_identifier": text, "finding_type": code(finding), "rows": rows,
    }  # fmt: skip
    for part in _DETAILS if detail == "everything" else (detail,):
        add = _GROUP_DETAILS.get(part)
        if add is not None:
            add(place, given, expected, turn)
    if not purpose and given.pop("geometric_purpose", None) is not None:
        expected["rows"] = [row for row in rows if row[2] != "130400"]
    return Part(given, expected)


def _group_method(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    given["method"] = dcm("126080", "RECIST 1.0")
    expected["method"] = code(given["method"])


def _group_algorithm(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    found = algorithm(place.words)
    given["algorithm_id"] = found.made
    expected["rows"] += found.expected["rows"]


def _group_value_map(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    given["referenced_real_world_value_map"] = sr.RealWorldValueMap(place.value_map)
    expected["rows"].append(_row("CONTAINS", "COMPOSITE", dcm("126100", ""), place.value_map))


def _group_sites(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    found = [site(turn, whole=True), site(turn + 1, whole=False)]
    given["finding_sites"] = [one.made for one in found]
    expected["sites"] = [one.expected["site"] for one in found]


def _group_time_point(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    context = "HAS OBS CONTEXT"
    baseline = Code("C1442488", "UMLS", "Baseline")
    offset = sr.LongitudinalTemporalOffsetFromEvent(21, DAY, baseline)
    given["time_point_context"] = sr.TimePointContext(
        f"time point {place.words}", baseline, turn + 1, "subject 1", "protocol 1", offset
    )
    expected["rows"] += [
        _row(context, "TEXT", Code("C2348792", "UMLS", ""), f"time point {place.words}"),
        _row(context, "CODE", dcm("126072", ""), baseline),
        _row(context, "NUM", dcm("126073", ""), (float(turn + 1), "1")),
        _row(context, "TEXT", dcm("126070", ""), "subject 1"),
        _row(context, "TEXT", dcm("126071", ""), "protocol 1"),
        _row(context, "NUM", dcm("128740", ""), (21.0, "d")),
    ]


def _group_session(place: Scene, given: dict[str, Any], expected: Expected, turn: int) -> None:
    given["session"], given["finding_category"] = f"session {place.words}", LESION
    given["geometric_purpose"] = dcm("111041", "Outline")
    expected |= {"session": given["session"], "finding_category": code(LESION)}
    expected["rows"].append(_row("CONTAINS", "CODE", dcm("130400", ""), given["geometric_purpose"]))


_GROUP_DETAILS: dict[str, Callable[[Scene, dict[str, Any], Expected, int], None]] = {
    "method": _group_method, "algorithm": _group_algorithm, "value-map": _group_value_map,
    "sites": _group_sites, "time-point": _group_time_point, "session": _group_session,
}  # fmt: skip
