"""Write the tables of ``dicomposer.standard``, compare them, or list what is open.

``python -m tools.tables`` writes them; ``--diff`` tells what would change; ``--check`` does so silently,
by its exit status; ``--todo FILE`` lists the conditions of the older tables that have no predicate yet.
"""

from __future__ import annotations

import argparse
import json
import sys
import zlib
from pathlib import Path
from typing import Any

from tools.tables import terms
from tools.tables.build import Tables
from tools.tables.diff import differences

DATA = Path(__file__).resolve().parents[2] / "src" / "dicomposer" / "standard" / "data"


def render(lines: dict[str, Any]) -> str:
    """The text of a data file: one line ``key <tab> JSON`` per entry."""
    return "".join(
        f"{key}\t{json.dumps(value, separators=(',', ':'), ensure_ascii=False)}\n"
        for key, value in lines.items()
    )


def packaged(folder: Path = DATA) -> dict[str, str]:
    """Texts of the data files that are in the package."""
    return {
        path.stem: zlib.decompress(path.read_bytes()).decode("utf-8") for path in sorted(folder.glob("*.z"))
    }


def main() -> int:
    """Run the command; 0 if all is well."""
    parser = argparse.ArgumentParser(prog="python -m tools.tables", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit status 1 if anything would change"
    )
    parser.add_argument("--diff", action="store_true", help="write nothing; print what would change")
    parser.add_argument("--todo", type=Path, metavar="FILE", help="list conditions without a predicate")
    arguments = parser.parse_args()
    tables = Tables()
    texts = {name: render(lines) for name, lines in tables.build().items()}
    if arguments.todo:
        left = {key: value for key, value in tables.texts.items() if key not in tables.hand.reviewed}
        arguments.todo.write_text(json.dumps(left, indent=1), "utf-8")
    # the texts are compared, since builds of zlib may pack the same text in different ways
    before = packaged()
    if arguments.diff:
        print(*differences(before, texts), sep="\n")
    if not arguments.check and not arguments.diff:
        DATA.mkdir(exist_ok=True)
        for name, text in texts.items():
            if before.get(name) != text:
                (DATA / f"{name}.z").write_bytes(zlib.compress(text.encode("utf-8"), 9))
    unused = [*tables.hand.unused(), *tables.contexts.unused(), *tables.item_counts.unused()]
    for place in unused:
        print("written by hand, but nowhere in the tables:", place)
    print({name: len(text) for name, text in texts.items()}, dict(tables.counts), "changed:", before != texts)
    changed = terms.update(DATA / "terms", render, write=not arguments.check and not arguments.diff)
    return 1 if (arguments.check and (changed or before != texts)) or unused else 0


if __name__ == "__main__":
    sys.exit(main())
