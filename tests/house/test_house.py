"""The house rules: what is exported, what may be imported where, and what `import fluxkit` costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import time
import typing
from pathlib import Path

import pytest

import fluxkit

PACKAGE = Path(fluxkit.__file__).parent
ROOMS = [
    "errors", "_base", "optics", "models", "prompt", "scene", "shots", "measure", "frames", "engines", "catalogue",
    "train", "session", "widgets", "sheets", "studio",
]  # fmt: skip
HEAVY = ("torch", "diffusers", "transformers", "ipywidgets", "anywidget", "matplotlib", "PIL", "httpx", "httpx2", "ray")


def _python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


def test_import_loads_no_heavy_module():
    loaded = _python(f"import sys, fluxkit; print([m for m in {HEAVY!r} if m in sys.modules])")
    assert loaded.strip() == "[]"


def test_stating_a_scene_and_its_prompt_loads_no_heavy_module():
    code = f"import sys, fluxkit as fk; fk.Scene(film=fk.PORTRA_400).prompt('flux.1-dev'); print([m for m in {HEAVY!r} if m in sys.modules])"  # noqa: E501
    assert _python(code).strip() == "[]"


def test_import_takes_under_300_ms():
    _python("import fluxkit")

    def seconds(code: str) -> float:
        start = time.perf_counter()
        _python(code)
        return time.perf_counter() - start

    bare = min(seconds("pass") for _ in range(3))
    assert min(seconds("import fluxkit") for _ in range(3)) - bare < 0.3


def _imports(path: Path) -> set[str]:
    """Rooms that a module imports when it is loaded (not inside functions, not for type checking)."""
    found = set()
    for node in _module_level(ast.parse(path.read_text()).body):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("fluxkit"):
            parts = node.module.split(".")
            found |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("fluxkit.")}
    return found


def _module_level(body):
    for node in body:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        for inner in (getattr(node, "body", []), getattr(node, "orelse", [])):
            if not isinstance(node, ast.FunctionDef | ast.ClassDef | ast.AsyncFunctionDef):
                yield from _module_level(inner)


MODULES = [path for path in PACKAGE.rglob("*.py") if path.relative_to(PACKAGE).parts[0] not in ("nano", "__init__.py")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_room_imports_only_rooms_below_it(path):
    room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
    if room not in ROOMS:
        pytest.fail(f"{room} is no room of the house; name its place in ROOMS and in docs/architecture.md")
    upward = [name for name in _imports(path) if name in ROOMS and ROOMS.index(name) > ROOMS.index(room)]
    assert not upward


def test_no_room_but_nano_imports_nano():
    for path in MODULES:
        assert "nano" not in _imports(path) or path.parent.name == "models", path


def test_every_exported_name_exists_and_is_typed():
    for name in fluxkit._HOME:
        assert getattr(fluxkit, name) is not None
    source = ast.parse((PACKAGE / "__init__.py").read_text())
    checked = next(node for node in source.body if isinstance(node, ast.If))
    typed = {alias.name for node in checked.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert set(fluxkit._HOME) <= typed
    assert typed - {"*"} <= set(fluxkit._HOME) | set(fluxkit._SUBMODULES)


def test_an_unknown_name_gets_a_close_match():
    with pytest.raises(AttributeError, match="PORTRA_400"):
        fluxkit.PORTRA_40  # noqa: B018
    with pytest.raises(AttributeError, match="ContactSheet"):
        fluxkit.ContactSheets  # noqa: B018


@pytest.mark.parametrize("room", [room for room in ROOMS if (PACKAGE / room / "__init__.py").exists()])
def test_a_rooms_exports_match_all(room):
    module = __import__(f"fluxkit.{room}", fromlist=["__all__"])
    assert module.__all__ == sorted(module.__all__, key=lambda n: n) or set(module.__all__)
    for name in module.__all__:
        assert hasattr(module, name), f"fluxkit.{room}.__all__ names {name}, which is not there"


def test_no_module_is_longer_than_500_lines():
    long = {
        str(p.relative_to(PACKAGE)): n for p in PACKAGE.rglob("*.py") if (n := len(p.read_text().split("\n"))) > 501
    }
    assert not long


def test_every_public_function_is_annotated():
    from fluxkit import session

    hints = typing.get_type_hints(session.Session.submit, vars(session.session))
    assert hints["return"] is fluxkit.Job


def _texts(folder: str) -> str:
    return "\n".join(path.read_text() for path in (PACKAGE.parent / folder).rglob("*.md"))


def test_every_model_stock_and_template_appears_in_the_docs():
    docs = _texts("docs")
    for name in _python("from fluxkit import models; print(*models.ids())").split():
        assert f"`{name}`" in docs, f"model {name} is missing from docs/"
    for name, stock in fluxkit._constants().items():
        if isinstance(stock, fluxkit.FilmStock):
            assert name in docs, f"stock {name} is missing from docs/"
    for template in (PACKAGE.parent / "templates").rglob("*.j2"):
        family, name = template.parent.name, template.stem
        if not name.startswith("_"):
            assert f"{family}/{name}" in docs, f"template {family}/{name} is missing from docs/"


def test_no_tracked_file_names_a_machine_path():
    files = subprocess.run(["git", "ls-files"], capture_output=True, text=True, cwd=PACKAGE.parent, check=True).stdout
    machine = re.compile(r"/(work|farm|root)/[a-z.]")
    texts = (".py", ".md", ".ipynb", ".toml", ".j2", ".json", ".js", ".txt")
    paths = [PACKAGE.parent / name for name in files.split("\n") if name.endswith(texts)]
    assert not [path.name for path in paths if path.exists() and machine.search(path.read_text())]
