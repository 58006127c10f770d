"""Runs the end-to-end tests against the application at a URL; without one, on servers of their own."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import httpx

from tasks.core.errors import UserError
from tasks.project import services

TESTS = "tests/e2e"
TIMEOUT_SECONDS = 10.0


def main() -> NoReturn:
    """Check that the first argument, unless it is pytest's, is the URL of a healthy gateway; then run pytest."""
    options = sys.argv[1:]
    if options and not options[0].startswith(("-", TESTS)):
        os.environ["APPLICATION_URL"] = options.pop(0).rstrip("/")
        check(os.environ["APPLICATION_URL"], services.routed_names(Path.cwd()))
    tests = [] if any(option.startswith(TESTS) for option in options) else [TESTS]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *tests, *options])


def check(url: str, expected: set[str]) -> None:
    """Raise UserError unless a gateway reports that the expected services are healthy."""
    try:
        response = httpx.get(f"{url}{services.READINESS}", timeout=TIMEOUT_SECONDS)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UserError(f"{url} is not the URL of an application, such as http://127.0.0.1:8000.") from None
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"No answer from {url} ({reason}).\nStart the application: nox -s dev") from None
    try:
        components = response.json()["components"]
        failed = {
            name: each.get("reason") for name, each in components.items() if each["status"] not in {"ok", "degraded"}
        }
        is_ours = not expected.isdisjoint(components)
    except (ValueError, LookupError, TypeError, AttributeError):
        failed, is_ours = {}, False
    if not is_ours:
        answer = f"{services.READINESS} answered {response.status_code} without its services"
        raise UserError(f"{url} is not a gateway of this application: {answer}.\nUse the URL that nox -s dev prints.")
    if failed:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in failed.items())
        raise UserError(f"The application at {url} is not healthy: {reasons}.")
