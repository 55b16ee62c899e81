"""OHIF in a real browser before everything that dicomposer writes for it; writes docs/viewers.md.

    python -m tools.viewers [--only NAME...] [--output FOLDER]

Run it with ``make viewers`` (about five minutes). It fails if anything differs from what was put into an object, if a
known defect is gone, or if a program is missing. ``--only`` asks about some objects and writes no page; pictures of the
viewer and its answers go to the output folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

from tools.viewers.checks import COLOURS, FATES, POINTS, objections
from tools.viewers.exhibits import Exhibit, exhibits
from tools.viewers.run import OHIF, ROOT, MissingProgramError, answers

PAGE = ROOT / "docs" / "viewers.md"

_HEAD = """\
# In a real viewer

Written by `make viewers`; do not edit. [OHIF](https://ohif.org) {ohif}, as npm has it, runs in Chromium {chromium}
before an Orthanc server with its DICOMweb plugin. A program opens the study of each object below, double-clicks the
object, accepts the viewer's offer to load it, and reads the viewer's memory (`window.services`,
`window.cornerstone`). What is found there is compared with what went into the object: masks voxel by voxel, points
within {points} mm, lengths and areas within a millionth, colours within {colours} of 255 for each channel.

Known failures are tested too, so the run fails once the viewer fixes them. It also fails unless the advice of
`validate` about OHIF is the one in the last column; advice about other programs is not compared.

| object | asserted | result | advice of `validate` |
|---|---|---|---|
"""

_TAIL = """
## What the viewer does with them

- Label maps: each segment has the colour of the item before it in Segment Sequence, since the viewer counts the item of
  the background, which the standard wants (PS3.3 C.8.20.2.3.3), as the first segment. Voxels and labels are right.
  BINARY has the right colours.
- Colours are up to {colours} of 255 off, because the viewer takes CIELab values for those of a white of D65; those of
  the standard are of D50, as in ICC profiles (PS3.3 C.10.7.1.1).
- Without Recommended Display CIELab Value the viewer chooses colours.
- FRACTIONAL is refused with an error in the console, and so are deflated frames, and native BINARY whose packed frames
  fill an odd number of bytes. Nothing on the screen says so.
- Numbers above 255 are listed as segments without a voxel: the viewer keeps 8 bits of them.
- One measurement group without coordinates (of a segment, or without a region) leaves the viewport empty, whatever else
  is in the report, unless another group with coordinates has the same Tracking Unique Identifier. `measure()`
  without `viewer` writes such groups for its segments.
- Groups of TID 1410 are drawn as an overlay if one answers the viewer's question with "No"; ellipses whose axes do not
  run along rows and columns are left out. With "Yes" it makes measurements of points, and of closed shapes with four
  corners as if all of them were rectangles, and no others. Areas that the report does not have are shown as 0.
- `report(viewer="ohif")`: everything arrives, numbers as they were written. The viewer leaves out the unit of the areas
  of circles, ellipses and polygons, and shows "Max: NaN" beside the latter two if there is no maximum.
- Key objects are listed, and marked as not supported.
"""


def page(chromium: str, results: Sequence[tuple[Exhibit, list[str]]]) -> str:
    """The whole page: no dates and no timings, so that a change in it is a change in the results."""
    head = _HEAD.format(ohif=OHIF, chromium=chromium, points=POINTS, colours=COLOURS)
    rows = []
    for exhibit, objected in results:
        _, asserted, result = FATES[exhibit.fate]
        verdict = "**objections, see below**" if objected else result
        advice = ", ".join(f"`{rule}`" for rule in sorted(exhibit.advice))
        rows.append(f"| {exhibit.title} | {asserted} | {verdict} | {advice} |")
    failures = [f"- {exhibit.title}: {line}" for exhibit, objected in results for line in objected]
    below = ["\n## Objections\n", *failures] if failures else []
    return head + "\n".join([*rows, *below]) + "\n" + _TAIL.format(colours=COLOURS)


def main() -> int:
    """Ask, compare, write the page; 1 if there is an objection or something is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", help="some objects, and no page")
    parser.add_argument(
        "--output", type=Path, default=Path("viewers-output"), help="for pictures and answers"
    )
    options = parser.parse_args()
    warnings.simplefilter("ignore")  # of what is meant here
    chosen = [one for one in exhibits() if not options.only or one.name in options.only]
    output = options.output.resolve()
    output.mkdir(parents=True, exist_ok=True)
    results = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            given = answers(chosen, Path(folder), output)
            chromium = next(given)["browser"]
            for exhibit, answer in zip(chosen, given, strict=True):
                (output / f"{exhibit.name}.json").write_text(json.dumps(answer), encoding="utf-8")
                results.append((exhibit, objections(exhibit, answer)))
                print(f"{exhibit.name}: {'; '.join(results[-1][1]) or FATES[exhibit.fate][2]}", flush=True)
    except (FileNotFoundError, MissingProgramError) as error:
        print(error, file=sys.stderr)
        return 1
    failed = sum(bool(objected) for _, objected in results)
    if not options.only:
        PAGE.write_text(page(chromium, results), encoding="utf-8")
    print(f"{len(results)} objects, {failed} with an objection; pictures in {output}")
    return 1 if failed or not results else 0


if __name__ == "__main__":
    sys.exit(main())
