import json
import subprocess
import sys
from typing import Any

import pytest

from tests.support.processes import environment_of

PROGRAM = """
import logging, structlog
from shared.logging import configure
from shared.request_id import enter
from shared.settings import ServiceSettings

configure("tested", ServiceSettings(app_name="Test", environment={environment!r}, log_level={level!r}))
log = structlog.get_logger()
log.debug("ours debug")
log.info("ours info", number=1)
logging.getLogger("library").debug("library debug")
enter(b"request-1234")
try:
    password = "hunter2"
    raise ValueError("broken")
except ValueError:
    log.exception("ours failed")
    logging.getLogger("library").exception("library failed %s", "badly")
"""


def logs(environment: str, level: str | None = None) -> list[dict[str, Any]]:
    """What a process of its own logs."""
    program = PROGRAM.format(environment=environment, level=level)
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment_of({}), capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert "hunter2" not in done.stdout
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_every_event_is_a_line_of_json_with_service_level_time_and_request() -> None:
    events = logs("development")
    assert [each["event"] for each in events] == [
        "ours debug",
        "ours info",
        "ours failed",
        "library failed badly",
    ]
    assert all(each["service"] == "tested" and each["timestamp"].endswith("Z") for each in events)
    assert [each["level"] for each in events] == ["debug", "info", "error", "error"]
    assert [each.get("request_id") for each in events] == [None, None, "request-1234", "request-1234"]
    assert events[1]["number"] == 1
    for failed in events[2:]:
        assert failed["exception"][0]["exc_value"] == "broken"


@pytest.mark.parametrize(
    ("environment", "level", "expected"),
    [
        ("staging", None, ["ours info", "ours failed", "library failed badly"]),
        ("production", None, ["ours failed", "library failed badly"]),
        ("production", "INFO", ["ours info", "ours failed", "library failed badly"]),
    ],
)
def test_the_environment_decides_the_level_unless_it_is_set(
    environment: str, level: str | None, expected: list[str]
) -> None:
    assert [each["event"] for each in logs(environment, level)] == expected
