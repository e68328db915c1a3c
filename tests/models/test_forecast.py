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
        if spec.where == "local" and not spec.id.startswith("nano"):
            stages = forecast(spec).stages()
            assert all(size > 1e9 for size in stages.values()), spec.id


@pytest.mark.parametrize(("name", "side"), [("flux.1-dev", 1024), ("flux.2-klein-9b", 1536)])
def test_what_a_step_and_a_decode_take_is_what_the_real_classes_take_on_the_meta_device(name: str, side: int) -> None:
    from bench import activations

    told = forecast(models.get(name), side, side)
    stages, weights = told.stages("offload"), told.parts
    beside = sum(part.parameters for part in weights if part.name in ("transformer", "vae")) * 2
    assert stages["denoise"] - beside == pytest.approx(activations.step_bytes(name, side), rel=0.05)
    assert stages["decode"] - beside == pytest.approx(activations.decode_bytes(name, side), rel=0.05)


def test_modulation_is_counted_in_the_files(tiny) -> None:
    from diffusers import FluxTransformer2DModel

    from fluxkit.engines.local.modulation import ModulationTable

    folder = tiny("flux1")
    spec = models.get("flux.1-dev").with_(weights=str(folder))
    transformer = FluxTransformer2DModel.from_pretrained(folder / "transformer", local_files_only=True)
    wanted = sum(ModulationTable(transformer).sizes().values())
    assert modulation_bytes(forecast(spec, bytes_per_number=4)) == wanted * 4


@pytest.mark.parametrize(("lever", "bits"), [("int8", 8), ("nf4", 4)])
def test_quantised_blocks_take_what_is_forecast(lever: str, bits: int) -> None:
    import torch
    from diffusers import FluxTransformer2DModel

    from fluxkit.engines.local.quantised import bytes_in, quantise
    from fluxkit.models.forecast import MemoryForecast, PartSize

    made = FluxTransformer2DModel(num_layers=1, num_single_layers=1, num_attention_heads=4).transformer_blocks
    made = made.to(torch.bfloat16)
    part = PartSize(name="transformer", parameters=sum(p.numel() for p in made.parameters()))
    told = MemoryForecast(model="m", parts=(part,), width=16, height=16)
    quantise(made, bits, "cpu")
    assert told._transformer(lever) == pytest.approx(bytes_in(made), rel=0.02)


def test_a_batch_takes_more_for_its_steps_alone() -> None:
    one, four = (forecast(models.get("flux.1-dev"), batch=batch).stages("offload") for batch in (1, 4))
    assert four["denoise"] > one["denoise"]
    assert (four["encode"], four["decode"]) == (one["encode"], one["decode"])


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
