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

COMMIT = "0123456789abcdef0123456789abcdef01234567"

WORKFLOW = """on: push
permissions: {{}}
jobs:
  planted:
    runs-on: ubuntu-24.04
    steps:
      - name: Planted
        {step}
"""

SESSION = """

@nox.session(tags=["check"])
def planted(session: nox.Session) -> None:
    \"""Do nothing.\"""
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


def workflow(step: str, found: str) -> Fault:
    """A fault in the one step of a workflow of its own."""
    text = WORKFLOW.format(step=step)
    return Fault("lint", "workflows", file(".github/workflows/planted.yml", text), f"planted.yml{found}")


def in_main(old: str, new: str, found: str) -> Fault:
    """A fault in the workflow that guards the main branch."""
    return Fault("lint", "workflows", change(".github/workflows/main.yml", old, new), found)


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
    workflow("run: |\n          echo planted\n          python3 noxfile.py -s lint", ":8: not a call of sessions"),
    workflow("run: python3 noxfile.py -s lint || true", ":8: not a call of sessions"),
    workflow("run: if true; then python3 noxfile.py -s lint; fi", ":8: not a call of sessions"),
    workflow('run: python3 noxfile.py -s lint -- "${{ github.head_ref }}"', ":8: not a call of sessions"),
    workflow(f"uses: a/b@{COMMIT} # v1.2.3\n        with:\n          script: planted()", ":10: code in 'script'"),
    workflow("uses: actions/checkout@v7", ":8: actions/checkout@v7 can move"),
    workflow(f"uses: actions/checkout@{COMMIT}", ":8: the comment behind the commit is no version"),
    workflow("run: python3 noxfile.py -s planted", ":8: noxfile.py has no session planted"),
    workflow("run: python3 noxfile.py -t planted", ":8: no session of noxfile.py has the tag planted"),
    workflow("run: python3 planted/noxfile.py -s lint", ":8: there is no planted/noxfile.py"),
    in_main("-s db_check", "-s db_check -- --planted", "no command is just -s db_check, which has the tag check"),
    in_main("-s db_check", "-s dev", "dev has neither of the tags check and ci"),
    in_main("-s db_check", "-s lint", "no command is just -s db_check, which has the tag check"),
    in_main("-s ci_result", "-s lint", "the last job does not call ci_result"),
    in_main("\n    if: ${{ always() }}\n", "\n", "the last job does not run always"),
    in_main("    needs: [lint, ", "    needs: [", "the last job does not need lint"),
    Fault(
        "lint",
        "workflows",
        append("noxfile.py", SESSION),
        "no command is just -s planted, which has the tag check",
        arguments=("--only", "workflows"),
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
    Fault(
        "test",
        "",
        change("compose.yaml", "      PROJECTS_URL: http://projects:8002\n", ""),
        "compose.yaml: PROJECTS_URL: gateway would not start: missing",
        arguments=("tests/test_contract.py",),
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
