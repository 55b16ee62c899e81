"""highdicom reads our reports and we read its, and both find the same."""

from __future__ import annotations

from io import BytesIO
from types import ModuleType
from typing import Any

import highdicom.sr
import numpy as np
import pytest
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer import sr
from reports import (
    CT,
    LENGTH,
    NAME,
    SEGMENTATION,
    UIDS,
    VOLUME,
    document,
    evidence,
    report,
    simple,
    written,
    written_plainly,
)

READERS = {"dicomposer": sr, "highdicom": highdicom.sr}


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return {"dicomposer": written(document(sr)), "highdicom": written_plainly(document(highdicom.sr))}


@pytest.fixture(scope="module")
def contents(files: dict[str, bytes]) -> dict[tuple[str, str], Any]:
    """(writer, reader) -> content."""
    return {
        (writer, reader): module.srread(BytesIO(data)).content
        for writer, data in files.items()
        for reader, module in READERS.items()
    }


def plain(value: Any) -> Any:
    """A value, comparable across libraries."""
    if hasattr(value, "scheme_designator"):
        return (value.value, value.scheme_designator, value.meaning)
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, np.ndarray):
        return value.tolist()
    if hasattr(value, "graphic_data"):
        # the peer gives one part as an array, not as the list that it documents
        return (value.graphic_type.value, np.reshape(np.asarray(value.graphic_data), (-1, 3)).tolist())
    if hasattr(value, "graphic_type"):
        return (value.graphic_type.value, value.value.tolist())
    if hasattr(value, "laterality"):
        return (plain(value.value), plain(value.laterality), plain(value.topographical_modifier))
    if hasattr(value, "referenced_frame_numbers"):
        return (
            str(value.referenced_sop_class_uid),
            str(value.referenced_sop_instance_uid),
            plain(value.referenced_frame_numbers),
            plain(value.referenced_segment_numbers),
        )
    return value


GROUP = (
    "tracking_identifier tracking_uid finding_category finding_type finding_sites method roi reference_type "
    "referenced_segment referenced_segmentation_frame source_images"
).split()
MEASUREMENT = (
    "name value unit qualifier derivation method finding_sites referenced_images referenced_coordinates"
).split()


def described(content: Any) -> list[Any]:
    found: list[Any] = []
    for kind in ("planar_roi", "volumetric_roi", "image"):
        for group in getattr(content, f"get_{kind}_measurement_groups")():
            found.append((kind, {name: plain(getattr(group, name, None)) for name in GROUP}))
            # of the peer, order and offset of a time point count as measurements, and categories as evaluations
            found += [
                {name: plain(getattr(one, name)) for name in MEASUREMENT}
                for one in group.get_measurements()
                if one.name.value not in ("126073", "128740")
            ]
            found += [
                (plain(one.name), plain(one.value))
                for one in group.get_qualitative_evaluations()
                if one.name.value in ("111009", "112023")
            ]
    for one in content.get_observer_contexts():
        attributes = one.observer_identifying_attributes
        found.append(
            {
                name: str(plain(getattr(attributes, name, None)))
                for name in (
                    "name",
                    "login_name",
                    "organization_name",
                    "uid",
                    "manufacturer_name",
                    "model_name",
                )
            }
        )
    for one in content.get_subject_contexts():
        specific = one.subject_class_specific_context
        found.append((plain(one.subject_class), str(specific.specimen_uid), specific.specimen_identifier))
    return found


@pytest.mark.parametrize("writer", READERS)
def test_both_read_the_same(contents: Any, writer: str) -> None:
    ours, theirs = described(contents[writer, "dicomposer"]), described(contents[writer, "highdicom"])
    assert len(ours) > 30
    assert ours == theirs


def test_both_write_the_same(contents: Any) -> None:
    ours, theirs = (described(contents[writer, "dicomposer"]) for writer in READERS)
    assert len(ours) == len(theirs)
    different = [pair for pair in zip(ours, theirs, strict=True) if pair[0] != pair[1]]
    # a reference has frames or segments, not both (PS3.3 C.18.4); and the meaning of one code is spelt differently
    for one, _ in different:
        assert isinstance(one, tuple)
        assert one[0] in ("planar_roi", "volumetric_roi")


FILTERS: list[tuple[str, dict[str, Any]]] = [
    ("planar_roi", {"tracking_uid": UIDS["planar"]}),
    ("planar_roi", {"tracking_uid": "1.2"}),
    ("planar_roi", {"finding_type": codes.SCT.Nodule}),
    ("planar_roi", {"finding_type": codes.SCT.Mass}),
    ("planar_roi", {"finding_site": codes.SCT.Liver}),
    ("planar_roi", {"finding_site": codes.SCT.Kidney}),
    ("planar_roi", {"reference_type": NAME}),
    ("planar_roi", {"reference_type": Code("121214", "DCM", "Referenced Segmentation Frame")}),
    ("planar_roi", {"graphic_type": "2D POLYLINE"}),
    ("planar_roi", {"graphic_type": "2D CIRCLE"}),
    ("planar_roi", {"graphic_type": "3D POLYGON"}),
    ("planar_roi", {"referenced_sop_instance_uid": UIDS["segmentation"]}),
    ("planar_roi", {"referenced_sop_class_uid": SEGMENTATION}),
    ("planar_roi", {"referenced_sop_class_uid": CT}),
    (
        "planar_roi",
        {"referenced_sop_class_uid": CT, "tracking_uid": UIDS["planar"], "finding_site": codes.SCT.Lung},
    ),
    ("volumetric_roi", {"tracking_uid": UIDS["surface"]}),
    ("volumetric_roi", {"finding_type": codes.SCT.Nodule, "finding_site": codes.SCT.Lung}),
    ("volumetric_roi", {"reference_type": Code("121191", "DCM", "Referenced Segment")}),
    ("volumetric_roi", {"reference_type": Code("121231", "DCM", "Volume Surface")}),
    ("volumetric_roi", {"reference_type": NAME}),
    ("volumetric_roi", {"graphic_type": "3D ELLIPSOID"}),
    ("volumetric_roi", {"graphic_type": "3D POLYGON"}),
    ("volumetric_roi", {"referenced_sop_instance_uid": UIDS["segmentation"]}),
    ("volumetric_roi", {"referenced_sop_class_uid": SEGMENTATION}),
    ("volumetric_roi", {"referenced_sop_class_uid": CT}),
    ("image", {"tracking_uid": UIDS["image"]}),
    ("image", {"finding_type": codes.SCT.Nodule}),
    ("image", {"finding_site": codes.SCT.Liver}),
    ("image", {"referenced_sop_class_uid": CT}),
    ("image", {"referenced_sop_instance_uid": UIDS["segmentation"]}),
]


def filtered(content: Any, module: ModuleType, kind: str, wanted: dict[str, Any]) -> list[str]:
    asked = dict(wanted)
    if "graphic_type" in asked:
        where, shape = asked["graphic_type"].split()
        asked["graphic_type"] = (module.GraphicTypeValues if where == "2D" else module.GraphicTypeValues3D)[
            shape
        ]
    groups = getattr(content, f"get_{kind}_measurement_groups")(**asked)
    return [str(group.tracking_uid) for group in groups]


@pytest.mark.parametrize("writer", READERS)
@pytest.mark.parametrize(("kind", "wanted"), FILTERS, ids=lambda v: str(v)[:60])
def test_filters(contents: Any, writer: str, kind: str, wanted: dict[str, Any]) -> None:
    expected = filtered(contents[writer, "highdicom"], highdicom.sr, kind, wanted)
    assert filtered(contents[writer, "dicomposer"], sr, kind, wanted) == expected


MISTAKES = [
    ("planar_roi", {"graphic_type": "POLYLINE"}, TypeError),
    ("planar_roi", {"reference_type": codes.SCT.Lung}, ValueError),
    ("planar_roi", {"reference_type": Code("121231", "DCM", "Volume Surface")}, ValueError),
    (
        "volumetric_roi",
        {"reference_type": Code("121214", "DCM", "Referenced Segmentation Frame")},
        ValueError,
    ),
]


@pytest.mark.parametrize(("kind", "wanted", "error"), MISTAKES)
def test_filters_that_make_no_sense(contents: Any, kind: str, wanted: dict[str, Any], error: Any) -> None:
    for reader in READERS:
        with pytest.raises(error):
            getattr(contents["dicomposer", reader], f"get_{kind}_measurement_groups")(**wanted)


def test_segments_have_no_shape(contents: Any) -> None:
    with pytest.raises(ValueError, match="graphic_type"):
        contents["dicomposer", "dicomposer"].get_planar_roi_measurement_groups(
            reference_type=Code("121214", "DCM", "Referenced Segmentation Frame"),
            graphic_type=sr.GraphicTypeValues.POINT,
        )


@pytest.mark.parametrize("name", [VOLUME, LENGTH, codes.SCT.Lung])
def test_measurements_by_name(contents: Any, name: Any) -> None:
    counts = {
        reader: [
            len(group.get_measurements(name))
            for group in contents["highdicom", reader].get_planar_roi_measurement_groups()
        ]
        for reader in READERS
    }
    assert counts["dicomposer"] == counts["highdicom"]


@pytest.mark.parametrize("writer", READERS)
def test_evidence(files: dict[str, bytes], writer: str) -> None:
    found = {reader: module.srread(BytesIO(files[writer])) for reader, module in READERS.items()}
    for current in (True, False):
        ours, theirs = (found[reader].get_evidence(current) for reader in READERS)
        assert sorted(ours) == sorted(theirs)
        ours, theirs = (found[reader].get_evidence_series(current) for reader in READERS)
        assert sorted(ours) == sorted(theirs)
    assert len(found["dicomposer"].get_evidence()) == len(evidence())


def test_items_found(files: dict[str, bytes]) -> None:
    for asked in (
        {"name": NAME},
        {"value_type": "NUM"},
        {"relationship_type": "HAS OBS CONTEXT"},
        {"name": VOLUME, "value_type": "NUM", "relationship_type": "CONTAINS"},
    ):
        counts = [
            len(
                module.utils.find_content_items(
                    module.srread(BytesIO(files["highdicom"])), recursive=True, **asked
                )
            )
            for module in READERS.values()
        ]
        assert counts[0] == counts[1]
        assert counts[0] or "name" in asked


def test_names_and_values_of_items(files: dict[str, bytes]) -> None:
    item = simple(sr, finding_type=codes.SCT.Nodule)[0].ContentSequence.find(codes.DCM.Finding)[0]
    for module in READERS.values():
        assert module.utils.get_coded_name(item) == codes.DCM.Finding
        assert module.utils.get_coded_value(item) == codes.SCT.Nodule


def test_the_peer_takes_our_content_and_we_take_its() -> None:
    ours = document(sr, report(highdicom.sr, [simple(highdicom.sr)]))
    theirs = sr.srread(written_plainly(document(highdicom.sr, report(sr))))
    assert len(ours.content.get_planar_roi_measurement_groups()) == 1
    assert len(theirs.content.get_planar_roi_measurement_groups()) == 2
