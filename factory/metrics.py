"""The figures of a run as Prometheus metrics, on this machine only."""

from __future__ import annotations

import re
from typing import Any

from factory.errors import FactoryError

ADDRESS = "127.0.0.1"


class Metrics:
    """Serves `http://127.0.0.1:PORT/metrics`: a gauge for each figure that a stage tells, by stage.

    No label holds a prompt or an answer. Another machine reads it through a tunnel or a proxy of
    the user's.
    """

    def __init__(self, port: int):
        """Raises FactoryError when the port cannot be had, or the library is missing."""
        try:
            from prometheus_client import CollectorRegistry, Gauge, start_http_server
        except ImportError as error:
            raise FactoryError(
                "--metrics needs prometheus-client: pip install 'reasoning-factory[metrics]'"
            ) from error
        self._gauge: type[Gauge] = Gauge
        self._registry = CollectorRegistry()
        self._gauges: dict[str, Any] = {}
        try:
            self._server, self._thread = start_http_server(port, ADDRESS, self._registry)
        except OSError as error:
            raise FactoryError(
                f"--metrics {port}: {ADDRESS}:{port} cannot be had ({error.strerror}); "
                "name another port"
            ) from error
        self.port = int(self._server.server_port)

    def moved(self, stage: str, done: int, total: int, figures: dict[str, float]) -> None:
        """The stage has come so far."""
        for name, value in {"done": done, "total": total, **figures}.items():
            key = re.sub(r"\W", "_", name)
            if key not in self._gauges:
                self._gauges[key] = self._gauge(
                    f"factory_{key}", f"{name.replace('_', ' ')} of a stage", ["stage"],
                    registry=self._registry,
                )  # fmt: skip
            self._gauges[key].labels(stage=stage).set(value)

    def close(self) -> None:
        """Stop serving."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
