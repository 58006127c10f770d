"""The editor's files call the sessions, name what exists, and are nobody's taste."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tasks.project import env_file
from tests.support import ROOT, run
from tests.test_consistency import sessions

TEMPLATE = ROOT / "template"
PLACES = [ROOT, TEMPLATE]
BACKEND = Path("src/backend")
# Where the images have the code.
IN_CONTAINERS = "/app"
VARIABLES = {"workspaceFolder", "file", "selectedText"}

# Sessions that no task offers: editors do without, or they need arguments that a person should type.
NOT_OFFERED = {
    ROOT: {"new", "matrix", "bench", "reliability", "ci_result"},
    TEMPLATE: {"ci_result", "devcontainer", "publish", "smoke"},
}


def read(place: Path, name: str) -> dict[str, Any]:
    """A file of the editor, which is plain JSON: not every tool that reads it forgives comments."""
    found: dict[str, Any] = json.loads((place / ".vscode" / name).read_text(encoding="utf-8"))
    return found


def texts(value: object) -> list[str]:
    """Every text in a JSON value."""
    if isinstance(value, dict):
        return [text for each in value.values() for text in texts(each)]
    if isinstance(value, list):
        return [text for each in value for text in texts(each)]
    return [value] if isinstance(value, str) else []


def called(tasks: list[dict[str, Any]]) -> set[str]:
    """The sessions that tasks run; fails on a task that is no session."""
    for task in tasks:
        assert (task["type"], task["command"], task["args"][0]) == ("process", "python3", "noxfile.py"), task["label"]
        assert task["args"][1] in {"-s", "-t"}, task["label"]
    return {task["args"][2] for task in tasks if task["args"][1] == "-s"}


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_every_task_is_a_session_and_every_session_a_task_or_left_out_on_purpose(place: Path) -> None:
    known = set(sessions(place))
    offered = called(read(place, "tasks.json")["tasks"])
    assert offered - known == set()
    assert known - offered == NOT_OFFERED[place]


def test_a_task_that_is_no_session_is_caught() -> None:
    with pytest.raises(AssertionError, match="sneaky"):
        called([{"label": "sneaky", "type": "shell", "command": "rm", "args": ["noxfile.py", "-s", "lint"]}])


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_tasks_have_one_name_each_and_their_inputs_exist(place: Path) -> None:
    file = read(place, "tasks.json")
    labels = [task["label"] for task in file["tasks"]]
    assert sorted(set(labels)) == sorted(labels)
    asked = set(re.findall(r"\$\{input:(\w+)\}", json.dumps(file["tasks"])))
    assert asked == {each["id"] for each in file.get("inputs", [])}


def services() -> set[str]:
    """Every package that can be run."""
    return {path.parent.name for path in (TEMPLATE / BACKEND).glob("*/__main__.py")}


def launches() -> list[dict[str, Any]]:
    """What launch.json offers."""
    offered: list[dict[str, Any]] = read(TEMPLATE, "launch.json")["configurations"]
    return offered


def test_each_service_has_one_entry_that_starts_it() -> None:
    started = [each["args"] for each in launches() if each.get("module") == "tasks.dev.debug"]
    assert sorted(started) == sorted([name] for name in services())


def test_each_module_that_an_entry_starts_exists() -> None:
    modules = {each["module"] for each in launches() if "module" in each}
    assert modules == {"tasks.dev.debug", "pytest"}
    assert (TEMPLATE / "tasks" / "dev" / "debug.py").is_file()
    assert "\npytest==" in (TEMPLATE / "requirements" / "typecheck.txt").read_text()


def test_entries_for_containers_find_the_code_where_the_images_have_it() -> None:
    mapped = [mapping for each in launches() for mapping in each.get("pathMappings", [])]
    assert {(each["localRoot"], each["remoteRoot"]) for each in mapped} == {
        (f"${{workspaceFolder}}/{BACKEND}", IN_CONTAINERS)
    }
    for dockerfile in ("gateway", "service"):
        text = (TEMPLATE / BACKEND / "docker" / f"{dockerfile}.Dockerfile").read_text()
        assert f"COPY {BACKEND}/shared {IN_CONTAINERS}/shared\n" in text


def test_what_an_entry_runs_first_is_a_task() -> None:
    labels = {task["label"] for task in read(TEMPLATE, "tasks.json")["tasks"]}
    assert {each["preLaunchTask"] for each in launches() if "preLaunchTask" in each} <= labels


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_no_file_of_the_editor_has_a_path_of_one_machine(place: Path) -> None:
    for path in (place / ".vscode").glob("*.json"):
        found = texts(json.loads(path.read_text(encoding="utf-8")))
        assert [text for text in found if text.startswith(("/", "~")) and text != IN_CONTAINERS] == [], path
        used = {name for text in found for name in re.findall(r"\$\{([^}]+)\}", text)}
        assert {name for name in used if not name.startswith("input:")} <= VARIABLES


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_settings_are_those_that_make_the_editor_agree_with_the_sessions(place: Path) -> None:
    """A new one needs a reason to be here: looks, fonts, keys and habits are each person's own."""
    allowed = ("python.", "ruff.", "mypy-type-checker.", "[", "files.associations")
    assert [name for name in read(place, "settings.json") if not name.startswith(allowed)] == []


def test_the_settings_name_what_exists() -> None:
    settings = read(TEMPLATE, "settings.json")
    assert settings["python.defaultInterpreterPath"] == "${workspaceFolder}/.venv/bin/python"
    assert settings["python.envFile"] == f"${{workspaceFolder}}/{env_file.LOCAL}"
    for name in [*settings["python.analysis.extraPaths"], *settings["python.testing.pytestArgs"]]:
        assert (TEMPLATE / name).is_dir()


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_extensions_that_settings_name_are_recommended(place: Path) -> None:
    recommended = read(place, "extensions.json")["recommendations"]
    assert recommended == sorted(recommended)
    formatters = {
        each["editor.defaultFormatter"]
        for each in read(place, "settings.json").values()
        if isinstance(each, dict) and "editor.defaultFormatter" in each
    }
    assert formatters <= set(recommended)


def test_what_editors_make_is_not_committed() -> None:
    for place in PLACES:
        ignored = run("git", "check-ignore", "--no-index", ".venv/bin/python", cwd=place)
        assert ignored.returncode == 0, ignored.stdout
