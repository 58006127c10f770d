"""`nox -s migrate` and `nox -s migration`: there, back, and in plain words when a migration fails half-way."""

from collections.abc import Iterator

import psycopg
import pytest

from tasks.database.migrations.scratch import scratch_database
from tasks.servers import Servers
from tests.tasks.checked_project import MIGRATIONS, CheckedProject
from tests.tasks.faults import MODEL, second_head

BASE = "src/backend/shared/database/models/base.py"
PROJECT = "src/backend/shared/database/models/projects.py"


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    """The URL of an empty database."""
    with scratch_database(servers.database_url) as url:
        yield url


def tables(url: str) -> set[str]:
    """The names of the tables."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in found}


def test_migrate_brings_the_database_to_the_newest_and_back(checked: CheckedProject, database: str) -> None:
    head = checked.newest_revision()
    assert f"applied {head} (" in checked.session("migrate", DATABASE_URL=database).stdout
    assert "users" in tables(database)
    assert "nothing to apply" in checked.session("migrate", DATABASE_URL=database).stdout
    assert f"applied  {head} (" in checked.session("migrate", "history", DATABASE_URL=database).stdout
    assert f"undid {head} (" in checked.session("migrate", "downgrade", "-1", DATABASE_URL=database).stdout
    checked.session("migrate", "downgrade", "base", DATABASE_URL=database)
    assert tables(database) == {"alembic_version"}
    assert f"pending  {head} (" in checked.session("migrate", "history", DATABASE_URL=database).stdout


def test_migrate_goes_as_far_as_it_is_told(checked: CheckedProject, database: str) -> None:
    head = checked.newest_revision()
    checked.add_migration("later", "CREATE TABLE later (id int)", "DROP TABLE later")
    done = checked.session("migrate", head, DATABASE_URL=database)
    assert done.returncode == 0, done.stdout
    assert "later" not in tables(database)
    assert "applied later (plant a fault)" in checked.session("migrate", DATABASE_URL=database).stdout
    assert "later" in tables(database)


def test_a_migration_that_fails_half_way_leaves_nothing_and_says_why(checked: CheckedProject, database: str) -> None:
    checked.session("migrate", DATABASE_URL=database)
    before = tables(database)
    checked.add_migration("broken", "CREATE TABLE half (id int); SELECT nothing FROM nowhere", "SELECT 1")
    done = checked.session("migrate", DATABASE_URL=database)
    assert done.returncode == 1
    assert 'Migration broken failed in upgrade(): relation "nowhere" does not exist' in done.stdout
    assert f"Nothing of it was applied. It is in {MIGRATIONS / 'broken.py'}" in done.stdout
    assert "Traceback" not in done.stdout
    assert tables(database) == before
    assert "pending  broken" in checked.session("migrate", "history", DATABASE_URL=database).stdout


def test_a_migration_that_leaves_its_transaction_is_not_said_to_leave_nothing(
    checked: CheckedProject, database: str
) -> None:
    checked.add_migration("broken", "SELECT nothing FROM nowhere", "SELECT 1")
    checked.replace(
        MIGRATIONS / "broken.py", '    op.execute("SELECT n', '    # autocommit_block\n    op.execute("SELECT n'
    )
    done = checked.session("migrate", DATABASE_URL=database)
    assert "It has an autocommit_block: look at what that left behind." in done.stdout
    assert "Nothing of it was applied" not in done.stdout


def test_an_error_of_python_in_a_migration_is_told_in_plain_words(checked: CheckedProject, database: str) -> None:
    checked.add_migration("broken", "SELECT 1", "SELECT 1")
    checked.replace(MIGRATIONS / "broken.py", 'op.execute("SELECT 1")\n\n\ndef downgrade', "1 / 0\n\n\ndef downgrade")
    done = checked.session("migrate", DATABASE_URL=database)
    assert "Migration broken failed in upgrade(): ZeroDivisionError: division by zero" in done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "url", "words"),
    [
        (["nowhere"], None, "Can't locate revision identified by 'nowhere'; see: nox -s migrate -- history"),
        (["downgrade"], None, "downgrade needs to know where to"),
        (
            [],
            "postgresql://app:hunter2@127.0.0.1:9/app",
            "Cannot reach the database at 127.0.0.1:9: Connection refused",
        ),
        ([], "hunter2", "DATABASE_URL is not a URL; it should be like postgresql://user:password@host:5432/name"),
    ],
)
def test_what_cannot_be_done_is_told_in_plain_words(
    checked: CheckedProject, database: str, arguments: list[str], url: str | None, words: str
) -> None:
    done = checked.session("migrate", *arguments, DATABASE_URL=url or database)
    assert done.returncode == 1
    assert words in done.stdout
    assert "Traceback" not in done.stdout
    assert "hunter2" not in done.stdout


def test_a_migration_is_written_for_a_changed_model_as_lint_and_db_check_want_it(
    checked: CheckedProject, database: str
) -> None:
    checked.write(
        BASE,
        (checked.folder / BASE).read_text()
        + MODEL.replace("class Planted(Base):", 'class Planted(Base):\n    """Planted."""\n'),
    )
    done = checked.session("migration", "add", "planted", DATABASE_URL=database)
    assert done.returncode == 0, done.stdout
    [path] = (checked.folder / MIGRATIONS).glob("*_add_planted.py")
    assert f"Wrote {path.relative_to(checked.folder)}" in done.stdout
    assert "Generating" not in done.stdout
    assert tables(database) == set()
    assert checked.session("lint", str(MIGRATIONS)).returncode == 0
    assert checked.session("db_check").returncode == 0
    assert "(add planted)" in checked.session("migrate", DATABASE_URL=database).stdout
    assert "planted" in tables(database)


def test_the_tests_of_a_project_pass_after_the_first_migration_of_its_team(
    checked: CheckedProject, database: str
) -> None:
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    colour: Mapped[str | None]\n")
    planted = MODEL.replace("class Planted(Base):", 'class Planted(Base):\n    """Planted."""\n')
    checked.write(BASE, (checked.folder / BASE).read_text() + planted)
    assert checked.session("migration", "add colour", DATABASE_URL=database).returncode == 0
    done = checked.session("test", "tests/shared/database", "tests/projects")
    assert done.returncode == 0, done.stdout
    assert checked.session("db_check").returncode == 0


def test_broken_code_of_a_model_is_named_with_its_line(checked: CheckedProject) -> None:
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str] = nowhere\n")
    lines = (checked.folder / PROJECT).read_text(encoding="utf-8").splitlines()
    done = checked.session("db_check", "--only", "models")
    place = f"{PROJECT}:{lines.index('    name: Mapped[str] = nowhere') + 1}"
    assert f"NameError: name 'nowhere' is not defined ({place})" in done.stdout


def test_a_column_that_rows_have_no_value_for_is_cautioned_against(checked: CheckedProject) -> None:
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    colour: Mapped[str]\n")
    done = checked.session("migration", "add colour")
    assert done.returncode == 0, done.stdout
    assert "projects.colour cannot be empty, but what is in the table" in done.stdout
    assert "give it a server_default" in done.stdout


@pytest.mark.parametrize(("message", "name"), [("Füge Farbe hinzu", "_fuge_farbe_hinzu.py"), ("色を追加", None)])
def test_a_migration_has_a_file_name_that_every_tool_takes(
    checked: CheckedProject, database: str, message: str, name: str | None
) -> None:
    before = set((checked.folder / MIGRATIONS).glob("*.py"))
    planted = MODEL.replace("class Planted(Base):", 'class Planted(Base):\n    """Planted."""\n')
    checked.write(BASE, (checked.folder / BASE).read_text() + planted)
    done = checked.session("migration", message)
    assert done.returncode == 0, done.stdout
    [path] = set((checked.folder / MIGRATIONS).glob("*.py")) - before
    assert path.name.endswith(name or f"_{checked.newest_revision()}.py")
    assert f"Wrote {path.relative_to(checked.folder)}" in done.stdout
    assert f"({message})" in checked.session("migrate", DATABASE_URL=database).stdout


def test_db_check_shows_the_missing_operations_alone(checked: CheckedProject) -> None:
    checked.write(BASE, (checked.folder / BASE).read_text() + MODEL)
    done = checked.session("db_check", "--only", "models")
    assert "op.create_table(" in done.stdout
    assert "###" not in done.stdout


def test_nothing_is_written_when_there_is_nothing_to_migrate(checked: CheckedProject) -> None:
    before = sorted((checked.folder / MIGRATIONS).iterdir())
    done = checked.session("migration", "nothing new")
    assert done.returncode == 0, done.stdout
    assert "Nothing to generate: the migrations have all that the models have." in done.stdout
    assert sorted((checked.folder / MIGRATIONS).iterdir()) == before


def test_a_migration_needs_a_message(checked: CheckedProject) -> None:
    assert "the following arguments are required: message" in checked.session("migration").stdout
    assert "The message is empty; say what the migration does" in checked.session("migration", " ").stdout


@pytest.mark.parametrize("session", [("migrate",), ("migration", "more"), ("db_check",)])
@pytest.mark.parametrize(
    ("old", "new", "place", "reason"),
    [
        ("def upgrade() -> None:", "def upgrade( -> None:", "", "(broken.py, line "),
        ("from alembic import op", "import nowhere", ":7", "ModuleNotFoundError: No module named 'nowhere'"),
        ('down_revision = "', 'down_revision = "un', "", "is no migration that is there"),
    ],
)
def test_a_migration_that_cannot_be_read_is_named(
    checked: CheckedProject, database: str, session: tuple[str, ...], old: str, new: str, place: str, reason: str
) -> None:
    checked.add_migration("broken", "SELECT 1", "SELECT 1")
    checked.replace(MIGRATIONS / "broken.py", old, new)
    done = checked.session(*session, DATABASE_URL=database)
    assert done.returncode == 1
    assert f"Cannot use the migration {MIGRATIONS / 'broken.py'}{place}; mend it first\n" in done.stdout
    assert reason in done.stdout
    assert "Traceback" not in done.stdout
    assert "UserWarning" not in done.stdout


@pytest.mark.parametrize("session", [("migrate",), ("migration", "more")])
def test_two_heads_are_told_in_plain_words(checked: CheckedProject, database: str, session: tuple[str, ...]) -> None:
    second_head(checked)
    done = checked.session(*session, DATABASE_URL=database)
    assert done.returncode == 1
    assert "2 heads instead of one; put one behind the other by its down_revision\n" in done.stdout
    assert "Multiple head" not in done.stdout


def test_a_hazard_is_told_without_colours_below_the_file_of_the_migration(checked: CheckedProject) -> None:
    checked.add_migration("planted", "ALTER TABLE users ADD CONSTRAINT planted CHECK (name > 'a')", "SELECT 1")
    done = checked.session("db_check", "--only", "hazards")
    assert f"{MIGRATIONS / 'planted.py'}: constraint-missing-not-valid\n  ALTER TABLE users ADD" in done.stdout
    assert "\x1b]8" not in done.stdout
    assert ".sql" not in done.stdout
