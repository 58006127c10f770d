"""The pages of docs/: each change is applied and each command executed, in a project and in a copy of Slipway."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tasks.core.ports import Ports
from tasks.database.migrations.runner import scratch_database
from tasks.project.data_folder import FOLDER, DataFolder
from tasks.servers import Servers
from tests.support import ROOT, run, share_environments, share_packages, snapshot
from tests.tasks.requirements import curl, engine
from toolkit import reference
from toolkit.git import git

DOCS = ROOT / "docs"
TUTORIAL = "tutorial.md"
PAGES = ("setting", "service", "container", "job", "page", "session", "database-extension")
PROJECT_PAGES = [*(f"how-to/add-a-{name}.md" for name in PAGES), "how-to/add-an-alert.md"]
TOOLKIT_PAGES = [f"how-to/add-a-{name}.md" for name in ("question", "check")]

FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHANGE = re.compile(r"\b(Create|Append to|Change)\s+`([^`]+)`")
HUNK = re.compile(r"^@@.*\n", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?:)([^)]+)\)")
# In the pages' job for GitHub: the pin of the other jobs, which a page would only repeat.
PIN = "<commit> # <version>"

GATEWAY = "http://127.0.0.1:8000"
# Commands that take minutes, and the part of them that can fail because of what the pages change.
QUESTION_TESTS = "python3 noxfile.py -s test -- tests/test_answers.py tests/test_questionnaire.py tests/test_render.py"
JOB_TESTS = "nox -s test -- tests/worker tests/auth/test_sessions.py tests/shared/database/test_roles.py"
SHORTENED = {
    # Without tests that kill workers and export many events.
    JOB_TESTS: JOB_TESTS.replace("tests/worker", "tests/worker/test_registry.py tests/worker/test_users.py"),
    "nox -t check -j auto": "nox -s db_check",
    # Without tests of other answers and of whole projects without this answer.
    QUESTION_TESTS: f"{QUESTION_TESTS} -k 'question or defaults or support_url or everything or readme'",
}
# Without coverage, which takes longer than the tests.
ALL_TESTS = "nox -s test -- --numprocesses=auto"
# Random requests of the operation that a page adds, before the project's checks send some of every one.
TESTS_OF_THE_API = "tests/integration/test_api.py"
ALL, ONLY_NOTICES = "from_dict(document)\n", 'from_dict(document).include(path="/api/notices")\n'
# Commands that start servers of their own, unless they are given some, which saves seconds.
TEMPORARY = ("nox -s test", "nox -s db_check", "nox -s migration")
TIMEOUT_SECONDS = 180


@dataclass
class Step:
    """A fenced block: a shell command with its output, if the page shows it, or the change of a file."""

    language: str
    text: str
    action: str = ""
    path: str = ""
    output: str = ""


def steps(markdown: str) -> list[Step]:
    """The fenced blocks of a page, each with the action and file that the paragraph before it names."""
    found: list[Step] = []
    end = 0
    for fence in FENCE.finditer(markdown):
        paragraph = markdown[end : fence.start()].rstrip().rpartition("\n\n")[2]
        named = CHANGE.findall(paragraph)
        end = fence.end()
        if fence[1] == "text":
            found[-1].output = fence[2]
        elif fence[1] == "sh":
            found.append(Step("sh", fence[2]))
        else:
            assert named, f"no paragraph names the file of this block:\n{fence[2]}"
            found.append(Step(fence[1], fence[2], *named[-1]))
    return found


def read(page: str) -> list[Step]:
    """The steps of a page of docs/."""
    return steps((DOCS / page).read_text(encoding="utf-8"))


def in_containers(page: list[Step]) -> list[Step]:
    """The commands that need the Docker Engine: those from `stack -- up` to `stack -- down`, or to the end."""
    found: list[Step] = []
    runs = False
    for step in page:
        runs = runs or "-s stack -- up" in step.text
        if runs and step.language == "sh":
            found.append(step)
        runs = runs and "-s stack -- down" not in step.text
    return found


def apply(step: Step, folder: Path) -> None:
    """Change the file as the page describes."""
    path = folder / step.path
    text = step.text.replace(PIN, pin(folder)) if PIN in step.text else step.text
    if step.action == "Create":
        assert not path.exists(), f"{path} exists"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    old = path.read_text(encoding="utf-8")
    blank_lines = "\n\n" if path.suffix == ".py" else ""
    new = f"{old}{blank_lines}{text}" if step.action == "Append to" else patched(old, text)
    path.write_text(new, encoding="utf-8")


def patched(text: str, diff: str) -> str:
    """The text with each hunk applied, whose old lines have to occur once."""
    for hunk in filter(None, HUNK.split(diff)):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] or line for line in lines if line[0] in " -\n")
        new = "".join(line[1:] or line for line in lines if line[0] in " +\n")
        assert text.count(old) == 1, f"{text.count(old)} times in the file:\n{old}"
        text = text.replace(old, new)
    return text


def replace(file: Path, old: str, new: str) -> None:
    """Replace what occurs once in a file."""
    text = file.read_text(encoding="utf-8")
    assert text.count(old) == 1, f"{text.count(old)} times in {file}: {old}"
    file.write_text(text.replace(old, new), encoding="utf-8")


def pin(folder: Path) -> str:
    """The commit and version of the checkout action in the project's workflows."""
    found = re.search(r"actions/checkout@(.+)", (folder / ".github/workflows/main.yml").read_text(encoding="utf-8"))
    assert found is not None
    return found[1]


def shows(output: str, expected: str) -> bool:
    """Whether the output has each expected line; … stands for any text."""
    patterns = [".*".join(map(re.escape, line.split("…"))) for line in expected.splitlines()]
    return all(re.search(pattern, output) for pattern in patterns)


class Reader:
    """Follows pages in one shell, whose directory and variables last from block to block."""

    def __init__(self, folder: Path, start: Path, environments: Path, gateway: str = GATEWAY, **settings: str) -> None:
        self.folder = folder
        self.servers: dict[str, str] = {}
        self.environments = environments
        self._settings = settings
        self._scratch = start.parent / f"{folder.name}-shell"
        self._scratch.mkdir(exist_ok=True)
        self._place, self._variables = self._scratch / "directory", self._scratch / "variables"
        self._place.write_text(f"{start}\n", encoding="utf-8")
        self._variables.touch()
        self._gateway = gateway
        self._dev: subprocess.Popen[bytes] | None = None

    def follow(self, page: str) -> None:
        """Do what the page describes, without containers."""
        listed = read(page)
        skipped = in_containers(listed)
        for step in listed:
            if step.language != "sh":
                apply(step, self.folder)
            elif step in skipped:
                self.stop_dev()
            else:
                self.execute(step)
        self.stop_dev()

    def execute(self, step: Step) -> None:
        """Run a block; a request is repeated until the gateway answers as the page shows."""
        command = step.text.strip()
        if command == "nox -s dev":
            self.start_dev()
            return
        deadline = time.monotonic() + TIMEOUT_SECONDS
        done = self.run(SHORTENED.get(command, command))
        while "curl" in command and not passed(done, step) and time.monotonic() < deadline:
            time.sleep(0.2)
            done = self.run(command)
        assert passed(done, step), f"$ {command}\n{done.stdout}"

    def run(self, command: str) -> subprocess.CompletedProcess[str]:
        """Run a command in the shell."""
        if (self.folder / "tasks").exists() and not (self.folder / ".nox").exists():
            share_environments(self.folder, self.environments)
            if self.folder.name == "my-app":
                share_packages(self.folder, self.environments)
        restore = f'set -a; . {self._variables}; cd "$(cat {self._place})"; set -e\n'
        keep = f"\nunset DATABASE_URL REDIS_URL; export -p >{self._variables}; pwd >{self._place}"
        script = restore + command.replace(GATEWAY, self._gateway) + keep
        given = self.servers if command.startswith(TEMPORARY) else {}
        return run("sh", "-c", script, cwd=self._scratch, **self._settings, **given)

    def start_dev(self) -> None:
        """Run `dev` in a second terminal."""
        log, data = self._scratch / "dev.log", DataFolder(self.folder / FOLDER)
        with log.open("wb") as output:
            environment = {**os.environ, **self._settings}
            command = [sys.executable, "-m", "nox", "-s", "dev"]
            self._dev = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=output, stderr=output)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not (data.is_owned() and data.read("dev")):
            assert self._dev.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)
        self._gateway = data.read("dev")["url"]

    def stop_dev(self) -> None:
        """Stop it with Ctrl-C, if it runs."""
        if self._dev:
            self._dev.send_signal(signal.SIGINT)
            self._dev.wait(60)
            self._dev, self._gateway = None, GATEWAY


def passed(done: subprocess.CompletedProcess[str], step: Step) -> bool:
    """Whether a command succeeded, with the output that the page shows."""
    return done.returncode == 0 and shows(done.stdout, step.output)


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory, environments: Path) -> Path:
    """A clone of Slipway, whose sessions and tests use the environments of these tests where they need the same."""
    folder = snapshot(tmp_path_factory.mktemp("docs") / "slipway")
    share_environments(folder, environments, ["new", "lint"])
    cached = folder / ".pytest_cache" / "d"
    cached.mkdir(parents=True)
    (cached / environments.name).symlink_to(environments)
    if (Path(sys.prefix) / "requirements.sha256").exists():
        for name in ("test", "golden"):
            (folder / ".nox" / name).symlink_to(sys.prefix)
    return folder


@pytest.fixture(scope="module")
def reader(clone: Path, environments: Path, servers: Servers) -> Iterator[Reader]:
    """A reader who has followed the tutorial."""
    curl()
    remote = clone.parent / "github"
    remote.mkdir()
    git(remote, "init", "--quiet", "--bare")
    author = {f"GIT_{role}_{part}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for part in ("NAME", "EMAIL")}
    following = Reader(
        clone.parent / "my-app",
        clone,
        environments,
        GIT_CONFIG_COUNT="1",
        GIT_CONFIG_KEY_0=f"url.{remote}.insteadOf",
        GIT_CONFIG_VALUE_0="git@github.com:my-team/my-app.git",
        # The checks of all pages follow.
        SKIP="typecheck",
        **author,
    )
    # A database of its own, as the tests of the project migrate it.
    with scratch_database(servers.database_url) as url:
        following.servers = {"DATABASE_URL": url, "REDIS_URL": servers.redis_url}
        try:
            following.follow(TUTORIAL)
            replace(following.folder / TESTS_OF_THE_API, ALL, ONLY_NOTICES)
            yield following
        finally:
            following.stop_dev()


@pytest.mark.slow
def test_the_tutorial_ends_with_a_branch_for_a_pull_request(clone: Path, reader: Reader) -> None:
    changed = git(clone.parent / "github", "diff", "--name-only", "main", "add-colour").splitlines()
    assert "tests/projects/test_projects.py" in changed
    assert "src/frontend/openapi.json" in changed
    assert len(changed) == 9


@pytest.mark.slow
@pytest.mark.parametrize("page", PROJECT_PAGES)
def test_a_how_to_page_works_in_a_project(reader: Reader, page: str) -> None:
    reader.follow(page)


@pytest.mark.slow
def test_the_project_of_all_pages_passes_its_checks(reader: Reader) -> None:
    replace(reader.folder / TESTS_OF_THE_API, ONLY_NOTICES, ALL)
    for command in ("nox -j auto -s lint typecheck security db_check", ALL_TESTS):
        checked = reader.run(command)
        assert checked.returncode == 0, checked.stdout


@pytest.mark.containers
def test_the_project_of_all_pages_runs_in_containers(reader: Reader) -> None:
    engine()
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    with Ports() as ports:
        port, other = ports.take(), ports.take()
    settings = {"COMPOSE_PROJECT_NAME": name, "GATEWAY_PORT": str(port), "FRONTEND_PORT": str(other)}
    following = Reader(reader.folder, reader.folder, reader.environments, f"http://127.0.0.1:{port}", **settings)
    try:
        for page in (TUTORIAL, *PROJECT_PAGES):
            for step in in_containers(read(page)):
                following.execute(step)
    finally:
        down = ("docker", "compose", "--project-name", name, "down", "--volumes", "--rmi=local")
        assert run(*down, cwd=reader.folder).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize("page", TOOLKIT_PAGES)
def test_a_how_to_page_works_in_slipway(clone: Path, environments: Path, page: str) -> None:
    Reader(clone, clone, environments).follow(page)


@pytest.mark.parametrize("page", [str(path.relative_to(DOCS)) for path in sorted(DOCS.rglob("*.md"))])
def test_every_link_leads_to_a_file_and_a_heading(page: str) -> None:
    assert broken_links(DOCS / page) == []


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# A page\n\n[a](page.md#a-page) [b](#nowhere) [c](nowhere.md)\n")
    assert broken_links(tmp_path / "page.md") == ["#nowhere", "nowhere.md"]


def broken_links(page: Path) -> list[str]:
    """The links of a page that lead to no file, or to no heading of a Markdown file."""
    found = LINK.findall(page.read_text(encoding="utf-8"))
    return [link for link in found if not leads_somewhere(page, *link.partition("#")[::2])]


def leads_somewhere(page: Path, path: str, anchor: str) -> bool:
    """Whether there is such a file, with such a heading if an anchor is given."""
    target = page.parent / path if path else page
    if not target.exists() or not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_a_page_is_read_as_commands_changes_and_outputs() -> None:
    page = "Change `a.txt`:\n\n```diff\n-a\n+b\n```\n\n```sh\ncat a.txt\n```\n\n```text\nb…\n```\n"
    assert steps(page) == [Step("diff", "-a\n+b\n", "Change", "a.txt"), Step("sh", "cat a.txt\n", output="b…\n")]
    with pytest.raises(AssertionError, match="names the file"):
        steps("Text.\n\n```python\n1\n```\n")


def test_a_diff_applies_where_its_old_lines_occur_once() -> None:
    assert patched("a\n\nb\nc\n", " a\n\n-b\n+B\n@@ here\n c\n+d\n") == "a\n\nB\nc\nd\n"
    with pytest.raises(AssertionError, match="2 times"):
        patched("a\na\n", " a\n+b\n")


def test_an_output_that_differs_is_found() -> None:
    assert shows("id 7\nname x\n", "id …\nname x\n")
    assert not shows("id 7\n", "id …\nname x\n")


def test_the_reference_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page(), "run: nox -s reference"


def test_every_page_is_listed() -> None:
    index = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = {str(path.relative_to(DOCS)) for path in DOCS.rglob("*.md") if path.parent.name != "decisions"}
    assert {link for link in LINK.findall(index) if link.endswith(".md")} >= pages - {"README.md"}
