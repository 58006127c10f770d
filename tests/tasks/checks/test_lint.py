"""`nox -s lint`: which files it checks, what it fixes, and that a check that did not run has not passed."""

import os
import shutil
import sys
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from copier import run_copy

from tasks.checks import checksums, lint
from tasks.checks.files import chosen_files, matching, project_files
from tasks.checks.lint import CHECKS, Check, findings
from tasks.core.errors import UserError
from tests.support import ROOT, run, snapshot
from tests.tasks.checked_project import MIGRATIONS, CheckedProject

# Names and descriptions of projects, in any language and with any character.
TEXTS = [
    ("Recie" + 've "App"\'s name!', "L'été: naïve #1 & Co."),
    ("日本語 アプリ", "  spaced  out  "),
    ("{{ 7 * 7 }} & 'x' %}", "- [x] *a* _b_ `c` <b>"),
    ("https://example.com", "'"),
    ("\\", "https://example.com"),
]
BAD_YAML = "a: 1\na: 2\n"
MISSPELT = "recie" + "ve"
FIXED = ("rules", "format", "toml-format", "markdown", "shell-format", "prose")

Lint = Callable[..., tuple[int, str]]


@pytest.fixture
def run_lint(checked: CheckedProject, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Lint:
    """A function that lints a folder with the tools of the project; returns the exit code and the output."""
    # Those of this environment too, for contracts of the toolkit.
    monkeypatch.setenv("PATH", f"{checked.tools('lint')}:{os.environ['PATH']}:{Path(sys.executable).parent}")
    monkeypatch.setenv("UV", str(Path(sys.executable).parent / "uv"))

    def run_in(folder: Path, *arguments: str) -> tuple[int, str]:
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", ["lint", *arguments])
        return lint.main(), capsys.readouterr().out

    return run_in


@pytest.fixture(scope="session")
def texts_only(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The template without code: all files with answers, and the settings of the checks."""
    without_code = (":!template/src", ":!template/tests", ":!template/requirements", ":!template/tasks")
    return snapshot(tmp_path_factory.mktemp("texts") / "slipway", "copier.yml", "template", *without_code)


@pytest.mark.parametrize(("name", "description"), TEXTS)
def test_names_and_descriptions_of_projects_pass(
    run_lint: Lint, texts_only: Path, tmp_path: Path, name: str, description: str
) -> None:
    project = tmp_path / "my-app"
    answers = {"project_name": name, "project_slug": "my-app", "description": description, "parts": []}
    run_copy(str(texts_only), project, data=answers, defaults=True, quiet=True, vcs_ref="HEAD")
    # The modules of checks.
    (project / "tasks").symlink_to(ROOT / "tasks")
    checks = ("yaml", "markdown", "dotenv", "spelling", "prose")
    code, output = run_lint(project, *(word for check in checks for word in ("--only", check)))
    assert code == 0, output


def test_only_the_given_files_and_folders_are_checked(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write("good.yml", "a: 1\n")
    checked.write("bad.yml", BAD_YAML)
    checked.write("folder/deeper/bad.yml", BAD_YAML)
    assert run_lint(checked.folder, "good.yml", "README.md")[0] == 0
    for path in ("bad.yml", "folder"):
        code, output = run_lint(checked.folder, "--only", "yaml", path)
        assert code == 1
        assert "1 file   FAILED" in output


def test_one_check_is_run_by_its_name(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write("bad.yml", BAD_YAML)
    assert "lint: 1 check of 1 failed: yaml" in run_lint(checked.folder, "--only", "yaml")[1]
    assert run_lint(checked.folder, "--only", "toml", "--only", "markdown")[0] == 0


def test_a_missing_file_is_reported_in_one_line(checked: CheckedProject) -> None:
    done = checked.command("lint", "checks.lint", "nowhere.py")
    assert done.returncode == 1
    assert done.stdout == "No such file or folder: nowhere.py\n"


def test_invalid_project_settings_are_reported_in_one_line(checked: CheckedProject) -> None:
    checked.write("pyproject.toml", "[tool\n")
    done = checked.command("lint", "checks.lint", "README.md")
    assert done.returncode == 1
    assert done.stdout.startswith("pyproject.toml is not valid TOML: ")
    assert "Traceback" not in done.stdout


def test_fixes_are_applied(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write("src/backend/shared/planted.py", '"""Planted."""\n\nimport os\n\nplanted = {"a":1}\n')
    checked.write("planted.toml", "a   = 1\n")
    checked.write("planted.md", "# A\nText.\n")
    checked.write("planted.sh", '#!/bin/sh\nif true; then\n      echo "$1"\nfi\n')
    checked.write("README.md", f"# App\n\nAn app.\n\nIt will {MISSPELT} it.\n")
    arguments = [word for check in FIXED for word in ("--only", check)]
    code, output = run_lint(checked.folder, *arguments)
    assert code == 1
    assert f"{len(FIXED)} checks of {len(FIXED)} failed" in output
    assert run_lint(checked.folder, *arguments, "--fix")[0] == 0
    assert run_lint(checked.folder, *arguments)[0] == 0
    assert (checked.folder / "README.md").read_text().endswith("\nIt will receive it.\n")


def test_fixes_leave_names_data_and_binaries_as_they_are(checked: CheckedProject, run_lint: Lint) -> None:
    checked.add_migration("f3c8c3daa1d7", "SELECT 1", "SELECT 1")
    code, data = "src/backend/shared/planted.py", f"#A   \n{MISSPELT} = 1"
    planted: dict[str | Path, str] = {
        code: f'"""Planted."""\n\n{MISSPELT} = "f3c8c3daa1d7"\n',
        "planted.md": f"# A\n\nSee `{MISSPELT}`, docs/{MISSPELT}.md, {MISSPELT}_all, f3c8c3daa1d7.\n",
        **dict.fromkeys(("tests/fixtures/deep/a.toml", "tests/__snapshots__/a.md", "data.json", "binary.dat"), data),
        MIGRATIONS / "f3c8c3daa1d7.py": (checked.folder / MIGRATIONS / "f3c8c3daa1d7.py").read_text(),
    }
    for path, text in planted.items():
        checked.write(path, text)
    _, output = run_lint(
        checked.folder, "--fix", *(word for check in (*FIXED, "spelling") for word in ("--only", check))
    )
    assert "lint: 1 check of 7 failed: spelling\n" in output
    assert f"{code}:3:1: error: `{MISSPELT}` should be `receive`\n" in output
    assert {path: (checked.folder / path).read_text() for path in planted} == planted


def test_random_ids_are_not_misspelt(checked: CheckedProject, run_lint: Lint) -> None:
    ids = [f'"{sha256(bytes([high, low])).hexdigest()[:12]}",' for high in range(8) for low in range(256)]
    checked.write("planted.py", "\n".join(ids))
    alone = run(checked.tools("lint") / "typos", "--isolated", "planted.py", cwd=checked.folder)
    assert alone.returncode != 0
    assert run_lint(checked.folder, "--only", "spelling", "planted.py")[0] == 0


def test_the_team_does_not_check_files_of_slipway(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write("tasks/planted.py", "import os\n")
    checked.write("tasks/planted.yml", BAD_YAML)
    checked.write("tasks/planted.md", f"# A\nIt will {MISSPELT} it.\n")
    checks = ("rules", "format", "yaml", "markdown", "prose", "tasks")
    code, output = run_lint(checked.folder, "tasks", *(word for check in checks for word in ("--only", check)))
    assert code == 1
    assert "lint: 1 check of 6 failed: tasks\n" in output
    done = run(checked.tools("lint") / "ruff", "check", ".", cwd=checked.folder)
    assert "tasks/planted.py" not in done.stdout


def test_ignored_files_are_not_checked(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write(".data/bad.yml", BAD_YAML)
    checked.write(".env.local", "this is no setting\n")
    assert run_lint(checked.folder, "--only", "yaml", "--only", "dotenv")[0] == 0


def test_without_git_the_same_files_are_found(checked: CheckedProject, monkeypatch: pytest.MonkeyPatch) -> None:
    checked.write(".data/bad.yml", BAD_YAML)
    checked.write(".env.local", "A=1\n")
    monkeypatch.chdir(checked.folder)
    with_git = project_files()
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert "noxfile.py" in with_git
    assert project_files() == with_git


@pytest.mark.parametrize(
    ("command", "output"),
    [
        ("sh -c 'kill -9 $$'", "sh was ended by SIGKILL"),
        ("sh -c 'exit 3'", "sh failed with exit code 3"),
        ("no-such-program", "no-such-program is not installed. There is no wheel of it for this machine: install it"),
        ("sh -c 'echo out; echo err >&2; exit 1'", "out\nerr"),
    ],
)
def test_a_tool_that_does_not_finish_has_failed(command: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    check = Check("planted", "*", command)
    assert output in (findings(check, ["a.txt"], fix=False) or "")
    assert lint.run([check], ["a.txt"], fix=False) == 1
    assert "lint: 1 check of 1 failed: planted" in capsys.readouterr().out


def test_an_invalid_configuration_of_a_tool_is_a_failure(checked: CheckedProject, run_lint: Lint) -> None:
    checked.write(".yamllint.yaml", "rules: [\n")
    code, output = run_lint(checked.folder, "--only", "yaml", "--only", "toml")
    assert code == 1
    assert "invalid config" in output


def test_scripts_are_recognized_by_their_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    scripts = {"a": "#!/bin/sh\n", "b": "#!/usr/bin/env bash\n", "c": "#!/usr/bin/env python3\n", "d": ""}
    for name, text in scripts.items():
        Path(name).write_text(text)
    assert matching([*scripts], "*.sh") == ["a", "b"]


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


def test_broken_contracts_between_folders_are_found(run_lint: Lint, tmp_path: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "tasks", tmp_path / "tasks", ignore=ignored)
    shutil.copytree(ROOT / "template/src/backend", tmp_path / "template/src/backend", ignore=ignored)
    shutil.copy2(ROOT / "pyproject.toml", tmp_path)
    assert run_lint(tmp_path, "--only", "imports")[0] == 0
    (tmp_path / "tasks/core/planted.py").write_text("import tasks.compose\n")
    (tmp_path / "template/src/backend/projects/planted.py").write_text("import auth\n")
    code, output = run_lint(tmp_path, "--only", "imports")
    assert code == 1
    assert "tasks.core.planted -> tasks.compose" in output
    assert "projects.planted -> auth" in output


def test_a_project_has_no_contracts_and_the_template_no_checksums_to_check(
    checked: CheckedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    for folder, missing in ((checked.folder, "imports"), (ROOT, "tasks")):
        monkeypatch.chdir(folder)
        assert [check.name for check in CHECKS if not lint.applies(check)] == [missing]
    monkeypatch.chdir(ROOT / "template")
    assert [check.name for check in CHECKS if not lint.applies(check)] == ["imports", "tasks"]


def test_shipped_checksums_are_current(monkeypatch: pytest.MonkeyPatch) -> None:
    """To update them: nox -s golden."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "argv", ["checksums"])
    assert checksums.main() is None


def test_a_checkout_from_before_gitattributes_is_named_with_a_safe_remedy(tmp_path: Path, run_lint: Lint) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c")
    run("git", "init", "--quiet", cwd=tmp_path)
    (tmp_path / "a.yml").write_bytes(b"---\na: 1\n")
    (tmp_path / ".gitattributes").write_text("* text=auto eol=lf\n")
    (tmp_path / "pyproject.toml").touch()
    run("git", "add", "--all", cwd=tmp_path)
    run("git", *identity, "commit", "--quiet", "-m", "x", cwd=tmp_path)
    (tmp_path / "a.yml").write_bytes(b"---\r\na: 1\r\n")
    (tmp_path / "new.yml").write_bytes(b"---\nb: 1\n")
    code, output = run_lint(tmp_path, "--only", "yaml")
    assert (code, output.splitlines()[-1].endswith(f"committed: {lint.TO_LF}")) == (1, True)
    (tmp_path / "pyproject.toml").write_text("# A change.\n")
    assert run("sh", "-c", lint.TO_LF, cwd=tmp_path).returncode == 1
    assert (tmp_path / "pyproject.toml").read_text() == "# A change.\n"
    (tmp_path / "pyproject.toml").write_text("")
    assert run("sh", "-c", lint.TO_LF, cwd=tmp_path).returncode == 0
    assert run_lint(tmp_path, "--only", "yaml")[0] == 0
    assert {path.name for path in tmp_path.glob("*.yml")} == {"a.yml", "new.yml"}


def test_checksums_are_of_text_with_any_line_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for path in ("tasks/a.py", "tasks/part/b.py"):
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_bytes(b"a = 1\nb = 2\n")
    monkeypatch.setattr(sys, "argv", ["checksums", "--write"])
    assert checksums.main() is None
    monkeypatch.setattr(sys, "argv", ["checksums"])
    Path("tasks/a.py").write_bytes(b"a = 1\r\nb = 2\r\n")
    # A project may lack a part, and a folder with it.
    shutil.rmtree("tasks/part")
    assert checksums.main() is None
    Path("tasks/a.py").write_bytes(b"a = 1\r\n")
    assert (checksums.main() or "").splitlines()[0] == "tasks/a.py: changed"
