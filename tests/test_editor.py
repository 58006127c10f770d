"""The files of the editor: they call sessions, name existing paths and hold no personal preferences."""

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
# The path of the code in images.
IN_CONTAINERS = "/app"
VARIABLES = {"workspaceFolder", "file", "selectedText"}

# Sessions without a task: not for editors, or with arguments that a person should type.
NOT_OFFERED = {
    ROOT: {"new", "matrix", "bench", "reliability", "reference", "test_containers", "ci_result"},
    TEMPLATE: {"ci_result", "devcontainer", "publish", "rotate", "smoke"},
}
# The task `parts` runs the checks of these; common files name no part.
OF_PARTS = {"frontend", "client", "monitoring", "screenshots"}


def read(place: Path, name: str) -> dict[str, Any]:
    """A file of the editor, which is JSON without comments, as not every tool accepts them."""
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
    """The sessions that tasks run; fails for any other task."""
    for task in tasks:
        assert (task["type"], task["command"], task["args"][0]) == ("process", "python3", "noxfile.py"), task["label"]
        assert task["args"][1] in {"-s", "-t"}, task["label"]
    return {task["args"][2] for task in tasks if task["args"][1] == "-s"}


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_tasks_are_exactly_the_sessions_for_editors(place: Path) -> None:
    known = set(sessions(place))
    offered = called(read(place, "tasks.json")["tasks"])
    assert offered - known == set()
    assert known - offered - OF_PARTS == NOT_OFFERED[place]


def test_a_task_without_a_session_is_found() -> None:
    with pytest.raises(AssertionError, match="sneaky"):
        called([{"label": "sneaky", "type": "shell", "command": "rm", "args": ["noxfile.py", "-s", "lint"]}])


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_tasks_have_unique_labels_and_existing_inputs(place: Path) -> None:
    file = read(place, "tasks.json")
    labels = [task["label"] for task in file["tasks"]]
    assert sorted(set(labels)) == sorted(labels)
    asked = set(re.findall(r"\$\{input:(\w+)\}", json.dumps(file["tasks"])))
    assert asked == {each["id"] for each in file.get("inputs", [])}


def services() -> set[str]:
    """Every package with a `__main__` module."""
    return {path.parent.name for path in (TEMPLATE / BACKEND).glob("*/__main__.py")}


def launches() -> list[dict[str, Any]]:
    """The entries of launch.json."""
    offered: list[dict[str, Any]] = read(TEMPLATE, "launch.json")["configurations"]
    return offered


def test_each_service_has_one_entry_that_starts_it() -> None:
    started = [each["args"] for each in launches() if each.get("module") == "tasks"]
    assert sorted(started) == sorted(["dev.debug", name] for name in services())


def test_each_module_that_an_entry_starts_exists() -> None:
    modules = {each["module"] for each in launches() if "module" in each}
    assert modules == {"tasks", "pytest"}
    assert (TEMPLATE / "tasks" / "dev" / "debug.py").is_file()
    assert "\npytest==" in (TEMPLATE / "requirements" / "typecheck.txt").read_text()


def test_entries_for_containers_map_the_code_of_the_images() -> None:
    mapped = [mapping for each in launches() for mapping in each.get("pathMappings", [])]
    assert {(each["localRoot"], each["remoteRoot"]) for each in mapped} == {
        (f"${{workspaceFolder}}/{BACKEND}", IN_CONTAINERS)
    }
    for dockerfile in ("gateway", "service"):
        text = (TEMPLATE / BACKEND / "docker" / f"{dockerfile}.Dockerfile").read_text()
        assert f"COPY {BACKEND}/shared {IN_CONTAINERS}/shared\n" in text


def test_pre_launch_tasks_exist() -> None:
    labels = {task["label"] for task in read(TEMPLATE, "tasks.json")["tasks"]}
    assert {each["preLaunchTask"] for each in launches() if "preLaunchTask" in each} <= labels


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_files_of_the_editor_have_no_absolute_paths(place: Path) -> None:
    for path in (place / ".vscode").glob("*.json"):
        found = texts(json.loads(path.read_text(encoding="utf-8")))
        assert [text for text in found if text.startswith(("/", "~")) and text != IN_CONTAINERS] == [], path
        used = {name for text in found for name in re.findall(r"\$\{([^}]+)\}", text)}
        assert {name for name in used if not name.startswith("input:")} <= VARIABLES


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_settings_only_match_the_editor_with_the_sessions(place: Path) -> None:
    """Themes, fonts and keys are personal preferences."""
    allowed = ("python.", "ruff.", "mypy-type-checker.", "[", "files.associations")
    assert [name for name in read(place, "settings.json") if not name.startswith(allowed)] == []


def test_paths_in_the_settings_exist() -> None:
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


def test_the_environment_of_editors_is_ignored_by_git() -> None:
    for place in PLACES:
        ignored = run("git", "check-ignore", "--no-index", ".venv/bin/python", cwd=place)
        assert ignored.returncode == 0, ignored.stdout
