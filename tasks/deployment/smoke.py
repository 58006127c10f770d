"""Runs the end-to-end tests that change nothing against a deployed environment."""

import os
import sys
from typing import NoReturn

from tasks.core import cli
from tasks.core.errors import UserError

VARIABLE = "APPLICATION_URL"
TESTS = ("tests/e2e", "-m", "smoke", "--quiet")


def main() -> NoReturn:
    """Run the tests against the application at APPLICATION_URL, which has no default."""
    url = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise UserError(
            f"{VARIABLE} is not a URL: {url!r}.\n"
            f"Set it to the gateway's address; on GitHub, as a variable of the environment: {VARIABLE}=https://…"
        )
    os.environ[VARIABLE] = url
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *TESTS, *sys.argv[1:]])


if __name__ == "__main__":
    cli.run(main)
