"""The content of a key object selection: TID 2010 (PS3.16 Annex A)."""

from __future__ import annotations

from collections.abc import Sequence

from pydicom.dataset import Dataset

from dicomposer import standard
from dicomposer.coding import CodeLike
from dicomposer.errors import ArgumentError, ArgumentTypeError
from dicomposer.items import (
    DEVICE,
    PERSON,
    CodeContentItem,
    CompositeContentItem,
    ContainerContentItem,
    ContentItem,
    DocumentTemplate,
    ImageContentItem,
    Include,
    LanguageOfContentItemAndDescendants,
    ObserverContext,
    RelationshipTypeValues,
    Row,
    TextContentItem,
    ValueTypeValues,
    WaveformContentItem,
    dcm,
    identity,
    put_below,
    sct,
)
from dicomposer.record import required, text_value

__all__ = ["KeyObjectSelection"]

_CONTAINS = RelationshipTypeValues.CONTAINS
_SOURCE = sct("260753009", "Source")

Reference = ImageContentItem | CompositeContentItem | WaveformContentItem


class KeyObjectSelection(DocumentTemplate):
    """Objects that were selected, and why: TID 2010.

    Parameters
    ----------
    document_title : pydicom.sr.coding.Code or CodedConcept
        Why they were selected, of CID 7010.
    referenced_objects : Sequence[pydicom.Dataset]
        The objects; not modified.
    observer_person_context, observer_device_context : ObserverContext, optional
        The person and the device or program that selected them.
    description : str, optional
        More about the selection.
    document_title_modifiers : Sequence[pydicom.sr.coding.Code or CodedConcept], optional
        More about the title: reasons for a rejection (CID 7011, 7012), or what else it says; not in other libraries.
    language_of_content_item_and_descendants : LanguageOfContentItemAndDescendants, optional
        Language; not in other libraries.

    Raises
    ------
    ValueError
        If no object is given.
    """

    tid = "2010"
    _headed = True
    document_title_modifiers = Row(
        CodeContentItem,
        dcm("113011", "Document Title Modifier"),
        RelationshipTypeValues.HAS_CONCEPT_MOD,
        many=True,
    )
    _language = Include(
        LanguageOfContentItemAndDescendants, argument="language_of_content_item_and_descendants"
    )
    _person = Include(ObserverContext, argument="observer_person_context")
    _device = Include(ObserverContext, argument="observer_device_context")
    description = Row(TextContentItem, dcm("113012", "Key Object Description"), _CONTAINS)

    def __init__(
        self,
        document_title: CodeLike,
        referenced_objects: Sequence[Dataset],
        observer_person_context: ObserverContext | None = None,
        observer_device_context: ObserverContext | None = None,
        description: str | None = None,
        *,
        document_title_modifiers: Sequence[CodeLike] | None = None,
        language_of_content_item_and_descendants: LanguageOfContentItemAndDescendants | None = None,
    ) -> None:
        super().__init__(is_root=True)
        if not len(referenced_objects):
            raise ArgumentError("referenced_objects must have at least one object")
        for context, kind, name in (
            (observer_person_context, PERSON, "observer_person_context"),
            (observer_device_context, DEVICE, "observer_device_context"),
        ):
            if isinstance(context, ObserverContext) and identity(context.observer_type) != identity(kind):
                raise ArgumentError(f"{name} must be of observer type {kind.meaning}")
        self._append_all([ContainerContentItem(document_title, template_id=self.tid)])
        self._write(
            document_title_modifiers=document_title_modifiers,
            _language=language_of_content_item_and_descendants,
            _person=observer_person_context,
            _device=observer_device_context,
            description=description,
        )
        put_below(self._items[0], [_reference(one) for one in referenced_objects])

    def get_references(
        self, value_type: ValueTypeValues | None = None, sop_class_uid: str | None = None
    ) -> list[Reference]:
        """References to the objects, in order.

        Parameters
        ----------
        value_type : ValueTypeValues, optional
            Only images, waveforms or other objects.
        sop_class_uid : str, optional
            Only objects of this class.
        """
        return [
            item
            for item in self._scope._items
            if isinstance(item, ImageContentItem | CompositeContentItem | WaveformContentItem)
            and (value_type is None or item.value_type is ValueTypeValues(value_type))
            and (sop_class_uid is None or str(item.referenced_sop_class_uid) == str(sop_class_uid))
        ]


def _reference(dataset: Dataset) -> ContentItem:
    """The item for an object: image, waveform or other, by its SOP Class."""
    if not isinstance(dataset, Dataset):
        raise ArgumentTypeError(f"referenced_objects must hold datasets, found {type(dataset).__name__}")
    class_uid = required(text_value(dataset, "SOPClassUID"), "SOPClassUID")
    instance_uid = required(text_value(dataset, "SOPInstanceUID"), "SOPInstanceUID")
    modules = _modules(class_uid)
    kind: type[Reference] = CompositeContentItem
    if "waveform" in modules:
        kind = WaveformContentItem
    elif "image-pixel" in modules or "Rows" in dataset:
        kind = ImageContentItem
    item = kind(_SOURCE, class_uid, instance_uid, relationship_type=_CONTAINS)
    del item.ConceptNameCodeSequence  # TID 2010, rows 8 to 10, have none
    return item


def _modules(class_uid: str) -> frozenset[str]:
    """Keys of the modules of a class; empty if the tables do not know it."""
    if standard.sop_class(class_uid) is None:
        return frozenset()
    return frozenset(usage.module.key for usage in standard.iod(class_uid).modules)
