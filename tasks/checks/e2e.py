"""Runs the end-to-end tests against the application at a URL, or without one against servers of their own."""

import os
import sys
from pathlib import Path
from typing import Any

import httpx

from tasks.core.errors import UserError
from tasks.project import services

TESTS = "tests/e2e"
VARIABLE = "APPLICATION_URL"
EXAMPLE = "http://127.0.0.1:8000"
TIMEOUT_SECONDS = 10.0


def main() -> None:
    """Test the application at the URL, if that is one; exit as pytest does."""
    url, options = split(sys.argv[1:])
    if url is not None:
        try:
            examine(url, expected(Path.cwd()))
        except UserError as error:
            sys.exit(str(error))
        os.environ[VARIABLE] = url
    chosen = any(option.startswith(TESTS) for option in options)
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *([] if chosen else [TESTS]), *options])


def split(arguments: list[str]) -> tuple[str | None, list[str]]:
    """The URL, which is the first argument if that is no option and no test, and pytest's arguments."""
    if not arguments or arguments[0].startswith(("-", TESTS)):
        return None, arguments
    return arguments[0].rstrip("/"), arguments[1:]


def expected(project: Path) -> set[str]:
    """The services that can be behind this project's gateway."""
    return set(services.names(project)) - {services.GATEWAY}


def examine(url: str, known: set[str]) -> None:
    """Raise UserError unless a healthy gateway of this application answers."""
    health = ask(url)
    components = health.get("components")
    if not isinstance(components, dict) or not components or not set(components) <= known:
        raise not_ours(url, f"{services.READINESS} is about other things")
    failed = [f"{name}: {each.get('reason')}" for name, each in components.items() if each.get("status") != "ok"]
    if failed:
        raise UserError(f"The application at {url} is not healthy: {'; '.join(failed)}.")


def ask(url: str) -> dict[str, Any]:
    """What the gateway says about the services."""
    try:
        answer = httpx.get(f"{url}{services.READINESS}", timeout=TIMEOUT_SECONDS)
    except (httpx.InvalidURL, httpx.UnsupportedProtocol):
        raise UserError(f"{url} is no address of an application; write it like {EXAMPLE}.") from None
    except httpx.TransportError as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"Nothing answers at {url} ({reason}).\nStart the application: nox -s dev") from None
    try:
        health = answer.json()
    except ValueError:
        raise not_ours(url, f"{services.READINESS} answered {answer.status_code}, not in JSON") from None
    if not isinstance(health, dict):
        raise not_ours(url, f"{services.READINESS} answered something else")
    return health


def not_ours(url: str, reason: str) -> UserError:
    """What to tell about an address where something else is."""
    return UserError(f"{url} is no gateway of this application: {reason}.\nGive the address that `nox -s dev` prints.")


if __name__ == "__main__":
    main()
