"""The image library: images by series, with what they have in common said once (TID 1600 to 1607)."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from dicomposer import samples, sr
from dicomposer.errors import ArgumentError, ArgumentTypeError, MissingAttributeError
from reports import context, ct, document, read_again


def values(items: Any) -> dict[str, Any]:
    return {one.name.meaning: one.value for one in items if not isinstance(one, sr.ImageContentItem)}


def test_descriptors_of_a_ct():
    found = values(sr.ImageLibraryEntryDescriptors(ct()))
    image = ct()
    assert found["Modality"] == Code("CT", "DCM", "Computed Tomography")
    assert (found["Pixel Data Rows"], found["Pixel Data Columns"]) == (image.Rows, image.Columns)
    assert found["Horizontal Pixel Spacing"] == float(image.PixelSpacing[1])
    assert found["Vertical Pixel Spacing"] == float(image.PixelSpacing[0])
    assert found["Image Position (Patient) Z"] == float(image.ImagePositionPatient[2])
    assert found["Frame of Reference UID"] == image.FrameOfReferenceUID
    assert found["Study Date"].isoformat().replace("-", "") == image.StudyDate


def test_more_descriptors():
    more = sr.TextContentItem(Code("1", "99X", "Quality"), "good", "HAS ACQ CONTEXT")
    assert values(sr.ImageLibraryEntryDescriptors(ct(), [more]))["Quality"] == "good"
    with pytest.raises(ArgumentTypeError):
        sr.ImageLibraryEntryDescriptors(ct(), ["good"])


def test_one_group_a_series(ct_phantom: samples.ImageSeries, mr_phantom: samples.ImageSeries) -> None:
    images = [*ct_phantom.datasets, *mr_phantom.datasets]
    library = sr.ImageLibrary(images)
    groups = library[0].children
    assert [one.name.meaning for one in groups] == ["Image Library Group"] * 2
    for group, series in zip(groups, (ct_phantom.datasets, mr_phantom.datasets), strict=True):
        entries = [one for one in group.children if isinstance(one, sr.ImageContentItem)]
        assert [one.referenced_sop_instance_uid for one in entries] == [one.SOPInstanceUID for one in series]
        shared = values(group.children)
        assert shared["Modality"].value == series[0].Modality
        for entry, image in zip(entries, series, strict=True):
            whole = shared | values(entry.children)
            assert whole == values(sr.ImageLibraryEntryDescriptors(image))
            assert not shared.keys() & values(entry.children).keys()


def test_in_a_report():
    made = sr.MeasurementReport(context(sr), codes.SCT.Lung, [], referenced_images=[ct()])
    again = read_again(sr, document(sr, made)).content
    library = again[0].ContentSequence.find(Code("111028", "DCM", "Image Library"))[0]
    assert len(library.children[0].children) >= 1


def test_images_that_do_not_say_what_they_are():
    image = ct()
    image.Modality = "XYZ"
    with pytest.raises(ArgumentError):
        sr.ImageLibrary([image])
    with pytest.raises(MissingAttributeError):
        sr.ImageLibraryEntryDescriptors(Dataset())
