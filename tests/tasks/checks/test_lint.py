"""`nox -s lint`: which files it looks at, what it mends, and that a check that did not run is not one that passed."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasks.checks.files import chosen_files, matching, project_files
from tasks.checks.lint import Check, findings, run as run_checks
from tasks.core.errors import UserError
from tests.support import ROOT, run
from tests.tasks.checked_project import CheckedProject
from toolkit.new import scaffold

NAMES = [
    "Recie" + 've "App"\'s name!',
    "L'été: naïve #1 & Co.",
    "日本語 アプリ",
    "  spaced  out  ",
    "{{ 7 * 7 }} & 'x' %}",
    "- [x] *a* _b_ `c` <b>",
    "https://example.com",
    "'",
    "\\",
]
BAD_YAML = "a: 1\na: 2\n"


def test_the_template_passes_as_it_lies(checked: CheckedProject) -> None:
    assert checked.session("lint").returncode == 0
    done = _lint(checked, ROOT / "template")
    assert done.returncode == 0, done.stdout


def test_the_toolkit_passes_the_same_checks(checked: CheckedProject) -> None:
    assert checked.session("lint").returncode == 0
    done = _lint(checked, ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", NAMES)
def test_the_words_of_people_are_no_fault(checked: CheckedProject, tmp_path: Path, name: str) -> None:
    """The project's name and description are theirs, in any language and with any character."""
    project = tmp_path / "my-app"
    scaffold(project, {"project_name": name, "project_slug": "my-app", "description": name}, defaults=True)
    checked.session("lint", "--only", "yaml")
    done = _lint(checked, project, "--only", "yaml", "--only", "markdown", "--only", "dotenv", "--only", "spelling")
    assert done.returncode == 0, done.stdout


def test_given_files_are_the_only_ones_looked_at(checked: CheckedProject) -> None:
    checked.write("good.yml", "a: 1\n")
    checked.write("bad.yml", BAD_YAML)
    assert checked.session("lint", "good.yml", "README.md").returncode == 0
    done = checked.session("lint", "bad.yml", "README.md")
    assert done.returncode == 1
    assert "1 file   FAILED" in done.stdout


def test_a_folder_stands_for_the_files_in_it(checked: CheckedProject) -> None:
    checked.write("bad.yml", BAD_YAML)
    checked.write("folder/deeper/bad.yml", BAD_YAML)
    done = checked.session("lint", "--only", "yaml", "folder")
    assert done.returncode == 1
    assert "1 file   FAILED" in done.stdout


def test_one_check_can_be_run_by_its_name(checked: CheckedProject) -> None:
    checked.write("bad.yml", BAD_YAML)
    done = checked.session("lint", "--only", "yaml")
    assert "lint: 1 check of 1 failed: yaml" in done.stdout
    assert checked.session("lint", "--only", "toml", "--only", "markdown").returncode == 0


def test_a_file_that_is_not_there_is_told_in_one_line(checked: CheckedProject) -> None:
    done = checked.session("lint", "nowhere.py")
    assert done.returncode == 1
    assert "No such file or folder: nowhere.py" in done.stdout
    assert "Traceback" not in done.stdout


def test_fix_mends_what_the_tools_can_mend(checked: CheckedProject) -> None:
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nimport os\n\nplanted = {"a":1}\n')
    checked.write("planted.toml", "a   = 1\n")
    checked.write("planted.md", "# A\nText.\n")
    checked.write("planted.sh", '#!/bin/sh\nif true; then\n      echo "$1"\nfi\n')
    checked.write("planted.txt", "It will " + "recie" + "ve it.\n")
    assert checked.session("lint").returncode == 1
    assert checked.session("lint", "--fix").returncode == 0
    assert checked.session("lint").returncode == 0
    assert (checked.folder / "planted.txt").read_text() == "It will receive it.\n"


def test_ignored_files_are_not_looked_at(checked: CheckedProject) -> None:
    checked.write(".data/bad.yml", BAD_YAML)
    checked.write(".env.local", "this is no setting\n")
    assert checked.session("lint").returncode == 0


def test_without_git_the_same_files_are_found(checked: CheckedProject) -> None:
    checked.write(".data/bad.yml", BAD_YAML)
    checked.write(".env.local", "A=1\n")
    list_files = (sys.executable, "-m", "tasks.checks.files")
    with_git = run(*list_files, cwd=checked.folder)
    without = run(*list_files, cwd=checked.folder, GIT_DIR="/nowhere")
    assert "noxfile.py" in with_git.stdout
    assert without.stdout == with_git.stdout


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("sh -c 'kill -9 $$'", "sh was ended by SIGKILL"),
        ("sh -c 'exit 3'", "sh ended with 3 and no word"),
        ("no-such-program", "no-such-program is not here"),
        ("sh -c 'echo out; echo err >&2; exit 1'", "out\nerr"),
    ],
)
def test_a_tool_that_does_not_run_to_its_end_has_failed(
    command: str, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    check = Check("planted", "*", command)
    assert words in (findings(check, ["a.txt"], fix=False) or "")
    assert run_checks([check], ["a.txt"], fix=False) == 1
    assert "lint: 1 check of 1 failed: planted" in capsys.readouterr().out


def test_a_broken_configuration_of_a_tool_is_a_failure(checked: CheckedProject) -> None:
    checked.write(".yamllint.yaml", "rules: [\n")
    done = checked.session("lint", "--only", "yaml", "--only", "toml")
    assert done.returncode == 1
    assert "invalid config" in done.stdout


def test_scripts_are_known_by_their_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in {
        "a": "#!/bin/sh\n",
        "b": "#!/usr/bin/env bash\n",
        "c": "#!/usr/bin/env python3\n",
        "d": "",
    }.items():
        Path(name).write_text(text)
    assert matching(["a", "b", "c", "d"], "*.sh") == ["a", "b"]


def test_a_pattern_with_a_slash_is_for_the_whole_path() -> None:
    files = ["pyproject.toml", "tasks/pyproject.toml", "requirements/a.txt", "b.txt"]
    assert matching(files, "requirements/*.txt tasks/pyproject.toml") == ["tasks/pyproject.toml", "requirements/a.txt"]


def test_a_file_with_two_names_is_listed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.md").write_text("")
    Path("b.md").symlink_to("a.md")
    Path("gone.md").symlink_to("nowhere")
    assert project_files() == ["a.md"]
    with pytest.raises(UserError, match=r"c\.md"):
        chosen_files(["c.md"])


def _lint(tools_of: CheckedProject, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the checks elsewhere, with the tools of a project whose session has been run."""
    tools = tools_of.python("lint").parent
    path = f"{tools}:{os.environ['PATH']}"
    uv = str(Path(sys.executable).parent / "uv")
    return run(tools / "python", "-m", "tasks.checks.lint", *arguments, cwd=folder, PATH=path, UV=uv)
