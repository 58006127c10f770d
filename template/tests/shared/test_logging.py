import base64
import json
import subprocess
import sys
from typing import Any
from uuid import UUID

import pytest

from auth.refresh_tokens import RefreshToken
from shared.logging import finish
from tests.support.processes import process_environment

# Logs the same events in each configuration; a process of its own, because logging is configured per process.
PROGRAM = """
import logging, structlog
from shared import audit
from shared.logging import configure
from shared.request_id import _current, set_request_id
from shared.settings import ServiceSettings

def log_events():
    log = structlog.get_logger()
    log.debug("ours debug")
    audit.log.info("ours audit", action="test.run")
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

# As in links of mail.
TOKEN = base64.urlsafe_b64encode(bytes(range(100, 132))).rstrip(b"=").decode()
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
    assert [each["event"] for each in found] == [
        "ours debug",
        "ours audit",
        "ours info",
        "ours failed",
        "library failed badly",
    ]
    assert all(each["service.name"] == "tested" and each["timestamp"].endswith("Z") for each in found)
    assert [each["level"] for each in found] == ["debug", "info", "info", "error", "error"]
    assert [each.get("request_id") for each in found] == [None, None, None, "request-1234", "request-1234"]
    assert found[2]["number"] == 1
    for failed in found[3:]:
        assert failed["exception"][0]["exc_value"] == "broken"


def test_environment_determines_the_default_level(events: list[Events]) -> None:
    audit, failed = ["ours audit"], ["ours failed", "library failed badly"]
    expected = [[*audit, "ours info", *failed], [*audit, *failed], [*audit, "ours info", *failed]]
    assert [[each["event"] for each in found] for found in events[1:]] == expected


@pytest.mark.parametrize(
    ("text", "logged"),
    [
        ("no mailbox for ada.b+c@example.org", "no mailbox for [removed]"),
        ("grüße@bücher.example", "[removed]"),
        ("GET /verify?token=hunter2 failed", "GET /verify?[removed] failed"),
        ("https://example.org/a?hunter2", "https://example.org/a?[removed]"),
        ("redis://app:hunter2@127.0.0.1:6379/0", "redis://[removed]127.0.0.1:6379/0"),
        ("Authorization: Bearer hunter2.x-y_z=", "Authorization: Bearer [removed]"),
        ("eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiI3In0.hunter2", "[removed]"),
        (f"link {TOKEN}", "link [removed]"),
        (str(RefreshToken(UUID(int=2**127 + 1), bytes(range(32)), bytes(range(32, 64)))), "[removed]"),
        ("a" * 64, "a" * 64),
        ("4bf92f3577b34da6a3ce929d0e0e4736", "4bf92f3577b34da6a3ce929d0e0e4736"),
        ("Is it up? Yes", "Is it up? Yes"),
        (["to", {"a": "ada@example.org"}], ["to", {"a": "[removed]"}]),
        ({"new_password": "hunter2", "Set-Cookie": "a=b"}, {"new_password": "[removed]", "Set-Cookie": "[removed]"}),
        (ValueError("ada@example.org"), "[removed]"),
        ((1, None, True, 2.5), [1, None, True, 2.5]),
    ],
)
def test_secrets_and_addresses_are_removed_from_every_line(text: Any, logged: Any) -> None:
    event = finish(None, "info", {"event": text, "smtp_password": "hunter2", "route": "/"})
    assert event == {"event": logged, "smtp_password": "[removed]", "http.route": "/"}
