"""What a machine lacks skips a test, or fails it where SLIPWAY_REQUIRE asks for it."""

from __future__ import annotations

import pytest

from tests.tasks.requirements import engine, missing


@pytest.mark.parametrize("required", ["", "disk", "disk terminal"])
def test_what_is_missing_skips(monkeypatch: pytest.MonkeyPatch, required: str) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", required)
    with pytest.raises(pytest.skip.Exception, match="no engine here"):
        missing("engine", "no engine here")


@pytest.mark.parametrize("required", ["engine", "disk,engine", "engine disk"])
def test_what_is_required_and_missing_fails(monkeypatch: pytest.MonkeyPatch, required: str) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", required)
    with pytest.raises(pytest.fail.Exception, match="no engine here, and SLIPWAY_REQUIRE asks for it: engine"):
        missing("engine", "no engine here")


def test_an_ability_that_nobody_knows_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", "engin")
    with pytest.raises(pytest.fail.Exception, match="SLIPWAY_REQUIRE names engin; it knows disk, engine, "):
        missing("engine", "no engine here")


def test_an_engine_that_does_not_answer_skips_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SLIPWAY_REQUIRE", raising=False)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(pytest.skip.Exception, match=r"^no Docker: [^\n]+$"):
        engine()


def test_an_engine_that_is_required_and_does_not_answer_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLIPWAY_REQUIRE", "engine")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere.sock")
    with pytest.raises(pytest.fail.Exception, match="no Docker: "):
        engine()
