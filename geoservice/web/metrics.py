"""Counts and times of requests for supervision, in the format of Prometheus: routes, methods and statuses, no data."""

from __future__ import annotations

import os

from geoservice import __version__

SHARED = (
    "PROMETHEUS_MULTIPROC_DIR"  # where the workers of one service put their counts together; the library reads this name itself
)
_BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20)


class Metrics:
    """What one process counted, and with the others where there are several workers."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Histogram, Info, ProcessCollector

        self.registry = CollectorRegistry()
        self.requests = Counter("geoservice_requests", "Demandes servies.", ("method", "route", "status"), registry=self.registry)
        self.seconds = Histogram(
            "geoservice_request_seconds", "Durée des demandes.", ("method", "route"), buckets=_BUCKETS_S, registry=self.registry
        )
        if SHARED not in os.environ:
            Info("geoservice", "Version du service.", registry=self.registry).info({"version": __version__})
            ProcessCollector(registry=self.registry)

    def count(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request answered."""
        self.requests.labels(method, route, str(status)).inc()
        self.seconds.labels(method, route).observe(seconds)

    def text(self) -> tuple[bytes, str]:
        """What `/metrics` answers, and its media type."""
        from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
        from prometheus_client.multiprocess import MultiProcessCollector

        registry = self.registry
        if SHARED in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)
        return generate_latest(registry), CONTENT_TYPE_LATEST
