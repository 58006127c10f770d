"""The fault that each check is for: how to plant it in a project, and the words in which the check finds it."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.tasks.checked_project import CheckedProject

MODULE = "src/backend/shared/planted.py"


MODEL = """

class Planted(Base):
    __tablename__ = "planted"
    id: Mapped[UuidKey]
"""


@dataclass(frozen=True)
class Fault:
    """`check` is one of several that a session runs, and empty where the session is the check."""

    session: str
    check: str
    plant: Callable[[CheckedProject], None]
    found: str
    arguments: tuple[str, ...] = ()


def file(path: str, text: str) -> Callable[[CheckedProject], None]:
    """Plant a file."""
    return lambda project: project.write(path, text)


def change(path: str, old: str, new: str) -> Callable[[CheckedProject], None]:
    """Plant a change of a file."""
    return lambda project: project.replace(path, old, new)


def append(path: str, text: str) -> Callable[[CheckedProject], None]:
    """Plant text at the end of a file."""
    return lambda project: project.write(path, (project.folder / path).read_text(encoding="utf-8") + text)


def migration(upgrade: str, downgrade: str) -> Callable[[CheckedProject], None]:
    """Plant a migration."""
    return lambda project: project.add_migration("planted", upgrade, downgrade)


def untested_code(project: CheckedProject) -> None:
    """Leave one test, of nothing."""
    for path in (project.folder / "tests").rglob("test_*.py"):
        path.unlink()
    project.write("tests/test_planted.py", "def test_nothing() -> None:\n    pass\n")


def second_head(project: CheckedProject) -> None:
    """Plant two migrations that both follow the newest."""
    newest = project.newest_revision()
    project.add_migration("left", "SELECT 1", "SELECT 1", after=newest)
    project.add_migration("right", "SELECT 1", "SELECT 1", after=newest)


FAULTS = [
    Fault("lint", "rules", file(MODULE, '"""Planted."""\n\nimport os\n'), "F401"),
    Fault("lint", "format", file(MODULE, '"""Planted."""\n\nplanted = {"a":1}\n'), "planted.py"),
    Fault("lint", "yaml", file("planted.yml", "a: 1\na: 2\n"), 'duplication of key "a"'),
    Fault("lint", "toml", file("planted.toml", "a = 1\na = 2\n"), "planted.toml:2"),
    Fault("lint", "toml-format", file("planted.toml", "a   = 1\n"), '"planted.toml" is not formatted'),
    Fault("lint", "markdown", file("planted.md", "# A\n\n### B\n\nText.\n"), "MD001"),
    Fault("lint", "shell", file("planted.sh", "#!/bin/sh\nrm $1\n"), "SC2086"),
    Fault("lint", "shell-format", file("planted.sh", '#!/bin/sh\nif true; then\n      echo "$1"\nfi\n'), "planted.sh"),
    Fault("lint", "dotenv", file(".env.planted", "NAME = value\n"), ".env.planted:1: NAME"),
    Fault("lint", "spelling", file("planted.txt", "It will " + "recie" + "ve it.\n"), "planted.txt:1:9"),
    Fault(
        "lint",
        "locks",
        change("pyproject.toml", '    "structlog>=26.1",\n', ""),
        "requirements/backend.txt: stale: - structlog",
    ),
    Fault("typecheck", "", file(MODULE, '"""Planted."""\n\nplanted: int = "1"\n'), "planted.py:3: error"),
    Fault(
        "typecheck", "", file("tasks/planted.py", '"""Planted."""\n\nplanted: int = "1"\n'), "tasks/planted.py:3: error"
    ),
    Fault(
        "test",
        "",
        file("tests/test_planted.py", "def test_it() -> None:\n    assert 1 + 1 == 3\n"),
        "FAILED tests/test_planted.py::test_it - assert (1 + 1) == 3",
        arguments=("tests/test_planted.py",),
    ),
    Fault("test", "", untested_code, "% not reached. Total coverage"),
    Fault(
        "db_check",
        "models",
        append("src/backend/shared/database/models/base.py", MODEL),
        "op.create_table('planted'",
    ),
    Fault("db_check", "heads", second_head, "2 heads instead of one"),
    Fault(
        "db_check",
        "steps",
        migration("CREATE VIEW planted AS SELECT id FROM users", "SELECT 1"),
        "left behind: CREATE VIEW public.planted",
    ),
    Fault(
        "db_check",
        "hazards",
        migration(
            "ALTER TABLE users ADD CONSTRAINT planted CHECK (name > 'a')", "ALTER TABLE users DROP CONSTRAINT planted"
        ),
        "constraint-missing-not-valid",
    ),
    Fault(
        "db_check",
        "hazards",
        migration("ALTER TABLE users ADD x uuid DEFAULT gen_random_uuid(); ALTER TABLE users DROP x", "SELECT 1"),
        "adding-field-with-default",
    ),
]
