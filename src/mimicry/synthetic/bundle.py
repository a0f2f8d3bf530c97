"""Make the bundled stimulus set: ``python -m mimicry.synthetic.bundle FOLDER``.

Every id of the set is in the manifest; the clips listed in :data:`SHIPPED` are rendered, the
others are rendered when they are needed.
"""

import sys
from pathlib import Path

from mimicry.files import make_folder
from mimicry.synthetic.recipes import MODELS, RECIPES
from mimicry.synthetic.stimuli import (
    manifest_entry,
    parse_id,
    rendered_entry,
    stimulus_ids,
    write_manifest,
)

__all__ = ["SHIPPED", "main"]

HOUSE = ("happy", "angry", "neutral")  # for every model
SHIPPED = frozenset(
    f"{e}-{m}-dynamic" for e in RECIPES for m in MODELS if e in HOUSE or m in ("f01", "m02")
)


def main(arguments: list[str]) -> int:
    """Render what is missing in the folder and write its manifest."""
    if len(arguments) != 1:
        print(__doc__, file=sys.stderr)
        return 2
    folder = make_folder(Path(arguments[0]))
    entries = []
    for name in stimulus_ids():
        spec = parse_id(name)
        if name in SHIPPED:
            entries.append(rendered_entry(spec, folder))
            print(name, file=sys.stderr, flush=True)
        else:
            entries.append(manifest_entry(spec))
    write_manifest(folder / "manifest.json", entries)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
