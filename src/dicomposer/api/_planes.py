"""The planes of a source, as columns: where they lie and what they are called."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from dicomposer import record, spatial
from dicomposer.api._headers import size, text, whole_number, whole_number_or_none
from dicomposer.api._sources import SourceImages
from dicomposer.errors import DamagedFileError, GeometryError
from dicomposer.image import float_values


@dataclass(frozen=True)
class PlaneColumns:
    """What the headers say about each plane; None where a column is absent or incomplete."""

    positions: NDArray[np.float64] | None
    orientations: NDArray[np.float64] | None
    spacings: NDArray[np.float64] | None


@dataclass(frozen=True)
class SourcePlanes:
    """The planes of a source in the order in which the source holds them.

    Attributes
    ----------
    shape : tuple[int, int]
        Rows and columns of every plane.
    count : int
        Number of planes.
    columns : PlaneColumns
        Positions (n, 3), orientations (n, 6) and pixel spacings (n, 2) in millimetres.
    uids : tuple[str, ...] or None
        SOP Instance UID of each plane; None for the frames of one image.
    instance_numbers : numpy.ndarray or None
        Instance Number of each plane, if every image has one.
    frame_of_reference_uid : str or None
        Frame of Reference UID of the first image.
    """

    shape: tuple[int, int]
    count: int
    columns: PlaneColumns
    uids: tuple[str, ...] | None
    instance_numbers: NDArray[np.int64] | None
    frame_of_reference_uid: str | None = None

    def __len__(self) -> int:
        return self.count

    @classmethod
    def of(cls, source: SourceImages) -> SourcePlanes:
        """Read the columns of a source."""
        first = source.datasets[0]
        shape = size(first)
        frame_of_reference = _frame_of_reference(source.datasets)
        if source.is_multi_frame:
            count = whole_number(first, "NumberOfFrames") or 1
            if count < 1:
                raise DamagedFileError("NumberOfFrames of a source image is not 1 or more")
            numbers = np.arange(count) if len(source.datasets) == 1 else None
            return cls(shape, count, _frame_columns(first, count), None, numbers, frame_of_reference)
        series = source.datasets
        columns = PlaneColumns(
            _column(series, "ImagePositionPatient", 3),
            _column(series, "ImageOrientationPatient", 6),
            _column(series, "PixelSpacing", 2),
        )
        instances = [whole_number_or_none(ds, "InstanceNumber") for ds in series]
        return cls(
            shape,
            len(series),
            columns,
            tuple(text(ds, "SOPInstanceUID") for ds in series),
            None if None in instances else np.asarray(instances, dtype=np.int64),
            frame_of_reference,
        )

    @property
    def has_geometry(self) -> bool:
        """Whether every plane has a position and an orientation."""
        return self.columns.positions is not None and self.columns.orientations is not None

    @property
    def positions(self) -> NDArray[np.float64]:
        """Centres of the first pixels, (n, 3), millimetres in patient coordinates."""
        self._need_geometry()
        assert self.columns.positions is not None
        return self.columns.positions

    @property
    def orientation(self) -> NDArray[np.float64]:
        """Row and column direction cosines, (6,), common to all planes."""
        self._need_geometry()
        assert self.columns.orientations is not None
        orientations = self.columns.orientations
        spread = float(np.abs(orientations - orientations[0]).max())
        if spread > 1e-3:
            raise GeometryError(
                "the planes of the source are not parallel: their direction cosines differ by up to "
                f"{spread:.3g}; "
                "pass the images of one orientation"
            )
        first: NDArray[np.float64] = spatial.direction_cosines(orientations[0])
        return first

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit vector of row direction x column direction."""
        orientation = self.orientation
        normal = np.cross(orientation[:3], orientation[3:])
        return np.asarray(normal / np.linalg.norm(normal), dtype=np.float64)

    @property
    def pixel_spacing(self) -> tuple[float, float]:
        """Distances between rows and between columns, millimetres, common to all planes."""
        spacings = self.columns.spacings
        if spacings is None:
            raise GeometryError("the source images have no Pixel Spacing (0028,0030)")
        if np.ptp(spacings, axis=0).max() > 1e-4:
            raise GeometryError(
                f"the pixel spacing of the source images varies between {spacings.min():g} and "
                f"{spacings.max():g} mm"
            )
        return float(spacings[0, 0]), float(spacings[0, 1])

    def _need_geometry(self) -> None:
        if not self.has_geometry:
            raise GeometryError(
                "the source images have no Image Position (Patient) or no Image Orientation (Patient); "
                "use order='instance-number', or give datasets in the order of the array"
            )


def _frame_of_reference(images: tuple[Dataset, ...]) -> str | None:
    uids = {text(ds, "FrameOfReferenceUID") for ds in images}
    if len(uids) > 1:
        raise GeometryError(
            f"the source images have {len(uids)} different frames of reference, so their positions cannot be "
            "compared; "
            "pass those of one"
        )
    return uids.pop() or None


def _column(series: tuple[Dataset, ...], keyword: str, width: int) -> NDArray[np.float64] | None:
    """One numeric attribute of single-frame images as (n, width)."""
    values = [_row(ds, keyword, width) for ds in series]
    return None if any(value is None for value in values) else np.asarray(values, dtype=np.float64)


def _row(dataset: Dataset, keyword: str, width: int) -> tuple[float, ...] | None:
    """The values of an attribute if they are as many as there must be."""
    values = float_values(dataset, keyword)
    if values is not None and not np.isfinite(values).all():
        raise DamagedFileError(f"{keyword} of a source image holds something else than finite numbers")
    return values if values is not None and len(values) == width else None


def _frame_columns(dataset: Dataset, count: int) -> PlaneColumns:
    """The same of the frames of one image: per-frame values first, then shared ones (PS3.3 C.7.6.16)."""
    if "PerFrameFunctionalGroupsSequence" not in dataset:
        return PlaneColumns(*(_repeat(_row(dataset, *column), count) for column in _PLAIN))
    table = record.FrameTable.of_dataset(dataset)
    if table.frames != count:
        raise DamagedFileError(
            f"NumberOfFrames is {count}, but the per-frame functional groups describe {table.frames}"
        )
    shared = dataset.get("SharedFunctionalGroupsSequence")
    return PlaneColumns(
        *(
            _frame_column(table, shared[0] if shared else Dataset(), sequence, column)
            for sequence, column in zip(_GROUPS, _PLAIN, strict=True)
        )
    )


_PLAIN = (("ImagePositionPatient", 3), ("ImageOrientationPatient", 6), ("PixelSpacing", 2))
_GROUPS = ("PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence")


def _frame_column(
    table: record.FrameTable, shared: Dataset, sequence: str, column: tuple[str, int]
) -> NDArray[np.float64] | None:
    path = f"{sequence}.{column[0]}"
    if path in table.paths:
        values = np.asarray(table.numbers(path), dtype=np.float64)
        return values if values.shape[1:] == column[1:] and np.isfinite(values).all() else None
    macro = shared.get(sequence)
    return _repeat(_row(macro[0], *column), table.frames) if macro else None


def _repeat(value: tuple[float, ...] | None, count: int) -> NDArray[np.float64] | None:
    return None if value is None else np.tile(np.asarray(value, dtype=np.float64), (count, 1))
