"""READMEs: every command is run by a test, every session, option, path and link exists."""

from __future__ import annotations

import ast
import fnmatch
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from contextlib import closing
from functools import cache
from pathlib import Path

import pytest

from tasks.project.data_folder import FOLDER, DataFolder
from tests.on_terminal import ENTER, OnTerminal
from tests.support import ROOT, commit, copy_cluster, nox, run, share_environments, share_packages
from tests.test_consistency import sessions
from tests.test_questionnaire import QUESTIONS
from tests.test_render import COPY
from toolkit.application import environment
from toolkit.git import git

README, CONTRIBUTING, PROJECT = "README.md", "CONTRIBUTING.md", "template/README.md"
OF_PARTS = ("template/src/frontend/README.md", "template/infra/monitoring/README.md")
PAGES = (README, CONTRIBUTING, PROJECT, "template/AGENTS.md", *OF_PARTS, "tasks/README.md")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLE_COMMAND = re.compile(r"\| `(nox [^`]+)` *\|")
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
# A call of a session, in prose too.
OURS = re.compile(r"(?:nox|python3 noxfile\.py|uv run noxfile\.py)? ?(-[st] .+)")

# Folders of parts that do not exist yet.
RESERVED = re.compile(r"^Reserved for later parts:.*?\.$", re.MULTILINE | re.DOTALL)

# Commands that CI runs, with its step.
CI = {
    "python3 noxfile.py -s demo": "python3 noxfile.py -s demo",
    "python3 noxfile.py -s test": "python3 noxfile.py -s test",
    "python3 noxfile.py -t check": "python3 noxfile.py -t check",
    "cd template && python3 noxfile.py -t check -j auto": "python3 template/noxfile.py -t check -j auto",
    "nox -s e2e -- --browser chromium": "python3 template/noxfile.py -s e2e -- --browser chromium",
}

# Commands that only the workflow of GitHub runs.
WORKFLOW = {"python3 noxfile.py -s matrix"}

# Commands that test_newcomer_creates_runs_and_updates_a_project runs.
NEWCOMER = {
    "python3 noxfile.py -s new -- ../my-app",
    "cd ../my-app && python3 noxfile.py -s dev",
    "python3 noxfile.py -s dev",
    "python3 noxfile.py -s update",
}

CHECK = "tests/tasks/checks/test_faults.py::test_without_a_fault_the_check_passes"
EDITOR = "tests/test_editor_environment.py::test_the_session_sets_up_the_project_and_creates_the_environment"
MONITORING = "tests/tasks/monitoring/test_monitoring.py"
STACK = "tests/test_stack_proof.py"
ROTATION = f"{STACK}::test_rotations_with_two_instances_fail_no_request_and_sign_nobody_out"
CONTAINERS = f"{STACK}::test_data_and_sessions_survive_down_and_up_and_a_killed_store"

# Commands that another function runs: they need containers or a server, or are slow.
TESTED = {
    "cd template && python3 noxfile.py -s dev": "tests/test_readme.py::test_template_runs_in_place",
    "python3 noxfile.py -t check -j auto": "toolkit/matrix.py::check",
    "nox -t check -j auto": "toolkit/matrix.py::check",
    "nox -s update": "tests/test_update.py::test_unedited_project_becomes_a_fresh_copy",
    "nox -s dev": "toolkit/application.py::start",
    "nox -s typecheck": CHECK,
    "nox -s test": CHECK,
    "nox -s db_check": CHECK,
    "nox -s security": CHECK,
    "nox -s parts": "tests/tasks/frontend/test_frontend.py::test_each_check_finds_its_fault",
    "nox -s frontend": "tests/tasks/frontend/test_frontend.py::test_a_renamed_field_fails_the_types_where_it_is_used",
    "nox -s screenshots": "toolkit/screenshots.py::main",
    "nox -s monitoring": f"{MONITORING}::test_each_check_finds_its_fault",
    "nox -s monitoring -- --fix": f"{MONITORING}::test_each_check_finds_its_fault",
    "nox -s e2e -- http://127.0.0.1:8000": "tests/tasks/checks/test_e2e.py::test_pass_against_dev_with_existing_data",
    "nox -s config -- development": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s config -- staging": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s config -- production": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s migration -- --merge": "tests/tasks/database/test_migrations.py::test_a_merge_revision_joins_branches",
    "nox -s editor": EDITOR,
    "nox -s devcontainer": "tests/tasks/editor/test_devcontainer.py::work",
    "python3 noxfile.py -s stack -- up": CONTAINERS,
    "nox -s stack -- up": CONTAINERS,
    "nox -s stack -- watch": f"{STACK}::watched",
    "nox -s stack -- status": f"{STACK}::test_the_session_shows_the_state_and_readable_logs",
    "nox -s stack -- down": CONTAINERS,
    "nox -s stack -- up --monitoring": "tests/test_monitoring_stack.py::stack",
    "nox -s images": f"{STACK}::test_the_images_pass_their_own_checks",
    "nox -s stack -- up --debug": "tests/test_editor_compose.py::stack",
    "nox -s rotate -- signing-key": ROTATION,
    "nox -s rotate -- signing-key --stack": ROTATION,
    "nox -s rotate -- database-password --stack": ROTATION,
}

# Commands of the tutorial, which tests/test_docs.py follows.
TUTORIAL = {"nox -s client", 'nox -s migration -- "add colour to projects"', "nox -s migrate"}

# Sessions of a project's README in the order of the test that runs them, each with a part of its output.
SESSIONS = {
    "nox -s setup": ".env.local",
    "nox -s doctor": "Python",
    "nox -s db -- shell": "",
    "nox -s db -- seed": "Log in as ",
    "nox -s jobs": "No dead letters.",
    "nox -s lint -- --fix": "",
    "nox -s lock": "requirements/backend.txt: unchanged",
}
ALL = {*CI, *WORKFLOW, *NEWCOMER, *TESTED, *TUTORIAL, *SESSIONS, COPY}


def text(page: str) -> str:
    """The content of the page."""
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: str) -> list[str]:
    """The shell commands of the page, block by block, without comments."""
    return [re.sub(r" +#.*$", "", block, flags=re.MULTILINE) for block in FENCE.findall(text(page))]


def commands(page: str) -> list[str]:
    """Each command of the fences, with the `cd` before it, and of the tables of sessions."""
    found: list[str] = []
    for block in fences(page):
        place = ""
        for line in block.splitlines():
            place = f"{line} && " if line.startswith("cd ") else place
            found += [] if line.startswith("cd ") else [place + line]
    return found + TABLE_COMMAND.findall(text(page))


@pytest.mark.parametrize("page", [README, CONTRIBUTING, PROJECT, *OF_PARTS])
def test_every_command_is_run_by_a_test(page: str) -> None:
    listed = commands(page)
    assert listed
    assert set(listed) - ALL == set()


def test_every_listed_command_is_in_a_readme() -> None:
    listed = {command for page in (README, CONTRIBUTING, PROJECT, *OF_PARTS) for command in commands(page)}
    assert ALL - listed == set()


def test_the_tutorial_runs_the_commands() -> None:
    assert set(commands("docs/tutorial.md")) >= TUTORIAL


@pytest.mark.parametrize("step", CI.values())
def test_ci_runs_the_step(step: str) -> None:
    assert re.search(rf"^step {re.escape(step)}( -- [\w ]+)?$", text(".ci/run"), re.MULTILINE)


@pytest.mark.parametrize("command", WORKFLOW)
def test_the_workflow_runs_the_command(command: str) -> None:
    assert f"        run: {command}\n" in text(".github/workflows/main.yml")


@pytest.mark.parametrize(("command", "place"), TESTED.items())
def test_named_function_runs_the_command(command: str, place: str) -> None:
    assert missing_arguments(command, place) == set()


def test_function_that_runs_another_command_is_found() -> None:
    assert missing_arguments("nox -s stack -- sideways", TESTED["nox -s stack -- up"]) == {"sideways"}
    with pytest.raises(StopIteration):
        missing_arguments("nox -s stack -- up", f"{STACK}::test_of_old")


def missing_arguments(command: str, place: str) -> set[str]:
    """The arguments of a command, without URLs, that are not string constants of the function or its parameters."""
    path, _, name = place.partition("::")
    tree = ast.parse(text(path))
    function = next(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == name)
    used = {
        each.id for decorator in function.decorator_list for each in ast.walk(decorator) if isinstance(each, ast.Name)
    }
    tables = [
        each.value for each in tree.body if isinstance(each, ast.Assign) and used & {*map(ast.unparse, each.targets)}
    ]
    quoted = [
        str(each.value) for root in (function, *tables) for each in ast.walk(root) if isinstance(each, ast.Constant)
    ]
    known = {part for each in quoted for part in re.split(r"[\s.]", each)} | {function.name}
    wanted = {part for part in shlex.split(command) if "://" not in part}
    return wanted - known - {"nox", "python3", "noxfile.py", "-s", "--"}


@pytest.mark.slow
def test_sessions_of_the_readme_work_in_a_fresh_project(project: Path) -> None:
    keep_one_lock(project / "pyproject.toml")
    for command, output in SESSIONS.items():
        done = nox(project, *shlex.split(command)[1:])
        assert done.returncode == 0, done.stdout
        assert output in done.stdout, command


def keep_one_lock(pyproject: Path) -> None:
    """Leave one lock in the table, since `lint` and `lock` resolve each."""
    table = re.compile(r"(\[tool\.slipway\.locks\]\nbackend = .+\n)(?:\S.* = .*\n)+")
    text, found = table.subn(r"\1", pyproject.read_text(encoding="utf-8"))
    assert found
    pyproject.write_text(text, encoding="utf-8")


@pytest.mark.slow
def test_newcomer_creates_runs_and_updates_a_project(checkout: Path, environments: Path) -> None:
    _, make, run_it, _ = fences(README)
    project = checkout.parent / "my-app"
    share_environments(checkout, environments, ["new"])
    answer_questions(make, checkout)
    share_environments(project, environments, ["dev"])
    share_packages(project, environments)
    start_and_stop(run_it, checkout, project)
    (checkout / "tasks" / "fresh.py").write_text('"""New upstream."""\n')
    commit(checkout)
    done = run(*shell(fences(PROJECT)[-1]), cwd=project)
    assert done.returncode == 0, done.stdout
    assert (project / "tasks" / "fresh.py").is_file()


@pytest.mark.slow
def test_template_runs_in_place(checkout: Path, environments: Path, cluster: Path) -> None:
    copy_cluster(cluster, checkout / "template")
    share_environments(checkout / "template", environments, ["dev"])
    share_packages(checkout / "template", environments)
    start_and_stop("cd template && python3 noxfile.py -s dev", checkout, checkout / "template")


def shell(command: str) -> list[str]:
    """The command in a shell whose Python programs are those of this environment."""
    return ["env", f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}", "sh", "-ec", command]


def answer_questions(command: str, folder: Path) -> None:
    """Run it in a terminal and accept the default of every question."""
    with closing(OnTerminal(shell(command), folder)) as asked:
        for question in QUESTIONS:
            asked.await_text(question)
            asked.press(ENTER)
        assert asked.end() == 0, asked.shown


def start_and_stop(command: str, folder: Path, project: Path) -> None:
    """Run it until the application has started, then stop it with Ctrl-C."""
    log = folder.parent / "output.log"
    with log.open("wb") as output:
        running = subprocess.Popen(
            shell(command), cwd=folder, env=environment(), stdout=output, stderr=output, start_new_session=True
        )
    try:
        await_file(project / FOLDER / "dev.json", running, log)
    finally:
        os.killpg(running.pid, signal.SIGINT)
        running.wait(60)
    assert not DataFolder(project / FOLDER).is_owned()


def await_file(path: Path, running: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the file exists."""
    deadline = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < deadline, log.read_text()
        assert running.poll() is None, log.read_text()
        time.sleep(0.05)


@cache
def known_sessions(place: str) -> dict[str, str | None]:
    """The sessions of a folder with their docstrings."""
    return sessions(ROOT / place)


def folder_of(page: str) -> str:
    """The folder of the page's commands: pages in `template/` and `tasks/` are for projects."""
    return "." if page in {README, CONTRIBUTING} else "template"


def unknown(page: str, command: str) -> list[str]:
    """The unknown parts of a session call: its name, its first argument, its options."""
    kind, name, *arguments = shlex.split(command)
    listed = known_sessions(folder_of(page)) | known_sessions("template")
    if kind == "-t":
        return [] if f'"{name}"' in session_sources() else [name]
    if name not in listed:
        return [name]
    first = [each for each in arguments[1:2] if re.fullmatch("[a-z]+", each)]
    options = [each for each in arguments[1:] if each.startswith("--")]
    return [each for each in first + options if not accepts(name, each)]


def session_sources() -> str:
    """The source of all modules that register sessions."""
    modules = [
        *(ROOT / "tasks" / "sessions").glob("*.py"),
        *(ROOT / "tasks").glob("*/sessions.py"),
        ROOT / "noxfile.py",
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in modules)


def accepts(session: str, argument: str) -> bool:
    """Whether a module that the session runs has the argument as a string."""
    body = re.search(rf"def {session}\(.*?(?=\n@|\ndef |\Z)", session_sources(), re.DOTALL)
    assert body is not None
    # Such as "toolkit.new", and "tasks", "checks.lint".
    called = re.findall(r'"(tasks|toolkit)(?:\.|", ")([\w.]+)"', body[0])
    modules = ["/".join(parts).replace(".", "/") for parts in called]
    files = [path for name in modules for path in (ROOT / f"{name}.py", *(ROOT / name).rglob("*.py")) if path.is_file()]
    known = [*(path.read_text(encoding="utf-8") for path in files), body[0]]
    return any(re.search(rf"[\"' ]{argument}[\"', )]", each) for each in known)


@pytest.mark.parametrize("page", PAGES)
def test_every_session_exists_with_its_arguments(page: str) -> None:
    found = [match[1] for span in CODE.findall(text(page)) if (match := OURS.fullmatch(span))]
    assert {command: parts for command in found if (parts := unknown(page, command))} == {}


def test_unknown_session_or_argument_is_found() -> None:
    assert unknown(PROJECT, "-s fly") == ["fly"]
    assert unknown(PROJECT, "-t fly") == ["fly"]
    assert unknown(PROJECT, "-s stack -- fly --high") == ["fly", "--high"]
    assert unknown(README, "-s demo -- --keep DIR") == []


@cache
def tree(place: str) -> list[str]:
    """The files and folders that are not ignored; folders end with a slash."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *places(place)).splitlines()
    files = [name for name in listed if (ROOT / name).exists()]
    folders = {f"{parent.as_posix()}/" for name in files for parent in Path(name).parents}
    return [*files, *folders, *((ROOT / "template/.gitignore").read_text().split())]


def places(place: str) -> list[str]:
    """The folders that pages of this folder describe."""
    return ["template", "tasks"] if place == "template" else ["."]


def is_path(span: str) -> bool:
    """Whether the text of a code span is a path of ours."""
    return bool(re.fullmatch(r"(?!/)[\w.*<>{},/-]+(/|\.(py|ya?ml|md|toml|txt|env|example|local|jinja))", span))


def paths(markdown: str) -> list[str]:
    """The paths in the code spans of a text."""
    return [each for span in CODE.findall(markdown) for each in span.split() if is_path(each)]


def alternatives(path: str) -> list[str]:
    """The path as patterns: each of `{a,b}`, and anything for `<module>` or NNNN-title."""
    path = re.sub(r"<\w+>|NNNN-title", "*", path)
    if found := re.search(r"\{(.+?)\}", path):
        return [path.replace(found[0], each) for each in found[1].split(",")]
    return [path]


def missing(page: str, names: list[str]) -> list[str]:
    """The paths that do not exist in the page's folder or below."""
    listed = tree(folder_of(page))
    wanted = [each for name in names for each in alternatives(name)]
    return [each for each in wanted if not fnmatch.filter(listed, each) + fnmatch.filter(listed, f"*/{each}")]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    assert missing(page, paths(RESERVED.sub("", text(page)))) == []


def test_reserved_folders_do_not_exist() -> None:
    reserved = paths("".join(RESERVED.findall(text(README))))
    assert reserved
    assert set(missing(README, reserved)) == {each for name in reserved for each in alternatives(name)}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_target_exists(page: str) -> None:
    folder = (ROOT / page).parent
    assert [link for link in LINK.findall(text(page)) if not (folder / link).exists()] == []


def test_missing_path_is_found() -> None:
    assert missing(PROJECT, ["tests/auth/test_endpoints.py", "tests/", "environments/*.env"]) == [
        "tests/auth/test_endpoints.py"
    ]
    assert missing(README, ["docs/decisions/NNNN-title.md", "docs/{decisions,nowhere}/"]) == ["docs/nowhere/"]
