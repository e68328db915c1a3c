"""Where templates come from, and which one wins when two have the same name.

A template's name is `<family folder>/<file without .j2>`, such as `flux.1/prose`. Searched in this order:

1. a template string (it holds `{{` or `{%`), used as it is;
2. the folder given to the renderer (`PromptRenderer(spec, folder="my-templates")`);
3. folders added in this process with `add_folder`, latest first;
4. folders that installed packages name under the entry point group `fluxkit.templates`;
5. the built-in templates.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from fluxkit.errors import TemplateError, did_you_mean

ENTRY_POINTS = "fluxkit.templates"
_SUFFIX = ".j2"
_added: list[Path] = []


@cache
def built_in() -> Path:
    """The folder of the built-in templates: inside the wheel, or beside the package in a checkout."""
    package = Path(__file__).resolve().parents[1]
    inside, beside = package / "_templates", package.parent / "templates"
    return inside if inside.is_dir() else beside


def add_folder(folder: str | Path) -> Path:
    """Search a folder before the built-in templates, for this process; a template of the same name overrides.

    Raises `TemplateError` when it is no folder.
    """
    path = Path(folder)
    if not path.is_dir():
        raise TemplateError(
            f"The template folder {str(folder)!r} was added, but it is no folder. "
            "Give one that holds <family>/<name>.j2 files."
        )
    _added.insert(0, path)
    return path


def remove_folder(folder: str | Path) -> None:
    """Stop searching a folder that `add_folder` added; does nothing for another."""
    _added[:] = [path for path in _added if path != Path(folder)]


def folders(first: Path | None = None) -> tuple[Path, ...]:
    """The folders searched, in order."""
    return (*([first] if first else []), *_added, *_installed(), built_in())


def names(first: Path | None = None) -> tuple[str, ...]:
    """Every template that can be asked for; files and folders whose name starts with "_" are parts of others."""
    found = {
        path.relative_to(folder).as_posix().removesuffix(_SUFFIX)
        for folder in folders(first)
        for path in folder.glob(f"*/*{_SUFFIX}")
        if not path.name.startswith("_") and not path.parent.name.startswith("_")
    }
    return tuple(sorted(found))


def is_source(template: str) -> bool:
    """Whether a text is a template itself rather than the name of one."""
    return "{{" in template or "{%" in template


def resolve(template: str | None, family: str, first: Path | None = None) -> str:
    """The full name of a template: for FLUX.2 `json` and `flux2/json` mean `flux.2/json`; None means the family's own.

    A folder's own template is its `prose`, or the only one that it holds.

    Raises `TemplateError`, with the closest name, when there is none.
    """
    known = names(first)
    asked = template or family
    folded = {_folded(name): name for name in known}
    for candidate in (asked, f"{family}/{asked}", f"{asked}/prose", *_only(asked, known)):
        if _folded(candidate) in folded:
            return folded[_folded(candidate)]
    raise TemplateError(
        f"A template {asked!r} was asked for, and there is none.{did_you_mean(asked, known)} "
        f"Templates are: {', '.join(known) or 'none'}. Or give the template itself as a text."
    )


def _only(family: str, known: tuple[str, ...]) -> tuple[str, ...]:
    """The template of a folder that holds just one."""
    own = tuple(name for name in known if name.startswith(f"{family}/"))
    return own if len(own) == 1 else ()


def _folded(name: str) -> str:
    return name.removesuffix(_SUFFIX).replace(".", "").replace("-", "").lower()


@cache
def _installed() -> tuple[Path, ...]:
    return tuple(_folder_of(entry.load()) for entry in entry_points(group=ENTRY_POINTS))


def _folder_of(value: Any) -> Path:
    """The folder that an entry point names: a path, a function that gives one, or a package with `templates/` in it."""
    if hasattr(value, "__path__"):
        return Path(next(iter(value.__path__))) / "templates"
    return Path(value() if callable(value) else value)
