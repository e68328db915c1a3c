"""The generated tables of the docs are those of the code."""

import importlib.util
from pathlib import Path

import pytest

import fluxkit

DOCS = Path(fluxkit.__file__).parent.parent / "docs"
_spec = importlib.util.spec_from_file_location("docs_tables", DOCS / "tables.py")
tables = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(tables)


@pytest.mark.parametrize("page", ["scene.md", "optics.md"])
def test_the_tables_of_a_page_are_up_to_date(page):
    path = DOCS / page
    assert tables.written(path) == path.read_text(encoding="utf-8"), "run: python docs/tables.py"


def test_every_table_stands_on_a_page():
    text = "".join((DOCS / page).read_text(encoding="utf-8") for page in ("scene.md", "optics.md"))
    for name in tables.TABLES:
        assert f"<!-- table: {name} -->" in text


def test_every_noun_and_every_field_is_there():
    text = tables.fields()
    assert text.count("### ") == 13
    for path in fluxkit.Scene.paths():
        assert f"`{path.rpartition('.')[2]}`" in text
