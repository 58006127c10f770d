"""The check of Slipway's workflows: each rule finds its fault, and a team's own workflows are left alone."""

from __future__ import annotations

import ast
import inspect
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.checks import workflows
from tasks.checks.workflows import CALL, MAIN, faults
from tasks.core.errors import UserError
from tests.support import ROOT

LINT = "python3 noxfile.py -s lint"
UPDATE = ".github/workflows/update.yml"
ACTION = ".github/actions/set-up/action.yml"
DB_CHECK = "        run: python3 noxfile.py -s db_check\n"
WORKFLOW = """\
on: push
jobs:
  planted:
    runs-on: ubuntu-24.04
    steps:
      - name: Planted
        {step}
"""
SESSION = """

@nox.session(tags=[{tags}])
def planted(session: nox.Session) -> None:
    {docstring}
    session.log("planted")
"""
TEAMS_OWN = """\
on: push
jobs:
  docs:
    runs-on: ubuntu-24.04
    services:
      redis:
        image: redis:8
    steps:
      - uses: actions/checkout@v7
      - run: |
          npm ci
          npm run build
        continue-on-error: true
        shell: bash
"""

# A step of one of Slipway's workflows, and the fault that is found in it.
STEPS = [
    (f"run: |\n          echo planted\n          {LINT}", "planted: not a session call"),
    (f"run: {LINT} || true", "planted: not a session call"),
    (f"run: if true; then {LINT}; fi", "planted: not a session call"),
    (f'run: {LINT} -- "${{{{ github.head_ref }}}}"', "planted: not a session call"),
    ("run: echo ${{ github.head_ref }}", "planted: not a session call"),
    ('run: echo "$(id)" >> "$GITHUB_STEP_SUMMARY"', "planted: not a session call"),
    ("run: python3 noxfile.py -s planted", "planted: noxfile.py has no session planted"),
    ("run: python3 noxfile.py -t planted", "planted: noxfile.py has no tag planted"),
    ("run: python3 planted/noxfile.py -s lint", "planted: planted/noxfile.py does not exist"),
    (f"run: {LINT}\n        continue-on-error: true", "planted: continue-on-error lets a failure pass"),
]
# A change of the workflow, and the fault that is found.
CHANGES: list[tuple[str | Path, str, str, str]] = [
    (MAIN, "-s db_check", "-s db_check -- --planted", "no command is -s db_check, which has the tag check"),
    (MAIN, "-s db_check", "-s lint", "no command is -s db_check, which has the tag check"),
    (MAIN, "-s db_check", "-s dev", "calls dev, which does not have the tag ci"),
    (MAIN, "-s images -- ", "-s lint -- ", "no command is -s images, which has the tag ci"),
    (MAIN, "\n  lint:\n", "\n  lint:\n    continue-on-error: true\n", "lint: continue-on-error lets a failure pass"),
    (MAIN, "-s ci_result", "-s lint", "all: the last job must call ci_result"),
    (MAIN, "\n    if: ${{ always() }}\n", "\n", "all: the last job must run always"),
    (MAIN, "    needs: [lint, ", "    needs: [", "all: the last job must need all others; it lacks lint"),
    (ACTION, "    - name: Get Python\n", "    - run: id\n    - name: Get Python\n", "action: not a session call"),
]
TEXTS = [("jobs: [", "invalid YAML"), ("", "not a workflow"), ("jobs: [1]\n", "not a workflow"), ("planted", "not a")]
SESSIONS = [
    ('"check"', '"""Do nothing."""', "session planted has the tag check, but not ci"),
    ('"check", "ci"', '"""Do nothing."""', "no command is -s planted, which has the tag check"),
    ('"ci"', '"""Do nothing."""', "no command is -s planted, which has the tag ci"),
    ("", "", "noxfile.py: session planted: no docstring"),
]


@pytest.fixture
def project(rendered: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The workflows and sessions of a project, as the current folder."""
    source = rendered("backend")
    shutil.copytree(source / ".github", tmp_path / ".github")
    shutil.copy2(source / "noxfile.py", tmp_path)
    (tmp_path / "tasks").symlink_to(source / "tasks")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.chdir(tmp_path)
    workflows.sessions.cache_clear()
    return tmp_path


def write(path: str | Path, text: str) -> list[str]:
    """Write a workflow; returns its faults."""
    Path(path).write_text(text, encoding="utf-8")
    return faults(Path(path))


def test_faulty_steps_are_found(project: Path) -> None:
    for step, expected in STEPS:
        [found] = write(UPDATE, WORKFLOW.format(step=step))
        assert found.startswith(f"{UPDATE}: {expected}")


def test_a_session_call_and_a_line_of_the_summary_are_no_faults(project: Path) -> None:
    for command in (LINT, f"{LINT} typecheck -- --only yaml", 'echo "Off." >> "$GITHUB_STEP_SUMMARY"'):
        assert write(UPDATE, WORKFLOW.format(step=f"run: {command}")) == []


def test_a_session_of_a_part_is_called_by_that_of_all_parts(project: Path) -> None:
    with (project / "noxfile.py").open("a", encoding="utf-8") as noxfile:
        noxfile.write(SESSION.format(tags='"check", "ci", "part"', docstring='"""Do nothing."""'))
    text = MAIN.read_text(encoding="utf-8")
    assert faults(MAIN) == []
    [found] = write(MAIN, text.replace("-s parts", "-s lint"))
    assert "no command is -s planted, which has the tag check" in found


def test_faulty_changes_are_found(project: Path) -> None:
    for path, old, new, expected in CHANGES:
        text = (project / path).read_text(encoding="utf-8")
        assert faults(Path(path)) == []
        assert old in text
        found = write(path, text.replace(old, new, 1))
        assert f"{path}: {expected}" in "\n".join(found)
        write(path, text)


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_a_file_that_is_no_workflow_is_found(project: Path, text: str, expected: str) -> None:
    [found] = write(UPDATE, text)
    assert found.startswith(f"{UPDATE}: {expected}")


def test_a_missing_main_workflow_is_found(project: Path) -> None:
    MAIN.rename(MAIN.with_suffix(".yaml"))
    assert ".github/workflows/main.yml: missing; restore it" in (workflows.main() or "")


@pytest.mark.parametrize(("tags", "docstring", "expected"), SESSIONS)
def test_faulty_sessions_are_found(project: Path, tags: str, docstring: str, expected: str) -> None:
    with (project / "noxfile.py").open("a", encoding="utf-8") as noxfile:
        noxfile.write(SESSION.format(tags=tags, docstring=docstring))
    assert expected in (workflows.main() or "")


def test_a_noxfile_that_cannot_be_loaded_is_an_error(project: Path) -> None:
    (project / "noxfile.py").write_text("import nox, planted\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"nox cannot load noxfile\.py: .*planted"):
        workflows.main()


def test_a_workflow_of_a_team_is_its_own_affair(project: Path) -> None:
    before = workflows.main()
    (project / ".github/workflows/docs.yml").write_text(TEAMS_OWN, encoding="utf-8")
    (project / ".github/actions/docs").mkdir()
    (project / ".github/actions/docs/action.yml").write_text("runs:\n  using: node24\n", encoding="utf-8")
    assert workflows.main() == before


def test_a_project_without_github_has_no_faults(project: Path) -> None:
    shutil.rmtree(project / ".github")
    assert workflows.main() is None


def test_slipways_workflows_are_those_that_the_template_ships() -> None:
    shipped = {path.relative_to(ROOT / "template") for path in (ROOT / "template/.github").rglob("*.yml")}
    read = {path for path in shipped if path.parts[1] in {"workflows", "actions"}}
    assert {*workflows.OURS} == read


def test_every_rule_has_a_planted_fault() -> None:
    texts = "\n".join(case[-1] for cases in (STEPS, CHANGES, TEXTS, SESSIONS) for case in cases)
    rules = [node.value for node in ast.walk(ast.parse(inspect.getsource(workflows))) if isinstance(node, ast.Yield)]
    assert len(rules) > 8
    for rule in rules:
        constants = [node.value for node in ast.walk(rule) if isinstance(node, ast.Constant)] if rule else []
        assert any(str(each).strip()[:18] in texts for each in constants if len(str(each)) >= 8), constants


def test_calls_are_recognized() -> None:
    call = CALL.fullmatch("python3 template/noxfile.py -t check -j auto -- --only yaml a/b.py")
    assert call
    assert (call["noxfile"], call["kind"], call["names"]) == ("template/noxfile.py", "t", "check")
    assert call["arguments"] == "--only yaml a/b.py"
    assert CALL.fullmatch(f"{LINT} --") is None
