"""Mutations of one kind of object: reports, annotations, maps, presentation states, contours, waveforms, documents."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from copy import deepcopy

import numpy as np
from pydicom.dataset import Dataset
from tests.validation.mutation_tools import SHARED, Apply, Kinds, NotApplicable, need, put

KINDS = Kinds()
REPORTS = "comprehensive-3d-sr comprehensive-sr enhanced-sr basic-text-sr key-object-selection-document"
STATES = """grayscale-softcopy-presentation-state color-softcopy-presentation-state
pseudo-color-softcopy-presentation-state advanced-blending-presentation-state"""


# -- reports ---------------------------------------------------------------------------------------------------------


def _content(item: Dataset, where: str = "") -> list[tuple[Dataset, str]]:
    """Every content item below one, with its path."""
    found = []
    for number, inner in enumerate(item.get("ContentSequence", ())):
        path = rf"{where}ContentSequence\[{number}\]\."
        found += [(inner, path), *_content(inner, path)]
    return found


def _item(dataset: Dataset, rng: random.Random, kind: str = "") -> tuple[Dataset, str]:
    found = [one for one in _content(dataset) if not kind or one[0].get("ValueType") == kind]
    if not found:
        raise NotApplicable(kind)
    return rng.choice(found)


def _without(kind: str, keyword: str) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        item, path = _item(dataset, rng, kind)
        need(item, keyword)
        del item[keyword]
        return [f"^{path}{keyword}$"]

    return apply


for _kind, _keyword in (
    ("", "ValueType"),
    ("", "RelationshipType"),
    ("CODE", "ConceptCodeSequence"),
    ("CODE", "ConceptNameCodeSequence"),
    ("TEXT", "TextValue"),
    ("NUM", "ConceptNameCodeSequence"),
    ("UIDREF", "UID"),
    ("PNAME", "PersonName"),
    ("CONTAINER", "ContinuityOfContent"),
    ("IMAGE", "ReferencedSOPSequence"),
    ("SCOORD", "GraphicType"),
    ("SCOORD", "GraphicData"),
):
    KINDS(f"a {_kind or 'content'} item without {_keyword}", REPORTS)(_without(_kind, _keyword))


@KINDS("a NUM item without measured value", REPORTS)
def _num(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _item(dataset, rng, "NUM")
    del item.MeasuredValueSequence
    return [f"^{path}MeasuredValueSequence$"]


@KINDS("a measured value without units", REPORTS)
def _units(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _item(dataset, rng, "NUM")
    del item.MeasuredValueSequence[0].MeasurementUnitsCodeSequence
    return [rf"^{path}MeasuredValueSequence\[0\]\.MeasurementUnitsCodeSequence$"]


def _content_value(keyword: str, value: object, kind: str = "") -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        item, path = _item(dataset, rng, kind)
        need(item, keyword)
        setattr(item, keyword, value)
        return [rf"^{path}({keyword}|GraphicData|GraphicType)$"]

    return apply


KINDS("a value type that is none", REPORTS)(_content_value("ValueType", "THING"))
KINDS("a relationship that is none", REPORTS)(_content_value("RelationshipType", "BELONGS TO"))
KINDS("a relationship that the document does not allow", REPORTS)(
    _content_value("RelationshipType", "SELECTED FROM", "CODE")
)
KINDS("a graphic type that is none", REPORTS)(_content_value("GraphicType", "SQUARE", "SCOORD"))
KINDS("a circle of three points", REPORTS)(_content_value("GraphicData", [1, 1, 2, 2, 3, 3], "SCOORD"))
KINDS("coordinates of an odd number", REPORTS)(_content_value("GraphicData", [1, 1, 2], "SCOORD"))


@KINDS("a document without a title", REPORTS)
def _title(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    del dataset.ConceptNameCodeSequence
    return ["^ConceptNameCodeSequence$"]


@KINDS("a root that is no container", REPORTS)
def _root(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ValueType = "TEXT"
    return ["^ValueType$"]


@KINDS("a verified document without an observer", REPORTS)
def _verified(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if "VerificationFlag" not in dataset:
        raise NotApplicable("flag")
    dataset.VerificationFlag = "VERIFIED"
    return ["^VerifyingObserverSequence$"]


@KINDS("evidence that is not listed", REPORTS)
def _evidence(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _item(dataset, rng, "IMAGE")
    del dataset.CurrentRequestedProcedureEvidenceSequence
    return ["^CurrentRequestedProcedureEvidenceSequence$", "ReferencedSOPInstanceUID$"]


# -- bulk annotations ------------------------------------------------------------------------------------------------

ANNOTATIONS = "microscopy-bulk-simple-annotations"


def _group(dataset: Dataset, kind: str = "POLYGON") -> tuple[Dataset, str]:
    for number, group in enumerate(dataset.AnnotationGroupSequence):
        if group.GraphicType == kind:
            return group, rf"^AnnotationGroupSequence\[{number}\]\."
    raise NotApplicable(kind)


@KINDS("a count of annotations that is another", ANNOTATIONS)
def _count(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset, rng.choice(["POLYGON", "POINT"]))
    group.NumberOfAnnotations = 7
    return [path]


def _indexed(values: list[int]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        group, path = _group(dataset)
        group.LongPrimitivePointIndexList = np.array(values, "<u4").tobytes()
        return [f"{path}LongPrimitivePointIndexList$"]

    return apply


KINDS("an index beyond the coordinates", ANNOTATIONS)(_indexed([1, 99]))
KINDS("an index into the middle of a point", ANNOTATIONS)(_indexed([1, 10]))
KINDS("indices that do not begin with 1", ANNOTATIONS)(_indexed([3, 9]))
KINDS("indices that fall", ANNOTATIONS)(_indexed([9, 1]))
KINDS("an index too many for the annotations", ANNOTATIONS)(_indexed([1, 5, 9]))


@KINDS("polygons without indices", ANNOTATIONS)
def _no_indices(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset)
    del group.LongPrimitivePointIndexList
    return [f"{path}LongPrimitivePointIndexList$"]


@KINDS("points with indices", ANNOTATIONS)
def _point_indices(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset, "POINT")
    group.LongPrimitivePointIndexList = np.array([1, 3], "<u4").tobytes()
    return [f"{path}LongPrimitivePointIndexList$"]


@KINDS("coordinates that are no whole points", ANNOTATIONS)
def _half(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset, "POINT")
    group.PointCoordinatesData = group.PointCoordinatesData[:-4]
    return [rf"{path}(PointCoordinatesData|NumberOfAnnotations)$"]


@KINDS("two groups of one number", ANNOTATIONS)
def _same_number(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.AnnotationGroupSequence[1].AnnotationGroupNumber = 1
    return [r"^AnnotationGroupSequence\[1\]\.AnnotationGroupNumber$"]


@KINDS("two groups of one UID", ANNOTATIONS)
def _same_uid(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    groups = dataset.AnnotationGroupSequence
    groups[1].AnnotationGroupUID = groups[0].AnnotationGroupUID
    return [r"^AnnotationGroupSequence\[1\]\.AnnotationGroupUID$"]


@KINDS("a graphic type of annotations that is none", ANNOTATIONS)
def _graphic(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset)
    group.GraphicType = "CIRCLE"
    return [f"{path}GraphicType$"]


@KINDS("measurements fewer than annotations", ANNOTATIONS)
def _measurements(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset)
    values = group.MeasurementsSequence[0].MeasurementValuesSequence[0]
    values.FloatingPointValues = values.FloatingPointValues[:4]
    return [rf"{path}MeasurementsSequence\[0\]\.MeasurementValuesSequence\[0\]"]


@KINDS("both kinds of coordinates", ANNOTATIONS)
def _both_kinds(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    group, path = _group(dataset)
    group.DoublePointCoordinatesData = bytes(64)
    return [rf"{path}(Double)?PointCoordinatesData$"]


# -- values of the real world ----------------------------------------------------------------------------------------

MAPS = "parametric-map real-world-value-mapping"


def _mapping(dataset: Dataset) -> tuple[Dataset, str]:
    if SHARED in dataset:
        group = dataset[SHARED].value[0]
        return group.RealWorldValueMappingSequence[
            0
        ], rf"^{SHARED}\[0\]\.RealWorldValueMappingSequence\[0\]\."
    outer = dataset.ReferencedImageRealWorldValueMappingSequence[0]
    return (
        outer.RealWorldValueMappingSequence[0],
        r"^ReferencedImageRealWorldValueMappingSequence\[0\]\.RealWorldValueMappingSequence\[0\]\.",
    )


@KINDS("a mapping that ends before it begins", MAPS)
def _backwards(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    for kind in ("", "DoubleFloat"):
        first, last = f"{kind}RealWorldValueFirstValueMapped", f"{kind}RealWorldValueLastValueMapped"
        if first in item:
            item[first].value, item[last].value = 9, 2
    return [rf"{path}(DoubleFloat)?RealWorldValue(First|Last)ValueMapped$"]


@KINDS("a mapping without units", MAPS)
def _no_units(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    del item.MeasurementUnitsCodeSequence
    return [f"{path}MeasurementUnitsCodeSequence$"]


@KINDS("a mapping without a slope", MAPS)
def _no_slope(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    remove = [one for one in ("RealWorldValueSlope", "RealWorldValueLUTData") if one in item]
    del item[remove[0]]
    return [rf"{path}RealWorldValue(Slope|LUTData|Intercept)$"]


@KINDS("a mapping with a table and a slope", MAPS)
def _two_ways(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    item.RealWorldValueSlope, item.RealWorldValueIntercept = 1.0, 0.0
    item.RealWorldValueLUTData = [1.0, 2.0]
    return [rf"{path}RealWorldValue(Slope|LUTData|Intercept)$"]


@KINDS("a mapping of slope nought", MAPS)
def _flat(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    item.RealWorldValueSlope = 0.0
    return [f"{path}RealWorldValueSlope$"]


@KINDS("two mappings of one label", MAPS)
def _labels(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item, path = _mapping(dataset)
    holder = (
        dataset[SHARED].value[0]
        if SHARED in dataset
        else dataset.ReferencedImageRealWorldValueMappingSequence[0]
    )
    holder.RealWorldValueMappingSequence.append(deepcopy(item))
    return [
        path.replace(r"Sequence\[0\]\.RealWorldValueMappingSequence\[0\]\.", "")
        and r"RealWorldValueMappingSequence\[1\]\.LUTLabel$"
    ]


@KINDS("words and floats for one map", "parametric-map")
def _two_pixels(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if "FloatPixelData" not in dataset:
        raise NotApplicable("floats")
    dataset.add_new(0x7FE00010, "OW", bytes(len(dataset.FloatPixelData)))
    return ["^(Float)?PixelData$"]


# -- presentation states ---------------------------------------------------------------------------------------------


@KINDS("an area displayed that ends before it begins", STATES)
def _area(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.DisplayedAreaSelectionSequence[0]
    item.DisplayedAreaTopLeftHandCorner = [500, 500]
    item.DisplayedAreaBottomRightHandCorner = [2, 2]
    return [r"^DisplayedAreaSelectionSequence\[0\]\.DisplayedArea\w+Corner$"]


@KINDS("a size mode that is none", STATES)
def _mode(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.DisplayedAreaSelectionSequence[0].PresentationSizeMode = "LARGE"
    return [r"^DisplayedAreaSelectionSequence\[0\]\.PresentationSizeMode$"]


@KINDS("a magnification that is not stated", STATES)
def _magnified(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.DisplayedAreaSelectionSequence[0]
    item.PresentationSizeMode = "MAGNIFY"
    item.pop("PresentationPixelMagnificationRatio", None)
    return [r"^DisplayedAreaSelectionSequence\[0\]\.PresentationPixelMagnificationRatio$"]


@KINDS("a graphic of a number of points that is another", STATES)
def _points(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.GraphicAnnotationSequence[0].GraphicObjectSequence[0].NumberOfGraphicPoints = 5
    return [
        r"^GraphicAnnotationSequence\[0\]\.GraphicObjectSequence\[0\]\.(NumberOfGraphicPoints|GraphicData)$"
    ]


@KINDS("a graphic on a layer that is none", STATES)
def _layer(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.GraphicAnnotationSequence[0].GraphicLayer = "OTHER"
    return [r"^GraphicAnnotationSequence\[0\]\.GraphicLayer$"]


@KINDS("two layers of one name", STATES)
def _layers(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.GraphicLayerSequence.append(deepcopy(dataset.GraphicLayerSequence[0]))
    return [r"^GraphicLayerSequence\[1\]\.GraphicLayer$"]


@KINDS("a circle of one point", STATES)
def _circle(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.GraphicAnnotationSequence[0].GraphicObjectSequence[0]
    item.GraphicType, item.NumberOfGraphicPoints, item.GraphicData = "CIRCLE", 1, [1.0, 1.0]
    return [
        r"^GraphicAnnotationSequence\[0\]\.GraphicObjectSequence\[0\]\.(NumberOfGraphicPoints|GraphicData)$"
    ]


@KINDS("a text without a place", STATES)
def _text(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.GraphicAnnotationSequence[0].TextObjectSequence[0]
    del item.AnchorPoint
    return [r"^GraphicAnnotationSequence\[0\]\.TextObjectSequence\[0\]\."]


@KINDS("a shape of the presentation table that is none", STATES)
def _shape(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "PresentationLUTShape")
    dataset.PresentationLUTShape = "ROUND"
    return ["^PresentationLUTShape$"]


@KINDS("a state of no images", STATES)
def _no_images(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    item = dataset.ReferencedSeriesSequence[0]
    del item.ReferencedImageSequence
    return [r"^ReferencedSeriesSequence\[0\]\.Referenced"]


@KINDS("a palette shorter than it says", STATES)
def _palette(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "RedPaletteColorLookupTableData")
    dataset.RedPaletteColorLookupTableData = dataset.RedPaletteColorLookupTableData[:100]
    return ["^RedPaletteColorLookupTable(Data|Descriptor)$"]


@KINDS("palettes of different lengths", STATES)
def _palettes(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "RedPaletteColorLookupTableDescriptor")
    dataset.BluePaletteColorLookupTableDescriptor = [128, 0, 16]
    return ["^BluePaletteColorLookupTable(Data|Descriptor)$"]


@KINDS("a palette of twelve bits", STATES)
def _palette_bits(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "RedPaletteColorLookupTableDescriptor")
    dataset.RedPaletteColorLookupTableDescriptor = [256, 0, 12]
    return ["^RedPaletteColorLookupTableDescriptor$"]


# -- regions, waveforms, documents, registrations ----------------------------------------------------------------------


def _contour(change: Callable[[Dataset], str]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        contour = dataset.ROIContourSequence[0].ContourSequence
        number = rng.randrange(len(contour))
        keywords = change(contour[number])
        return [rf"^ROIContourSequence\[0\]\.ContourSequence\[{number}\]\.({keywords})$"]

    return apply


def _set(keyword: str, value: object, keywords: str = "") -> Callable[[Dataset], str]:
    def change(item: Dataset) -> str:
        setattr(item, keyword, value)
        return keywords or keyword

    return change


REGIONS = "rt-structure-set"
_BOTH = "NumberOfContourPoints|ContourData"
KINDS("a contour of another number of points", REGIONS)(_contour(_set("NumberOfContourPoints", 5, _BOTH)))
KINDS("a contour of no whole points", REGIONS)(_contour(_set("ContourData", [1, 2, 3, 4], _BOTH)))
KINDS("a contour of a kind that is none", REGIONS)(_contour(_set("ContourGeometricType", "CIRCLE")))
KINDS("a point of three points", REGIONS)(
    _contour(_set("ContourGeometricType", "POINT", f"ContourGeometricType|{_BOTH}"))
)
KINDS("a planar contour that is not planar", REGIONS)(
    _contour(
        lambda item: (
            _set("ContourData", [0, 0, 0, 9, 0, 0, 9, 9, 5, 0, 9, 0])(item)
            and _set("NumberOfContourPoints", 4, "ContourData")(item)
        )
    )
)


@KINDS("a contour of no region", REGIONS)
def _no_region(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ROIContourSequence[1].ReferencedROINumber = 9
    return [r"^ROIContourSequence\[1\]\.ReferencedROINumber$"]


@KINDS("an observation of no region", REGIONS)
def _no_observed(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.RTROIObservationsSequence[1].ReferencedROINumber = 9
    return [r"^RTROIObservationsSequence\[1\]\.ReferencedROINumber$"]


@KINDS("two regions of one number", REGIONS)
def _same_region(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.StructureSetROISequence[1].ROINumber = 1
    return [r"^StructureSetROISequence\[1\]\.ROINumber$"]


@KINDS("two observations of one number", REGIONS)
def _same_observation(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.RTROIObservationsSequence[1].ObservationNumber = 1
    return [r"^RTROIObservationsSequence\[1\]\.ObservationNumber$"]


@KINDS("a colour beyond 255", REGIONS)
def _colour(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ROIContourSequence[0].ROIDisplayColor = [300, 0, 0]
    return [r"^ROIContourSequence\[0\]\.ROIDisplayColor$"]


WAVES = "12-lead-ecg"


def _wave(keyword: str, vr: str, value: bytes, *also: str) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        put(dataset.WaveformSequence[0], keyword, vr, value)
        return [rf"^WaveformSequence\[0\]\.({'|'.join((keyword, *also))})$"]

    return apply


KINDS("samples fewer than stated", WAVES)(_wave("WaveformData", "OW", bytes(20)))
KINDS("a channel more than described", WAVES)(
    _wave("NumberOfWaveformChannels", "US", b"\3\0", "ChannelDefinitionSequence", "WaveformData")
)
KINDS("a sampling frequency of nought", WAVES)(_wave("SamplingFrequency", "DS", b"0"))
KINDS("waveform bits that are none", WAVES)(_wave("WaveformBitsAllocated", "US", b"\7\0"))
KINDS("an interpretation that does not fit the bits", WAVES)(
    _wave("WaveformSampleInterpretation", "CS", b"SB", "WaveformBitsAllocated")
)
KINDS("an originality that is none", WAVES)(_wave("WaveformOriginality", "CS", b"COPIED"))


@KINDS("a channel whose bits exceed those allocated", WAVES)
def _wave_bits(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.WaveformSequence[0].ChannelDefinitionSequence[1].WaveformBitsStored = 24
    return [r"^WaveformSequence\[0\]\.ChannelDefinitionSequence\[1\]\.WaveformBitsStored$"]


@KINDS("a channel described too few", WAVES)
def _channels(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    del dataset.WaveformSequence[0].ChannelDefinitionSequence[1]
    return [r"^WaveformSequence\[0\]\.(ChannelDefinitionSequence|NumberOfWaveformChannels)$"]


DOCUMENTS = "encapsulated-pdf encapsulated-stl encapsulated-cda encapsulated-obj encapsulated-mtl"


@KINDS("a media type of another document", DOCUMENTS)
def _mime(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.MIMETypeOfEncapsulatedDocument = "text/plain"
    return ["^MIMETypeOfEncapsulatedDocument$"]


@KINDS("a document that is none of its kind", "encapsulated-pdf")
def _no_pdf(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.EncapsulatedDocument = b"PK\3\4" + bytes(20)
    return ["^EncapsulatedDocument$"]


@KINDS("a document longer than there is", "encapsulated-pdf")
def _too_long(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.EncapsulatedDocumentLength = 400
    return ["^EncapsulatedDocument(Length)?$"]


@KINDS("a document of nothing", DOCUMENTS)
def _no_document(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    put(dataset, "EncapsulatedDocument", "OB", b"")
    return ["^EncapsulatedDocument$"]


def _matrix(text: str, keyword: str = "FrameOfReferenceTransformationMatrix") -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number = rng.randrange(2)
        step = dataset.RegistrationSequence[number].MatrixRegistrationSequence[0].MatrixSequence[0]
        put(step, keyword, "CS" if keyword.endswith("Type") else "DS", text.replace(" ", "\\").encode())
        return [
            rf"^RegistrationSequence\[{number}\]\.MatrixRegistrationSequence\[0\]\.MatrixSequence\[0\]\.Frame\w+$"
        ]

    return apply


REGISTRATIONS = "spatial-registration"
KINDS("a matrix of twelve values", REGISTRATIONS)(_matrix("1 0 0 0 0 1 0 0 0 0 1 0"))
KINDS("a matrix with another last row", REGISTRATIONS)(_matrix("1 0 0 0 0 1 0 0 0 0 1 0 0 0 1 1"))
KINDS("a rigid matrix that is not rigid", REGISTRATIONS)(_matrix("2 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"))
KINDS("a rigid matrix that mirrors", REGISTRATIONS)(_matrix("-1 0 0 0 0 1 0 0 0 0 1 0 0 0 0 1"))
KINDS("a matrix of a kind that is none", REGISTRATIONS)(
    _matrix("LOOSE", "FrameOfReferenceTransformationMatrixType")
)


# -- images of one kind ------------------------------------------------------------------------------------------------


@KINDS("a vector of another length than the frames", "nuclear-medicine-image")
def _vector(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.EnergyWindowVector = [1, 1, 1]
    return ["^EnergyWindowVector$"]


@KINDS("an increment that points to nothing", "ultrasound-multi-frame-image x-ray-angiographic-image")
def _increment(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.FrameIncrementPointer = 0x00181065
    return ["^FrameIncrementPointer$", "^FrameTimeVector$"]


@KINDS("a PET series type that is none", "positron-emission-tomography-image")
def _series_type(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.SeriesType = ["SLOW", "IMAGE"]
    return ["^SeriesType$"]


@KINDS("PET pixels of twelve bits", "positron-emission-tomography-image")
def _pet_bits(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.BitsStored, dataset.HighBit = 12, 11
    return ["^(BitsStored|HighBit)$"]


@KINDS("a breast on no side", "digital-mammography-x-ray-image")
def _side(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.ImageLaterality = "U"
    return ["^ImageLaterality$"]


@KINDS("a dose in no units", "rt-dose")
def _dose(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "DoseUnits")
    dataset.DoseUnits = "RAD"
    return ["^DoseUnits$"]


@KINDS("bits that the kind of image does not have",
       "vl-photographic-image ultrasound-multi-frame-image vl-whole-slide-microscopy-image "
       "multi-frame-true-color-secondary-capture-image multi-frame-grayscale-byte-secondary-capture-image")  # fmt: skip
def _bits(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 12, 11
    dataset.PixelData = dataset.PixelData * 2
    return ["^(BitsAllocated|BitsStored|HighBit)$"]
