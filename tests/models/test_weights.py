from __future__ import annotations

from pathlib import Path

import pytest

from fluxkit import models
from fluxkit.errors import WeightsError
from fluxkit.models.weights import content_tag, weights_content, weights_folder, weights_tag


def written(folder: Path, data: bytes) -> Path:
    (folder / "transformer").mkdir(parents=True)
    (folder / "transformer" / "model.safetensors").write_bytes(data)
    return folder


def test_a_hub_id_is_its_own_tag() -> None:
    assert weights_tag(models.get("flux.1-dev")) == "black-forest-labs/FLUX.1-dev"


def test_weights_over_a_base_name_both() -> None:
    assert weights_tag(models.get("flux.1-redux-dev")) == "black-forest-labs/FLUX.1-Redux-dev on flux.1-dev"


def test_a_folder_is_told_by_its_content_and_not_its_place(tmp_path: Path) -> None:
    dev = models.get("flux.1-dev")
    tags = [
        weights_tag(dev.with_(weights=str(written(tmp_path / place / "mine", data))))
        for place, data in (("a", b"x" * 9000), ("b", b"x" * 9000), ("c", b"x" * 8999 + b"y"))
    ]
    assert tags[0] == tags[1] != tags[2]
    assert tags[0].startswith("mine:")
    assert str(tmp_path) not in tags[0]


def test_a_base_in_a_folder_is_told_by_its_content_and_not_its_place(tmp_path: Path) -> None:
    redux = models.get("flux.1-redux-dev")
    tags = [
        weights_tag(redux.with_(base_weights=str(written(tmp_path / place / "mine", data))))
        for place, data in (("a", b"x" * 9000), ("b", b"x" * 9000), ("c", b"y" * 9000))
    ]
    assert tags[0] == tags[1] != tags[2]
    assert str(tmp_path) not in tags[0]
    with pytest.raises(WeightsError, match="no folder"):
        weights_tag(redux.with_(base_weights="./no/such/folder"))


def test_the_content_of_weights_knows_no_folders_name_and_no_files_beside_the_parts(tmp_path: Path) -> None:
    dev = models.get("flux.1-dev")
    folders = [written(tmp_path / name, data) for name, data in (("a", b"x" * 9000), ("b", b"x" * 9000), ("c", b"y"))]
    (folders[1] / "whole.safetensors").write_bytes(b"the same weights once more, as one file")
    found = [weights_content(dev.with_(weights=str(folder))) for folder in folders]
    assert found[0] == found[1] != found[2]
    assert weights_content(dev) == "black-forest-labs/FLUX.1-dev"
    redux = models.get("flux.1-redux-dev")
    based = {weights_content(redux.with_(base_weights=str(folder))) for folder in folders}
    assert len(based) == 2
    assert weights_content(redux) not in based


def test_content_tags_ignore_the_folders_name(tmp_path: Path) -> None:
    assert content_tag(written(tmp_path / "one", b"x")) == content_tag(written(tmp_path / "two", b"x"))


def test_a_name_that_is_neither_a_folder_nor_a_hub_id_is_refused() -> None:
    with pytest.raises(WeightsError, match="no folder"):
        weights_folder(models.get("flux.1-dev").with_(weights="./no/such/folder"))
