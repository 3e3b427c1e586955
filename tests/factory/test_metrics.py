"""Metrics: what Prometheus would read, over real HTTP on this machine."""

import socket
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from factory.errors import FactoryError
from factory.metrics import ADDRESS, Metrics
from factory.progress import Progress
from factory.sampler.counters import Counters
from factory.sampler.prompt_state import Spent


@pytest.fixture
def metrics() -> Iterator[Metrics]:
    served = Metrics(0)
    yield served
    served.close()


def read(metrics: Metrics) -> dict[str, float]:
    """Value by name and labels."""
    with urllib.request.urlopen(f"http://{ADDRESS}:{metrics.port}/metrics", timeout=10) as page:
        assert page.headers["Content-Type"].startswith("text/plain")
        lines = page.read().decode().splitlines()
    values = (line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    return {name: float(value) for name, value in values}


def test_a_figure_is_a_gauge_by_stage(metrics: Metrics):
    assert read(metrics) == {}  # of this process and of Python nothing is told
    metrics.moved("samples", 3, 10, {"tokens_per_second": 12.5, "in flight": 4})
    metrics.moved("scores", 1, 2, {})
    assert read(metrics) == {
        'factory_done{stage="samples"}': 3,
        'factory_total{stage="samples"}': 10,
        'factory_tokens_per_second{stage="samples"}': 12.5,
        'factory_in_flight{stage="samples"}': 4,
        'factory_done{stage="scores"}': 1,
        'factory_total{stage="scores"}': 2,
    }
    metrics.moved("samples", 4, 10, {"tokens_per_second": 10.0})
    assert read(metrics)['factory_done{stage="samples"}'] == 4
    assert read(metrics)['factory_tokens_per_second{stage="samples"}'] == 10


def test_all_counters_of_a_sampling_are_there(metrics: Metrics):
    counters = Counters(Spent(), prompts=7)
    counters.took(tokens=100, stopped=True)
    with Progress(["samples"], metrics=None) as progress:
        progress.metrics = metrics
        progress.begun("samples")
        progress.moved("samples", *counters.progress(), counters.told())
        found = read(metrics)
        progress.metrics = None  # the fixture closes it
    names = {"done", "total", *counters.told()}
    assert set(found) == {f'factory_{name}{{stage="samples"}}' for name in names}
    assert found['factory_draws{stage="samples"}'] == 1
    assert found['factory_stopped_in_flight{stage="samples"}'] == 1


def test_it_is_served_on_this_machine_only(metrics: Metrics):
    assert metrics._server.server_address == ("127.0.0.1", metrics.port)


def test_two_runs_have_their_own(metrics: Metrics):
    other = Metrics(0)
    try:
        metrics.moved("samples", 1, 2, {})
        assert read(other) == {}
    finally:
        other.close()


def test_a_port_in_use_is_an_error_in_words(metrics: Metrics):
    with pytest.raises(FactoryError) as caught:
        Metrics(metrics.port)
    assert str(caught.value) == (
        f"--metrics {metrics.port}: 127.0.0.1:{metrics.port} cannot be had "
        "(Address already in use); name another port"
    )


def test_once_closed_the_port_is_free():
    served = Metrics(0)
    served.close()
    with pytest.raises(urllib.error.URLError):
        read(served)
    with socket.socket() as again:
        again.bind((ADDRESS, served.port))
