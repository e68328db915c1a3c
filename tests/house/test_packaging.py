"""The wheel and the sdist hold what a user needs: templates, weights, widgets' JavaScript, type marker."""

from __future__ import annotations

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

import fluxkit

ROOT = Path(fluxkit.__file__).parent.parent
SAY = "import fluxkit as fk; print(fk.Scene(subject=fk.Subject(description='a pear')).prompt('flux.1-dev'))"

NANOS = ("weights", "weights-fill", "weights-control", "weights-kontext")


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling builds the wheel; it is in the extra `test`")
    target = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-t", "sdist", "-d", str(target)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(target.glob("*.whl")), next(target.glob("*.tar.gz"))


def test_the_wheel_words_a_scene_without_the_checkout(built, tmp_path):
    wheel, _ = built
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        archive.extractall(tmp_path)
    assert {"fluxkit/_templates/flux.1/prose.j2", "fluxkit/py.typed"} <= names
    assert {f"fluxkit/nano/{folder}/model_index.json" for folder in NANOS} <= names
    assert {f"fluxkit/widgets/static/{path.name}" for path in (ROOT / "fluxkit/widgets/static").iterdir()} <= names
    said = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pear" in said.stdout, said.stderr


def test_the_sdist_words_a_scene_and_holds_the_licence(built, tmp_path):
    _, sdist = built
    with tarfile.open(sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    (root,) = tmp_path.iterdir()
    assert (root / "LICENSE").is_file()
    said = subprocess.run(
        [sys.executable, "-c", SAY],
        cwd=root,
        env={"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "pear" in said.stdout, said.stderr
