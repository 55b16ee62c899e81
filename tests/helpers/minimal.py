"""A minimal object of any IOD, made from the tables of the standard alone: what is required, and nothing else.

The validator drives it: what it misses is added, with a value that the tables allow, until it misses nothing. What it
makes is then shown to other judges; where they disagree, the tables (or the judge) are wrong.

Run as a program, it makes one of every IOD and prints what stays open::

    PYTHONPATH=tests/helpers:. python -m minimal [--judge] [IOD...]
"""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterable, Iterator
from copy import deepcopy
from typing import Any

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian

from dicomposer import standard
from dicomposer.standard import Attribute
from dicomposer.validation import Finding, validate
from minimal_values import ASSUMED, DATE, GROUPS, PRESET, VALUES, code, patient, uid

__all__ = ["minimal", "sop_class_of"]

_STEP = re.compile(r"([^.\[]+)(?:\[(\d+)\])?")
_GROUPS = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
#: Attributes that are worked out at the end, from the others.
_DERIVED = "BitsStored HighBit SamplesPerPixel PlanarConfiguration PixelData FloatPixelData".split()
_COLOUR = ("RGB", "YBR_FULL", "YBR_FULL_422")


def sop_class_of(iod: str) -> str:
    """UID of the first storage SOP Class of an IOD."""
    for info in standard.sop_classes():
        if info.iod_name == iod:
            return info.uid
    raise KeyError(iod)


def minimal(iod: str, seed: int = 1, *, rounds: int = 24) -> Dataset:
    """The smallest object of an IOD with which the validator finds no error.

    Parameters
    ----------
    iod : str
        Key of the IOD.
    seed : int
        Another seed gives other UIDs and other choices among the values allowed.
    rounds : int
        How often to look for what is missing.
    """
    maker = _Maker(iod, seed)
    for _ in range(rounds):
        if not maker.mend():
            break
    maker.finish()
    return maker.dataset


class _Maker:
    def __init__(self, iod: str, seed: int) -> None:
        self.iod = standard.iod(iod)
        self.rng = random.Random(f"{iod}/{seed}")
        self.seed = seed
        self.dataset = Dataset()
        self.tried: set[str] = set()
        known = sop_class_of(iod)
        instance = uid(seed, iod, "instance")
        meta = self.dataset.file_meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = known, instance
        meta.FileMetaInformationVersion = b"\0\1"
        meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
        self.dataset.SOPClassUID, self.dataset.SOPInstanceUID = known, instance
        patient(self.dataset, seed)
        if any(usage.module.key == "general-series" for usage in self.iod.modules):
            self.dataset.BodyPartExamined = "HEAD"
        for keyword, value in PRESET.get(iod, {}).items():
            setattr(self.dataset, keyword, value() if callable(value) else deepcopy(value))
        for usage in self.iod.modules:
            if usage.usage == "M" and usage.module.key != _CONTENT:
                self._fill(self.dataset, usage.module.attributes, "")
        self.frames()

    # -- what the tables say -----------------------------------------------------------------------------------------

    def attributes(self, trail: list[str]) -> list[Attribute]:
        """What the tables say of the attribute at a path of keywords."""
        if trail[0] in _GROUPS and len(trail) > 1:
            found = [one.attribute for one in self.iod.functional_groups if one.keyword == trail[1]]
            trail = trail[1:]
        else:
            usages = sorted(self.iod.modules, key=lambda usage: usage.usage != "M")
            found = [a for usage in usages for a in usage.module.attributes if a.keyword == trail[0]]
        for keyword in trail[1:]:
            found = [inner for one in found for inner in one.items if inner.keyword == keyword]
        return found

    def _fill(self, item: Dataset, attributes: Iterable[Attribute], where: str) -> None:
        """What is required without a condition."""
        for one in attributes:
            if one.type in ("1", "2") and not one.repeating and one.keyword not in item:
                self.add(item, one.keyword, [one], f"{where}{one.keyword}", empty=one.type == "2")

    def add(
        self, item: Dataset, keyword: str, definitions: list[Attribute], path: str, *, empty: bool
    ) -> None:
        """Put an attribute into an item."""
        one = definitions[0]
        vr = _vr(keyword, one.vr)
        if vr == "SQ":
            inner: list[Dataset] = []
            if not empty:
                inner = [Dataset()]
                if any(each.keyword == "CodingSchemeDesignator" for each in one.items):
                    inner = [self.code(one)]
                self._fill(inner[0], one.items, f"{path}.")
            setattr(item, keyword, inner)
            return
        value = "" if empty else self.value(item, keyword, vr, definitions)
        if empty and vr in (
            "US",
            "SS",
            "UL",
            "SL",
            "FD",
            "FL",
            "AT",
            "OB",
            "OW",
            "OF",
            "OD",
            "UN",
            "SV",
            "UV",
        ):
            item.add_new(one.tag, vr, None)
        else:
            item.add_new(one.tag, "OW" if isinstance(value, bytes) and vr == "US" else vr, value)

    def code(self, one: Attribute) -> Dataset:
        """A code that its context group has, if there is one."""
        for binding in one.context_groups:
            found = list(standard.context_group(binding.cid).codes)
            if found:
                return code(found[0].value, found[0].scheme, found[0].meaning)
        return code("111001", "DCM", "Algorithm Name")

    def value(self, item: Dataset, keyword: str, vr: str, definitions: list[Attribute]) -> Any:
        """A value that the tables allow."""
        if keyword in VALUES:
            for value in VALUES[keyword]:
                if self.allowed(value, item, definitions):
                    return value
        count = _count(standard.attribute(keyword).vm)
        chosen = [self.choice(item, n, definitions) for n in range(count)]
        while len(chosen) < 4 and self.choice(item, len(chosen), definitions, indexed=True) is not None:
            chosen.append(self.choice(item, len(chosen), definitions))
        filled = [self.default(keyword, vr) if one is None else _typed(vr, one) for one in chosen]
        return filled[0] if len(filled) == 1 or isinstance(filled[0], bytes) else filled

    def choice(
        self, item: Dataset, index: int, definitions: list[Attribute], *, indexed: bool = False
    ) -> str | None:
        """One of the values that every rule on a place allows; None if there is no rule."""
        allowed: list[str] | None = None
        for rule in self.rules(item, definitions):
            if rule.index == index or (rule.index is None and not indexed):
                allowed = [v for v in sorted(rule.values) if allowed is None or v in allowed] or allowed
        if not allowed:
            return None
        liked = [value for value in allowed if value in _LIKED]
        return liked[0] if liked else allowed[0]

    def rules(self, item: Dataset, definitions: list[Attribute]) -> Iterator[standard.ValueRule]:
        """Rules that hold, those that leave no choice first."""

        def answer(reference: str) -> list[Any] | None:
            keyword = reference.lstrip("./").rpartition(".")[2]
            for place in (item, self.dataset):
                if keyword in place:
                    value = place[keyword].value
                    return (
                        list(value)
                        if isinstance(value, (list, tuple)) or hasattr(value, "append")
                        else [value]
                    )
            return None

        found = [rule for one in definitions for rule in one.values]
        holding = [r for r in found if r.condition is None or r.condition.evaluate(answer)]
        return iter(sorted(holding, key=lambda rule: rule.kind != "enumerated"))

    def allowed(self, value: Any, item: Dataset, definitions: list[Attribute]) -> bool:
        values = value if isinstance(value, list) else [value]
        for rule in self.rules(item, definitions):
            looked = values if rule.index is None else values[rule.index : rule.index + 1]
            if any(str(one) not in rule.values for one in looked):
                return False
        return True

    def default(self, keyword: str, vr: str) -> Any:
        """Something of a VR."""
        match vr:
            case "UI":
                return uid(self.seed, self.iod.key, keyword)
            case "DA":
                return DATE
            case "DT":
                return DATE + "101112"
            case "TM":
                return "101112"
            case "AS":
                return "030Y"
            case "PN":
                return "Some^One"
            case "AE":
                return "SOMEWHERE"
            case "CS":
                return "ONE"
            case "DS" | "IS" | "FD" | "FL":
                return 1
            case "US" | "UL" | "SS" | "SL" | "UV" | "SV":
                return 1
            case "AT":
                return 0x00080018
            case "OB" | "OW" | "UN":
                return b"\1\0"
            case "OF" | "OL":
                return b"\0\0\x80\x3f"
            case "OD" | "OV":
                return bytes(6) + b"\xf0\x3f"
            case "UR":
                return "https://example.org/it"
        return "text"

    # -- what the validator says -------------------------------------------------------------------------------------

    def mend(self) -> bool:
        """Add what the validator misses; False if it misses nothing that could be added."""
        self.finish()
        changed: set[str] = set()
        for finding in validate(self.dataset, profiles=()):
            # What is required on a condition may no longer be once something else of the item is there.
            where = re.sub(r"\[\d+\]", "", finding.path).rpartition(".")[0]
            if finding.rule_id == "type-1c" and where in changed:
                continue
            if finding.rule_id == "condition" and finding.path.rpartition(".")[2] in ASSUMED:
                changed |= {where} if self._mend(finding) else set()
            if finding.level in ("error", "warning") and finding.path and self._mend(finding):
                changed.add(where)
        return bool(changed)

    def _mend(self, finding: Finding) -> bool:
        steps = [(keyword, int(n) if n else 0) for keyword, n in _STEP.findall(finding.path)]
        key = f"{finding.path} {finding.rule_id} {finding.message}"
        if key in self.tried:
            return False
        self.tried.add(key)
        trail = [keyword for keyword, _ in steps]
        definitions = self.attributes(trail)
        if not definitions:
            return False
        changed = False
        for item in self._items(steps[:-1]):
            keyword = trail[-1]
            missing = keyword not in item
            if "although the condition" in finding.message:
                item.pop(keyword, None)
                changed = True
            elif missing or finding.rule_id.startswith("type-1") or "among" in finding.message:
                empty = missing and finding.rule_id.startswith("type-2")
                where = ".".join(trail)
                self.add(item, keyword, definitions, where, empty=empty)
                changed = True
        return changed

    def _items(self, steps: list[tuple[str, int]]) -> list[Dataset]:
        """All items at a path, whatever the numbers in it: what one lacks, the others lack as well."""
        places = [self.dataset]
        for keyword, _ in steps:
            places = [inner for place in places if keyword in place for inner in place[keyword].value or ()]
        return places

    # -- what belongs together -----------------------------------------------------------------------------------------

    def frames(self) -> None:
        """Two frames in a stack, for objects with functional groups."""
        usages = [usage.usage for usage in self.iod.modules if usage.module.key.endswith(_MULTI_FRAME)]
        if not usages or usages != ["M"] and self.iod.key not in GROUPS:
            return
        ds = self.dataset
        ds.NumberOfFrames = 2
        organization = Dataset()
        organization.DimensionOrganizationUID = uid(self.seed, self.iod.key, "dimensions")
        ds.DimensionOrganizationSequence = [organization]
        index = Dataset()
        index.DimensionOrganizationUID = organization.DimensionOrganizationUID
        index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x00209057, 0x00209111
        ds.DimensionIndexSequence = [index]
        shared = Dataset()
        frames = [Dataset(), Dataset()]
        ds.SharedFunctionalGroupsSequence, ds.PerFrameFunctionalGroupsSequence = [shared], frames
        for usage in self.iod.functional_groups:
            wanted = usage.usage == "M" or usage.keyword in GROUPS.get(self.iod.key, "").split()
            if not wanted or usage.keyword == "FrameContentSequence":
                continue
            for item in frames if usage.placement == "per-frame" or usage.keyword in _BY_FRAME else [shared]:
                self.add(item, usage.keyword, [usage.attribute], usage.keyword, empty=False)
        for number, frame in enumerate(frames, 1):
            content = Dataset()
            content.StackID, content.InStackPositionNumber, content.DimensionIndexValues = "1", number, number
            frame.FrameContentSequence = [content]
            self._slide(frame, number)

    def _slide(self, frame: Dataset, number: int) -> None:
        """Tiles beside each other: the dimension is the column."""
        if "PlanePositionSlideSequence" not in frame:
            return
        del frame.FrameContentSequence[0].StackID, frame.FrameContentSequence[0].InStackPositionNumber
        index = self.dataset.DimensionIndexSequence[0]
        index.DimensionIndexPointer, index.FunctionalGroupPointer = 0x0048021E, 0x0048021A
        self.dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness = 1
        place = frame.PlanePositionSlideSequence[0]
        place.ColumnPositionInTotalImagePixelMatrix = 8 * number - 7
        place.RowPositionInTotalImagePixelMatrix = 1
        place.XOffsetInSlideCoordinateSystem = 1
        place.YOffsetInSlideCoordinateSystem = 1 + 4 * (number - 1)

    def finish(self) -> None:
        """Pixel attributes and pixels that agree with one another."""
        ds = self.dataset
        for number, frame in enumerate(ds.get("PerFrameFunctionalGroupsSequence", ())):
            for group, keyword in (
                ("PlanePositionSequence", "ImagePositionPatient"),
                ("PlanePositionVolumeSequence", "ImagePositionVolume"),
            ):
                if group in frame and keyword in frame[group][0]:
                    setattr(frame[group][0], keyword, [0.0, 0.0, float(number)])
        if "Rows" not in ds or "BitsAllocated" not in ds:
            return
        bits = int(ds.BitsAllocated)
        if "BitsStored" in ds:
            least = {8: 8, 16: 12}.get(bits, bits)
            definitions = self.attributes(["BitsStored"])
            wanted = PRESET.get(self.iod.key, {}).get("BitsStored", least)
            for stored in (wanted, bits, 16, 8, 10):
                if stored <= bits and self.allowed(stored, ds, definitions):
                    break
            ds.BitsStored, ds.HighBit = stored, stored - 1
        samples = 3 if ds.get("PhotometricInterpretation") in _COLOUR else 1
        ds.SamplesPerPixel = samples
        if samples == 3:
            ds.PlanarConfiguration = 0
        elif "PlanarConfiguration" in ds:
            del ds.PlanarConfiguration
        size = int(ds.Rows) * int(ds.Columns) * samples * int(ds.get("NumberOfFrames", 1) or 1)
        if "FloatPixelData" in ds:
            ds.FloatPixelData = bytes(size * 4)
        else:
            data = bytes((size * bits + 7) // 8)
            ds.add_new(0x7FE00010, "OW" if bits > 8 else "OB", data + bytes(len(data) % 2))


#: Its attributes hang on the value type of each content item.
_CONTENT = "sr-document-content"
_MULTI_FRAME = "multi-frame-functional-groups"
_BY_FRAME = ("PlanePositionSequence", "PlanePositionSlideSequence", "PlanePositionVolumeSequence")
#: Terms that ask for little else.
_LIKED = (
    "NO", "ORIGINAL", "PRIMARY", "MONOCHROME2", "UNDEFINED", "NONE", "HFS", "00", "HEAD", "BRAIN", "IDENTITY", "MG",
)  # fmt: skip


def _vr(keyword: str, stated: str) -> str:
    """One VR where the dictionary leaves a choice."""
    return "US" if stated.startswith("US or") else "OW" if " or " in stated else stated


def _count(vm: str) -> int:
    return int(re.match(r"\d+", vm)[0]) if re.match(r"\d+", vm) else 1  # type: ignore[index]


def _typed(vr: str, value: str) -> Any:
    return int(float(value)) if vr in ("US", "UL", "SS", "SL", "IS") else value


def _main(arguments: list[str]) -> None:
    import tempfile
    from collections import Counter
    from pathlib import Path

    from judges import dciodvfy

    judged = "--judge" in arguments
    count: Counter[str] = Counter()
    for key in [a for a in arguments if not a.startswith("--")] or standard.iods():
        try:
            sop_class_of(key)
        except KeyError:
            continue
        made = minimal(key)
        lines = [str(f) for f in validate(made, profiles=()) if f.level in ("error", "warning")]
        theirs: list[str] = []
        if judged:
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "x.dcm"
                made.save_as(path, enforce_file_format=True)
                theirs = list(dciodvfy(path).errors)
        state = f"{'clean' if not lines else 'ours'}/{'clean' if not theirs else 'theirs'}"
        if any("Information Object Not found" in line for line in theirs):
            state = "unknown to the judge"
        count[state] += 1
        print(f"{key}: {state}")
        for line in lines:
            print("   ", line)
        for line in theirs[:12]:
            print("    JUDGE", line)
    print(dict(count))


if __name__ == "__main__":
    _main(sys.argv[1:])
