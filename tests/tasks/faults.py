"""Faults that checks must find, in groups that are planted together: independent of each other, for one session."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.tasks.checked_project import CheckedProject

Plant = Callable[[CheckedProject], object]
MODULE = "src/backend/shared/planted.py"
# The floor of the session `test`; its other checks are modules of tests.
COVERAGE = "coverage"


@dataclass(frozen=True)
class Fault:
    """A fault: how to plant it, which check of a session finds it, and the text with which it is found."""

    check: str
    plant: Plant
    found: str


@dataclass(frozen=True)
class Group:
    """Faults that one run of a session finds, and the session's arguments."""

    session: str
    faults: list[Fault]
    arguments: tuple[str, ...] = field(default=())


def file(path: str, text: str) -> Plant:
    """Plant a file."""
    return lambda project: project.write(path, text)


def change(path: str, old: str, new: str) -> Plant:
    """Plant a change of a file."""
    return lambda project: project.replace(path, old, new)


def append(path: str, text: str) -> Plant:
    """Plant text at the end of a file."""
    return lambda project: project.write(path, (project.folder / path).read_text(encoding="utf-8") + text)


def migration(name: str, upgrade: str, downgrade: str) -> Plant:
    """Plant a migration after the newest."""
    return lambda project: project.add_migration(name, upgrade, downgrade)


def module(name: str, text: str) -> Plant:
    """Plant a module of the application."""
    return file(f"src/backend/shared/{name}.py", f'"""Planted."""\n\n{text}')


def second_head(project: CheckedProject) -> None:
    """Plant two migrations that both follow the newest."""
    newest = project.newest_revision()
    project.add_migration("left", "SELECT 1", "SELECT 1", after=newest)
    project.add_migration("right", "SELECT 1", "SELECT 1", after=newest)


def untested_code(project: CheckedProject) -> None:
    """Leave one test, which tests nothing."""
    for path in (project.folder / "tests").rglob("test_*.py"):
        path.unlink()
    project.write("tests/test_planted.py", "def test_nothing() -> None:\n    pass\n")
    # Workers import the application and measure it again.
    project.environment["PYTEST_XDIST_AUTO_NUM_WORKERS"] = "0"


CALLING = '''import subprocess


def planted(command: list[str]) -> None:
    """Run it."""
    subprocess.run(command, check=True)
'''
MODEL = """

class Planted(Base):
    __tablename__ = "planted"
    id: Mapped[UuidKey]
"""

LINT = [
    Fault("rules", module("planted_import", "import os\n"), "planted_import.py:3:8: F401"),
    Fault("rules", module("planted_call", CALLING), "planted_call.py:8:5: S603"),
    Fault("rules", module("planted_secret", 'PASSWORD = "hunter2"\n'), "planted_secret.py:3:12: S105"),
    Fault("format", module("planted_format", 'planted = {"a":1}\n'), "planted_format.py"),
    Fault("yaml", file("planted.yml", "a: 1\na: 2\n"), 'duplication of key "a"'),
    Fault("toml", file("planted.toml", "a = 1\na = 2\n"), "planted.toml:2"),
    Fault("toml-format", file("planted_format.toml", "a   = 1\n"), '"planted_format.toml" is not formatted'),
    Fault("markdown", file("planted.md", "# A\n\n### B\n\nText.\n"), "MD001"),
    Fault("shell", file("planted.sh", "#!/bin/sh\nrm $1\n"), "SC2086"),
    Fault(
        "shell-format",
        file("planted_format.sh", '#!/bin/sh\nif true; then\n      echo "$1"\nfi\n'),
        "planted_format.sh",
    ),
    Fault("dotenv", file(".env.planted", "NAME = value\n"), ".env.planted:1: NAME"),
    Fault("spelling", file("planted.txt", "It will " + "recie" + "ve it.\n"), "planted.txt:1:9"),
    Fault("prose", file("planted_prose.md", "# A\n\nIt will " + "recie" + "ve it.\n"), "planted_prose.md:3:9"),
    Fault(
        "locks",
        change("pyproject.toml", '    "structlog>=26.1",\n', ""),
        "requirements/backend.txt: stale: - structlog",
    ),
    Fault(
        "workflows",
        change(".github/workflows/main.yml", "-s db_check", "-s db_check -- --planted"),
        "main.yml: no command is -s db_check, which has the tag check",
    ),
    Fault("tasks", file("tasks/planted.py", "import os\n"), "tasks/planted.py: not Slipway's"),
    Fault("tasks", append("tasks/core/ports.py", "\n"), "tasks/core/ports.py: changed"),
    Fault("tasks", lambda project: (project.folder / "tasks/README.md").unlink(), "tasks/README.md: deleted"),
]
TYPES = [Fault("typecheck", module("planted", 'planted: int = "1"\n'), "planted.py:3: error")]
TESTS = [
    Fault(
        "test_planted",
        file("tests/test_planted.py", "def test_it() -> None:\n    assert 1 + 1 == 3\n"),
        "FAILED tests/test_planted.py::test_it - assert (1 + 1) == 3",
    ),
    Fault(
        "test_contract",
        change("compose.yaml", "      PROJECTS_URL: http://projects:8002\n", ""),
        "compose.yaml: PROJECTS_URL: gateway would not start: missing",
    ),
    Fault(
        "test_env_example",
        change(
            "src/backend/gateway/settings.py",
            "    gateway_port: Port = 8000\n",
            '    gateway_port: Port = 8000\n    planted_name: str = "planted"\n',
        ),
        ".env.example lacks PLANTED_NAME\n",
    ),
    Fault(
        "test_env_example",
        change("environments/common.env", "PROJECTS_URL=http://projects:8002", "PROJECTS_URL=http://projects:8003"),
        ".env.example has PROJECTS_PORT=8002, environments/common.env has http://projects:8003\n",
    ),
]
DATABASE = [
    Fault(
        "models",
        append("src/backend/shared/database/models/base.py", MODEL),
        "planted, table: exists in the models, missing in the database",
    ),
    Fault(
        "models",
        change("src/backend/shared/database/models/projects.py", "BETWEEN 1 AND 200", "BETWEEN 1 AND 100"),
        "projects, constraint projects_name_length_check: CHECK (((length(name) >= 1) AND (length(name) <= 100)))",
    ),
    Fault(
        "steps",
        migration("view", "CREATE VIEW planted AS SELECT id FROM users", "SELECT 1"),
        "left behind: CREATE VIEW public.planted",
    ),
    Fault(
        "hazards",
        migration(
            "constraint",
            "ALTER TABLE users ADD CONSTRAINT planted CHECK (name > 'a')",
            "ALTER TABLE users DROP CONSTRAINT planted",
        ),
        "constraint-missing-not-valid",
    ),
    Fault(
        "hazards",
        migration(
            "default", "ALTER TABLE users ADD x uuid DEFAULT gen_random_uuid(); ALTER TABLE users DROP x", "SELECT 1"
        ),
        "adding-field-with-default",
    ),
    Fault(
        "hazards",
        migration("dropped", "ALTER TABLE users DROP password_hash", "ALTER TABLE users ADD password_hash text"),
        "To rename it: op.alter_column(table, name, new_column_name=…)",
    ),
]

GROUPS = [
    Group("lint", LINT),
    Group("typecheck", TYPES),
    Group("test", TESTS, arguments=("tests/test_planted.py", "tests/test_contract.py", "tests/test_env_example.py")),
    Group("test", [Fault(COVERAGE, untested_code, "% not reached. Total coverage")]),
    Group("db_check", DATABASE),
    Group("db_check", [Fault("heads", second_head, "2 heads instead of one")], arguments=("--only", "heads")),
]
