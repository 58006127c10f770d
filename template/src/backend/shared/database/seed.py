"""Fills a development database with people, projects and their history: `python -m shared.database.seed 100`."""

import argparse
import random
import sys
import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
from argon2 import PasswordHasher
from psycopg import sql
from psycopg.types.json import Jsonb
from sqlalchemy import Connection, NullPool, create_engine, text

from shared.database.engine import MigrationSettings, owner_url
from shared.database.migrate import migrate, print_line
from shared.database.models import AuditEvent, Base, Invitation, Membership, Project, Role, User
from shared.settings import DEPLOYED, load

# The password of every seeded person, for development only.
PHRASE = "correct horse battery staple"
# Reserved for documentation (RFC 2606): nobody gets mail at it.
DOMAIN = "seed.example.com"
DEFAULT_PEOPLE = 100

# The history is in this year, so that it is the same on every day.
START = datetime(2026, 1, 5, 8, tzinfo=UTC)
DAYS = 300
# Of invitations that nobody has answered, since the worker deletes expired ones.
EXPIRY = datetime(2100, 1, 1, tzinfo=UTC)

GIVEN_NAMES = (
    *("Ada", "Amara", "Anton", "Beatriz", "Chidi", "Clara", "Dalia", "Elif", "Emil", "Farah", "Felix", "Gita"),
    *("Hana", "Hugo", "Inga", "Ivan", "Jonas", "Kaori", "Lena", "Liam", "Lucía", "Malik", "Maya", "Mei"),
    *("Nadia", "Noé", "Olga", "Omar", "Paula", "Priya", "Ravi", "Rosa", "Sami", "Sören", "Tariq", "Zoë"),
)
FAMILY_NAMES = (
    *("Abe", "Adeyemi", "Bauer", "Berg", "Castro", "Chen", "Costa", "Dubois", "Eriksen", "Fischer", "Garcia", "Haddad"),
    *("Ibrahim", "Jansen", "Kaya", "Kim", "Kowalski", "Lang", "Mensah", "Moreau", "Müller", "Nair", "Novák", "Okafor"),
    *("Park", "Petrov", "Quispe", "Rao", "Rossi", "Sato", "Silva", "Singh", "Torres", "Vargas", "Weber", "Yilmaz"),
)
SUBJECTS = (
    *("Accounting", "Archive", "Booking", "Catalogue", "Customer portal", "Delivery", "Energy", "Fleet", "Help desk"),
    *("Inventory", "Invoices", "Library", "Mobile app", "Newsletter", "Onboarding", "Payments", "Payroll"),
    *("Recruiting", "Reporting", "Search", "Security", "Shop", "Training", "Warehouse", "Website"),
)
WORK = ("audit", "launch", "migration", "pilot", "redesign", "relaunch", "research", "roadmap", "rollout", "upgrade")
GOALS = (
    "Fewer manual steps for the team.",
    "Ready before the end of the quarter.",
    "One place for what is in three spreadsheets now.",
    "Replaces the system that nobody maintains.",
    "Half the time from request to answer.",
    "",
)
USER_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1 (KHTML, like Gecko) Version/19.1 Safari/605.1",
)

# Rows of a table, with values for the same columns.
Rows = list[tuple[Any, ...]]
COLUMNS: dict[type[Base], tuple[str, ...]] = {
    User: ("id", "email", "name", "password_hash", "created_at", "updated_at"),
    Project: ("id", "name", "description", "created_at", "updated_at"),
    Membership: ("project_id", "user_id", "role", "created_at"),
    Invitation: ("id", "project_id", "email", "role", "invited_by", "created_at", "expires_at"),
    AuditEvent: (
        "id",
        "created_at",
        "actor_id",
        "action",
        "subject_id",
        "request_id",
        "client",
        "user_agent",
        "details",
    ),
}
# COPY cannot skip rows that exist, so it fills a temporary table.
STAGING = (
    "CREATE TEMPORARY TABLE staging ON COMMIT DROP AS SELECT {columns} FROM {table} WITH NO DATA",
    "COPY staging FROM STDIN",
    "INSERT INTO {table} ({columns}) TABLE staging ON CONFLICT DO NOTHING",
    "DROP TABLE staging",
)


class Source(random.Random):
    """Makes the same choices for the same text, on every machine."""

    def uuid(self) -> UUID:
        """An ID."""
        return UUID(int=self.getrandbits(128), version=4)


class Person(NamedTuple):
    """A person to insert."""

    number: int
    id: UUID
    name: str
    email: str
    joined_at: datetime
    client: str
    user_agent: str


def main() -> None:
    """Add people, their projects and their history to a development database; those who exist stay as they are."""
    parser = argparse.ArgumentParser(prog="nox -s db -- seed", description=main.__doc__)
    parser.add_argument("people", nargs="?", type=int, default=DEFAULT_PEOPLE, help="their number, by default 100")
    parser.add_argument("--add", action="store_true", help="also to a database with users who are not seeded")
    arguments = parser.parse_args()
    if arguments.people < 1:
        parser.error("people should be 1 or more")
    settings = load(MigrationSettings)
    if settings.environment in DEPLOYED:
        # Everybody knows the password.
        sys.exit(f"Only a development database can be seeded; ENVIRONMENT is {settings.environment}.")
    migrate(settings)
    with create_engine(owner_url(settings), poolclass=NullPool).begin() as connection:
        if not arguments.add and (others := count_others(connection)):
            sys.exit(
                f"The database has users who are not seeded ({others}). To add seeded ones:\n"
                f"nox -s db -- seed {arguments.people} --add"
            )
        try:
            added = seed(connection, arguments.people)
        except psycopg.Error as error:
            reason = str(error).splitlines()[0]
            sys.exit(f"Nothing was added: {reason}\nThe rows are made in src/backend/shared/database/seed.py.")
    counts = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in added.items())
    print_line(f"Added {counts}." if any(added.values()) else "Nothing to add: all these people exist.")
    print_line(f"Log in as {person(0).email} with the password: {PHRASE}")


def count_others(connection: Connection) -> int:
    """The number of users who are not seeded."""
    query = text("SELECT count(*) FROM users WHERE email NOT LIKE :pattern")
    return connection.scalar(query, {"pattern": f"%@{DOMAIN}"}) or 0


def seed(connection: Connection, people: int) -> dict[str, int]:
    """Insert so many people with what they own and have done, unless they exist; returns the rows of each table.

    The same numbers give the same rows, and a person is the same whatever the number of people is.
    """
    existing = set(connection.scalars(text("SELECT id FROM users")))
    missing = [each for each in map(person, range(people)) if each.id not in existing]
    rows: dict[type[Base], Rows] = {table: [] for table in COLUMNS}
    # One hash for all, as each takes a tenth of a second; the fixed salt makes the rows the same each time.
    password_hash = PasswordHasher(3, 65_536, 1).hash(PHRASE, salt=DOMAIN.encode()) if missing else ""
    for each in missing:
        rows[User].append((each.id, each.email, each.name, password_hash, each.joined_at, each.joined_at))
        rows[AuditEvent].append(event(each, each.joined_at, "user.register", each.id))
        for table, values in history(each):
            rows[table].append(values)
    return {table.__tablename__: insert(connection, table, values) for table, values in rows.items()}


def insert(connection: Connection, table: type[Base], rows: Rows) -> int:
    """Insert rows with COPY, except those whose key exists; returns their number."""
    client: Any = connection.connection.driver_connection
    parts = {
        "table": sql.Identifier(table.__tablename__),
        "columns": sql.SQL(", ").join(map(sql.Identifier, COLUMNS[table])),
    }
    create, fill, move, drop = (sql.SQL(each).format(**parts) for each in STAGING)
    with client.cursor() as cursor:
        cursor.execute(create)
        with cursor.copy(fill) as copy:
            for row in rows:
                copy.write_row(row)
        inserted: int = cursor.execute(move).rowcount
        cursor.execute(drop)
    return inserted


@cache
def person(number: int) -> Person:
    """The person with this number, always the same."""
    source = Source(f"person {number}")
    given, family = source.choice(GIVEN_NAMES), source.choice(FAMILY_NAMES)
    local_part = unicodedata.normalize("NFKD", f"{given}.{family}".lower()).encode("ascii", "ignore").decode()
    joined_at = START + timedelta(days=number % (DAYS // 3), minutes=source.randrange(600))
    client, user_agent = f"192.0.2.{source.randrange(1, 255)}", source.choice(USER_AGENTS)
    # The number, as people can have the same name.
    email = f"{local_part}{number + 1}@{DOMAIN}"
    return Person(number, source.uuid(), f"{given} {family}", email, joined_at, client, user_agent)


def history(owner: Person) -> Iterator[tuple[type[Base], tuple[Any, ...]]]:
    """The projects of a person, the members of each, and what was done in them."""
    source = Source(f"history {owner.number}")
    # The first person, whose log-in is printed, has projects.
    number = max(source.choices((0, 1, 2, 5), (40, 35, 15, 10))[0], 3 * (owner.number == 0))
    for _ in range(number):
        project, now = source.uuid(), owner.joined_at + timedelta(hours=source.randrange(1, 24 * DAYS // 3))
        name = f"{source.choice(SUBJECTS)} {source.choice(WORK)}"
        created_at = now
        yield Membership, (project, owner.id, Role.OWNER.value, created_at)
        yield AuditEvent, event(owner, created_at, "project.create", project, name=name)
        for member in members(source, owner):
            now = max(now, member.joined_at) + timedelta(hours=source.randrange(1, 72))
            role = source.choices(tuple(Role), (5, 4, 1))[0].value
            yield AuditEvent, event(owner, now, "member.invite", project, email=member.email, role=role)
            now += timedelta(minutes=source.randrange(5, 600))
            yield Membership, (project, member.id, role, now)
            yield AuditEvent, event(member, now, "member.accept", project, role=role, invited_by=str(owner.id))
        invited = f"guest{owner.number + 1}@{DOMAIN}"
        yield AuditEvent, event(owner, now, "member.invite", project, email=invited, role=Role.VIEWER.value)
        yield Invitation, (source.uuid(), project, invited, Role.VIEWER.value, owner.id, now, EXPIRY)
        updated_at = created_at
        for _ in range(source.randrange(3)):
            updated_at = now = now + timedelta(hours=source.randrange(1, 240))
            yield AuditEvent, event(owner, now, "project.change", project, fields=["description"])
        yield Project, (project, name, source.choice(GOALS), created_at, updated_at)


def members(source: Source, owner: Person) -> list[Person]:
    """Some of the people before the owner, who are the same however many come after."""
    number = min(owner.number, source.choices((0, 2, 4, 8), (20, 40, 30, 10))[0])
    return [person(each) for each in source.sample(range(owner.number), number)]


def event(actor: Person, at: datetime, action: str, subject: UUID, **details: Any) -> tuple[Any, ...]:
    """The row of an audit event."""
    source = Source(f"{action} {subject} {at}")
    origin = (source.uuid().hex, actor.client, actor.user_agent)
    return (source.uuid(), at, actor.id, action, subject, *origin, Jsonb(details))


if __name__ == "__main__":
    main()
