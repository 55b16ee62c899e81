"""Templates of whole documents."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Self

from pydicom.dataset import Dataset

from dicomposer.coding import CodeLike
from dicomposer.errors import ArgumentError
from dicomposer.items._observers import ObserverContext, observer_contexts
from dicomposer.items._template import Template
from dicomposer.items._types import ContainerContentItem

__all__ = ["DocumentTemplate"]


class DocumentTemplate(Template):
    """A template whose root is that of a document: one container, and observers below it (TID 1001)."""

    @classmethod
    def from_sequence(
        cls, sequence: Sequence[Dataset], is_root: bool = True, is_sr: bool = True, copy: bool = True
    ) -> Self:
        """Adopt the content of a document.

        Parameters
        ----------
        sequence : Sequence[pydicom.Dataset]
            The root of the content, the only item.
        is_root, is_sr : bool, optional
            Always true for a document.
        copy : bool, optional
            Whether to leave the item alone and hold a deep copy.

        Raises
        ------
        ValueError
            If it is not one container.
        """
        found = super().from_sequence(sequence, is_root, is_sr, copy)
        if len(found) != 1 or not isinstance(found._items[0], ContainerContentItem):
            raise ArgumentError("the content of a document is one container")
        return found

    def get_observer_contexts(self, observer_type: CodeLike | None = None) -> list[ObserverContext]:
        """Who or what observed, or selected the objects.

        Parameters
        ----------
        observer_type : pydicom.sr.coding.Code or CodedConcept, optional
            Only persons, or only devices.
        """
        return observer_contexts(self._scope._items, observer_type)
