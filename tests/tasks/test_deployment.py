"""As long as there is nothing to deploy with, `nox -s deploy` and `nox -s rollback` say so and fail."""

from pathlib import Path

import pytest

from tests.support import nox

USAGE = "nox -s deploy -- staging|production, nox -s rollback -- staging|production"


@pytest.mark.parametrize("environment", ["staging", "production"])
@pytest.mark.parametrize(("session", "word"), [("deploy", "deployed"), ("rollback", "rolled back")])
def test_what_cannot_be_done_is_no_success(project: Path, session: str, word: str, environment: str) -> None:
    done = nox(project, "-s", session, "--", environment)
    assert done.returncode != 0
    assert f"Nothing was {word}: {environment} is as it was" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("session", ["deploy", "rollback"])
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "the following arguments are required: environment"),
        (["planted"], "invalid choice: 'planted'"),
        (["staging", "production"], "unrecognized arguments: production"),
    ],
)
def test_without_one_known_environment_the_usage_is_told(
    project: Path, session: str, arguments: list[str], words: str
) -> None:
    done = nox(project, "-s", session, "--", *arguments)
    assert done.returncode != 0
    assert words in done.stdout
    assert USAGE in done.stdout
    assert "Traceback" not in done.stdout
