"""One small Ray for all these tests: two logical GPUs on this machine, reached over loopback alone."""

from __future__ import annotations

import os
import sys

import pytest

ray = pytest.importorskip("ray")


@pytest.fixture(scope="package")
def two_gpus():
    """A cluster of this machine that counts two GPUs; the actors compute on its cores."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(
        num_cpus=4,
        num_gpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        _node_ip_address="127.0.0.1",
    )
    yield
    ray.shutdown()


@pytest.fixture(autouse=True)
def functions_travel(request):
    """Functions of a test module go to the actors by value: the actors cannot import the module."""
    module = sys.modules[request.module.__name__]
    ray.cloudpickle.register_pickle_by_value(module)
    yield
    ray.cloudpickle.unregister_pickle_by_value(module)
