from __future__ import annotations

import subprocess
import sys

import pytest

from fluxkit import engines, models
from fluxkit.errors import CapabilityError, InputError
from fluxkit.models import ModelSpec


def test_a_local_model_runs_on_the_local_engine() -> None:
    assert engines.for_model(models.get("flux.1-dev")).name == "local"


def test_an_engine_that_is_already_made_is_used() -> None:
    made = engines.FunctionEngine(lambda shot: None)  # type: ignore[arg-type,return-value]
    assert engines.for_model(models.get("flux.1-dev"), [made]) is made


def test_a_taken_name_is_refused() -> None:
    with pytest.raises(InputError, match="taken"):
        engines.register("local", "somewhere.else:Engine")


def test_an_unknown_engine_names_the_close_one() -> None:
    with pytest.raises(InputError, match="'local'"):
        engines.create("locla")


def test_choosing_an_engine_loads_neither_torch_nor_the_network() -> None:
    code = (
        "import sys; from fluxkit import engines, models; engines.for_model(models.get('nano'));"
        "print([m for m in ('torch', 'diffusers', 'transformers', 'httpx2') if m in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == "[]"
    )


def test_a_model_that_nothing_runs_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fluxkit.engines.registry.names", lambda: ())
    odd: ModelSpec = models.get("flux.1-dev")
    with pytest.raises(CapabilityError, match="no engine runs it"):
        engines.for_model(odd)
