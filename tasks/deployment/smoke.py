"""Tests what an environment runs, through its gateway, with those end-to-end tests that change nothing."""

import os
import sys

VARIABLE = "APPLICATION_URL"
TESTS = ("tests/e2e", "-m", "smoke", "--quiet")


def main() -> None:
    """Run the tests against the application at APPLICATION_URL; without one, fail rather than test something else."""
    url = os.environ.get(VARIABLE, "").strip().rstrip("/")
    if not url.startswith(("http://", "https://")):
        sys.exit(
            f"{VARIABLE} does not say where the application is: {url!r}.\n"
            f"Set it to the gateway's address, on GitHub as a variable of the environment: {VARIABLE}=https://…"
        )
    os.environ[VARIABLE] = url
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *TESTS, *sys.argv[1:]])


if __name__ == "__main__":
    main()
