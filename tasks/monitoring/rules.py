"""Writes the alerts on error budgets from the service level objectives in `slo.toml`."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from tasks.core.errors import UserError

FOLDER = Path("infra/monitoring")
OBJECTIVES = FOLDER / "slo.toml"
RULES = FOLDER / "rules" / "slo.yaml"
RUNBOOK = "docs/runbooks/error-budget.md"
HEADER = "# Written by `nox -s monitoring -- --fix` from slo.toml.\ngroups:\n  - name: slo\n    rules:\n"


@dataclass(frozen=True)
class Burn:
    """An alert while the budget burns at `rate`, which means that it lasts days ÷ rate, in both windows."""

    alert: str
    rate: float
    windows: tuple[str, str]
    pending: str
    severity: str


# The multi-window, multi-burn-rate alerts of the Site Reliability Workbook.
BURNS = (
    Burn("ErrorBudgetBurnsFast", 14.4, ("1h", "5m"), "2m", "page"),
    Burn("ErrorBudgetBurnsSteadily", 6, ("6h", "30m"), "15m", "page"),
    Burn("ErrorBudgetBurnsSlowly", 1, ("3d", "6h"), "1h", "ticket"),
)
ALL = 100
WINDOWS = ("5m", "30m", "1h", "6h", "3d")


@dataclass(frozen=True)
class Objective:
    """`percent` of the requests that `total` counts in `days` days are those that `good` counts, or not in `bad`."""

    name: str
    failure: str
    percent: float
    days: int
    total: str
    good: str = ""
    bad: str = ""

    @property
    def budget(self) -> str:
        """The allowed share of bad requests."""
        return f"{1 - self.percent / ALL:.6g}"

    def ratio(self, window: str) -> str:
        """The share of bad requests in a window; no series where there were no requests."""
        counted, total = (f"sum(rate({each}[{window}]))" for each in (self.good or self.bad, self.total))
        start = "1 - " if self.good else ""
        return f"{start}({counted}\n          or vector(0)) / {total}"


def read(project: Path) -> list[Objective]:
    """The objectives, in the order of the file. UserError for one that is incomplete or has unknown settings."""
    try:
        found = tomllib.loads((project / OBJECTIVES).read_text(encoding="utf-8"))
        objectives = [Objective(name, **values) for name, values in found.items()]
    except (tomllib.TOMLDecodeError, TypeError) as error:
        raise UserError(f"{OBJECTIVES}: {str(error).replace('Objective.__init__()', 'an objective')}") from None
    for each in objectives:
        if bool(each.good) == bool(each.bad) or not 0 < each.percent < ALL:
            raise UserError(f"{OBJECTIVES}: {each.name} needs `good` or `bad`, and a `percent` between 0 and 100.")
    return objectives


def text(objectives: list[Objective]) -> str:
    """The file of rules: the share of bad requests in each window, and the alerts."""
    records = [_record(each, f"ratio_rate{window}", each.ratio(window)) for each in objectives for window in WINDOWS]
    records += [_record(each, "budget", f"vector({each.budget})") for each in objectives]
    return HEADER + "".join(records + [_alert(each, burn) for each in objectives for burn in BURNS])


def _record(objective: Objective, name: str, query: str) -> str:
    return f"""\
      - record: slo:errors:{name}
        expr: >-
          {query}
        labels:
          slo: {objective.name}
"""


def _alert(objective: Objective, burn: Burn) -> str:
    limit = f"{burn.rate:g} * {objective.budget}"
    over = [f'slo:errors:ratio_rate{window}{{slo="{objective.name}"}} > {limit}' for window in burn.windows]
    rest = f"the error budget of {objective.days} days would last {objective.days / burn.rate:.0f} days"
    return f"""\
      - alert: {burn.alert}
        expr: >-
          {over[0]}
          and {over[1]}
        for: {burn.pending}
        labels:
          severity: {burn.severity}
          slo: {objective.name}
        annotations:
          summary: >-
            {{{{ $value | humanizePercentage }}}} of requests {objective.failure}:
            {rest}
          runbook: {RUNBOOK}
"""
