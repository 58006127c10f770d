"""The git hook runs the sessions on what a commit changes, and needs nothing but Python."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from tasks.checks import workflows
from tasks.checks.lint import CHECKS
from tasks.frontend import check
from tests.support import ROOT, run, share_environments
from tests.tasks.checked_project import CheckedProject


@pytest.fixture
def hooked(checked: CheckedProject) -> CheckedProject:
    """The project with its hooks installed."""
    done = checked.session("setup")
    assert "Git hooks are installed." in done.stdout, done.stdout
    return checked


def commit(project: CheckedProject) -> subprocess.CompletedProcess[str]:
    """Commit all that is new, with the hooks that are installed."""
    run("git", "add", "--all", cwd=project.folder)
    author = ("-c", "user.name=Test", "-c", "user.email=test@localhost")
    return run("git", *author, "commit", "--message=Try", cwd=project.folder)


def test_a_commit_with_faults_is_refused_and_one_without_passes(hooked: CheckedProject) -> None:
    hooked.write("planted.yml", "a: 1\na: 2\n")
    hooked.write("good.yml", "a: 1\n")
    hooked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = "1"\n')
    done = commit(hooked)
    assert done.returncode != 0
    assert f"lint: 1 check of {len(CHECKS) - 1} failed: yaml" in done.stdout, done.stdout
    assert "planted.yml" in done.stdout
    assert "2 files   FAILED" in done.stdout
    assert "planted.py:3: error" in done.stdout, done.stdout
    hooked.write("planted.yml", "a: 1\n")
    hooked.write("src/backend/shared/planted.py", '"""Planted."""\n\nplanted: int = 1\n')
    done = commit(hooked)
    assert done.returncode == 0, done.stdout


def test_the_hook_uses_the_environment_of_its_worktree(
    hooked: CheckedProject, environments: Path, tmp_path: Path
) -> None:
    other = replace(hooked, folder=tmp_path / "other")
    run("git", "worktree", "add", "--quiet", "--detach", other.folder, cwd=hooked.folder)
    share_environments(other.folder, environments, ["lint"])
    other.write("planted.yml", "a: 1\na: 2\n")
    done = commit(other)
    run("git", "worktree", "remove", "--force", other.folder, cwd=hooked.folder)
    assert done.returncode != 0
    assert "Session setup was successful" in done.stdout, done.stdout
    assert "planted.yml" in done.stdout, done.stdout


def test_hooks_are_sessions_run_by_python_alone() -> None:
    configuration = yaml.safe_load((ROOT / "template" / ".pre-commit-config.yaml").read_text())
    assert [each["repo"] for each in configuration["repos"]] == ["local"]
    for hook in configuration["repos"][0]["hooks"]:
        assert hook["language"] == "system"
        assert hook["entry"].startswith(("python3 noxfile.py -s ", "python3 noxfile.py -t "))


def test_the_hook_for_typescript_runs_quick_checks_of_the_frontend() -> None:
    configuration = yaml.safe_load((ROOT / "template" / ".pre-commit-config.yaml").read_text())
    [hook] = [each for each in configuration["repos"][0]["hooks"] if each["id"] == "typescript"]
    command, _, options = str(hook["entry"]).partition(" -- ")
    tag = command.removeprefix("python3 noxfile.py -t ")
    tagged = [name for name, each in workflows.sessions("template/noxfile.py").items() if tag in each["tags"]]
    assert tagged == ["frontend"]
    assert options == "--only types --only format"
    assert {"types", "format"} <= {each.name for each in check.CHECKS}
