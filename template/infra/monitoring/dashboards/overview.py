"""The overview: whether the application is available, quick, and within its objectives."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, Row

from dashboards.panels import CLIENTS, board, lines, number, quantiles, rate

GATEWAY = f'job="gateway",{CLIENTS}'
REQUESTS = f"sum(rate(http_requests_total{{{GATEWAY}}}[$__rate_interval]))"
FAILED = f'sum(rate(http_requests_total{{{GATEWAY},status=~"5.."}}[$__rate_interval])) or vector(0)'
ERRORS = f'sum by (job) (rate(http_requests_total{{{CLIENTS},status=~"5.."}}[$__rate_interval]))'
RESPONDS = 'max by (job) (up{kind="service"})'
BURN = "slo:errors:ratio_rate1h / on (slo) slo:errors:budget"
LEFT = "1 - avg_over_time(slo:errors:ratio_rate5m[30d]) / on (slo) slo:errors:budget"


def dashboard() -> Dashboard:
    """The dashboard of the whole application, as clients of the gateway see it."""
    return (
        board("Overview", "overview")
        .with_row(Row("Now"))
        .with_panel(number("Services that respond", "none", f"count({RESPONDS} == 1)"))
        .with_panel(number("Requests", "reqps", REQUESTS))
        .with_panel(number("Availability in 1 h", "percentunit", '1 - slo:errors:ratio_rate1h{slo="availability"}'))
        .with_panel(number("Error budget left, of 30 days", "percentunit", LEFT))
        .with_row(Row("Requests of clients"))
        .with_panel(lines("Rate by status", "reqps", rate("http_requests_total", GATEWAY, "status")))
        .with_panel(lines("Share of errors", "percentunit", {"5xx": f"({FAILED}) / {REQUESTS}"}))
        .with_panel(lines("Latency", "s", quantiles("http_request_duration_seconds", GATEWAY)))
        .with_panel(lines("Burn rate of the error budget, 1 in the long run", "none", {"{{slo}}": BURN}))
        .with_row(Row("Services"))
        .with_panel(lines("Responds", "none", {"{{job}}": RESPONDS}))
        .with_panel(lines("Rate", "reqps", rate("http_requests_total", CLIENTS, "job")))
        .with_panel(lines("Errors", "reqps", {"{{job}}": f"{ERRORS} or 0 * {RESPONDS}"}))
        .with_panel(lines("Circuits, 1 for the state", "none", {"{{service}} {{state}}": "upstream_circuit"}))
    )
