"""A missing requirement skips a test, or fails it where SLIPWAY_REQUIRE names it."""

from __future__ import annotations

import pytest

from tests.tasks.requirements import engine, missing


@pytest.mark.parametrize("required", ["", "disk", "disk terminal"])
def test_missing_requirement_skips(monkeypatch: pytest.MonkeyPatch, required: str) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", required)
    with pytest.raises(pytest.skip.Exception, match="no engine here"):
        missing("engine", "no engine here")


@pytest.mark.parametrize("required", ["engine", "disk,engine", "engine disk"])
def test_missing_requirement_fails_if_it_is_required(monkeypatch: pytest.MonkeyPatch, required: str) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", required)
    with pytest.raises(pytest.fail.Exception, match="no engine here, but SLIPWAY_REQUIRE requires it: engine"):
        missing("engine", "no engine here")


def test_unknown_requirement_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", "engin")
    with pytest.raises(
        pytest.fail.Exception, match=r"SLIPWAY_REQUIRE has unknown names: engin\. Use chromium, curl, disk, "
    ):
        missing("engine", "no engine here")


@pytest.mark.parametrize(("required", "outcome"), [("", pytest.skip.Exception), ("engine", pytest.fail.Exception)])
def test_engine_without_an_answer_skips_or_fails_in_one_line(
    monkeypatch: pytest.MonkeyPatch, required: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", required)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(outcome, match=r"^no Docker: [^\n]+$"):
        engine()
