"""What a caller asks of pixels: the wide arguments of the reading methods as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike

from dicomposer.coding import CodedConcept
from dicomposer.content import VOILUTTransformation
from dicomposer.errors import ArgumentError

if TYPE_CHECKING:
    from pydicom.sr.coding import Code

__all__ = ["Wanted"]


@dataclass(frozen=True)
class Wanted:
    """Which transforms to apply. True: it must be there; None: if it is there; False: not."""

    dtype: np.dtype[Any]
    real_world: bool | None
    real_world_selector: int | str | Code | CodedConcept
    modality: bool | None
    voi: bool | None
    voi_selector: int | str | VOILUTTransformation
    voi_range: tuple[float, float]
    presentation: bool
    palette: bool | None
    icc: bool | None

    @classmethod
    def of(  # noqa: PLR0913  # the drop-in arguments, bundled here once
        cls,
        dtype: DTypeLike,
        apply_real_world_transform: bool | None,
        real_world_value_map_selector: int | str | Code | CodedConcept,
        apply_modality_transform: bool | None,
        apply_voi_transform: bool | None,
        voi_transform_selector: int | str | VOILUTTransformation,
        voi_output_range: tuple[float, float],
        apply_presentation_lut: bool,
        apply_palette_color_lut: bool | None,
        apply_icc_profile: bool | None,
    ) -> Wanted:
        """Bundle the arguments of a reading method.

        Raises
        ------
        ArgumentError
            If they contradict each other.
        """
        kind: np.dtype[Any] = np.dtype(dtype)
        if kind.kind not in "biuf":
            raise ArgumentError(f"pixels cannot be given as {kind}")
        if apply_real_world_transform and apply_modality_transform:
            raise ArgumentError(
                "apply_real_world_transform and apply_modality_transform must not both be True: one takes the place of "
                "the other"
            )
        if apply_voi_transform is not False:
            if apply_modality_transform is False or apply_real_world_transform:
                raise ArgumentError(
                    "values of interest are chosen among those after the modality transform: with apply_voi_transform "
                    "True or None, apply_modality_transform must not be False nor apply_real_world_transform True"
                )
            low, high = voi_output_range
            if not low < high:
                raise ArgumentError("the second value of voi_output_range must be above the first")
        return cls(
            kind,
            apply_real_world_transform,
            real_world_value_map_selector,
            apply_modality_transform,
            apply_voi_transform,
            voi_transform_selector,
            (float(voi_output_range[0]), float(voi_output_range[1])),
            bool(apply_presentation_lut),
            apply_palette_color_lut,
            apply_icc_profile,
        )

    def refuse_colour(self) -> None:
        """Refuse what a grey image cannot have."""
        if self.palette:
            raise ArgumentError("a palette is to be applied, but the image is not a palette color image")
        if self.icc:
            raise ArgumentError("an ICC profile is to be applied, but the image is not a colour image")

    def refuse_grey(self) -> None:
        """Refuse what only a grey image can have."""
        for value, name in (
            (self.real_world, "a real world value map"),
            (self.modality, "a modality transform"),
            (self.voi, "a transform to values of interest"),
        ):
            if value:
                raise ArgumentError(f"{name} is to be applied, but the image is not a monochrome image")
