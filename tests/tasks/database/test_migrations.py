"""`migrate`, `migration` and `db_check`: what they change, and how they report what fails."""

import subprocess
from collections.abc import Callable, Iterator
from urllib.parse import urlencode

import psycopg
import pytest

from tasks.checks import migrations
from tasks.database import command as db
from tasks.database.migrations import apply, generate
from tasks.database.migrations.runner import AMBIGUOUS, scratch_database
from tasks.database.operations import MALFORMED, changed_url, url_parts
from tasks.project import env_file
from tasks.servers import Servers
from tests.tasks.checked_project import MIGRATIONS, CheckedProject
from tests.tasks.command import call
from tests.tasks.faults import MODEL, second_head
from tests.tasks.small_project import FOREIGN

BASE = "src/backend/shared/database/models/base.py"
PROJECT = "src/backend/shared/database/models/projects.py"
EXTENSIONS = "src/backend/shared/database/extensions.py"
NO_POSTGIS = (
    "The PostgreSQL server has no extension postgis. "
    "Use a server that has it: the image postgis/postgis or Amazon RDS.\n"
)
CITEXT_TEST = """
import psycopg

from tests.support.stores import Stores


def test_it(stores: Stores) -> None:
    with psycopg.connect(stores.database_url) as connection:
        assert connection.execute("SELECT 'a'::citext = 'A'").fetchone() == (True,)
"""
PLANTED = MODEL.replace("class Planted(Base):", 'class Planted(Base):\n    """Planted."""\n')
COMMANDS: dict[str, Callable[[], int | None]] = {
    "migrate": apply.main,
    "migration": generate.main,
    "db_check": migrations.main,
}


@pytest.fixture
def database(servers: Servers) -> Iterator[str]:
    """The URL of an empty database."""
    with scratch_database(servers.database_url) as url:
        yield url


def run(project: CheckedProject, command: str, *arguments: str, url: str = "") -> subprocess.CompletedProcess[str]:
    """Run a session's command in this process, on a database or else on the project's server."""
    settings = {"DATABASE_URL": url or project.database_url, "REDIS_URL": project.redis_url}
    return call(COMMANDS[command], project.folder, *arguments, **settings)


def tables(url: str) -> set[str]:
    """The names of the tables."""
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    return {name for (name,) in found}


def add_model(project: CheckedProject) -> None:
    """Plant a model that has no migration."""
    project.write(BASE, (project.folder / BASE).read_text(encoding="utf-8") + PLANTED)


@pytest.mark.slow
def test_the_first_migration_of_a_team_is_generated_checked_and_applied(checked: CheckedProject, database: str) -> None:
    """The tutorial runs the sessions and the tests of what it changes."""
    head = checked.newest_revision()
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    colour: Mapped[str | None]\n")
    add_model(checked)
    done = run(checked, "migration", "add", "planted", url=database)
    assert done.returncode == 0, done.stderr
    [path] = (checked.folder / MIGRATIONS).glob("*_add_planted.py")
    assert f"Wrote {path.relative_to(checked.folder)}" in done.stdout
    assert "Generating" not in done.stdout
    assert tables(database) == set()
    linted = checked.command("lint", "checks.lint", str(MIGRATIONS))
    assert linted.returncode == 0, linted.stdout
    done = run(checked, "db_check")
    assert done.returncode == 0, done.stdout
    tested = checked.session("test", "tests/shared/database")
    assert tested.returncode == 0, tested.stdout
    done = run(checked, "migrate", url=database)
    assert f"applied {head} (" in done.stdout
    assert "(add planted)" in done.stdout
    assert {"users", "planted"} <= tables(database)


def test_migrate_applies_and_undoes_migrations(checked: CheckedProject, database: str) -> None:
    head = checked.newest_revision()
    assert f"applied {head} (" in run(checked, "migrate", url=database).stdout
    assert "users" in tables(database)
    assert "nothing to apply" in run(checked, "migrate", url=database).stdout
    assert f"applied  {head} (" in run(checked, "migrate", "history", url=database).stdout
    assert f"undid {head} (" in run(checked, "migrate", "downgrade", "-1", url=database).stdout
    run(checked, "migrate", "downgrade", "base", url=database)
    assert tables(database) == {"alembic_version"}
    assert f"pending  {head} (" in run(checked, "migrate", "history", url=database).stdout
    checked.add_migration("later", "CREATE TABLE later (id int)", "DROP TABLE later")
    done = run(checked, "migrate", head, url=database)
    assert done.returncode == 0, done.stderr
    assert "later" not in tables(database)
    assert "applied later (plant a fault)" in run(checked, "migrate", url=database).stdout
    assert "later" in tables(database)


def test_restored_dump_has_the_rights_of_services_and_the_owner(checked: CheckedProject, database: str) -> None:
    assert run(checked, "migrate", url=database).returncode == 0
    for arguments in (["dump", "rights.dump"], ["restore", "rights.dump", "--yes"]):
        settings = {"DATABASE_URL": database, "REDIS_URL": checked.redis_url}
        done = call(db.main, checked.folder, *arguments, **settings)
        assert done.returncode == 0, done.stderr
    passwords = env_file.local(checked.folder)
    queries = {"auth": "SELECT password_hash FROM users", "projects": "SELECT name FROM users"}
    for service, query in queries.items():
        login = {"user": f"app_{service}_login", "password": passwords[f"{service.upper()}_DATABASE_PASSWORD"]}
        with psycopg.connect(changed_url(database, **login)) as connection:
            connection.execute(query.encode())
    with psycopg.connect(database) as connection:
        owners = connection.execute("SELECT DISTINCT tableowner FROM pg_tables WHERE schemaname = 'public'").fetchall()
        assert owners == [("app_owner",)]


def test_a_failed_migration_is_rolled_back_and_named(checked: CheckedProject, database: str) -> None:
    run(checked, "migrate", url=database)
    before = tables(database)
    checked.add_migration("broken", "CREATE TABLE half (id int); SELECT nothing FROM nowhere", "SELECT 1")
    done = run(checked, "migrate", url=database)
    assert done.returncode == 1
    assert 'Migration broken failed in upgrade(): relation "nowhere" does not exist\n' in done.stderr
    assert f"Its changes were rolled back. File: {MIGRATIONS / 'broken.py'}\n" in done.stderr
    assert tables(database) == before
    assert "pending  broken" in run(checked, "migrate", "history", url=database).stdout
    # In a comment, which is enough for the advice.
    checked.replace(
        MIGRATIONS / "broken.py", '    op.execute("CREATE', '    # autocommit_block\n    op.execute("CREATE'
    )
    done = run(checked, "migrate", url=database)
    assert "It uses autocommit_block: check what was applied." in done.stderr
    assert "rolled back" not in done.stderr


def test_migrations_reach_the_second_host_of_a_url_and_apply_its_options(
    checked: CheckedProject, database: str
) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("CREATE SCHEMA tenant")
    parts = url_parts(database)
    several = {"host": f"127.0.0.1,{parts['host']}", "port": f"9,{parts['port']}", "options": "-csearch_path=tenant"}
    done = run(checked, "migrate", url=f"postgresql:///?{urlencode({**parts, **several})}")
    assert done.returncode == 0, done.stderr
    assert tables(database) == set()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('tenant.users')").fetchone() != (None,)


def test_extensions_exist_for_migrations_and_their_checks(checked: CheckedProject, database: str) -> None:
    checked.replace(EXTENSIONS, "= ()", '= ("citext", "fuzzystrmatch")')
    label = "    name: Mapped[str]\n    label: Mapped[str | None] = mapped_column(CITEXT)\n"
    checked.replace(PROJECT, "    name: Mapped[str]\n", label)
    checked.replace(
        PROJECT, "from sqlalchemy.orm", "from sqlalchemy.dialects.postgresql import CITEXT\nfrom sqlalchemy.orm"
    )
    assert "Wrote " in run(checked, "migration", "add", "label", url=database).stdout
    done = run(checked, "db_check")
    assert done.returncode == 0, done.stdout
    assert run(checked, "migrate", url=database).returncode == 0
    assert "Nothing to generate" in run(checked, "migration", "nothing", url=database).stdout
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT 'a'::citext = 'A'").fetchone() == (True,)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_server_that_lacks_an_extension_is_refused_in_one_line(
    checked: CheckedProject, database: str, command: str
) -> None:
    checked.replace(EXTENSIONS, "= ()", '= ("postgis",)')
    done = run(checked, command, *(["x"] if command == "migration" else []), url=database)
    assert done.returncode == 1
    assert done.stderr == NO_POSTGIS
    assert tables(database) == set()


def test_tests_have_the_extensions_and_ignore_variables_for_other_servers(checked: CheckedProject) -> None:
    checked.replace(EXTENSIONS, "= ()", '= ("citext",)')
    checked.write("tests/test_planted.py", CITEXT_TEST)
    arguments = ("--numprocesses=1", "tests/test_planted.py")
    done = checked.session("test", *arguments, DATABASE_URL="", **FOREIGN)
    assert done.returncode == 0, done.stdout
    checked.replace(EXTENSIONS, '= ("citext",)', '= ("postgis",)')
    done = checked.session("test", *arguments)
    assert done.returncode == 1
    assert NO_POSTGIS.strip() in done.stdout
    assert "Traceback" not in done.stdout


def test_a_python_error_in_a_migration_is_named(checked: CheckedProject, database: str) -> None:
    checked.add_migration("broken", "SELECT 1", "SELECT 1")
    checked.replace(MIGRATIONS / "broken.py", 'op.execute("SELECT 1")\n\n\ndef downgrade', "1 / 0\n\n\ndef downgrade")
    done = run(checked, "migrate", url=database)
    assert "Migration broken failed in upgrade(): ZeroDivisionError: division by zero\n" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "url", "message"),
    [
        (["nowhere"], "", "Can't locate revision identified by 'nowhere'; see: nox -s migrate -- history\n"),
        (["downgrade"], "", "downgrade needs a target: -1 for one step, base for all, or a revision\n"),
        (
            [],
            "postgresql://app:hunter2@127.0.0.1:9/app",
            "Cannot reach the database at 127.0.0.1:9: Connection refused\n",
        ),
        ([], "hunter2", f"DATABASE_URL: {MALFORMED}\n"),
    ],
)
def test_migrate_reports_what_it_cannot_do(
    checked: CheckedProject, database: str, arguments: list[str], url: str, message: str
) -> None:
    done = run(checked, "migrate", *arguments, url=url or database)
    assert done.returncode != 0
    assert done.stderr.endswith(message)
    assert "hunter2" not in done.stdout + done.stderr


def test_an_error_in_a_model_is_reported_with_its_line(checked: CheckedProject) -> None:
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str] = nowhere\n")
    lines = (checked.folder / PROJECT).read_text(encoding="utf-8").splitlines()
    done = run(checked, "db_check", "--only", "models")
    place = f"{PROJECT}:{lines.index('    name: Mapped[str] = nowhere') + 1}"
    assert f"NameError: name 'nowhere' is not defined ({place})\n" in done.stdout


def test_migration_warns_about_a_new_column_without_values(checked: CheckedProject) -> None:
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    colour: Mapped[str]\n")
    done = run(checked, "migration", "add colour")
    assert done.returncode == 0, done.stderr
    assert "projects.colour is NOT NULL, but existing rows have no value for it.\n" in done.stdout
    assert "Give it a server_default" in done.stdout


@pytest.mark.parametrize(("message", "name"), [("Füge Farbe hinzu", "_fuge_farbe_hinzu.py"), ("色を追加", None)])
def test_migration_writes_a_file_with_an_ascii_name(
    checked: CheckedProject, database: str, message: str, name: str | None
) -> None:
    before = set((checked.folder / MIGRATIONS).glob("*.py"))
    add_model(checked)
    done = run(checked, "migration", message)
    assert done.returncode == 0, done.stderr
    [path] = set((checked.folder / MIGRATIONS).glob("*.py")) - before
    assert path.name.endswith(name or f"_{checked.newest_revision()}.py")
    assert f"Wrote {path.relative_to(checked.folder)}" in done.stdout
    assert f"({message})" in run(checked, "migrate", url=database).stdout


def test_migration_without_changes_or_message_writes_nothing(checked: CheckedProject) -> None:
    before = sorted((checked.folder / MIGRATIONS).glob("*.py"))
    done = run(checked, "migration", "nothing new")
    assert (done.returncode, done.stdout) == (0, "Nothing to generate: the migrations match the models.\n")
    for arguments in ([], [" "]):
        assert "the message is empty; give one: nox -s migration" in run(checked, "migration", *arguments).stderr
    assert sorted((checked.folder / MIGRATIONS).glob("*.py")) == before


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (
            "def upgrade() -> None:",
            "def upgrade( -> None:",
            f"SyntaxError: invalid syntax ({MIGRATIONS}/broken.py:15)\n",
        ),
        (
            "from alembic import op",
            "import nowhere",
            f"ModuleNotFoundError: No module named 'nowhere' ({MIGRATIONS}/broken.py:7)\n",
        ),
        (
            'down_revision = "',
            'down_revision = "un',
            f" -> broken (head), plant a fault is not present. Correct it in {MIGRATIONS}\n",
        ),
        (
            'revision = "broken"',
            'revision = "first"',
            f"Revision first is present more than once. Correct it in {MIGRATIONS}\n",
        ),
    ],
)
def test_an_unusable_migration_is_named(
    checked: CheckedProject, database: str, old: str, new: str, reason: str
) -> None:
    checked.add_migration("first", "SELECT 1", "SELECT 1")
    checked.add_migration("broken", "SELECT 1", "SELECT 1", after=checked.newest_revision())
    checked.replace(MIGRATIONS / "broken.py", f"\n{old}", f"\n{new}")
    if "first" in new:
        checked.replace(MIGRATIONS / "broken.py", 'down_revision = "first"', "down_revision = None")
    for command, arguments in (("migrate", []), ("migration", ["more"]), ("db_check", [])):
        done = run(checked, command, *arguments, url=database)
        assert done.returncode == 1
        assert done.stderr.endswith(reason)
        assert len(done.stderr.splitlines()) == 1


def test_two_heads_are_reported_with_ways_to_join_them(checked: CheckedProject, database: str) -> None:
    base = checked.newest_revision()
    second_head(checked)
    for command, arguments in (("migrate", []), ("migration", ["more"])):
        done = run(checked, command, *arguments, url=database)
        assert done.returncode == 1
        assert "2 heads instead of one. Join them: nox -s migration -- --merge\n" in done.stderr
        assert f"Or undo yours (nox -s migrate -- downgrade {base}), and only then" in done.stderr
        assert "Multiple head" not in done.stderr


def branches(project: CheckedProject, database: str) -> None:
    """Give projects an icon, applied, and on a branch that is merged then a colour."""
    before = project.newest_revision()
    columns = "    name: Mapped[str]\n    icon: Mapped[str | None]\n    colour: Mapped[str | None]\n"
    project.replace(PROJECT, "    name: Mapped[str]\n", columns)
    for name in ("icon", "colour"):
        up, down = (f"ALTER TABLE projects {action} {name}" for action in ("ADD", "DROP"))
        project.add_migration(name, f"{up} text", down, after=before)
        if name == "icon":
            done = run(project, "migrate", "icon", url=database)
            assert done.returncode == 0, done.stderr


def test_a_merge_revision_joins_branches(checked: CheckedProject, database: str) -> None:
    before = checked.newest_revision()
    branches(checked, database)
    done = run(checked, "migration", "--merge")
    assert done.returncode == 0, done.stderr
    [path] = (checked.folder / MIGRATIONS).glob("*_merge_branches.py")
    assert f"Wrote {path.relative_to(checked.folder)}\n" in done.stdout
    assert "import" not in path.read_text(encoding="utf-8")
    done = run(checked, "migrate", url=database)
    assert (done.returncode, done.stdout.startswith("applied colour (plant a fault)\napplied ")) == (0, True)
    assert "pending" not in run(checked, "migrate", "history", url=database).stdout
    done = run(checked, "migrate", "downgrade", "-1", url=database)
    assert done.stderr == f"{AMBIGUOUS}; see: nox -s migrate -- history\n"
    assert run(checked, "migrate", "downgrade", before, url=database).stdout.count("undid ") == 3
    assert run(checked, "migration", "--merge").stdout == "Nothing to merge: there are not several heads.\n"
    done = run(checked, "db_check")
    assert done.returncode == 0, done.stdout


def test_an_undone_migration_can_follow_the_other_branch(checked: CheckedProject, database: str) -> None:
    before = checked.newest_revision()
    branches(checked, database)
    assert run(checked, "migrate", "downgrade", before, url=database).stdout == "undid icon (plant a fault)\n"
    checked.replace(MIGRATIONS / "icon.py", f'down_revision = "{before}"', 'down_revision = "colour"')
    done = run(checked, "migrate", url=database)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "applied colour (plant a fault)\napplied icon (plant a fault)\n"


def test_migrate_fails_where_the_database_differs_from_the_models(checked: CheckedProject, database: str) -> None:
    before = checked.newest_revision()
    branches(checked, database)
    checked.replace(MIGRATIONS / "icon.py", f'down_revision = "{before}"', 'down_revision = "colour"')
    done = run(checked, "migrate", url=database)
    assert done.returncode == 1
    assert "\n  projects, column colour: text in the models, missing in the database\n" in done.stderr
    assert "If a migration was put before an applied one: put it back," in done.stderr
    done = run(checked, "migrate", "--warn", url=database)
    assert done.returncode == 0
    assert "projects, column colour: text in the models" in done.stdout
    # The advice.
    checked.replace(MIGRATIONS / "icon.py", 'down_revision = "colour"', f'down_revision = "{before}"')
    assert run(checked, "migrate", "downgrade", "-1", url=database).returncode == 0
    checked.replace(MIGRATIONS / "icon.py", f'down_revision = "{before}"', 'down_revision = "colour"')
    assert run(checked, "migrate", url=database).returncode == 0


def test_a_revision_of_another_branch_is_reported_with_a_way_out(checked: CheckedProject, database: str) -> None:
    checked.add_migration("other", "SELECT 1", "SELECT 1")
    assert run(checked, "migrate", url=database).returncode == 0
    (checked.folder / MIGRATIONS / "other.py").unlink()
    for arguments in ([], ["history"], ["downgrade", "-1"]):
        done = run(checked, "migrate", *arguments, url=database)
        assert done.returncode == 1
        assert done.stderr == (
            "The database is at other, a migration of another branch. Undo it there: nox -s migrate -- downgrade -1\n"
            "Or empty the database: nox -s db -- reset\n"
        )


def test_objects_that_models_cannot_declare_do_not_differ(checked: CheckedProject, database: str) -> None:
    statements = (
        "CREATE EXTENSION pg_trgm; CREATE TABLE owned (id int); ALTER EXTENSION pg_trgm ADD TABLE owned",
        "CREATE VIEW names AS SELECT name FROM users",
        "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TRIGGER kept BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION keep()",
    )
    checked.add_migration("objects", "; ".join(statements), "SELECT 1")
    assert run(checked, "migrate", url=database).returncode == 0
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE of_a_developer (id int)")
    assert run(checked, "migrate", url=database).returncode == 0
    assert run(checked, "db_check", "--only", "models").returncode == 0
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    colour: Mapped[str | None]\n")
    assert run(checked, "migration", "add colour").returncode == 0
    [path] = (checked.folder / MIGRATIONS).glob("*_add_colour.py")
    assert "owned" not in path.read_text(encoding="utf-8")


def test_changed_checks_and_defaults_are_generated(checked: CheckedProject, database: str) -> None:
    run(checked, "migrate", url=database)
    checked.replace(PROJECT, "'editor', 'owner')", "'editor', 'owner', 'guest')")
    checked.replace(PROJECT, 'mapped_column(server_default="")', """mapped_column(server_default="Don't know: 5 %")""")
    checked.replace(
        PROJECT,
        '        CheckConstraint("length(desc',
        """        CheckConstraint("name NOT LIKE '%?'", name="statement"),\n        CheckConstraint("length(desc""",
    )
    for url in (database, ""):
        done = run(checked, "migrate", url=url) if url else run(checked, "db_check", "--only", "models")
        assert done.returncode == 1
        for name in (
            "memberships_role_check: CHECK",
            "projects_statement_check: CHECK",
            "default of description: 'Don''t",
        ):
            assert name in done.stdout + done.stderr
    message = 'allow \\d, \\N and """'
    assert "cannot generate" not in run(checked, "migration", message).stdout
    assert f"({message})" in run(checked, "migrate", url=database).stdout
    assert run(checked, "db_check", "--only", "steps", "--only", "models").returncode == 0
    assert "Nothing to generate" in run(checked, "migration", "more").stdout


def test_enum_types_are_created_and_dropped(checked: CheckedProject, database: str) -> None:
    run(checked, "migrate", url=database)
    enum = 'class Mood(StrEnum):\n    """A mood."""\n\n    GOOD = "good"\n\n\nclass Project(Timestamps'
    checked.replace(PROJECT, "class Project(Timestamps", enum)
    checked.replace(PROJECT, "    name: Mapped[str]\n", "    name: Mapped[str]\n    mood: Mapped[Mood | None]\n")
    add_model(checked)
    checked.replace(BASE, "    id: Mapped[UuidKey]\n", '    id: Mapped[UuidKey]\n    mood: Mapped[Literal["x"]]\n')
    checked.replace(BASE, "from typing import Annotated", "from typing import Annotated, Literal")
    done = run(checked, "migration", "add moods")
    assert done.returncode == 0, done.stderr
    done = run(checked, "db_check")
    assert done.returncode == 0, done.stdout
    assert run(checked, "migrate", url=database).returncode == 0
    checked.replace(PROJECT, '    GOOD = "good"\n', '    GOOD = "good"\n    BAD = "bad"\n')
    assert (
        "mood, enum: 'GOOD', 'BAD' in the models, 'GOOD' in the database"
        in run(checked, "migrate", url=database).stderr
    )
    done = run(checked, "migration", "add a mood")
    assert "Change mood by hand, for example: op.execute('ALTER TYPE mood ADD VALUE …')\n" in done.stdout
    assert "Alembic cannot generate the rest; add it to the file:\nmood, enum: " in done.stdout


def test_dropped_columns_and_tables_are_confirmed(checked: CheckedProject) -> None:
    model = (checked.folder / BASE).read_text(encoding="utf-8")
    add_model(checked)
    run(checked, "migration", "add planted")
    checked.write(BASE, model)
    # A function of the database depends on the other column, the name, which can only be renamed.
    checked.replace(PROJECT, "    description: Mapped[str]", "    summary: Mapped[str]")
    checked.replace(PROJECT, "length(description)", "length(summary)")
    done = run(checked, "migration", "rename")
    assert 'instead: op.alter_column("projects", "description", new_column_name="summary")\n' in done.stdout
    assert 'planted is dropped with all its rows. To rename it instead: op.rename_table("planted", ' in done.stdout
    [path] = (checked.folder / MIGRATIONS).glob("*_rename.py")
    done = run(checked, "db_check", "--only", "hazards")
    for rule, statement in (("ban-drop-column", "    op.drop_column("), ("ban-drop-table", "    op.drop_table(")):
        confirmation = f'op.execute("-- squawk-ignore {rule}")'
        assert f"If it is intended, add before it: {confirmation}" in done.stdout
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace(statement, f"    {confirmation}\n{statement}", 1), encoding="utf-8")
    done = run(checked, "db_check", "--only", "hazards")
    assert "constraint-missing-not-valid" in done.stdout
    assert "ban-drop-column" not in done.stdout
    assert "ban-drop-table" not in done.stdout


POINT = """\
class Point(UserDefinedType[str]):
    def get_col_spec(self) -> str:
        return "point"

    def __repr__(self) -> str:
        return "<a point>"


"""
POINT_COLUMN = """\
    point: Mapped[str | None] = mapped_column(Point)
"""

DATA = """\
users = sa.table("users", sa.column("name", sa.Text()))
    rows = op.get_bind().execute(sa.select(users.c.name).where(users.c.name.like("a%"))).all()
    op.get_bind().execute(users.update().values(name="b%").where(users.c.name.in_([row.name for row in rows])))
    op.get_bind().exec_driver_sql("UPDATE users SET name = %s WHERE name LIKE 'x%%'", ("c",))
    op.bulk_insert(users, [])
    with op.get_context().autocommit_block():
        op.execute("CREATE INDEX CONCURRENTLY IF NOT EXISTS planted ON users (name)")
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS planted")
    op.execute("ALTER TABLE users ADD CONSTRAINT planted CHECK (name LIKE 'a%') NOT VALID")
"""


def test_data_migrations_in_python_pass_the_checks(checked: CheckedProject) -> None:
    checked.add_migration("data", "SELECT 1", "ALTER TABLE users DROP CONSTRAINT planted")
    checked.replace(MIGRATIONS / "data.py", 'op.execute("SELECT 1")\n', DATA)
    checked.replace(
        MIGRATIONS / "data.py", "from alembic import op\n", "import sqlalchemy as sa\nfrom alembic import op\n"
    )
    done = run(checked, "db_check", "--only", "steps", "--only", "hazards")
    assert done.returncode == 0, done.stdout


def test_all_invalid_models_are_named_and_the_others_are_compared(checked: CheckedProject, database: str) -> None:
    run(checked, "migrate", url=database)
    checked.replace(PROJECT, 'mapped_column(server_default="")', 'mapped_column(server_default=text("Don\'t know"))')
    checked.replace(PROJECT, "import CheckConstraint, ", "import text, CheckConstraint, ")
    checked.replace(PROJECT, '"length(name) BETWEEN', '"size(name) BETWEEN')
    user = "src/backend/shared/database/models/users.py"
    age, note = "    age: Mapped[int] = mapped_column(server_default='old')\n", "    note: Mapped[str | None]\n"
    version = "    account_version: Mapped[int]"
    checked.replace(user, version, f"{age}{note}{version}")
    expected = (
        "  projects, constraint projects_name_length_check: rejected (function size(text) does not exist)",
        "  projects, default of description: rejected (unterminated quoted string at or near \"'t know",
        '  users, default of age: rejected (invalid input syntax for type integer: "old") in the models',
        "  users, column note: text in the models, missing in the database",
    )
    before = sorted((checked.folder / MIGRATIONS).glob("*.py"))
    for command, arguments in (("migrate", []), ("db_check", ["--only", "models"]), ("migration", ["add age"])):
        done = run(checked, command, *arguments, url=database if command == "migrate" else "")
        assert done.returncode == 1
        for line in expected:
            assert line in done.stdout + done.stderr
    assert done.stderr.startswith("Nothing was generated. Correct what is rejected in the models:\n")
    assert sorted((checked.folder / MIGRATIONS).glob("*.py")) == before


def test_a_generated_migration_that_python_cannot_load_is_not_written(checked: CheckedProject) -> None:
    before = sorted((checked.folder / MIGRATIONS).glob("*.py"))
    checked.replace(PROJECT, "    name: Mapped[str]\n", f"    name: Mapped[str]\n{POINT_COLUMN}")
    checked.replace(PROJECT, "from sqlalchemy.orm", "from sqlalchemy.types import UserDefinedType\nfrom sqlalchemy.orm")
    checked.replace(PROJECT, "class Project(Timestamps", f"{POINT}class Project(Timestamps")
    done = run(checked, "migration", "add a point")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("SyntaxError: Alembic generates invalid code: op.add_column('projects', ")
    assert len(done.stderr.splitlines()) == 1
    assert sorted((checked.folder / MIGRATIONS).glob("*.py")) == before


def test_a_hazard_is_reported_with_the_migrations_file(checked: CheckedProject) -> None:
    checked.add_migration("planted", "ALTER TABLE users ADD CONSTRAINT planted CHECK (name > 'a')", "SELECT 1")
    done = run(checked, "db_check", "--only", "hazards")
    assert f"{MIGRATIONS / 'planted.py'}: constraint-missing-not-valid\n  ALTER TABLE users ADD" in done.stdout
    assert "\x1b]8" not in done.stdout
    assert ".sql" not in done.stdout
