"""The benchmarks for a GPU run on every path here, with tiny models; their figures are not looked at."""

from __future__ import annotations

import importlib
import sys

import pytest


def test_every_gpu_benchmark_runs_with_tiny_models_on_a_cpu(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["bench/gpu.py", "--tiny"])
    gpu = importlib.reload(importlib.import_module("bench.gpu"))
    # `recompiles` is what tests/engines/test_speed.py asserts.
    assert gpu.main([name for name in gpu.BENCHES if name != "recompiles"]) == 0
    printed = capsys.readouterr().out
    for told in ("tiny models", "fluxkit compiled", "equal", "batch of 2", "flux.2-klein-4b, 2 pictures", "peak, nf4"):
        assert told in printed


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    monkeypatch.setattr(sys, "argv", ["bench/gpu.py"])
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    gpu = importlib.reload(importlib.import_module("bench.gpu"))
    assert gpu.main([]) == 2
    assert "no CUDA device" in capsys.readouterr().out
