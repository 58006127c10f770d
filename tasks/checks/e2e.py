"""Runs the end-to-end tests: those of the API with pytest, and those of parts in a browser."""

import argparse
import os
import subprocess
import sys
from pathlib import Path

import httpx

from tasks.core.errors import UserError
from tasks.core.ports import LOOPBACK
from tasks.project import parts, services

TESTS = "tests/e2e"
BROWSER = "E2E_BROWSER"
TIMEOUT_SECONDS = 10.0


def main() -> int | str | None:
    """Run the tests of the API on servers of their own, then those in a browser; both with --stack in containers.

    Other arguments are pytest's, for the tests of the API alone, and may begin with the URL of a gateway; those with
    --browser are Playwright's.
    """
    in_browser = parts.hooks(Path.cwd(), "e2e")
    parser = argparse.ArgumentParser(prog="nox -s e2e --", description=main.__doc__, allow_abbrev=False)
    parser.add_argument("--stack", action="store_true", help="test the containers that nox -s stack has started")
    browsers = [name for part in in_browser for name in part.DEVICES]
    advice = f"only the tests in this browser: {', '.join(browsers)} (default: the variable {BROWSER})"
    parser.add_argument("--browser", default=os.environ.get(BROWSER), metavar="NAME", help=advice)
    arguments, options = parser.parse_known_args()
    if arguments.browser and not in_browser:
        print("No part of this project has tests in a browser.")
        return None
    if arguments.browser not in {None, *browsers}:
        parser.error(f"no tests for the browser {arguments.browser}; known: {', '.join(browsers) or 'none'}")
    if not arguments.browser:
        code = test_api(options, is_stack=arguments.stack)
        if code or options:
            return code
    failures = [part.run(options, arguments.browser or browsers[0], is_stack=arguments.stack) for part in in_browser]
    return "\n".join(filter(None, failures)) or None


def test_api(options: list[str], *, is_stack: bool) -> int:
    """Run pytest; check before that an application at a URL is healthy. Returns the exit code."""
    if is_stack:
        options = [f"http://{LOOPBACK}:{services.usual_ports(Path.cwd())[services.GATEWAY]}", *options]
    environment = dict(os.environ)
    if options and not options[0].startswith(("-", TESTS)):
        url, *options = options
        environment["APPLICATION_URL"] = url.rstrip("/")
        check(environment["APPLICATION_URL"], services.routed_names(Path.cwd()))
    tests = [] if any(option.startswith(TESTS) for option in options) else [TESTS]
    return subprocess.run([sys.executable, "-m", "pytest", *tests, *options], env=environment, check=False).returncode


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
