"""The command behind `nox -s rotate`: replaces keys and passwords while the application runs."""

import argparse
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tasks.compose import compose_project, stale_secrets, up
from tasks.compose.compose_project import ComposeProject
from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.project import env_file, setup
from tasks.project.services import BACKEND, PASSWORD_SETTING
from tasks.servers import persistent

KEY = "AUTH_SIGNING_KEY"
LIFETIME = "ACCESS_TOKEN_LIFETIME"
MIGRATIONS = "migrations"
# Passwords that start with it are of the second login role of a service: see shared/database/roles.py.
SECOND = "b:"
DELAY_SECONDS = 300
# Services may have fetched the keys so shortly before the new one was published, and clocks differ.
MARGIN = timedelta(seconds=15)


def main() -> None:
    """Replace a secret in .env.local, or with --stack in the containers, while the application runs."""
    parser = argparse.ArgumentParser(prog="nox -s rotate --", description=main.__doc__)
    parser.add_argument("what", choices=["signing-key", "database-password"], help="%(choices)s")
    parser.add_argument("--stack", action="store_true", help="in the containers, which are replaced one by one")
    advice = "time until the new signing key is used, in which all of auth must be replaced (default %(default)s)"
    parser.add_argument("--delay", type=int, default=DELAY_SECONDS, metavar="SECONDS", help=advice)
    advice = "timeout for a container to become ready (default %(default)s)"
    parser.add_argument("--timeout", type=int, default=up.TIMEOUT_SECONDS, metavar="SECONDS", help=advice)
    arguments = parser.parse_args()
    project, place = Path.cwd(), None
    compose_project.ensure_settings(project)
    names = [KEY] if arguments.what == "signing-key" else password_settings(project)
    if arguments.stack:
        place = compose_project.load(project)
        check_ready(place, names)
    if arguments.what == "signing-key":
        rotate_key(project, place, arguments.delay, arguments.timeout)
    elif place:
        rotate_container_passwords(place, names, arguments.timeout)
    else:
        rotate_passwords(project, names)


def check_ready(place: ComposeProject, names: list[str]) -> None:
    """UserError if containers do not run, or other secrets have changed, which a new container would read."""
    if not any(found for _, found in place.containers()):
        raise UserError("Nothing is running. Start everything: nox -s stack -- up")
    others = {name for service in place.services for name in service.secrets} - {name.lower() for name in names}
    if stale := sorted({service for service, _ in stale_secrets.readers(place, sorted(others))}):
        raise UserError(
            f"Other secrets have changed since the start of {', '.join(stale)}.\n"
            "End the rotation that was interrupted, if any; or replace the containers: nox -s stack -- up"
        )


def rotate_key(project: Path, place: ComposeProject | None, delay: int, timeout: int) -> None:
    """Publish a new signing key, which replaces the current one after the delay."""
    settings = {**env_file.defaults(project), **env_file.settings(project)}
    keys, now = read(project, place, KEY), datetime.now(UTC)
    try:
        lifetime, since = timedelta(seconds=float(settings[LIFETIME])), start_of_last(keys)
    except ValueError:
        raise UserError(f"{KEY} or {LIFETIME} is malformed. Correct it; {env_file.EXAMPLE} explains both.") from None
    if since and now < since + lifetime:
        print("The last rotation of the signing key has not ended. No new key was made.", flush=True)
    else:
        since = now + timedelta(seconds=delay)
        write(project, place, {KEY: with_new_key(keys, since)})
    if place:
        stale_secrets.replace_readers(place, [KEY.lower()], timeout)
        if datetime.now(UTC) > since - MARGIN and since > now:
            raise UserError(
                f"Replacing auth took so long that other services may have refused tokens of the new key since "
                f"{since:%H:%M:%S} UTC. Nobody is signed out. Next time: --delay {2 * delay}"
            )
    print(
        f"The new signing key is used from {since.astimezone():%H:%M:%S}. "
        f"Tokens of the old one are accepted until {(since + lifetime).astimezone():%H:%M:%S}."
    )


def start_of_last(keys: str) -> datetime | None:
    """The time from which the last one of several keys signs."""
    _, has_time, time_of_last = keys.rpartition(",")[2].partition("@")
    return datetime.fromisoformat(time_of_last) if has_time else None


def with_new_key(keys: str, since: datetime) -> str:
    """The last one of the keys, and a new one that signs from this time on."""
    last = keys.rpartition(",")[2].partition("@")[0]
    return f"{last},{setup.fresh_secret()}@{since:%Y-%m-%dT%H:%M:%S}Z"


def rotate_passwords(project: Path, names: list[str]) -> None:
    """Change the passwords of services in .env.local, whose change restarts the services of `dev`."""
    new = new_passwords(project, None, names)
    with persistent("rotate") as servers:
        urls = {"DATABASE_URL": servers.database_url, "REDIS_URL": servers.redis_url}
        environment = {**os.environ, **urls, "PYTHONPATH": str((project / BACKEND).resolve())}
        run(["tasks", "database.migrations.apply", "current"], {**environment, **new})
        write(project, None, new)
        run(["shared.database.migrate", "--retire"], environment)


def rotate_container_passwords(place: ComposeProject, names: list[str], timeout: int) -> None:
    """Change the passwords of services in containers; after an interruption, go on with those that are new."""
    interrupted = [name for name in names if stale_secrets.readers(place, [name.lower()])]
    if interrupted:
        print(f"Going on with the new passwords of an interrupted rotation: {', '.join(interrupted)}.", flush=True)
    write(place.folder, place, new_passwords(place.folder, place, [name for name in names if name not in interrupted]))
    place.compose.run("run", "--rm", "--no-deps", "-T", MIGRATIONS)
    stale_secrets.replace_readers(place, [name.lower() for name in names], timeout)
    place.compose.run("run", "--rm", "--no-deps", "-T", MIGRATIONS, "--retire")


def password_settings(project: Path) -> list[str]:
    """The settings with the passwords of services in the database."""
    return [name for name in env_file.secrets(project) if PASSWORD_SETTING.fullmatch(name)]


def new_passwords(project: Path, place: ComposeProject | None, names: list[str]) -> dict[str, str]:
    """A new password for each setting, of the login role that is not used now."""
    return {name: alternative(read(project, place, name)) for name in names}


def alternative(password: str) -> str:
    """A new password of the other login role."""
    return ("" if password.startswith(SECOND) else SECOND) + setup.fresh_secret()


def read(project: Path, place: ComposeProject | None, name: str) -> str:
    """A secret of the containers, or of `.env.local`."""
    if place:
        file = project / setup.SECRETS / name.lower()
        if not file.exists():
            raise UserError(f"{file} is missing. Restore it, or: nox -s stack -- up")
        return file.read_text(encoding="utf-8").strip()
    if os.environ.get(name):
        raise UserError(f"{name} is set in the environment, where this session cannot change it. Unset it.")
    return env_file.local(project)[name]


def write(project: Path, place: ComposeProject | None, new: dict[str, str]) -> None:
    """Change secrets of the containers, or of `.env.local`."""
    if not new:
        return
    if place:
        for name, text in new.items():
            atomic_file.write(project / setup.SECRETS / name.lower(), text, setup.FILE_MODE)
    else:
        env_file.change(setup.local_file(project), new)
    print(f"Changed in {setup.SECRETS if place else env_file.LOCAL}: {', '.join(new)}.", flush=True)


def run(module: list[str], environment: dict[str, str]) -> None:
    """Run a module; UserError if it fails, after its own message."""
    if subprocess.run([sys.executable, "-m", *module], env=environment, check=False).returncode != 0:
        raise UserError("The rotation has not ended; its error is above. Correct it and run the session again.")
