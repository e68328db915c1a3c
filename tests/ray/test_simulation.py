"""The simulation behaves as arithmetic says where arithmetic is enough."""

from __future__ import annotations

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

_FILE = Path(__file__).parents[2] / "bench" / "cluster_simulation.py"


@pytest.fixture(scope="module")
def simulation():
    spec = importlib.util.spec_from_file_location("cluster_simulation", _FILE)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_few_gpus_are_used_fully(simulation):
    given = replace(simulation.ASSUMED, jitter=0, load_s=10, file_s=0, order_s=0, frame_bytes=0, mtbf_s=1e15)
    assert simulation.simulate(4, 400, given).seconds == pytest.approx(10 + 100 * given.shot_s)


def test_the_driver_bounds_many_gpus(simulation):
    outcome = simulation.simulate(200, 4000)
    assert outcome.per_second == pytest.approx(1 / simulation.ASSUMED.file_s, rel=0.3)
    assert outcome.filing_busy > 0.75


def test_a_failure_repeats_its_shot_and_loses_none(simulation):
    outcome = simulation.simulate(16, 800, replace(simulation.ASSUMED, mtbf_s=600))
    assert outcome.frames == 800
    assert outcome.repeated > 0
