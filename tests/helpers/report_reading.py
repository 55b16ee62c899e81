"""What readers give back of the reports of the matrix, in the form of :mod:`report_parts`.

The getters are those that the library and highdicom share; pydicom reads the bare items, and dcmqi what it supports.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from pydicom.dataset import Dataset

from dicomposer.sr import StructuredReport
from report_parts import Expected, code

__all__ = ["derived_from", "differences", "of_dcmqi", "plain_differences", "read_key_objects", "read_report"]

_GETTERS = {
    "1410": "get_planar_roi_measurement_groups",
    "1411": "get_volumetric_roi_measurement_groups",
    "1501": "get_image_measurement_groups",
}


#: Numbers of a time point; codes of a group that are no evaluations.
_TIME_POINT = ("126073", "128740")
_NO_EVALUATIONS = ("276214006", "130400", "111000", "126072")


def differences(what: str, found: Any, expected: Any) -> list[str]:
    """Where plain values differ; numbers may differ by what a Decimal String rounds off, points not at all."""
    if isinstance(expected, Mapping):
        return [
            line
            for name in expected
            for line in differences(f"{what}.{name}", found.get(name) if found else None, expected[name])
        ]
    if isinstance(expected, float) and isinstance(found, int | float):
        return (
            [] if np.isclose(found, expected, rtol=1e-15, atol=0) else [f"{what}: {found!r} for {expected!r}"]
        )
    if isinstance(expected, list | tuple) and isinstance(found, list | tuple) and len(found) == len(expected):
        pairs = zip(found, expected, strict=True)
        return [line for i, (one, due) in enumerate(pairs) for line in differences(f"{what}[{i}]", one, due)]
    return (
        [] if found == expected or (not found and not expected) else [f"{what}: {found!r} for {expected!r}"]
    )


# ---- getters of this library and of highdicom --------------------------------------------------------


def _code(found: Any) -> Any:
    return None if found is None else code(found)


def _uids(item: Any) -> tuple[str, str]:
    return str(item.referenced_sop_class_uid), str(item.referenced_sop_instance_uid)


def _image(item: Any) -> tuple[str, str, tuple[int, ...]]:
    return (*_uids(item), tuple(item.referenced_frame_numbers or ()))


def _site(item: Any) -> tuple[Any, ...]:
    return code(item.value), _code(item.laterality), _code(item.topographical_modifier)


def read_report(document: Any, expected: Expected) -> Expected:
    """What the getters of a document give."""
    content = document.content
    # highdicom reads no Device Subject (CID 271), only Device (CID 270)
    peer_cannot = expected["subject"][:1] == ("device",) and not isinstance(document, StructuredReport)
    groups: list[Expected] = []
    pending = {tid: iter(getattr(content, name)()) for tid, name in _GETTERS.items()}
    for due in expected["groups"]:
        group = next(pending[due["template"]], None)
        groups.append({} if group is None else _group(group, due["template"], due))
    left = [tid for tid, more in pending.items() if next(more, None) is not None]
    return {
        "title": code(content[0].name),
        "observers": [_observer(one) for one in content.get_observer_contexts()],
        "subject": expected["subject"]
        if peer_cannot
        else next((_subject(one) for one in content.get_subject_contexts()), ()),
        "groups": groups if not left else [*groups, {"unexpected": left}],
        "evidence": sorted(str(instance) for _, _, instance, _ in document.get_evidence()),
    }


def derived_from(document: Any) -> list[str]:
    """Tracking identifiers of the groups from which measurements are derived, by our reader."""
    found = document.content.get_derived_measurements()
    return [str(group.tracking_uid) for one in found for group in getattr(one, "derived_from", ())]


def _pointed(document: Dataset) -> list[str]:
    """The same, by the positions of the bare items."""
    groups = []
    for section in _items(document):
        for number in _items(section) if _concept(section) == "126011" else ():
            for pointer in _items(number):
                found = document
                # the first number is that of the root
                for place in list(pointer.get("ReferencedContentItemIdentifier", ()))[1:]:
                    found = found.ContentSequence[place - 1]
                groups += [str(one.UID) for one in _items(found) if one.get("UID") and found is not document]
    return groups


def read_key_objects(document: Any) -> Expected:
    """What the getters of a key object selection give."""
    content = document.content
    references = [_uids(one) for one in content.get_references()]
    found = [document.resolve_reference(instance)[2] for _, instance in references]
    return {
        "title": code(content[0].name),
        "observers": [_observer(one) for one in content.get_observer_contexts()],
        "references": references,
        "evidence": sorted(map(str, found)),
    }


def _observer(context: Any) -> tuple[str, ...]:
    which = context.observer_identifying_attributes
    if context.observer_type.value == "121006":
        return "person", str(which.name), which.login_name, which.organization_name
    return (
        "device", str(which.uid), which.name, which.manufacturer_name, which.model_name, which.serial_number,
        which.physical_location,
    )  # fmt: skip


def _subject(context: Any) -> tuple[str, ...]:
    which = context.subject_class_specific_context
    if context.subject_class.value == "121026":
        return "fetus", which.subject_id
    if context.subject_class.value == "121027":
        return "specimen", str(which.specimen_uid), which.specimen_identifier, which.container_identifier
    return "device", which.device_name, str(which.device_uid)


def _group(group: Any, tid: str, due: Expected) -> Expected:
    category, numbers = group.finding_category, group.get_measurements()
    # highdicom counts the order of a time point and its offset as measurements, and the category and the family of an
    # algorithm as evaluations
    numbers = [one for one in numbers if one.name.value not in _TIME_POINT]
    evaluations = [(code(one.name), code(one.value)) for one in group.get_qualitative_evaluations()]
    found: Expected = {
        "template": tid, "tracking_uid": str(group.tracking_uid), "tracking_identifier": group.tracking_identifier,
        "finding_type": _code(group.finding_type), "finding_category": _code(category),
        "method": _code(group.method), "session": getattr(group, "session", due.get("session")),
        "sites": [_site(one) for one in group.finding_sites],
        "measurements": [
            _measurement(one, one_due) for one, one_due in zip(numbers, due["measurements"], strict=True)
        ],
        "evaluations": [one for one in evaluations if one[0][0] not in _NO_EVALUATIONS],
    }  # fmt: skip
    for name in ("rows", "tool", "image"):
        if name in due:
            found[name] = due[name]  # of these there are no getters
    if tid == "1501":
        found["images"] = [_image(one) for one in group.source_images]
    else:
        found |= _planar(group) if tid == "1410" else _volumetric(group)
    return found


def _measurement(found: Any, due: Expected) -> Expected:
    read: Expected = {
        "name": code(found.name), "qualifier": _code(found.qualifier), "derivation": _code(found.derivation),
        "method": _code(found.method), "sites": [_site(one) for one in found.finding_sites],
        "images": [_image(one) for one in found.referenced_images],
        "coordinates": [
            (one.graphic_type.value, np.asarray(one.value).tolist()) for one in found.referenced_coordinates
        ],
        "rows": due["rows"],
    }  # fmt: skip
    value = found.value
    return read | {"value": None if value is None else float(value), "unit": _code(found.unit)}


def _region(one: Any, image: Any) -> tuple[Any, ...]:
    origin = one.get("PixelOriginInterpretation")
    return one.graphic_type.value, np.asarray(one.value).tolist(), _image(image), origin


def _planar(group: Any) -> Expected:
    roi = group.roi
    if roi is None:
        frame = group.referenced_segmentation_frame
        segment = (
            *_uids(frame), tuple(frame.referenced_frame_numbers or ()),
            tuple(frame.referenced_segment_numbers or ()),
        )  # fmt: skip
        return {"segment": segment, "sources": [_uids(frame.source_image_for_segmentation)]}
    if roi.value_type.value == "SCOORD":
        return {"regions": [_region(roi, _below(roi))]}
    points = [np.asarray(roi.value).tolist()]
    return {"space": (roi.graphic_type.value, points, str(roi.frame_of_reference_uid))}


def _below(roi: Any) -> Any:
    """The image of a region: highdicom's has no getter for it."""
    found = getattr(roi, "source_image", None)
    return roi.ContentSequence[0] if found is None else found


def _volumetric(group: Any) -> Expected:
    roi = group.roi
    if isinstance(roi, list):
        return {"regions": [_region(one, _below(one)) for one in roi]}
    found: Expected = {}
    with_sources = roi
    if roi is None:
        with_sources = segment = group.referenced_segment
        found["segment"] = (
            *_uids(segment), tuple(segment.referenced_frame_numbers or ()),
            tuple(segment.referenced_segment_numbers or ()),
        )  # fmt: skip
    else:
        points = roi.graphic_data
        parts = [points] if isinstance(points, np.ndarray) else list(points)
        found["space"] = (
            roi.graphic_type.value, [np.asarray(part).tolist() for part in parts], str(roi.frame_of_reference_uid)
        )  # fmt: skip
    if with_sources.has_source_images():
        found["sources"] = sorted(_uids(one) for one in with_sources.source_images_for_segmentation)
    else:
        found["series"] = str(with_sources.source_series_for_segmentation.value)
    return found


# ---- pydicom: the bare items -------------------------------------------------------------------------


def _items(item: Dataset) -> Iterator[Dataset]:
    yield from item.get("ContentSequence", ())


def _concept(item: Dataset, keyword: str = "ConceptNameCodeSequence") -> str:
    if keyword not in item:
        return ""
    found = item[keyword].value[0]
    return str(found.get("CodeValue") or found.get("LongCodeValue") or found.get("URNCodeValue"))


def _number(item: Dataset) -> tuple[float, str] | None:
    if not item.MeasuredValueSequence:
        return None
    measured = item.MeasuredValueSequence[0]
    exact = measured.get("FloatingPointValue")
    value = float(measured.NumericValue if exact is None else exact)
    return value, _concept(measured, "MeasurementUnitsCodeSequence")


def _plain(item: Dataset) -> tuple[Any, ...]:
    """An item as relationship, value type, code of the name, and value."""
    kind = str(item.ValueType)
    value: Any = None
    if kind == "CODE":
        value = _concept(item, "ConceptCodeSequence")
    elif kind == "NUM":
        value = _number(item)
    elif kind in ("TEXT", "UIDREF"):
        value = str(item.TextValue if kind == "TEXT" else item.UID)
    elif kind == "COMPOSITE":
        value = str(item.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
    return str(item.RelationshipType), kind, _concept(item), value


def plain_differences(document: Dataset, expected: Expected) -> list[str]:
    """What pydicom finds otherwise in the bare items than it was given."""
    problems: list[str] = []
    groups = {}
    for section in _items(document):
        if _concept(section) == "126010":
            for group in _items(section):
                rows = [_plain(one) for one in _items(group)]
                uid = next(value for _, _, name, value in rows if name == "112040")
                groups[uid] = (group, rows)
    if len(groups) != len(expected.get("groups", ())):
        problems.append(f"{len(groups)} groups")
    for due in expected.get("groups", ()):
        group, rows = groups[due["tracking_uid"]]
        problems += [f"group lacks {row}" for row in due["rows"] if row not in rows]
        numbers = [
            one for one in _items(group) if one.ValueType == "NUM" and one.RelationshipType == "CONTAINS"
        ]
        for number, one in zip(numbers, due["measurements"], strict=True):
            below = [_plain(item) for item in _items(number)]
            problems += [f"measurement lacks {row}" for row in one["rows"] if row not in below]
            exact = None if one["value"] is None else (float(one["value"]), one["unit"][0])
            if _number(number) != exact:
                problems.append(f"number {_number(number)} for {exact}")
    modifiers = [_plain(item) for item in _items(document) if item.RelationshipType == "HAS CONCEPT MOD"]
    problems += differences(
        "language", [v for *_, n, v in modifiers if n == "121049"], _values(expected, "language")
    )
    problems += differences(
        "procedures", [v for *_, n, v in modifiers if n == "121058"], _values(expected, "procedures")
    )
    flags = [document.get(one) for one in ("CompletionFlag", "PreliminaryFlag", "VerificationFlag")]
    said = tuple(flag for flag in flags if flag in ("COMPLETE", "FINAL", "VERIFIED"))
    problems += differences("flags", said, expected.get("flags", ()))
    problems += differences("derived", _pointed(document), expected.get("derived", []))
    return problems + differences("library", _library(document), expected.get("library", []))


def _values(expected: Expected, name: str) -> list[str]:
    found = expected.get(name, [])
    return [one[0] for one in (found if isinstance(found, list) else [found])]


def _library(document: Dataset) -> list[str]:
    return [
        str(image.ReferencedSOPSequence[0].ReferencedSOPInstanceUID)
        for section in _items(document)
        if _concept(section) == "111028"
        for group in _items(section)
        for image in _items(group)
        if image.ValueType == "IMAGE"
    ]


# ---- dcmqi -------------------------------------------------------------------------------------------


def of_dcmqi(found: Mapping[str, Any], expected: Expected) -> list[str]:
    """Differences of what dcmqi's tid1500reader says: tracking, findings, values and units, segments."""
    groups = {group.get("TrackingUniqueIdentifier"): group for group in found.get("Measurements", ())}
    if len(groups) != len(expected["groups"]):
        return [f"{len(groups)} groups"]
    problems: list[str] = []
    for due in expected["groups"]:
        group = groups[due["tracking_uid"]]
        problems += differences("identifier", group.get("TrackingIdentifier"), due["tracking_identifier"])
        problems += differences("finding", _json_code(group.get("Finding")), due["finding_type"])
        sites = due.get("sites") or [(None,)]
        problems += differences("site", _json_code(group.get("FindingSite")), sites[0][0])
        if "segment" in due and due["template"] == "1411":  # it has no names for frames
            segment = (group.get("segmentationSOPInstanceUID"), group.get("ReferencedSegment"))
            problems += differences("segment", segment, (due["segment"][1], due["segment"][3][0]))
        if "series" in due:
            series = group.get("SourceSeriesForImageSegmentation")
            problems += differences("series", series, due["series"])
        numbers = [
            one for one in group.get("measurementItems", ())
            if one["value"] and one["quantity"]["CodeValue"] not in _TIME_POINT
        ]  # fmt: skip
        due_numbers = [one for one in due["measurements"] if one["value"] is not None]
        problems += _numbers_of_dcmqi(numbers, due_numbers)
    return problems


def _numbers_of_dcmqi(numbers: Sequence[Mapping[str, Any]], due: Sequence[Expected]) -> list[str]:
    if len(numbers) != len(due):
        return [f"{len(numbers)} numbers for {len(due)}"]
    problems = []
    for one, wanted in zip(numbers, due, strict=True):
        problems += differences("quantity", _json_code(one["quantity"]), wanted["name"])
        problems += differences("unit", _json_code(one["units"]), wanted["unit"])
        if not np.isclose(float(one["value"]), wanted["value"], rtol=1e-10, atol=0):
            problems.append(f"value {one['value']} for {wanted['value']}")
        problems += differences(
            "derivation", _json_code(one.get("derivationModifier")), wanted.get("derivation")
        )
    return problems


def _json_code(found: Mapping[str, str] | None) -> tuple[str, str, str] | None:
    return found and (found["CodeValue"], found["CodingSchemeDesignator"], found["CodeMeaning"])
