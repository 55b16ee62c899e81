"""Objects that highdicom makes of the sample images, for ``tools.agreement_writers``: public calls only."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from pydicom.uid import JPEG2000Lossless, JPEGLSLossless, RLELossless

from dicomposer import samples

Images = list[Dataset]


def _common(number: int, *, device: bool = True) -> dict[str, Any]:
    common: dict[str, Any] = {
        "series_instance_uid": hd.UID(),
        "series_number": number,
        "sop_instance_uid": hd.UID(),
        "instance_number": 1,
        "manufacturer": "Sample",
    }
    if device:
        common |= {
            "manufacturer_model_name": "Sample model",
            "software_versions": "1",
            "device_serial_number": "1",
        }
    return common


def _algorithm() -> Any:
    return hd.AlgorithmIdentificationSequence("sample", codes.DCM.ArtificialIntelligence, "1")


def _segment() -> Any:
    return hd.seg.SegmentDescription(
        segment_number=1,
        segment_label="Tumour",
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type="AUTOMATIC",
        algorithm_identification=_algorithm(),
        tracking_uid=hd.UID(),
        tracking_id="lesion 1",
    )


def _segmentation(kind: str, syntax: str | None = None) -> Callable[[Images, Any], Dataset]:
    def produce(images: Images, mask: Any) -> Dataset:
        array = np.asarray(mask > 0)
        array = array.astype(np.float32) * 0.5 if kind == "FRACTIONAL" else array.astype(np.uint8)
        more = {"transfer_syntax_uid": syntax} if syntax else {}
        return hd.seg.Segmentation(images, array, kind, [_segment()], **_common(2), **more)

    return produce


def _tiled(kind: str, organization: str) -> Callable[[Images, Any], Dataset]:
    def produce(images: Images, mask: Any) -> Dataset:
        del images, mask
        slide = samples.slide_image()
        return hd.seg.Segmentation(
            [slide.dataset],
            np.asarray(slide.mask[None] > 0, np.uint8),
            kind,
            [_segment()],
            tile_pixel_array=True,
            omit_empty_frames=False,
            dimension_organization_type=organization,
            **_common(3),
        )

    return produce


def _map(images: Images, mask: Any) -> Dataset:
    values = np.stack([image.pixel_array for image in images]).astype(np.float32) * (mask > 0)
    mapping = hd.pm.RealWorldValueMapping(
        "HU", "Attenuation", codes.UCUM.HounsfieldUnit, (-1024.0, 3071.0), slope=1.0, intercept=0.0
    )
    return hd.pm.ParametricMap(
        images,
        values,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        voi_lut_transformations=[hd.VOILUTTransformation(window_center=0, window_width=400)],
        **_common(4),
    )


def _context() -> Any:
    person = hd.sr.PersonObserverIdentifyingAttributes(name="Doe^Jane")
    return hd.sr.ObservationContext(
        observer_person_context=hd.sr.ObserverContext(codes.DCM.Person, person),
        observer_device_context=hd.sr.ObserverContext(
            codes.DCM.Device, hd.sr.DeviceObserverIdentifyingAttributes(uid=hd.UID(), name="sample")
        ),
    )


def _measurement() -> Any:
    return hd.sr.Measurement(
        codes.SCT.Length,
        12.5,
        codes.UCUM.Millimeter,
        algorithm_id=hd.sr.AlgorithmIdentification("sample", "1"),
    )


def _report(kind: Any, three: bool) -> Callable[[Images, Any], Dataset]:
    def produce(images: Images, mask: Any) -> Dataset:
        del mask
        first = images[0]
        tracking = hd.sr.TrackingIdentifier(hd.UID(), "lesion 1")
        if three:
            points = np.asarray(first.ImagePositionPatient, float) + np.array([[0.0, 0, 0], [9, 0, 0]])
            region = hd.sr.ImageRegion3D("POLYLINE", points, first.FrameOfReferenceUID)
        else:
            source = hd.sr.SourceImageForRegion(first.SOPClassUID, first.SOPInstanceUID)
            region = hd.sr.ImageRegion("POLYLINE", np.array([[10.0, 10], [20, 20], [10, 10]]), source)
        group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
            tracking_identifier=tracking,
            referenced_region=region,
            finding_type=codes.SCT.Neoplasm,
            finding_sites=[hd.sr.FindingSite(codes.SCT.Lung)],
            measurements=[_measurement()],
            qualitative_evaluations=[
                hd.sr.QualitativeEvaluation(codes.DCM.LevelOfSignificance, codes.SCT.High)
            ],
        )
        report = hd.sr.MeasurementReport(
            _context(),
            codes.LN.CTUnspecifiedBodyRegion,
            imaging_measurements=[group],
        )
        return kind(images, report, is_complete=True, **_common(5, device=False))

    return produce


def _key_objects(images: Images, mask: Any) -> Dataset:
    del mask
    content = hd.ko.KeyObjectSelection(codes.DCM.Manifest, images, description="Sample")
    return hd.ko.KeyObjectSelectionDocument(images, content, **_common(6, device=False))


def _annotation() -> Any:
    layer = hd.pr.GraphicLayer("LAYER1", order=1)
    line = hd.pr.GraphicObject("POLYLINE", np.array([[10.0, 10], [20, 20]]), units="PIXEL")
    text = hd.pr.TextObject("sample", units="PIXEL", anchor_point=(30.0, 30.0))
    return layer, line, text


def _gray(images: Images, mask: Any) -> Dataset:
    del mask
    layer, line, text = _annotation()
    return hd.pr.GrayscaleSoftcopyPresentationState(
        images,
        content_label="SAMPLE",
        graphic_layers=[layer],
        graphic_annotations=[
            hd.pr.GraphicAnnotation(images[:1], layer, graphic_objects=[line], text_objects=[text])
        ],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(window_center=40, window_width=400)],
        **_common(7),
    )


def _palette() -> Any:
    ramp = np.arange(256, dtype=np.uint16) * 257
    return hd.PaletteColorLUTTransformation(
        *(hd.PaletteColorLUT(0, ramp, colour) for colour in ("red", "green", "blue"))
    )


def _pseudo(images: Images, mask: Any) -> Dataset:
    del mask
    return hd.pr.PseudoColorSoftcopyPresentationState(
        images,
        palette_color_lut_transformation=_palette(),
        content_label="SAMPLE",
        **_common(8),
    )


def _color(images: Images, mask: Any) -> Dataset:
    profile = samples.slide_image().dataset.OpticalPathSequence[0].ICCProfile
    profile = profile[:12] + b"spac" + profile[16:]  # the class of device that highdicom asks for
    return hd.pr.ColorSoftcopyPresentationState(
        [_capture(images, mask)], icc_profile=profile, content_label="SAMPLE", **_common(9)
    )


def _blending(images: Images, mask: Any) -> Dataset:
    del mask
    parts = [
        hd.pr.AdvancedBlending(
            images,
            number,
            voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(window_center=40, window_width=400)],
            palette_color_lut_transformation=_palette(),
        )
        for number in (1, 2)
    ]
    display = hd.pr.BlendingDisplay("EQUAL", [hd.pr.BlendingDisplayInput(n) for n in (1, 2)])
    return hd.pr.AdvancedBlendingPresentationState(
        images, parts, [display], content_label="SAMPLE", **_common(10)
    )


def _capture(images: Images, mask: Any) -> Dataset:
    frame = np.stack([np.asarray(mask[0] > 0, np.uint8) * 255] * 3, axis=-1)
    return hd.sc.SCImage.from_ref_dataset(
        images[0],
        frame,
        "RGB",
        8,
        "PATIENT",
        patient_orientation=("L", "P"),
        **_common(11, device=False),
    )


def _bulk(images: Images, mask: Any) -> Dataset:
    del images, mask
    slide = samples.slide_image().dataset
    groups = [
        hd.ann.AnnotationGroup(
            1,
            hd.UID(),
            "cells",
            codes.SCT.AnatomicalStructure,
            codes.SCT.Cell,
            kind,
            [np.asarray(shape, np.float64)],
            "AUTOMATIC",
            _algorithm(),
            [hd.ann.Measurements(codes.SCT.Area, np.array([4.0]), codes.UCUM.SquareMicrometer)],
        )
        for kind, shape in (("POLYGON", [[10, 10], [20, 10], [20, 20], [10, 20.5]]),)
    ]
    return hd.ann.MicroscopyBulkSimpleAnnotations(
        [slide], "2D", groups, content_label="SAMPLE", **_common(12)
    )


def _legacy(kind: Any, modality: str) -> Callable[[Images, Any], Dataset]:
    def produce(images: Images, mask: Any) -> Dataset:
        del mask
        if modality == "MR":
            images = list(samples.mr_series().datasets[:5])
        elif modality == "PT":
            images = [copy.deepcopy(image) for image in samples.phantom_series(modality="PT").datasets[:5]]
        return kind(images, hd.UID(), 13, hd.UID(), 1)

    return produce


PRODUCERS: dict[str, Callable[[Images, Any], Dataset]] = {
    "seg-binary": _segmentation("BINARY"),
    "seg-fractional": _segmentation("FRACTIONAL"),
    "seg-label-map": _segmentation("LABELMAP"),
    "seg-fractional-jpeg-ls": _segmentation("FRACTIONAL", JPEGLSLossless),
    "seg-label-map-rle": _segmentation("LABELMAP", RLELossless),
    "seg-label-map-j2k": _segmentation("LABELMAP", JPEG2000Lossless),
    "seg-slide-full": _tiled("BINARY", "TILED_FULL"),
    "seg-slide-sparse": _tiled("LABELMAP", "TILED_SPARSE"),
    "parametric-map": _map,
    "sr-3d": _report(hd.sr.Comprehensive3DSR, three=True),
    "sr-comprehensive": _report(hd.sr.ComprehensiveSR, three=False),
    "sr-enhanced": _report(hd.sr.EnhancedSR, three=False),
    "key-objects": _key_objects,
    "pr-grayscale": _gray,
    "pr-pseudo-color": _pseudo,
    "pr-color": _color,
    "pr-advanced-blending": _blending,
    "secondary-capture": _capture,
    "annotations": _bulk,
    "legacy-ct": _legacy(hd.legacy.LegacyConvertedEnhancedCTImage, "CT"),
    "legacy-mr": _legacy(hd.legacy.LegacyConvertedEnhancedMRImage, "MR"),
    "legacy-pet": _legacy(hd.legacy.LegacyConvertedEnhancedPETImage, "PT"),
}
