"""What READMEs say is so: their commands run, here or in a test that is named, and their paths lead somewhere."""

from __future__ import annotations

import ast
import fnmatch
import os
import re
import shlex
import shutil
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
from tests.support import ROOT, commit, nox, snapshot
from tests.test_consistency import sessions
from tests.test_questionnaire import QUESTIONS
from toolkit.application import environment
from toolkit.git import git

README, CONTRIBUTING, PROJECT = "README.md", "CONTRIBUTING.md", "template/README.md"
PAGES = (README, CONTRIBUTING, PROJECT, "template/AGENTS.md", "tasks/README.md")
FENCE = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
TABLE_COMMAND = re.compile(r"\| `(nox [^`]+)` \|")
CODE = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\((?!https?:)([^)#]+)\)")
# The beginnings by which a command of ours is known, in prose too.
OURS = re.compile(r"(?:nox|python3 noxfile\.py|uv run noxfile\.py)? ?(-[st] .+)")

# What the README says of parts that do not exist yet.
KEPT = re.compile(r"^Places kept for parts that do not exist yet:.*?\.$", re.MULTILINE | re.DOTALL)

# What CI runs itself, with its step.
CI = {
    "python3 noxfile.py -s demo": "python3 noxfile.py -s demo",
    "python3 noxfile.py -s test": "python3 noxfile.py -s test",
    "python3 noxfile.py -t check": "python3 noxfile.py -t check",
    "python3 noxfile.py -s matrix": "python3 noxfile.py -s matrix",
    "cd template && python3 noxfile.py -t check -j auto": "python3 template/noxfile.py -t check -j auto",
}

# What the README's newcomer does; see the test of that name.
NEWCOMER = {
    "python3 noxfile.py -s new -- ../my-app",
    "cd ../my-app && python3 noxfile.py -s dev",
    'copier copy "$PWD" ../my-app',
    "python3 noxfile.py -s dev",
    "uvx copier update",
}

CHECK = "tests/tasks/checks/test_faults.py::test_without_a_fault_the_check_passes"
STACK = "tests/test_stack_proof.py"
CONTAINERS = f"{STACK}::test_data_and_sessions_survive_down_and_up_and_a_killed_store"

# What another function runs that is named here: it needs containers, or a server, or is long.
TESTED = {
    "cd template && python3 noxfile.py -s dev": "tests/test_readme.py::test_the_template_runs_as_it_lies",
    "python3 noxfile.py -t check -j auto": "toolkit/matrix.py::check",
    "nox -t check -j auto": "toolkit/matrix.py::check",
    "nox -s dev": "toolkit/application.py::start",
    "nox -s typecheck": CHECK,
    "nox -s test": CHECK,
    "nox -s db_check": CHECK,
    "nox -s security": CHECK,
    "nox -s e2e -- http://127.0.0.1:8000": "tests/tasks/checks/test_e2e.py::test_pass_against_dev_with_existing_data",
    "nox -s config -- development": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s config -- staging": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s config -- production": "tests/tasks/settings/test_settings.py::test_the_session_shows_each_environment",
    "nox -s devcontainer": "tests/tasks/editor/test_devcontainer.py::work",
    "python3 noxfile.py -s stack -- up": CONTAINERS,
    "nox -s stack -- up": CONTAINERS,
    "nox -s stack -- watch": f"{STACK}::watched",
    "nox -s stack -- status": f"{STACK}::test_the_session_shows_the_state_and_readable_logs",
    "nox -s stack -- down": CONTAINERS,
    "nox -s images": f"{STACK}::test_the_images_pass_their_own_checks",
    "nox -s stack -- up --debug": "tests/test_editor_compose.py::stack",
}

# The sessions of a project's README, as they are run here, and what each must say.
SESSIONS = {
    "nox -s setup": ".env.local",
    "nox -s editor": ".venv has what editors need",
    "nox -s doctor": "Python",
    "nox -s lint -- --fix": "",
    'nox -s migration -- "add colour to projects"': "",
    "nox -s migrate": "",
    "nox -s db -- shell": "",
    "nox -s lock": "",
}


def text(page: str) -> str:
    """The page as it lies."""
    return (ROOT / page).read_text(encoding="utf-8")


def fences(page: str) -> list[str]:
    """The shell commands of the page, block by block, without comments."""
    return [re.sub(r" +#.*$", "", block, flags=re.MULTILINE) for block in FENCE.findall(text(page))]


def commands(page: str) -> list[str]:
    """Each command in fences, after the `cd` that it needs, and each in tables of sessions."""
    found: list[str] = []
    for block in fences(page):
        place = ""
        for line in block.splitlines():
            place = f"{line} && " if line.startswith("cd ") else place
            found += [] if line.startswith("cd ") else [place + line]
    return found + TABLE_COMMAND.findall(text(page))


@pytest.mark.parametrize("page", [README, CONTRIBUTING, PROJECT])
def test_every_command_is_run_somewhere(page: str) -> None:
    listed = commands(page)
    assert listed
    assert set(listed) - {*CI, *NEWCOMER, *TESTED, *SESSIONS} == set()


def test_nothing_is_said_to_be_run_that_no_readme_has() -> None:
    listed = {command for page in (README, CONTRIBUTING, PROJECT) for command in commands(page)}
    assert {*CI, *NEWCOMER, *TESTED, *SESSIONS} - listed == set()


@pytest.mark.parametrize("step", CI.values())
def test_ci_runs_the_command(step: str) -> None:
    assert f"step {step}\n" in text(".ci/run")


@pytest.mark.parametrize(("command", "place"), TESTED.items())
def test_the_function_that_is_named_runs_the_command(command: str, place: str) -> None:
    assert missing_words(command, place) == set()


def test_a_function_that_runs_something_else_is_caught() -> None:
    assert missing_words("nox -s stack -- sideways", TESTED["nox -s stack -- up"]) == {"sideways"}
    with pytest.raises(StopIteration):
        missing_words("nox -s stack -- up", f"{STACK}::test_of_old")


def missing_words(command: str, place: str) -> set[str]:
    """The words of a command, but for its address and what begins it, that a function does not have in quotes."""
    path, _, name = place.partition("::")
    tree = ast.parse(text(path))
    function = next(each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and each.name == name)
    quoted = [str(each.value) for each in ast.walk(function) if isinstance(each, ast.Constant)]
    known = {word for each in quoted for word in re.split(r"[\s.]", each)} | {function.name}
    wanted = {word for word in shlex.split(command) if "://" not in word}
    return wanted - known - {"nox", "python3", "noxfile.py", "-s", "--"}


@pytest.mark.parametrize("command", SESSIONS)
def test_a_session_of_the_readme_works_in_a_fresh_project(project: Path, command: str) -> None:
    done = nox(project, *shlex.split(command)[1:])
    assert done.returncode == 0, done.stdout
    assert SESSIONS[command] in done.stdout


def test_a_newcomer_makes_runs_and_updates_projects_as_the_readmes_say(checkout: Path) -> None:
    _, make, run_it, copy = fences(README)
    project = checkout.parent / "my-app"
    typed(make, checkout)
    served(run_it, checkout, project)
    publish(checkout, "first")
    typed(fences(PROJECT)[-1], project)
    assert (project / "tasks" / "first.py").is_file()
    shutil.rmtree(project)
    typed(copy, checkout)
    git(project, "init", "--quiet")
    commit(project)
    publish(checkout, "second")
    typed(inline("copier update"), project)
    assert (project / "tasks" / "second.py").is_file()


def test_the_template_runs_as_it_lies(tmp_path: Path) -> None:
    checkout = snapshot(tmp_path / "slipway")
    served("cd template && python3 noxfile.py -s dev", checkout, checkout / "template")


def inline(command: str) -> str:
    """A command that the README has in its prose."""
    assert f"`{command}`" in text(README)
    return command


def publish(checkout: Path, name: str) -> None:
    """Bring out a new version of the template."""
    (checkout / "tasks" / f"{name}.py").write_text('"""New upstream."""\n')
    commit(checkout)


def shell(command: str) -> list[str]:
    """The command as a shell reads it; `python3` and what Python programs there are come from this environment."""
    return ["env", f"PATH={Path(sys.executable).parent}:{os.environ['PATH']}", "sh", "-ec", command]


def typed(command: str, folder: Path) -> None:
    """Run it on a terminal, and take the default of every question."""
    with closing(OnTerminal(shell(command), folder)) as asked:
        for question in QUESTIONS:
            asked.await_text(question)
            asked.press(ENTER)
        assert asked.end() == 0, asked.shown


def served(command: str, folder: Path, project: Path) -> None:
    """Run it until the application has started, and end it with Ctrl-C."""
    log = folder.parent / "served.log"
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
    """Return when there is such a file."""
    deadline = time.monotonic() + 300
    while not path.exists():
        assert time.monotonic() < deadline, log.read_text()
        assert running.poll() is None, log.read_text()
        time.sleep(0.05)


@cache
def known_sessions(place: str) -> dict[str, str | None]:
    """The sessions that can be run in a folder, with what they say of themselves."""
    return sessions(ROOT / place)


def folder_of(page: str) -> str:
    """Where the page's commands are run: what is in `template/` and `tasks/` is for projects."""
    return "." if page in {README, CONTRIBUTING} else "template"


def unknown(page: str, command: str) -> list[str]:
    """The words of a command of ours that no session answers to: its own name, its first word, its options."""
    kind, name, *arguments = shlex.split(command)
    listed = known_sessions(folder_of(page)) | known_sessions("template")
    if kind == "-t":
        return [] if f'"{name}"' in session_sources() else [name]
    if name not in listed:
        return [name]
    first = [word for word in arguments[1:2] if re.fullmatch("[a-z]+", word)]
    options = [word for word in arguments[1:] if word.startswith("--")]
    return [word for word in first + options if not answers(name, word)]


def session_sources() -> str:
    """The modules that register sessions, one after the other."""
    modules = [*(ROOT / "tasks" / "sessions").glob("*.py"), ROOT / "noxfile.py"]
    return "\n".join(path.read_text(encoding="utf-8") for path in modules)


def answers(session: str, word: str) -> bool:
    """Whether what the session runs knows the word: it is in quotes in one of the modules behind it."""
    body = re.search(rf"def {session}\(.*?(?=\n@|\ndef |\Z)", session_sources(), re.DOTALL)
    assert body is not None
    modules = [name.replace(".", "/") for name in re.findall(r'"((?:tasks|toolkit)\.\w+)"', body[0])]
    files = [path for name in modules for path in (ROOT / f"{name}.py", *(ROOT / name).rglob("*.py")) if path.is_file()]
    known = [*(path.read_text(encoding="utf-8") for path in files), body[0]]
    return any(re.search(rf"[\"' ]{word}[\"', )]", each) for each in known)


@pytest.mark.parametrize("page", PAGES)
def test_every_session_that_is_named_exists_with_its_words(page: str) -> None:
    found = [match[1] for span in CODE.findall(text(page)) if (match := OURS.fullmatch(span))]
    assert {command: words for command in found if (words := unknown(page, command))} == {}


def test_a_session_or_a_word_that_is_made_up_is_caught() -> None:
    assert unknown(PROJECT, "-s fly") == ["fly"]
    assert unknown(PROJECT, "-t fly") == ["fly"]
    assert unknown(PROJECT, "-s stack -- fly --high") == ["fly", "--high"]
    assert unknown(README, "-s demo -- --keep DIR") == []


@cache
def tree(place: str) -> list[str]:
    """The files and folders that git has there, or will have; folders end with a slash."""
    listed = git(ROOT, "ls-files", "--cached", "--others", "--exclude-standard", "--", *places(place)).splitlines()
    files = [name for name in listed if (ROOT / name).exists()]
    folders = {f"{parent.as_posix()}/" for name in files for parent in Path(name).parents}
    return [*files, *folders, *((ROOT / "template/.gitignore").read_text().split())]


def places(place: str) -> list[str]:
    """The folders that pages of this folder are about."""
    return ["template", "tasks"] if place == "template" else ["."]


def is_path(span: str) -> bool:
    """Whether what stands in a code span is the name of a file or a folder of ours."""
    return bool(re.fullmatch(r"(?!/)[\w.*<>{},/-]+(/|\.(py|ya?ml|md|toml|txt|env|example|local|jinja))", span))


def paths(markdown: str) -> list[str]:
    """The names of files and folders in the code spans of a text."""
    return [word for span in CODE.findall(markdown) for word in span.split() if is_path(word)]


def alternatives(path: str) -> list[str]:
    """The path as patterns: each of `{a,b}`, and anything in the place of `<job>` or NNNN-title."""
    path = re.sub(r"<\w+>|NNNN-title", "*", path)
    if found := re.search(r"\{(.+?)\}", path):
        return [path.replace(found[0], each) for each in found[1].split(",")]
    return [path]


def lost(page: str, names: list[str]) -> list[str]:
    """The names that lead to nothing, from the page's folder or further down."""
    listed = tree(folder_of(page))
    wanted = [each for name in names for each in alternatives(name)]
    return [each for each in wanted if not fnmatch.filter(listed, each) + fnmatch.filter(listed, f"*/{each}")]


@pytest.mark.parametrize("page", PAGES)
def test_every_path_that_is_named_exists(page: str) -> None:
    assert lost(page, paths(KEPT.sub("", text(page)))) == []


def test_places_that_are_kept_for_later_are_empty() -> None:
    kept = paths("".join(KEPT.findall(text(README))))
    assert kept
    assert set(lost(README, kept)) == {each for name in kept for each in alternatives(name)}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_to_a_file(page: str) -> None:
    folder = (ROOT / page).parent
    assert [link for link in LINK.findall(text(page)) if not (folder / link).exists()] == []


def test_a_path_that_does_not_exist_is_caught() -> None:
    assert lost(PROJECT, ["tests/auth/test_endpoints.py", "tests/", "environments/*.env"]) == [
        "tests/auth/test_endpoints.py"
    ]
    assert lost(README, ["docs/decisions/NNNN-title.md", "docs/{decisions,nowhere}/"]) == ["docs/nowhere/"]
