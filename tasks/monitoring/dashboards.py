"""Writes the dashboards of Grafana from the modules in `infra/monitoring/dashboards`."""

import json
from importlib import import_module
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from tasks.monitoring.rules import FOLDER


def texts(project: Path) -> dict[Path, str]:
    """The JSON of each module with a function `dashboard`."""
    found = {}
    for path in sorted((project / FOLDER / "dashboards").glob("*.py")):
        make = getattr(import_module(f"dashboards.{path.stem}"), "dashboard", None)
        if make is not None:
            plain = json.loads(JSONEncoder(sort_keys=True).encode(make().build()))
            found[path.with_suffix(".json")] = json.dumps(plain, indent=2, sort_keys=True) + "\n"
    return found
