from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from fluxkit import models
from fluxkit.errors import WeightsError
from fluxkit.models.forecast import LEVERS, forecast, modulation_bytes, parameters_in


def test_parts_are_counted_exactly_from_headers(tiny) -> None:
    from diffusers import FluxPipeline

    folder = tiny("flux1")
    pipeline = FluxPipeline.from_pretrained(folder, local_files_only=True)
    counted = {
        part.name: part.parameters for part in forecast(models.get("flux.1-dev").with_(weights=str(folder))).parts
    }
    for name in ("transformer", "vae", "text_encoder"):
        assert counted[name] == sum(p.numel() for p in getattr(pipeline, name).parameters()), name


def test_published_sizes_are_used_where_weights_are_not_here() -> None:
    found = forecast(models.get("flux.1-dev"))
    assert not found.exact
    assert found.stages("offload")["encode"] == pytest.approx(9.77e9, rel=0.01)
    assert found.peak("resident") > 33e9
    assert "published sizes" in str(found)


def test_levers_that_keep_the_pixels_are_tried_in_order() -> None:
    found = forecast(models.get("flux.1-dev"))
    assert found.best(80 * 10**9) == "resident"
    assert found.best(30 * 10**9) == "offload"
    assert found.best(22 * 10**9) == "table"
    assert found.best(16 * 10**9) == "group"
    assert found.best(1) == "group"
    assert found.peak("fp8") < found.peak("offload")


def test_each_lever_is_told(tiny) -> None:
    told = str(forecast(models.get("flux.1-dev")))
    assert all(lever in told for lever in LEVERS)


def test_larger_pictures_take_more() -> None:
    spec = models.get("flux.1-dev")
    assert forecast(spec, 2048, 2048).peak("offload") > forecast(spec, 512, 512).peak("offload")


def test_weights_over_a_base_count_both(tiny) -> None:
    spec = models.get("flux.1-redux-dev").with_(weights=str(tiny("redux_prior")), base_weights=str(tiny("flux1")))
    assert {"image_encoder", "image_embedder", "transformer", "vae"} <= {part.name for part in forecast(spec).parts}


def test_the_modulation_of_flux1_is_a_quarter_of_its_transformer() -> None:
    assert modulation_bytes(forecast(models.get("flux.1-dev"))) == pytest.approx(6.57e9, rel=0.01)
    assert modulation_bytes(forecast(models.get("flux.2-dev"))) == 0


def test_every_local_model_has_a_forecast() -> None:
    for spec in (models.get(name) for name in models.ids()):
        if spec.where == "local" and spec.id != "nano":
            stages = forecast(spec).stages()
            assert all(size > 1e9 for size in stages.values()), spec.id


def test_a_file_without_a_header_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "model.safetensors"
    file.write_bytes(b"none")
    with pytest.raises(WeightsError, match="header cannot be read"):
        parameters_in(file)


def test_a_forecast_reads_no_weights_and_loads_no_torch() -> None:
    code = (
        "import sys; from fluxkit import models; from fluxkit.models.forecast import forecast;"
        "forecast(models.get('flux.1-dev')); print('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
