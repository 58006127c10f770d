import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.processes import process_environment

# Logs the same events in each configuration; a process of its own, because logging is configured per process.
PROGRAM = """
import logging, structlog
from shared.logging import configure
from shared.request_id import _current, set_request_id
from shared.settings import ServiceSettings

def log_events():
    log = structlog.get_logger()
    log.debug("ours debug")
    log.info("ours info", number=1)
    logging.getLogger("library").debug("library debug")
    set_request_id(b"request-1234")
    try:
        password = "hunter2"
        raise ValueError("broken")
    except ValueError:
        log.exception("ours failed")
        logging.getLogger("library").exception("library failed %s", "badly")
    _current.set(None)

for environment, level in CONFIGURATIONS:
    configure("tested", ServiceSettings(app_name="Test", environment=environment, log_level=level))
    log_events()
    print()
"""
CONFIGURATIONS = [("development", None), ("staging", None), ("production", None), ("production", "INFO")]

Events = list[dict[str, Any]]


@pytest.fixture(scope="module")
def events() -> list[Events]:
    """The logged events of each configuration."""
    command = [sys.executable, "-c", f"CONFIGURATIONS = {CONFIGURATIONS!r}\n{PROGRAM}"]
    done = subprocess.run(command, env=process_environment({}), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "hunter2" not in done.stdout
    parts = done.stdout.removesuffix("\n\n").split("\n\n")
    return [[json.loads(line) for line in part.splitlines()] for part in parts]


def test_events_are_json_lines_with_context(events: list[Events]) -> None:
    found = events[0]
    assert [each["event"] for each in found] == ["ours debug", "ours info", "ours failed", "library failed badly"]
    assert all(each["service"] == "tested" and each["timestamp"].endswith("Z") for each in found)
    assert [each["level"] for each in found] == ["debug", "info", "error", "error"]
    assert [each.get("request_id") for each in found] == [None, None, "request-1234", "request-1234"]
    assert found[1]["number"] == 1
    for failed in found[2:]:
        assert failed["exception"][0]["exc_value"] == "broken"


def test_environment_determines_the_default_level(events: list[Events]) -> None:
    info = ["ours info", "ours failed", "library failed badly"]
    assert [[each["event"] for each in found] for found in events[1:]] == [info, info[1:], info]
