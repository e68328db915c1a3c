"""One ES module from several, without a build step: imports between files of `static/` are replaced by the files."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./([\w-]+\.js)";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=const |function |class )", re.MULTILINE)


@cache
def text(name: str) -> str:
    """A file of `static/` as text: a widget that is given a path instead is never freed (anywidget #929)."""
    return (resources.files("fluxkit.widgets") / "static" / name).read_text(encoding="utf-8")


@cache
def module(name: str) -> str:
    """The ES module `name` with everything that it imports, each file once, in the order of need."""
    parts: dict[str, str] = {}
    _collect(name, parts)
    return "\n".join(parts.values())


def script(name: str) -> str:
    """The same as the body of a plain script for an offline page: names stay, the module's own exports are dropped."""
    return module(name).replace("export default ", "const widget = ")


def _collect(name: str, parts: dict[str, str]) -> None:
    source = text(name)
    for needed in _IMPORT.findall(source):
        if needed not in parts:
            _collect(needed, parts)
    parts[name] = _EXPORT.sub("", _IMPORT.sub("", source))
