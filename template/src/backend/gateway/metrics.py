"""Metrics of the services behind the gateway, read when they are collected, so that they cost requests nothing."""

from collections.abc import Iterable, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from gateway.breaker import STATES
from gateway.upstreams import Upstream


class UpstreamCollector(Collector):
    """Circuits, addresses and retries of each service."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self._upstreams = upstreams

    def collect(self) -> Iterable[Metric]:
        """The metrics, all with the name of the service as label."""
        circuit = GaugeMetricFamily("upstream_circuit", "1 for the state of the circuit.", labels=["service", "state"])
        opened = CounterMetricFamily("upstream_circuit_opened", "Times that the circuit opened.", labels=["service"])
        rejected = CounterMetricFamily("upstream_rejected", "Requests rejected by the circuit.", labels=["service"])
        retries = CounterMetricFamily("upstream_retries", "Requests sent again.", labels=["service"])
        addresses = GaugeMetricFamily("upstream_addresses", "Addresses of the service.", labels=["service", "state"])
        for each in self._upstreams:
            for state in STATES:
                circuit.add_metric([each.name, state], state == each.breaker.state)
            opened.add_metric([each.name], each.breaker.opened)
            rejected.add_metric([each.name], each.rejected)
            retries.add_metric([each.name], each.retries)
            available = each.available()
            addresses.add_metric([each.name, "in use"], available)
            addresses.add_metric([each.name, "left out"], len(each.addresses) - available)
        return [circuit, opened, rejected, retries, addresses]
