"""One service: its requests, their latency and its processes."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import VariableRefresh

from dashboards.panels import CLIENTS, SOURCE, board, lines, quantile, quantiles, rate

SERVICE = 'job="$service"'
REQUESTS = f"{SERVICE},{CLIENTS}"
DURATION = "http_request_duration_seconds"
CPU = f"rate(process_cpu_seconds_total{{{SERVICE}}}[$__rate_interval])"


def dashboard() -> Dashboard:
    """The dashboard of the service that is chosen at its top."""
    services = (
        QueryVariable("service")
        .label("Service")
        .datasource(SOURCE)
        .query('label_values(up{kind="service"}, job)')
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
    )
    return (
        board("Service", "service")
        .with_variable(services)
        .with_row(Row("Requests"))
        .with_panel(lines("Rate by route", "reqps", rate("http_requests_total", REQUESTS, "route")))
        .with_panel(lines("Rate by status", "reqps", rate("http_requests_total", REQUESTS, "status")))
        .with_panel(lines("Latency", "s", quantiles(DURATION, REQUESTS)))
        .with_panel(
            lines("95th percentile by route", "s", {"{{route}}": quantile(0.95, DURATION, REQUESTS, by="route")})
        )
        .with_panel(lines("Requests in flight", "none", {"{{instance}}": f"http_requests_in_flight{{{SERVICE}}}"}))
        .with_panel(lines("Rejected by limits", "reqps", rate("rate_limited_requests_total", SERVICE, "limit")))
        .with_row(Row("Processes"))
        .with_panel(lines("CPU", "none", {"{{instance}}": CPU}))
        .with_panel(lines("Memory", "bytes", {"{{instance}}": f"process_resident_memory_bytes{{{SERVICE}}}"}))
        .with_panel(lines("Open files and sockets", "none", {"{{instance}}": f"process_open_fds{{{SERVICE}}}"}))
        .with_panel(lines("Versions", "none", {"{{version}}": f"count by (version) (app_info{{{SERVICE}}})"}))
    )
