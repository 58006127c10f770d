"""Panels of all dashboards: titles, units and queries."""

from collections.abc import Mapping
from string import ascii_uppercase

from grafana_foundation_sdk.builders.common import VizLegendOptions
from grafana_foundation_sdk.builders.dashboard import Dashboard, DatasourceVariable
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as Stat
from grafana_foundation_sdk.builders.timeseries import Panel as Timeseries
from grafana_foundation_sdk.models.common import LegendDisplayMode, LegendPlacement
from grafana_foundation_sdk.models.dashboard import DataSourceRef

# A dashboard's own choice of the Prometheus to ask.
SOURCE = DataSourceRef(type_val="prometheus", uid="${datasource}")
# The width of a dashboard is 24.
HALF, QUARTER = 12, 6
# Requests of clients, without probes and scrapes.
CLIENTS = 'route!~"/health.*|/metrics"'


def board(title: str, uid: str) -> Dashboard:
    """A dashboard of the last hour, without panels."""
    source = DatasourceVariable("datasource").label("Prometheus").type("prometheus")
    return (
        Dashboard(title)
        .uid(uid)
        .tags(["application"])
        .refresh("30s")
        .time("now-1h", "now")
        .timezone("browser")
        .with_variable(source)
    )


def query(text: str, legend: str = "", name: str = "A") -> Dataquery:
    """A query, with the labels of its series in braces in `legend`; its name is unique in its panel."""
    return Dataquery().expr(text).legend_format(legend).datasource(SOURCE).ref_id(name)


def lines(title: str, unit: str, queries: Mapping[str, str]) -> Timeseries:
    """A panel over time, of half the width: the query of each legend. `unit` is one of Grafana's, such as `s`."""
    legend = VizLegendOptions().display_mode(LegendDisplayMode.LIST).placement(LegendPlacement.BOTTOM).show_legend(True)
    panel = Timeseries().title(title).unit(unit).datasource(SOURCE).span(HALF).height(8).min(0).legend(legend)
    for name, (label, text) in zip(ascii_uppercase, queries.items(), strict=False):
        panel = panel.with_target(query(text, label, name))
    return panel


def number(title: str, unit: str, text: str) -> Stat:
    """A panel with the current value of a query, of a quarter of the width."""
    return Stat().title(title).unit(unit).datasource(SOURCE).span(QUARTER).height(4).with_target(query(text))


def rate(metric: str, selector: str, by: str) -> dict[str, str]:
    """The rate of a counter by a label, which is the legend."""
    return {f"{{{{{by}}}}}": f"sum by ({by}) (rate({metric}{{{selector}}}[$__rate_interval]))"}


def quantile(share: float, metric: str, selector: str = "", by: str = "") -> str:
    """A quantile of a histogram, by labels if any are named."""
    labels = ", ".join(filter(None, ("le", by)))
    return f"histogram_quantile({share:g}, sum by ({labels}) (rate({metric}_bucket{{{selector}}}[$__rate_interval])))"


def quantiles(metric: str, selector: str) -> dict[str, str]:
    """The median, the 95th and the 99th percentile of a histogram."""
    return {f"p{share * 100:g}": quantile(share, metric, selector) for share in (0.5, 0.95, 0.99)}
