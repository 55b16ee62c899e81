"""``select``: images, and why they were selected, out comes a Key Object Selection."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypedDict, Unpack

from pydicom.dataset import Dataset

from dicomposer import record, standard
from dicomposer.api._report_document import check_options, document_defaults, observers
from dicomposer.api._report_terms import looked_up
from dicomposer.api._sources import SourceLike, read_header
from dicomposer.coding import CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.image import refuse_several_patients
from dicomposer.ko import KeyObjectSelection, KeyObjectSelectionDocument

__all__ = ["SelectOptions", "select"]

_TITLES = 7010


class SelectOptions(TypedDict, total=False):
    """What else :func:`select` takes; arguments of :class:`~dicomposer.ko.KeyObjectSelectionDocument`."""

    algorithm: str
    observer: str
    series_instance_uid: str
    series_number: int
    series_description: str
    sop_instance_uid: str
    instance_number: int
    manufacturer: str
    manufacturer_model_name: str
    software_versions: str | tuple[str]
    device_serial_number: str
    institution_name: str


def select(
    images: SourceLike,
    title: str | CodeLike = "Of Interest",
    *,
    description: str | None = None,
    **options: Unpack[SelectOptions],
) -> KeyObjectSelectionDocument:
    """Flag images as key objects (PS3.16 TID 2010).

    Parameters
    ----------
    images : file, dataset or list of them, or a folder
        What is selected: images, reports, Segmentations; of one study.
    title : str or code
        Why: a name of PS3.16 CID 7010, such as "Of Interest", "For Teaching", "Rejected for Quality Reasons".
    description : str, optional
        More about it.
    **options
        ``observer``, the person who selected; ``algorithm``, the program that did; and ``series_description``,
        ``manufacturer`` and so on.

    Returns
    -------
    KeyObjectSelectionDocument
        Checked against the standard; write it with ``save_as``.

    Raises
    ------
    TerminologyError
        If the title is not known.
    ArgumentError
        If there is nothing to select, or the objects are of several patients or studies.

    Examples
    --------
    >>> import dicomposer as dc
    >>> dc.select(["ct/31.dcm", "ct/32.dcm"], "For Conference").save_as("key.dcm")  # doctest: +SKIP
    """
    extra: dict[str, Any] = dict(options)
    check_options(extra, SelectOptions.__annotations__, "select()")
    objects = _objects(images)
    person, device = observers(extra.pop("algorithm", None), extra.pop("observer", None))
    content = KeyObjectSelection(
        _title(title),
        objects,
        observer_person_context=person,
        observer_device_context=device,
        description=description,
    )
    defaults = document_defaults(objects[0], 3) | {"series_description": "Key objects"}
    return KeyObjectSelectionDocument(objects, content, **(defaults | extra))


def _title(title: Any) -> Any:
    if not isinstance(title, str):
        return looked_up(title, "title")
    for fact in standard.context_group(_TITLES).codes:
        if fact.meaning.casefold() == title.strip().casefold():
            return looked_up((fact.value, fact.scheme, fact.meaning), "title")
    looked_up(title, "title", cids=(_TITLES,))  # says what is near, if nothing is
    raise ArgumentError(
        f"{title!r} is not a title of key objects (PS3.16 CID 7010); for example 'Of Interest'"
    )


def _objects(images: Any) -> list[Dataset]:
    if isinstance(images, str | os.PathLike) and Path(images).is_dir():
        images = sorted(path for path in Path(images).iterdir() if path.is_file())
    if isinstance(images, str | os.PathLike | Dataset):
        images = [images]
    if not isinstance(images, Iterable):
        raise ArgumentTypeError(f"images must be files or datasets, not {type(images).__name__}")
    datasets = []
    for one in images:
        if not isinstance(one, Dataset | str | os.PathLike):
            raise ArgumentTypeError(f"an image must be a file or a dataset, not {type(one).__name__}")
        datasets.append(one if isinstance(one, Dataset) else read_header(one))
    if not datasets:
        raise ArgumentError("there is nothing to select")
    refuse_several_patients(datasets[:1], datasets[1:], "selected objects")
    studies = Counter(record.text_value(one, "StudyInstanceUID") for one in datasets)
    if len(studies) > 1:
        counts = " and ".join(str(count) for _, count in studies.most_common())
        raise ArgumentError(
            f"the selected objects are of {len(studies)} studies ({counts}), and a selection is stored in the study of "
            "its objects (PS3.3 C.17.6.2.1): select those of each study by themselves"
        )
    return list({str(one.get("SOPInstanceUID", "")): one for one in datasets}.values())
