"""Mutations of images: pixel attributes, geometry, functional groups."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from copy import deepcopy

from pydicom.dataset import Dataset
from tests.validation.mutation_tools import FRAMES, SHARED, Apply, Kinds, NotApplicable, need, put

IMAGES = Kinds()


def _pixels(change: Callable[[Dataset], Iterable[str]]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        if not {"PixelData", "FloatPixelData"} & {one.keyword for one in dataset}:
            raise NotApplicable("pixels")
        return change(dataset)

    return apply


def _number(keyword: str, value: int | Callable[[Dataset], int], *also: str) -> Apply:
    def change(dataset: Dataset) -> Iterable[str]:
        need(dataset, keyword)
        number = value(dataset) if callable(value) else value
        put(dataset, keyword, "US", number.to_bytes(2, "little"))
        return [f"^{keyword}$", *(f"^{one}$" for one in also)]

    return _pixels(change)


IMAGES("bits stored beyond those allocated")(_number("BitsStored", lambda one: one.BitsAllocated + 8))
IMAGES("no bits stored")(_number("BitsStored", 0, "HighBit"))
IMAGES("a high bit elsewhere")(_number("HighBit", lambda one: (one.HighBit + 3) % 16))
IMAGES("twelve bits allocated")(_number("BitsAllocated", 12))
IMAGES("more samples than the colours have")(_number("SamplesPerPixel", lambda one: 4 - one.SamplesPerPixel))
IMAGES("a pixel representation that is none")(_number("PixelRepresentation", 2))
IMAGES("no rows")(_number("Rows", 0))
IMAGES("no columns")(_number("Columns", 0))
IMAGES("one row more")(_number("Rows", lambda one: one.Rows + 1, "PixelData", "FloatPixelData"))
IMAGES("a planar configuration that is none")(_number("PlanarConfiguration", 3))


@IMAGES("a photometric interpretation of other samples")
@_pixels
def _photometric(dataset: Dataset) -> Iterable[str]:
    need(dataset, "SamplesPerPixel")
    dataset.PhotometricInterpretation = "RGB" if dataset.SamplesPerPixel == 1 else "MONOCHROME2"
    return ["^PhotometricInterpretation$", "^SamplesPerPixel$"]


@IMAGES("a photometric interpretation that is none")
@_pixels
def _no_photometric(dataset: Dataset) -> Iterable[str]:
    need(dataset, "PhotometricInterpretation")
    dataset.PhotometricInterpretation = "GREY"
    return ["^PhotometricInterpretation$"]


@IMAGES("a palette that is not there")
@_pixels
def _palette(dataset: Dataset) -> Iterable[str]:
    if dataset.get("SamplesPerPixel") != 1 or "RedPaletteColorLookupTableDescriptor" in dataset:
        raise NotApplicable("palette")
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    return ["^RedPaletteColorLookupTableDescriptor$", "^PhotometricInterpretation$"]


@IMAGES("a colour image without planar configuration")
@_pixels
def _no_planar(dataset: Dataset) -> Iterable[str]:
    del dataset.PlanarConfiguration
    return ["^PlanarConfiguration$"]


@IMAGES("a grey image with a planar configuration")
@_pixels
def _planar(dataset: Dataset) -> Iterable[str]:
    if dataset.get("SamplesPerPixel") != 1:
        raise NotApplicable("samples")
    dataset.PlanarConfiguration = 0
    return ["^PlanarConfiguration$"]


def _data(dataset: Dataset) -> str:
    return "PixelData" if "PixelData" in dataset else "FloatPixelData"


@IMAGES("pixels too few")
@_pixels
def _short(dataset: Dataset) -> Iterable[str]:
    name = _data(dataset)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated or len(dataset[name].value) < 8:
        raise NotApplicable("pixels")
    dataset[name].value = dataset[name].value[:-4]
    return [f"^{name}$"]


@IMAGES("pixels too many")
@_pixels
def _long(dataset: Dataset) -> Iterable[str]:
    name = _data(dataset)
    if dataset.file_meta.TransferSyntaxUID.is_encapsulated:
        raise NotApplicable("pixels")
    dataset[name].value = dataset[name].value + bytes(8)
    return [f"^{name}$"]


@IMAGES("no pixels")
@_pixels
def _no_pixels(dataset: Dataset) -> Iterable[str]:
    name = _data(dataset)
    del dataset[name]
    return [f"^{name}$", "^PixelData$"]


@IMAGES("a number of frames that is another")
def _frames(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "NumberOfFrames")
    dataset.NumberOfFrames = int(dataset.NumberOfFrames) + 1
    return ["^NumberOfFrames$", "^PixelData$", "^FloatPixelData$"]


@IMAGES("no frames")
def _no_frames(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "NumberOfFrames")
    dataset.NumberOfFrames = 0
    return ["^NumberOfFrames$"]


@IMAGES("an unknown lossy flag")
def _lossy(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "LossyImageCompression")
    dataset.LossyImageCompression = "02"
    return ["^LossyImageCompression$"]


@IMAGES("lossy without its ratio")
def _ratio(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "LossyImageCompression")
    dataset.LossyImageCompression = "01"
    return ["^LossyImageCompression(Ratio|Method)$"]


@IMAGES("an image type that is none")
def _image_type(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "ImageType")
    dataset.ImageType = ["NEITHER", *dataset.ImageType[1:]]
    return ["^ImageType$"]


@IMAGES("an image type of one value")
def _image_type_short(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    need(dataset, "ImageType")
    dataset.ImageType = ["DERIVED"]
    return ["^ImageType$"]


@IMAGES("a window without width")
def _window(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place, path = _found(dataset, "WindowCenter")
    place.pop("WindowWidth", None)
    return [f"{path}WindowWidth$"]


@IMAGES("a window of width nought")
def _window_width(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place, path = _found(dataset, "WindowWidth")
    place.WindowWidth = 0
    return [f"{path}WindowWidth$"]


@IMAGES("two window centres for one width")
def _windows(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place, path = _found(dataset, "WindowWidth")
    place.WindowCenter = [40, 50]
    return [f"{path}WindowWidth$", f"{path}WindowCenter$"]


@IMAGES("a rescale slope without an intercept")
def _rescale(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place, path = _found(dataset, "RescaleSlope")
    del place.RescaleIntercept
    return [f"{path}RescaleIntercept$"]


@IMAGES("a rescale slope of nought")
def _no_slope(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    place, path = _found(dataset, "RescaleSlope")
    place.RescaleSlope = 0
    return [f"{path}RescaleSlope$"]


def _found(dataset: Dataset, keyword: str) -> tuple[Dataset, str]:
    """Where an attribute stands: at the root or in the functional groups."""
    if keyword in dataset:
        return dataset, "^"
    for name in (SHARED, FRAMES):
        for number, item in enumerate(dataset.get(name, ())):
            for group in item:
                if group.VR == "SQ" and group.value and keyword in group.value[0]:
                    return group.value[0], rf"^{name}\[{number}\]\.{group.keyword}\[0\]\."
    raise NotApplicable(keyword)


# -- geometry ----------------------------------------------------------------------------------------------------------


def _geometry(keyword: str, value: list[float]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        place, path = _found(dataset, keyword)
        setattr(place, keyword, value)
        return [f"{path}{keyword}$"]

    return apply


IMAGES("directions that are not at right angles")(
    _geometry("ImageOrientationPatient", [1, 0, 0, 0.6, 0.8, 0])
)
IMAGES("directions that are too long")(_geometry("ImageOrientationPatient", [2, 0, 0, 0, 1, 0]))
IMAGES("directions that are one")(_geometry("ImageOrientationPatient", [1, 0, 0, 1, 0, 0]))
IMAGES("a spacing of nought")(_geometry("PixelSpacing", [0, 0.5]))
IMAGES("a negative spacing")(_geometry("PixelSpacing", [-0.5, 0.5]))
IMAGES("a spacing of one value")(_geometry("PixelSpacing", [0.5]))  # type: ignore[arg-type]
IMAGES("a position of two values")(_geometry("ImagePositionPatient", [1, 2]))
IMAGES("a negative slice thickness")(_geometry("SliceThickness", [-1]))
IMAGES("a negative detector spacing")(_geometry("ImagerPixelSpacing", [-0.5, 0.5]))
IMAGES("directions of a slide that are not at right angles")(
    _geometry("ImageOrientationSlide", [0, 1, 0, 0.6, 0.8, 0])
)


@IMAGES("a patient orientation that is none")
def _orientation(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    if "PatientOrientation" not in dataset:
        raise NotApplicable("orientation")
    dataset.PatientOrientation = ["X", "P"]
    return ["^PatientOrientation$"]


# -- functional groups -------------------------------------------------------------------------------------------------


def _groups(dataset: Dataset) -> tuple[Dataset, list[Dataset]]:
    if SHARED not in dataset or FRAMES not in dataset or len(dataset[FRAMES].value) < 2:
        raise NotApplicable("groups")
    return dataset[SHARED].value[0], list(dataset[FRAMES].value)


@IMAGES("a group both shared and per frame")
def _both(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, frames = _groups(dataset)
    group = rng.choice(list(shared))
    number = rng.randrange(len(frames))
    frames[number].add(deepcopy(group))
    return [rf"^{FRAMES}\[{number}\]\.{group.keyword}"]


@IMAGES("a shared group removed")
def _no_group(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, _ = _groups(dataset)
    wanted = ("PixelMeasuresSequence", "PlaneOrientationSequence")
    group = rng.choice([one for one in shared if one.keyword in wanted])
    del shared[group.tag]
    return [rf"{group.keyword}$"]


@IMAGES("a frame without one of its groups")
def _frame_group(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _, frames = _groups(dataset)
    number = rng.randrange(len(frames))
    group = rng.choice([one for one in frames[number] if one.keyword != "DerivationImageSequence"])
    del frames[number][group.tag]
    return [rf"^{FRAMES}\[{number}\]\.{group.keyword}$"]


@IMAGES("a frame content that is shared")
def _shared_content(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, frames = _groups(dataset)
    shared.FrameContentSequence = deepcopy(frames[0].FrameContentSequence)
    return [r"FrameContentSequence"]


@IMAGES("a group that the object does not know")
def _stranger(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, _ = _groups(dataset)
    item = Dataset()
    item.RTBeamLimitingDeviceType = "X"
    shared.BeamLimitingDeviceSequence = [item]
    return [rf"^{SHARED}\[0\]\.BeamLimitingDeviceSequence"]


@IMAGES("a frame's item lost")
def _frame_lost(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _groups(dataset)
    del dataset[FRAMES].value[-1]
    return ["^NumberOfFrames$", f"^{FRAMES}$"]


@IMAGES("two shared items")
def _two_shared(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, _ = _groups(dataset)
    dataset[SHARED].value.append(deepcopy(shared))
    return [f"^{SHARED}$"]


@IMAGES("no shared groups")
def _no_shared(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _groups(dataset)
    del dataset[SHARED]
    return [f"^{SHARED}"]


def _contents(dataset: Dataset, rng: random.Random) -> tuple[int, Dataset]:
    _, frames = _groups(dataset)
    number = rng.randrange(1, len(frames))
    content = frames[number].FrameContentSequence[0]
    if "DimensionIndexValues" not in content:
        raise NotApplicable("indices")
    return number, content


def _indices(change: Callable[[list[int]], list[int]]) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        _, content = _contents(dataset, rng)
        value = content.DimensionIndexValues
        content.DimensionIndexValues = change(list(value) if hasattr(value, "append") else [value])
        return [rf"^{FRAMES}\[\d+\]\.FrameContentSequence\[0\]\.DimensionIndexValues$"]

    return apply


IMAGES("an index too many")(_indices(lambda one: [*one, 1]))
IMAGES("an index of nought")(_indices(lambda one: [0, *one[1:]]))
IMAGES("no indices")(_indices(lambda one: []))


@IMAGES("two frames of one index")
def _same(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number, content = _contents(dataset, rng)
    other = dataset[FRAMES].value[number - 1].FrameContentSequence[0]
    content.DimensionIndexValues = other.DimensionIndexValues
    return [rf"^{FRAMES}\[\d+\]\.FrameContentSequence\[0\]\.DimensionIndexValues$"]


def _pointer(keyword: str, value: int) -> Apply:
    def apply(dataset: Dataset, rng: random.Random) -> Iterable[str]:
        number = rng.randrange(len(dataset.DimensionIndexSequence))
        item = dataset.DimensionIndexSequence[number]
        need(item, keyword)
        setattr(item, keyword, value)
        return [rf"^DimensionIndexSequence\[{number}\]\.\w+Pointer$"]

    return apply


IMAGES("a dimension that points nowhere")(_pointer("DimensionIndexPointer", 0x00189999))
IMAGES("a dimension of an attribute that is not there")(_pointer("DimensionIndexPointer", 0x00180015))
IMAGES("a dimension of a group that is none")(_pointer("FunctionalGroupPointer", 0x00081115))


@IMAGES("a dimension of another organization")
def _organization(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    number = rng.randrange(len(dataset.DimensionIndexSequence))
    dataset.DimensionIndexSequence[number].DimensionOrganizationUID = "1.2.3.4.5"
    return [r"^DimensionIndexSequence\[\d+\]\.DimensionOrganizationUID$", "^DimensionOrganizationSequence"]


@IMAGES("a stack position of nought")
def _in_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _, frames = _groups(dataset)
    need(frames[1].FrameContentSequence[0], "InStackPositionNumber")
    frames[1].FrameContentSequence[0].InStackPositionNumber = 0
    return [rf"^{FRAMES}\[1\]\.FrameContentSequence\[0\]\.InStackPositionNumber$"]


@IMAGES("a stack position without its stack")
def _no_stack(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    _, frames = _groups(dataset)
    need(frames[1].FrameContentSequence[0], "StackID")
    del frames[1].FrameContentSequence[0].StackID
    return [rf"^{FRAMES}\[1\]\.FrameContentSequence\[0\]\.(InStackPositionNumber|StackID)$"]


@IMAGES("a volume whose slices have no thickness")
def _thickness(dataset: Dataset, rng: random.Random) -> Iterable[str]:
    shared, _ = _groups(dataset)
    properties = [
        group.value[0].get("VolumetricProperties") for group in shared if group.VR == "SQ" and group.value
    ]
    if not {"VOLUME", "SAMPLED"} & set(properties):
        raise NotApplicable("volume")
    del shared.PixelMeasuresSequence[0].SliceThickness
    return [rf"^{SHARED}\[0\]\.PixelMeasuresSequence\[0\]\.SliceThickness$"]
