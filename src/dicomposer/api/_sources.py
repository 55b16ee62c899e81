"""Source images from whatever names them: a folder, files, datasets."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from pydicom.dataset import Dataset

from dicomposer import record
from dicomposer.api._headers import (
    differences,
    size,
    text,
    whole_number,
    whole_number_or_none,
)
from dicomposer.errors import (
    ArgumentError,
    ArgumentTypeError,
    DamagedFileError,
    NotDicomError,
    TruncatedError,
)
from dicomposer.image import refuse_several_patients

SourceLike: TypeAlias = (
    "str | os.PathLike[str] | Dataset | Sequence[str | os.PathLike[str] | Dataset] | SourceImages"
)
Progress: TypeAlias = Callable[[int, int], None]

_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
# What only images of multi-frame classes have (PS3.3 C.7.6.16, C.8.12.4), also those of one frame.
_MULTI_FRAME = (
    "SharedFunctionalGroupsSequence",
    "PerFrameFunctionalGroupsSequence",
    "TotalPixelMatrixRows",
)
_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
# Results that often lie beside the images they were made from, and that nobody segments.
_DERIVED = frozenset(
    f"1.2.840.10008.5.1.4.1.1.66.{suffix}"
    for suffix in ("4", "7", "8")  # SEG, Label Map SEG, Height Map SEG
)


@dataclass(frozen=True)
class SourceImages:
    """The images that a mask belongs to.

    Attributes
    ----------
    datasets : tuple[pydicom.Dataset, ...]
        Single-frame images of one series, or multi-frame images. Pixel data of files stay in the files.
    ordered : bool
        Whether somebody gave the order of `datasets`: true for lists and single images, false for a folder.
    skipped : int
        How many files of a folder were left out: no DICOM, no image, or not of the chosen series.
    """

    datasets: tuple[Dataset, ...]
    ordered: bool
    skipped: int = 0

    @property
    def is_multi_frame(self) -> bool:
        """Whether the images hold their frames in one file each.

        Single-frame classes may state one frame as well; those of several put their geometry elsewhere even if
        they have one.
        """
        first = self.datasets[0]
        return (whole_number(first, "NumberOfFrames") or 1) > 1 or any(name in first for name in _MULTI_FRAME)

    @property
    def is_slide(self) -> bool:
        """Whether these are tiled whole slide images (or tiled images of another class)."""
        return "TotalPixelMatrixRows" in self.datasets[0]


def read_source(
    source: SourceLike,
    *,
    series: str | int | None = None,
    progress: Progress | None = None,
) -> SourceImages:
    """Read the images that a mask belongs to; only their headers, as pixel data stay in the files.

    Parameters
    ----------
    source : str, os.PathLike, pydicom.Dataset, Sequence or SourceImages
        A folder (searched with its subfolders), a file, a dataset, or a list of files or datasets.
    series : str or int, optional
        The series to take when there are several: its Series Instance UID or its Series Number.
    progress : Callable[[int, int], None], optional
        Called with the number of files read and of all files.

    Returns
    -------
    SourceImages

    Raises
    ------
    ArgumentError
        When there is no image, or more than one series and none was chosen; when the images of the series are of
        several patients, or two files of a folder have one SOP Instance UID and are no copies.
    DamagedFileError
        When a DICOM file is cut off or does not hold together.
    """
    if isinstance(source, SourceImages):
        return source
    if isinstance(source, str | os.PathLike) and Path(source).is_dir():
        datasets, skipped = _scan(Path(source), progress)
        return _choose_series(datasets, skipped, series, ordered=False, what=f"{source}")
    if isinstance(source, str | os.PathLike | Dataset):
        source = [source]
    if not isinstance(source, Iterable):
        raise ArgumentTypeError(
            "source must be a folder, a file, a dataset or a list of files or datasets, not "
            f"{type(source).__name__}"
        )
    given = [_given(item) for item in source]
    return _choose_series(given, 0, series, ordered=True, what="the list of sources")


def read_header(path: str | os.PathLike[str]) -> Dataset:
    """Read a file whose pixel data stay in it; errors name the file."""
    try:
        return record.read(path, lazy=True)
    except NotDicomError as error:
        raise NotDicomError(f"{os.fspath(path)} is not a DICOM file ({error})") from error
    except DamagedFileError as error:
        message = f"{os.fspath(path)}: {error} (damaged or incompletely copied)"
        told = type(error)(message)
        told.position, told.tag = error.position, error.tag
        raise told from error


def _given(item: object) -> Dataset:
    if isinstance(item, Dataset):
        dataset = item
    elif isinstance(item, str | os.PathLike):
        dataset = read_header(item)
    else:
        raise ArgumentTypeError(f"a source must be a file or a dataset, not {type(item).__name__}")
    if "Rows" not in dataset:
        raise ArgumentError(
            f"a source is not an image: SOP Class UID {dataset.get('SOPClassUID', 'unknown')}"
        )
    return dataset


def _scan(folder: Path, progress: Progress | None) -> tuple[list[Dataset], int]:
    """Read every image header below a folder; count what is no image."""
    paths = sorted(p for p in folder.rglob("*") if p.is_file() and p.name != "DICOMDIR" and p.name[:1] != ".")
    images: dict[str, Dataset] = {}
    found_in: dict[str, Path] = {}
    without_pixels: list[tuple[Path, str]] = []
    with ThreadPoolExecutor(max_workers=8) as pool:  # reading waits for disks and network shares, mostly
        for done, dataset in enumerate(pool.map(_header_or_none, paths), start=1):
            if dataset is not None and _is_image(dataset):
                path, uid = paths[done - 1], text(dataset, "SOPInstanceUID")
                if uid in images:  # a second copy of a file adds nothing, if it is one
                    _check_copy(images[uid], dataset, (found_in[uid], path), folder)
                else:
                    images[uid], found_in[uid] = dataset, path
            elif dataset is not None:
                without_pixels.append((paths[done - 1], str(dataset.get("SOPClassUID"))))
            if progress is not None:
                progress(done, len(paths))
    kinds = {str(dataset.get("SOPClassUID")) for dataset in images.values()}
    for path, kind in without_pixels:
        if kind in kinds:  # a slice that ends before its pixels; left out silently, it would become a gap
            raise TruncatedError(
                f"{path} has no pixels, unlike the others of its kind (damaged or incompletely copied)"
            )
    return list(images.values()), len(paths) - len(images)


def _check_copy(one: Dataset, other: Dataset, files: tuple[Path, Path], folder: Path) -> None:
    """Files with one UID must be one image: an original and its anonymised copy would be chosen by file name."""
    found = differences(one, other)
    if found:
        first, second = (file.relative_to(folder) for file in files)
        hint = ", as an original and its anonymised copy do" * any(
            name.startswith("Patient") for name in found
        )
        raise ArgumentError(
            f"{first} and {second} of {folder} have the same SOP Instance UID and differ in {', '.join(found)}{hint}: "
            "pass the folder or the files of one of them"
        )


def _header_or_none(path: Path) -> Dataset | None:
    try:
        dataset = read_header(path)
    except NotDicomError:
        return None  # a damaged slice raises
    return None if dataset.get("SOPClassUID") in _DERIVED else dataset


def _is_image(dataset: Dataset) -> bool:
    return all(keyword in dataset for keyword in ("Rows", "SOPInstanceUID")) and any(
        keyword in dataset for keyword in _PIXELS
    )


def _choose_series(
    datasets: Sequence[Dataset], skipped: int, wanted: str | int | None, *, ordered: bool, what: str
) -> SourceImages:
    if not datasets:
        raise ArgumentError(
            f"no DICOM image in {what}" + (f"; {skipped} other files were skipped" if skipped else "")
        )
    by_uid: dict[str, list[Dataset]] = {}
    for dataset in datasets:
        by_uid.setdefault(text(dataset, "SeriesInstanceUID"), []).append(dataset)
    matches = [images for uid, images in by_uid.items() if _is_wanted(wanted, uid, images[0])]
    if len(matches) != 1:
        problem = (
            f"{what} holds {len(by_uid)} series; choose one with source_series= (its UID or number)"
            if wanted is None
            else f"{len(matches) or 'no'} series of {what} is {wanted}; choose one of"
        )
        raise ArgumentError(f"{problem}:\n{_listing(by_uid)}")
    kept = matches[0]
    _check_one_kind(kept)
    return SourceImages(tuple(kept), ordered or len(kept) == 1, skipped + len(datasets) - len(kept))


def _is_wanted(wanted: str | int | None, uid: str, image: Dataset) -> bool:
    if wanted is None:
        return True
    return uid == wanted if isinstance(wanted, str) else whole_number_or_none(image, "SeriesNumber") == wanted


def _listing(by_uid: Mapping[str, Sequence[Dataset]]) -> str:
    """One line a series, without anything about the patient."""
    return "\n".join(
        f"  series {_shown(ds[0], 'SeriesNumber')}: {ds[0].get('Modality', '?')}, {len(ds)} "
        f"image{'s' * (len(ds) > 1)} of {_shown(ds[0], 'Rows')}x{_shown(ds[0], 'Columns')}, {uid}"
        for uid, ds in sorted(by_uid.items(), key=lambda row: -len(row[1]))
    )


def _shown(dataset: Dataset, keyword: str) -> str:
    number = whole_number_or_none(dataset, keyword)
    return "?" if number is None else str(number)


def _check_one_kind(datasets: Sequence[Dataset]) -> None:
    """One patient; one series of equal slices, or slide levels: a mask cannot belong to a mixture."""
    refuse_several_patients(datasets)
    if all(ds.get("SOPClassUID") == _SLIDE for ds in datasets):
        return  # levels of a pyramid differ in size; the mask's shape chooses
    multi_frame = sum((whole_number(ds, "NumberOfFrames") or 1) > 1 for ds in datasets)
    if multi_frame and len(datasets) > 1:
        raise ArgumentError(
            f"the series holds {len(datasets)} images of which {multi_frame} are multi-frame; "
            "a mask belongs to one of them: pass that file"
        )
    shapes = Counter(size(ds) for ds in datasets)
    if len(shapes) > 1:
        found = ", ".join(f"{n} of {rows}x{columns}" for (rows, columns), n in shapes.most_common())
        raise ArgumentError(
            f"the images of the series differ in size ({found}), as when a localizer lies among the slices; "
            "pass the list of the files that the mask belongs to"
        )
