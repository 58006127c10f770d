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

MAIN = ".github/workflows/main.yml"
SECURITY = ".github/workflows/security.yml"
LINT = "run: python3 noxfile.py -s lint"
DB_CHECK = "        run: python3 noxfile.py -s db_check\n"
PYTHONS = 'python: ["3.11", "3.12", "3.13", "3.14"]'
HISTORY = "fetch-depth: 0"

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

UNDESCRIBED_SESSION = """

@nox.session
def planted(session: nox.Session) -> None:
    session.log("planted")
"""

ACTION = """name: Planted
description: Planted.
runs:
  using: node24
"""

# What finds a fault in the session `test`, which is one check: its coverage floor, or a module of tests.
COVERAGE = "coverage floor"


@dataclass(frozen=True)
class Fault:
    """`check` is one of several that a session runs, and empty where the session is the check; `guard`: see above."""

    session: str
    check: str
    plant: Callable[[CheckedProject], None]
    found: str
    arguments: tuple[str, ...] = ()
    guard: str = ""


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
    return Fault("lint", "workflows", change(MAIN, old, new), found)


def walked_around(plant: Callable[[CheckedProject], None], found: str) -> Fault:
    """A way around the check of the workflows, which is run alone."""
    return Fault("lint", "workflows", plant, found, arguments=("--only", "workflows"))


def triggers(lines: str, found: str, path: str = MAIN) -> Fault:
    """A way around it by what starts a workflow that guards the main branch."""

    def plant(project: CheckedProject) -> None:
        text = (project.folder / path).read_text(encoding="utf-8")
        after = text[text.index("\npermissions:") :]
        project.write(path, f"name: planted\n\non:\n{lines}\n{after}")

    return walked_around(plant, f"{path}:{found}")


def without_history(path: str, old: str, new: str, line: int) -> Fault:
    """A job that looks for secrets in every commit and does not check them all out."""
    return walked_around(change(path, old, new), f"{path}:{line}: looks for secrets in every commit")


def in_matrix(old: str, new: str, found: str) -> Fault:
    """A Python that the tests are not run on."""
    return walked_around(change(MAIN, PYTHONS, PYTHONS.replace(old, new)), found)


def in_lint_job(line: str, found: str) -> Fault:
    """A way around it by a line of the job in the workflow of the main branch that calls lint."""
    return walked_around(change(MAIN, "\n  lint:\n", f"\n  lint:\n    {line}\n"), found)


def for_all_jobs(line: str, found: str) -> Fault:
    """A way around it by a line above the jobs of that workflow."""
    return walked_around(change(MAIN, "\npermissions: {}\n", f"\npermissions: {{}}\n{line}\n"), found)


def elsewhere(step: str, found: str) -> Fault:
    """A way around it by the step of a workflow that guards nothing."""
    return walked_around(file(".github/workflows/planted.yml", WORKFLOW.format(step=step)), f"planted.yml{found}")


def gone(path: str) -> Callable[[CheckedProject], None]:
    """Plant the lack of a file."""
    return lambda project: (project.folder / path).unlink()


def renamed(project: CheckedProject) -> None:
    """Give the workflow of the main branch a name that GitHub reads too."""
    (project.folder / MAIN).rename((project.folder / MAIN).with_suffix(".yaml"))


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
    without_history(MAIN, f"          {HISTORY} # secrets are looked for in every commit\n", "", 71),
    without_history(MAIN, f"          {HISTORY}\n", "", 185),
    without_history(SECURITY, HISTORY, "fetch-depth: 1", 37),
    elsewhere("run: python3 noxfile.py -t check -j auto", ":8: looks for secrets in every commit"),
    elsewhere("run: python3 noxfile.py -s security -- --only history", ":8: looks for secrets in every commit"),
    walked_around(change(MAIN, "-s db_check", "-s db_check lint"), "one job runs db_check and lint"),
    walked_around(change(MAIN, "-s db_check", "-t check"), "one job runs"),
    walked_around(change(MAIN, DB_CHECK, f"{DB_CHECK}\n      - {LINT}\n"), "one job runs db_check and lint"),
    in_matrix('"3.11", ', "", "test does not run on Python 3.11,"),
    in_matrix('"3.12", ', "", "test does not run on Python 3.12,"),
    in_matrix(', "3.13", "3.14"', "", "test does not run on Python 3.13,"),
    in_matrix("]", ']\n        exclude: [{python: "3.12"}]', "test does not run on Python 3.12,"),
    walked_around(change(MAIN, "python: ${{ matrix.python }}", "python: '3.13'"), "test does not run on Python 3.11, "),
    walked_around(change("noxfile.py", '# requires-python = ">=3.11"\n', ""), "noxfile.py:1: the header lacks a line"),
    elsewhere(f"{LINT}\n        continue-on-error: true", ":9: 'continue-on-error' can change"),
    elsewhere(f"{LINT}\n        if: ${{{{ github.actor == 'planted' }}}}", ":9: a step may depend on nothing but"),
    elsewhere(f"{LINT}\n        shell: 'true {{0}}'", ":9: 'shell' can change"),
    elsewhere(f"{LINT}\n        working-directory: planted", ":9: 'working-directory' can change"),
    elsewhere(f"{LINT}\n        env:\n          PYTEST_ADDOPTS: --co", ":10: the variable PYTEST_ADDOPTS can change"),
    elsewhere(f"{LINT}\n        env: ${{{{ fromJSON(vars.A) }}}}", ":9: the variable ${{ fromJSON(vars.A) }} can"),
    elsewhere("uses: ./planted", ":8: ./planted is read by no check"),
    elsewhere("uses: ./.github/../planted", ":8: ./.github/../planted is read by no check"),
    in_lint_job("continue-on-error: true", "'continue-on-error' can change"),
    in_lint_job("if: ${{ false }}", "a job here may depend on nothing"),
    in_lint_job("defaults: {run: {shell: 'true {0}'}}", "'defaults' can change"),
    in_lint_job("container: planted", "'container' can change"),
    in_lint_job("services: {planted: {image: planted}}", "'services' can change"),
    in_lint_job("env: {PYTEST_ADDOPTS: --co}", "the variable PYTEST_ADDOPTS can change"),
    in_lint_job("env: {DATABASE_URL: planted}", "the variable DATABASE_URL can change"),
    for_all_jobs("defaults: {run: {shell: 'true {0}'}}", "'defaults' can change"),
    for_all_jobs("env: {PYTEST_ADDOPTS: --co}", "the variable PYTEST_ADDOPTS can change"),
    walked_around(gone(MAIN), f"{MAIN}:1: not there"),
    walked_around(renamed, f"{MAIN}:1: not there"),
    walked_around(gone(".github/workflows/deploy.yml"), f"{MAIN}:4: does not run on push"),
    walked_around(file(MAIN, ""), f"{MAIN}:1: not there"),
    walked_around(file(MAIN, "planted"), f"{MAIN}:1: no mapping"),
    triggers("  push:\n    branches: [main]\n  merge_group:", "1: does not run on pull_request"),
    triggers("  pull_request:\n  merge_group:", "1: does not run on push"),
    triggers("  push:\n  pull_request:\n    paths: [planted]", "6: 'paths' keeps it from running"),
    triggers("  pull_request:\n  push:\n    paths: [planted]", "6: 'paths' keeps it from running"),
    triggers("  pull_request:\n  push:\n    branches: [planted]", "6: does not run for every push to main"),
    triggers("  pull_request:\n  push:", "1: does not run on schedule", SECURITY),
    walked_around(gone(SECURITY), f"{SECURITY}:1: not there"),
    walked_around(change(SECURITY, "-s security", "-s security -- --only pins"), "no command is just -s security"),
    walked_around(change(SECURITY, "-s security", "-s lint"), "no command is just -s security"),
    walked_around(file(".github/actions/planted/action.yml", ACTION), "action.yml:4: an action of node24"),
    walked_around(append("noxfile.py", UNDESCRIBED_SESSION), ": the session planted has no docstring"),
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
        guard="test_planted",
    ),
    Fault(
        "test",
        "",
        change("compose.yaml", "      PROJECTS_URL: http://projects:8002\n", ""),
        "compose.yaml: PROJECTS_URL: gateway would not start: missing",
        arguments=("tests/test_contract.py",),
        guard="test_contract",
    ),
    Fault(
        "test",
        "",
        change(
            "src/backend/gateway/settings.py",
            "    gateway_port: Port = 8000\n",
            '    gateway_port: Port = 8000\n    planted_name: str = "planted"\n',
        ),
        "FAILED tests/test_env_example.py::test_the_example_lists_exactly_the_settings",
        arguments=("tests/test_env_example.py::test_the_example_lists_exactly_the_settings",),
        guard="test_env_example",
    ),
    Fault("test", "", untested_code, "% not reached. Total coverage", guard=COVERAGE),
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
