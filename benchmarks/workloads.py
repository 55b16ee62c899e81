"""The workloads: the same object through the same calls, with dicomposer or with a peer.

Each workload prepares its input outside the measured part. Preparation may build files with one library so that both
read the same bytes. ``measured`` returns what it made, and ``digest`` turns that into a value that must be equal on
both sides.
"""

from __future__ import annotations

import hashlib
import io
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes

warnings.simplefilter("ignore")

RLE = "1.2.840.10008.1.2.5"
J2K = "1.2.840.10008.1.2.4.90"
JPEG_LS = "1.2.840.10008.1.2.4.80"


# ---- inputs ------------------------------------------------------------------------------------------


def _common(sop_class: str, instance: str, modality: str) -> Dataset:
    d = Dataset()
    d.file_meta = FileMetaDataset()
    d.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.1"
    d.SOPClassUID, d.SOPInstanceUID = sop_class, instance
    d.PatientID, d.PatientName, d.PatientBirthDate, d.PatientSex = "B1", "Bench^Mark", "", "O"
    d.StudyInstanceUID, d.SeriesInstanceUID, d.FrameOfReferenceUID = "2.25.1", "2.25.2", "2.25.3"
    d.StudyDate, d.StudyTime, d.StudyID, d.AccessionNumber = "20200101", "120000", "1", ""
    d.ReferringPhysicianName, d.PositionReferenceIndicator = "", ""
    d.Modality, d.SeriesNumber, d.Manufacturer = modality, 1, "Nobody"
    return d


def ct_series(planes: int) -> list[Dataset]:
    """A CT series without pixel data (neither side needs it)."""
    out = []
    for i in range(planes):
        d = _common("1.2.840.10008.5.1.4.1.1.2", f"2.25.1000{i}", "CT")
        d.InstanceNumber, d.Rows, d.Columns = i + 1, 512, 512
        d.PixelSpacing, d.SliceThickness = [0.7, 0.7], 1.25
        d.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        d.ImagePositionPatient = [-179.2, -179.2, round(-250 + 1.25 * i, 2)]
        d.BitsAllocated = d.BitsStored = 16
        d.HighBit, d.PixelRepresentation, d.SamplesPerPixel = 15, 1, 1
        d.PhotometricInterpretation = "MONOCHROME2"
        out.append(d)
    return out


def slide(size: int, tile: int, spacing: float = 0.0005) -> Dataset:
    """A whole slide image without pixel data."""
    d = _common("1.2.840.10008.5.1.4.1.1.77.1.6", f"2.25.77{size}", "SM")
    d.PositionReferenceIndicator, d.InstanceNumber = "SLIDE_CORNER", 1
    d.ImageType = ["ORIGINAL", "PRIMARY", "VOLUME", "NONE"]
    d.Rows = d.Columns = tile
    d.TotalPixelMatrixRows = d.TotalPixelMatrixColumns = size
    d.TotalPixelMatrixFocalPlanes = d.NumberOfOpticalPaths = 1
    d.NumberOfFrames = (-(-size // tile)) ** 2
    origin = Dataset()
    origin.XOffsetInSlideCoordinateSystem, origin.YOffsetInSlideCoordinateSystem = 20.0, 40.0
    d.TotalPixelMatrixOriginSequence = [origin]
    d.ImageOrientationSlide = [0, -1, 0, -1, 0, 0]
    measures, shared = Dataset(), Dataset()
    measures.PixelSpacing, measures.SliceThickness, measures.SpacingBetweenSlices = (
        [spacing] * 2,
        0.001,
        0.001,
    )
    shared.PixelMeasuresSequence = [measures]
    d.SharedFunctionalGroupsSequence = [shared]
    d.DimensionOrganizationType = "TILED_FULL"
    d.SamplesPerPixel, d.PhotometricInterpretation, d.PlanarConfiguration = 3, "RGB", 0
    d.BitsAllocated = d.BitsStored = 8
    d.HighBit, d.PixelRepresentation = 7, 0
    d.ContainerIdentifier, d.IssuerOfTheContainerIdentifierSequence = "C1", []
    d.PyramidUID = "2.25.5"
    kind = Dataset()
    kind.CodeValue, kind.CodingSchemeDesignator, kind.CodeMeaning = "433466003", "SCT", "Microscope slide"
    d.ContainerTypeCodeSequence = [kind]
    specimen = Dataset()
    specimen.SpecimenIdentifier, specimen.SpecimenUID = "S1", "2.25.4"
    specimen.IssuerOfTheSpecimenIdentifierSequence, specimen.SpecimenPreparationSequence = [], []
    d.SpecimenDescriptionSequence = [specimen]
    return d


def organs(planes: int, segments: int) -> np.ndarray:
    """A label map of ellipsoids, each through about a fifth of the planes, like organs in a long CT."""
    rng = np.random.default_rng(1)
    mask = np.zeros((planes, 512, 512), dtype=np.uint8)
    y, x = np.mgrid[-1:1:64j, -1:1:64j]
    depth = max(2, round(planes * 0.2))
    for segment in range(1, segments + 1):
        z0, y0, x0 = rng.integers(0, planes - depth + 1), *rng.integers(20, 420, 2)
        for i in range(depth):
            radius = np.sqrt(max(0.02, 1 - (2 * i / depth - 1) ** 2))
            mask[z0 + i, y0 : y0 + 64, x0 : x0 + 64][(x**2 + y**2) < radius**2] = segment
    return mask


def tissue(size: int) -> np.ndarray:
    """A mask of discs on a slide, about a third of it."""
    rng = np.random.default_rng(2)
    mask = np.zeros((size, size), dtype=np.uint8)
    radius = size // 8
    y, x = np.ogrid[-radius:radius, -radius:radius]
    disc = (x * x + y * y) < radius * radius
    for _ in range(6):
        r, c = rng.integers(0, size - 2 * radius, 2)
        mask[r : r + 2 * radius, c : c + 2 * radius] |= disc
    return mask


def fractions(planes: int, segments: int, levels: int = 0) -> np.ndarray:
    """Smooth fractions; with ``levels`` 1 only 0 and 1."""
    labels = organs(planes, segments)
    out = np.zeros((*labels.shape, segments), dtype=np.float32)
    for i in range(segments):
        out[..., i] = labels == i + 1
    if not levels:
        out *= np.linspace(0.2, 1, 512, dtype=np.float32)[:, None]
    return out


# ---- both sides --------------------------------------------------------------------------------------


class Side:
    """One of the two libraries, behind the calls that they share."""

    def __init__(self, name: str) -> None:
        if name == "ours":
            import dicomposer as lib
        else:
            import highdicom as lib
        self.lib = lib
        self._descriptions: dict[int, list[Any]] = {}

    def descriptions(self, count: int) -> list[Any]:
        """Descriptions of segments, made once: they are input."""
        if count not in self._descriptions:
            self._descriptions[count] = self._described(count)
        return self._descriptions[count]

    def _described(self, count: int) -> list[Any]:
        lib = self.lib
        algorithm = lib.AlgorithmIdentificationSequence("bench", codes.DCM.ArtificialIntelligence, "1")
        return [
            lib.seg.SegmentDescription(
                i + 1, f"Segment {i + 1}", codes.SCT.Organ, codes.SCT.Liver, "AUTOMATIC", algorithm,
                tracking_uid=lib.UID(), tracking_id=f"{i + 1}",
            )
            for i in range(count)
        ]  # fmt: skip

    def segmentation(
        self, sources: list[Dataset], mask: np.ndarray, kind: str, count: int, **more: Any
    ) -> Any:
        lib = self.lib
        return lib.seg.Segmentation(
            sources,
            mask,
            kind,
            self.descriptions(count),
            lib.UID(),
            2,
            lib.UID(),
            1,
            "m",
            "mm",
            "1",
            "sn",
            **more,
        )

    def streamed(self, segmentation: Any) -> Any:
        """Written to a file: its bytes, mapped, so that they count as neither side's memory."""
        path = Path(tempfile.mkdtemp()) / "seg.dcm"
        segmentation.save_as(path)
        return np.memmap(path, np.uint8, "r")

    def saved(self, segmentation: Any) -> bytes:
        buffer = io.BytesIO()
        segmentation.save_as(buffer)
        return buffer.getvalue()


@dataclass
class Workload:
    """Something to measure. ``target`` holds the ratios to reach with numpy and with the extra ``fast``."""

    name: str
    prepare: Callable[[Side], Any]
    measured: Callable[[Side, Any], Any]
    digest: Callable[[Side, Any], str]
    target: tuple[float, float]
    memory: str = ""
    heavy: bool = False
    tags: tuple[str, ...] = field(default_factory=tuple)


def _hash(array: np.ndarray) -> str:
    array = np.ascontiguousarray(array)
    return f"{array.shape}:{hashlib.blake2b(array.view(np.uint8).reshape(-1)).hexdigest()[:16]}"


def _written(side: Side, made: tuple[Any, bytes]) -> str:
    """Frames, their segments and pixels of a written object."""
    frames, pixels = made[0].NumberOfFrames, made[0].PixelData
    return f"{frames}:{len(pixels)}:{hashlib.blake2b(pixels).hexdigest()[:16]}"


def _decoded(side: Side, made: tuple[Any, bytes]) -> str:
    """Frames of a compressed object, decoded by our reader whoever wrote it: encoders differ in bytes."""
    import dicomposer

    return _hash(dicomposer.seg.segread(made[1]).get_stored_frames())


def _create(kind: str, planes: int, count: int, make: Callable[[], np.ndarray], **more: Any) -> Any:
    def prepare(side: Side) -> Any:
        sources = ct_series(planes)
        small = np.zeros((1, 512, 512), dtype=np.uint8)
        small[0, :4, :4], small[0, 9:14, 9:14] = 1, 2  # two labels: all kernels are loaded
        more_small = {k: v for k, v in more.items() if k != "omit_empty_frames"}
        side.saved(side.segmentation(sources[:1], small, kind, 2, **more_small))  # warm up
        side.descriptions(count)
        return sources, make()

    def measured(side: Side, given: Any) -> tuple[Any, bytes]:
        segmentation = side.segmentation(given[0], given[1], kind, count, **more)
        return segmentation, side.saved(segmentation)

    return prepare, measured


def _slide_create(size: int, tile: int, organisation: str, memmap: bool = False) -> Any:
    def prepare(side: Side) -> Any:
        source = slide(size, tile)
        small = np.zeros((tile, tile), dtype=np.uint8)
        small[:4] = 1
        side.saved(_slide_seg(side, slide(tile, tile), small, organisation))
        mask = tissue(size)
        if memmap:
            path = Path(tempfile.mkdtemp()) / "mask.npy"
            np.save(path, mask)
            del mask
            mask = np.load(path, mmap_mode="r")
        return source, mask

    def measured(side: Side, given: Any) -> tuple[Any, Any]:
        segmentation = _slide_seg(side, *given, organisation)
        return segmentation, (side.streamed if memmap else side.saved)(segmentation)

    return prepare, measured


def _slide_seg(side: Side, source: Dataset, mask: np.ndarray, organisation: str) -> Any:
    return side.segmentation(
        [source], mask, "BINARY", 1, tile_pixel_array=True, dimension_organization_type=organisation,
        omit_empty_frames=organisation != "TILED_FULL",
    )  # fmt: skip


def _file(kind: str, planes: int, count: int, **more: Any) -> Callable[[Side], Any]:
    """Bytes of a segmentation that our side writes for both to read."""

    def prepare(side: Side) -> Any:
        ours = Side("ours")
        mask = organs(planes, count) if kind != "FRACTIONAL" else fractions(planes, count, levels=1)
        data = ours.saved(ours.segmentation(ct_series(planes), mask, kind, count, **more))
        tiny = ours.saved(ours.segmentation(ct_series(2), np.ones((2, 512, 512), np.uint8), "BINARY", 1))
        side.lib.seg.segread(io.BytesIO(tiny)).get_volume(combine_segments=True)  # warm up
        return data

    return prepare


def _read_volume(side: Side, data: bytes) -> Any:
    return side.lib.seg.segread(io.BytesIO(data)).get_volume(combine_segments=True)


def _lazy_prepare(side: Side) -> Any:
    data = _file("BINARY", 400, 20)(side)
    path = Path(tempfile.mkdtemp()) / "seg.dcm"
    path.write_bytes(data)
    frames = np.random.default_rng(3).integers(1, 1500, 100).tolist()
    segmentation = side.lib.seg.segread(path, lazy_frame_retrieval=True)
    segmentation.get_stored_frames([1])  # warm up
    return segmentation, frames


def _matrix_prepare(size: int, tile: int) -> Callable[[Side], Any]:
    def prepare(side: Side) -> Any:
        ours = Side("ours")

        def opened(pixels: int) -> Any:
            data = ours.saved(_slide_seg(ours, slide(pixels, tile), tissue(pixels), "TILED_FULL"))
            return side.lib.seg.segread(io.BytesIO(data))

        opened(2 * tile).get_total_pixel_matrix(combine_segments=True)  # warm up
        return opened(size)

    return prepare


def _pyramid(side: Side, given: Any) -> Any:
    lib = side.lib
    sources, mask = given
    levels = lib.seg.create_segmentation_pyramid(
        sources, [mask], "BINARY", side.descriptions(1), lib.UID(), 2, "m", "mm", "1", "sn",
    )  # fmt: skip
    return levels, [side.saved(level) for level in levels]


def _pyramid_prepare(side: Side) -> Any:
    _pyramid(side, ([slide(512, 256), slide(256, 256, 0.001)], tissue(512)))  # warm up
    sources = [slide(20000, 256), slide(10000, 256, 0.001), slide(5000, 256, 0.002)]
    return sources, tissue(20000)


def _first_level(side: Side, made: Any) -> str:
    return _hash(np.asarray(made[0][0].get_total_pixel_matrix(combine_segments=True)))


def all_workloads() -> list[Workload]:
    """Every SEG row of the table."""
    rows: list[Workload] = []

    def add(name: str, pair: Any, digest: Any, target: tuple[float, float], **more: Any) -> None:
        rows.append(Workload(name, pair[0], pair[1], digest, target, **more))

    def volume_digest(side: Side, v: Any) -> str:
        return _hash(np.asarray(v.array, np.uint8))

    def binary(planes: int, count: int, **more: Any) -> Any:
        return _create("BINARY", planes, count, lambda: organs(planes, count), **more)

    add("BINARY 100 x 20: create + save", binary(100, 20), _written, (6, 8))
    add("BINARY 400 x 20: create + save", binary(400, 20), _written, (5, 10))
    add("BINARY 400 x 100: create + save", binary(400, 100), _written, (9, 15), memory="half")
    add(
        "BINARY 400 x 100, empty frames kept: create + save",
        binary(400, 100, omit_empty_frames=False), _written, (8, 15), memory="a third", heavy=True,
    )  # fmt: skip
    labelmap = _create("LABELMAP", 400, 100, lambda: organs(400, 100))
    add("LABELMAP 400 x 100: create + save", labelmap, _written, (8, 8))
    smooth = _create("FRACTIONAL", 100, 4, lambda: fractions(100, 4))
    add("FRACTIONAL float32 100 x 4: create + save", smooth, _written, (60, 60))
    for name, syntax, planes in (("RLE", RLE, 400), ("J2K", J2K, 100), ("JPEG-LS", JPEG_LS, 100)):
        pair = _create("FRACTIONAL", planes, 20, lambda p=planes: organs(p, 20), transfer_syntax_uid=syntax)
        add(f"FRACTIONAL {name} {planes} x 20: create + save", pair, _decoded, (1.6, 1.6))
    add("open + label map, BINARY 400 x 20", (_file("BINARY", 400, 20), _read_volume), volume_digest, (6, 10))
    add(
        "open + label map, BINARY 400 x 100",
        (_file("BINARY", 400, 100), _read_volume),
        volume_digest,
        (9, 15),
    )
    add(
        "open, BINARY 400 x 100",
        (_file("BINARY", 400, 100), lambda side, data: side.lib.seg.segread(io.BytesIO(data))),
        lambda side, seg: str(seg.NumberOfFrames), (30, 30),
    )  # fmt: skip
    add(
        "100 random frames of a lazy file",
        (_lazy_prepare, lambda side, given: given[0].get_stored_frames(given[1])),
        lambda side, a: _hash(a), (5, 5),
    )  # fmt: skip
    add(
        "open + label map, FRACTIONAL RLE 100 x 20",
        (_file("FRACTIONAL", 100, 20, transfer_syntax_uid=RLE), _read_volume), volume_digest, (5, 5),
    )  # fmt: skip
    for tile in (256, 512):
        add(
            f"slide 20,000^2, TILED_FULL {tile}: create + save",
            _slide_create(20000, tile, "TILED_FULL"),
            _written,
            (3, 3),
        )
    add(
        "slide 20,000^2, TILED_SPARSE 256: create + save",
        _slide_create(20000, 256, "TILED_SPARSE"),
        _written,
        (6, 6),
    )
    add(
        "slide 40,000^2, TILED_FULL 512: create + save",
        _slide_create(40000, 512, "TILED_FULL"), _written, (4, 4), heavy=True,
    )  # fmt: skip
    add(
        "slide 40,000^2 from a memory map: create + save to a file",
        _slide_create(40000, 512, "TILED_FULL", memmap=True), _written, (4, 4), memory="below 300 MB", heavy=True,
    )  # fmt: skip
    add("slide pyramid of 3 levels: create + save", (_pyramid_prepare, _pyramid), _first_level, (5, 5))
    for tile in (256, 512):
        add(
            f"total pixel matrix 20,000^2, tiles {tile}",
            (_matrix_prepare(20000, tile), lambda side, seg: seg.get_total_pixel_matrix(combine_segments=True)),
            lambda side, a: _hash(np.asarray(a, np.uint8)), (8, 8),
        )  # fmt: skip
    return rows
