"""Notebooks without widget state still show something."""

from __future__ import annotations

import json

import pytest

from fluxkit.errors import InputError
from fluxkit.widgets.strip import main, strip

VIEW = "application/vnd.jupyter.widget-view+json"


def notebook(path, widgets):
    outputs = [{"output_type": "display_data", "data": {VIEW: {}, "image/png": "QQ==", "text/plain": "SheetView"}}]
    cell = {"cell_type": "code", "source": "sheet", "outputs": outputs, "metadata": {}, "execution_count": 1}
    metadata = {"kernelspec": {"name": "python3"}, **({"widgets": {"x": {}}} if widgets else {})}
    path.write_text(json.dumps({"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}))
    return path


def test_widget_state_and_views_go_and_the_picture_stays(tmp_path):
    path = notebook(tmp_path / "a.ipynb", widgets=True)
    assert strip(path)
    left = json.loads(path.read_text())
    assert "widgets" not in left["metadata"]
    assert left["metadata"]["kernelspec"] == {"name": "python3"}
    assert set(left["cells"][0]["outputs"][0]["data"]) == {"image/png", "text/plain"}
    assert not strip(path)


def test_the_command_says_what_it_did(tmp_path, capsys):
    path = notebook(tmp_path / "a.ipynb", widgets=False)
    assert main([str(path), str(path)]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == ["stripped", "clean"]


def test_another_file_is_refused(tmp_path):
    path = tmp_path / "a.ipynb"
    path.write_text("{}")
    with pytest.raises(InputError, match="no notebook"):
        strip(path)
