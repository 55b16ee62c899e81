"""Advice: what programs in use will not show or take although the standard allows it.

A rule stands here only if the program was seen to fail, and if whoever writes the object can do otherwise. Programs and
versions, and which test shows that they still fail: ``docs/clients.md``, "What the advice rests on".
"""

from __future__ import annotations

from dicomposer.validation.profiles import _viewers_results, _viewers_segmentations

__all__ = ["FAMILIES"]

#: The rules register themselves, by kind of object.
FAMILIES = (_viewers_results, _viewers_segmentations)
