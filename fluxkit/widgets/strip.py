"""Take saved widget state out of notebooks, so that GitHub shows them and pictures stand in for widgets.

    python -m fluxkit.widgets.strip notebooks/*.ipynb

GitHub refuses a whole notebook whose `metadata.widgets` has no `state`; and where state is saved, nbconvert shows the
widget's script instead of the picture that fluxkit leaves beside it.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from fluxkit.errors import InputError
from fluxkit.frames.atomic import write_atomic

_VIEW = "application/vnd.jupyter.widget-view+json"


def strip(path: str | Path) -> bool:
    """Rewrite one notebook without widget state; whether anything had to go.

    A widget's view stays out too where a picture or text stands beside it. Everything else, the pictures included,
    stays as it was. Raises `InputError` for a file that is no notebook.
    """
    source = Path(path).expanduser()
    try:
        notebook = json.loads(source.read_text(encoding="utf-8"))
        cells = notebook["cells"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(
            f"{source.name!r} was to be stripped of widget state, but it is no notebook that can be read "
            f"({type(error).__name__}). Give the path of an .ipynb file."
        ) from None
    changed = notebook.get("metadata", {}).pop("widgets", None) is not None
    for cell in cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if _VIEW in data and len(data) > 1:
                del data[_VIEW]
                changed = True
    if changed:
        write_atomic(source, (json.dumps(notebook, indent=1, ensure_ascii=False) + "\n").encode())
    return changed


def main(paths: Sequence[str]) -> int:
    """The command: strips every notebook named, and says which changed."""
    for path in paths:
        sys.stdout.write(f"{'stripped' if strip(path) else 'clean   '} {path}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
