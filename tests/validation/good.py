"""Good objects of many kinds: what highdicom writes (a black box here), and minimal ones made from the tables."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from io import BytesIO

import highdicom as hd
import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes
from tests.validation.objects import binary, clone, ct_series, encoded, label_map, slide, tiled_sparse, uid

from minimal import minimal  # tests/helpers
from minimal_values import code

MAKER = {
    "manufacturer": "maker",
    "manufacturer_model_name": "model",
    "software_versions": "1",
    "device_serial_number": "7",
}


def _identity(number: int) -> dict[str, object]:
    return {
        "series_instance_uid": uid(19, number),
        "series_number": 70 + number,
        "sop_instance_uid": uid(19, number, 1),
        "instance_number": 1,
    }


def _read(made: Dataset) -> Dataset:
    return dcmread(BytesIO(encoded(made)))


@cache
def small_ct() -> tuple[Dataset, ...]:
    """Three CT slices of 16 x 16 pixels."""
    slices = []
    for one in ct_series()[:3]:
        made = clone(one)  # elements of an updated dataset would be those of the original
        for keyword in ("PixelData", "PixelPaddingValue", "DataSetTrailingPadding"):
            made.pop(keyword, None)
        made.remove_private_tags()
        made.Rows = made.Columns = 16
        made.PatientBirthDate, made.PatientSex = "19700101", "O"
        made.pop("Laterality", None)
        made.PatientName = "Test^Object"
        made.BitsStored, made.HighBit = 16, 15
        made.PixelData = np.zeros((16, 16), np.int16).tobytes()
        made["PixelData"].VR = "OW"
        slices.append(made)
    return tuple(slices)


@cache
def parametric_map() -> Dataset:
    """Parametric map of a CT series, floats."""
    mapping = hd.pm.RealWorldValueMapping(
        lut_label="1",
        lut_explanation="fraction",
        unit=codes.UCUM.NoUnits,
        value_range=(0.0, 1.0),
        intercept=0.0,
        slope=1.0,
        quantity_definition=codes.DCM.VolumeFractionFromPETImage
        if hasattr(codes.DCM, "VolumeFractionFromPETImage")
        else codes.SCT.Volume,
    )
    made = hd.pm.ParametricMap(
        list(small_ct()),
        np.zeros((3, 16, 16), np.float32),
        **_identity(1),
        **MAKER,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[mapping],
        window_center=0.5,
        window_width=1.0,
    )
    # What highdicom does not write, for want of it in the source
    anatomy = Dataset()
    anatomy.AnatomicRegionSequence = [code("51185008", "SCT", "Chest")]
    anatomy.FrameLaterality = "U"
    made.SharedFunctionalGroupsSequence[0].FrameAnatomySequence = [anatomy]
    made.BodyPartExamined = "CHEST"
    return _read(made)


@cache
def annotations() -> Dataset:
    """Bulk annotations of a slide: polygons with a measurement, and points."""
    square = np.array([[1.0, 1.0], [5.0, 1.0], [5.0, 5.0], [1.0, 5.0]], np.float32)
    common = {
        "annotated_property_category": codes.SCT.MorphologicallyAbnormalStructure
        if hasattr(codes.SCT, "MorphologicallyAbnormalStructure")
        else codes.SCT.Tissue,
        "annotated_property_type": codes.SCT.Neoplasm,
        "algorithm_type": hd.ann.AnnotationGroupGenerationTypeValues.AUTOMATIC,
        "algorithm_identification": hd.AlgorithmIdentificationSequence(
            "net", codes.DCM.ArtificialIntelligence, "1.0"
        ),
    }
    areas = hd.ann.AnnotationGroup(
        number=1,
        uid=uid(20, 1),
        label="areas",
        graphic_type=hd.ann.GraphicTypeValues.POLYGON,
        graphic_data=[square, square + 20],
        measurements=[
            hd.ann.Measurements(
                codes.SCT.Area, np.array([16.0, 16.0], np.float32), codes.UCUM.SquareMicrometer
            )
        ],
        **common,
    )
    points = hd.ann.AnnotationGroup(
        number=2,
        uid=uid(20, 2),
        label="points",
        graphic_type=hd.ann.GraphicTypeValues.POINT,
        graphic_data=[square[:1], square[2:3]],
        **common,
    )
    made = hd.ann.MicroscopyBulkSimpleAnnotations(
        source_images=[slide()],
        annotation_coordinate_type=hd.ann.AnnotationCoordinateTypeValues.SCOORD,
        annotation_groups=[areas, points],
        **_identity(2),
        **MAKER,
    )
    return _read(made)


def _observation() -> hd.sr.ObservationContext:
    return hd.sr.ObservationContext(
        observer_device_context=hd.sr.ObserverContext(
            observer_type=codes.DCM.Device,
            observer_identifying_attributes=hd.sr.DeviceObserverIdentifyingAttributes(uid=uid(21)),
        )
    )


@cache
def report() -> Dataset:
    """A measurement report (TID 1500) with a planar region and a measurement."""
    image = small_ct()[0]
    region = hd.sr.ImageRegion(
        graphic_type=hd.sr.GraphicTypeValues.CIRCLE,
        graphic_data=np.array([[5.0, 5.0], [5.0, 8.0]]),
        source_image=hd.sr.SourceImageForRegion.from_source_image(image),
    )
    group = hd.sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        referenced_region=region,
        tracking_identifier=hd.sr.TrackingIdentifier(uid=uid(22), identifier="one"),
        measurements=[hd.sr.Measurement(codes.SCT.Diameter, 6.0, codes.UCUM.Millimeter)],
        finding_type=codes.SCT.Neoplasm,
        qualitative_evaluations=[
            hd.sr.QualitativeEvaluation(codes.DCM.LevelOfSignificance, codes.SCT.HighlySignificant)
        ]
        if hasattr(codes.SCT, "HighlySignificant")
        else None,
    )
    content = hd.sr.MeasurementReport(
        observation_context=_observation(),
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        title=codes.DCM.ImagingMeasurementReport,
        imaging_measurements=[group],
    )
    made = hd.sr.Comprehensive3DSR(
        evidence=[image], content=content, **_identity(3), manufacturer="maker", is_complete=True
    )
    return _read(made)


@cache
def key_objects() -> Dataset:
    """A selection of two slices."""
    content = hd.ko.KeyObjectSelection(
        document_title=codes.DCM.OfInterest,
        referenced_objects=list(small_ct()[:2]),
        observer_person_context=hd.sr.ObserverContext(
            observer_type=codes.DCM.Person,
            observer_identifying_attributes=hd.sr.PersonObserverIdentifyingAttributes(name="Some^One"),
        ),
    )
    made = hd.ko.KeyObjectSelectionDocument(
        list(small_ct()[:2]), content, **_identity(4), manufacturer="maker"
    )
    return _read(made)


@cache
def presentation() -> Dataset:
    """A grayscale presentation state with a layer, a polyline and a text."""
    layer = hd.pr.GraphicLayer("LAYER", order=1)
    line = hd.pr.GraphicObject(
        hd.pr.GraphicTypeValues.POLYLINE,
        np.array([[1.0, 1.0], [5.0, 5.0]]),
        hd.pr.AnnotationUnitsValues.PIXEL,
    )
    text = hd.pr.TextObject("here", hd.pr.AnnotationUnitsValues.PIXEL, anchor_point=(3.0, 3.0))
    note = hd.pr.GraphicAnnotation(
        referenced_images=list(small_ct()[:1]),
        graphic_layer=layer,
        graphic_objects=[line],
        text_objects=[text],
    )
    made = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=list(small_ct()),
        **_identity(5),
        **MAKER,
        content_label="STATE",
        graphic_layers=[layer],
        graphic_annotations=[note],
        voi_lut_transformations=[hd.pr.SoftcopyVOILUTTransformation(40.0, 400.0)],
        presentation_lut_transformation=hd.PresentationLUTTransformation(
            presentation_lut_shape=hd.PresentationLUTShapeValues.IDENTITY
        ),
    )
    made.BodyPartExamined = "CHEST"
    return _read(made)


@cache
def legacy() -> Dataset:
    """A CT series converted to an enhanced image."""
    made = hd.legacy.LegacyConvertedEnhancedCTImage(list(small_ct()), **_identity(6))
    return _read(made)


#: Objects made by others than us: name -> maker.
WRITTEN: dict[str, Callable[[], Dataset]] = {
    "CT image": lambda: small_ct()[0],
    "BINARY segmentation": binary,
    "label map": label_map,
    "tiled segmentation": tiled_sparse,
    "parametric map": parametric_map,
    "bulk annotations": annotations,
    "measurement report": report,
    "key objects": key_objects,
    "presentation state": presentation,
    "legacy converted CT": legacy,
}

#: IODs of which a minimal object is made; dciodvfy finds no error in any.
MINIMAL = """ct-image mr-image positron-emission-tomography-image enhanced-ct-image enhanced-mr-image
enhanced-pet-image legacy-converted-enhanced-mr-image parametric-map vl-photographic-image
vl-whole-slide-microscopy-image secondary-capture-image multi-frame-true-color-secondary-capture-image
multi-frame-grayscale-byte-secondary-capture-image comprehensive-3d-sr enhanced-sr
grayscale-softcopy-presentation-state color-softcopy-presentation-state pseudo-color-softcopy-presentation-state
advanced-blending-presentation-state digital-x-ray-image digital-mammography-x-ray-image
ultrasound-multi-frame-image x-ray-angiographic-image nuclear-medicine-image computed-radiography-image
rt-structure-set rt-dose rt-plan encapsulated-pdf encapsulated-stl spatial-registration real-world-value-mapping
12-lead-ecg""".split()

#: Every good object: name -> maker.
OBJECTS: dict[str, Callable[[], Dataset]] = {
    **WRITTEN,
    **{iod: cache(partial(minimal, iod)) for iod in MINIMAL},
}
