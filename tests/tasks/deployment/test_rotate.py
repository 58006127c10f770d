"""`rotate`: new secrets beside old ones, in `.env.local` and in containers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.database.migrations import apply
from tasks.database.migrations.runner import scratch_database
from tasks.database.operations import changed_url, connect
from tasks.deployment import rotate
from tasks.project import env_file, setup
from tasks.servers import Servers
from tests.tasks.checked_project import CheckedProject
from tests.tasks.command import call

DELAY = timedelta(seconds=300)


@pytest.fixture
def optional(small: Path) -> Path:
    """A project with the secrets that rotate."""
    with (small / ".env.example").open("a") as example:
        example.write("AUTH_SIGNING_KEY=\nAUTH_DATABASE_PASSWORD=\n# DATABASE_PASSWORD=\n# ACCESS_TOKEN_LIFETIME=900\n")
    setup.complete(small)
    return small


def key(project: Path) -> str:
    return env_file.local(project)["AUTH_SIGNING_KEY"]


def test_new_key_follows_the_current_one_and_only_after_the_last_rotation(optional: Path) -> None:
    old, start = key(optional), datetime.now(UTC).replace(microsecond=0)
    rotate.rotate_key(optional, None, 300, 1)
    first, second = key(optional).split(",")
    assert first == old
    since = rotate.start_of_last(second)
    assert since
    assert start + DELAY <= since <= datetime.now(UTC) + DELAY
    before = (optional / ".env.local").read_text()
    rotate.rotate_key(optional, None, 300, 1)
    assert (optional / ".env.local").read_text() == before
    past = f"{old},{second.partition('@')[0]}@2026-01-01T00:00:00Z"
    env_file.change(optional / ".env.local", {"AUTH_SIGNING_KEY": past})
    rotate.rotate_key(optional, None, 300, 1)
    assert key(optional).split(",")[0] == second.partition("@")[0]


def test_a_change_keeps_the_rest_of_env_local(optional: Path) -> None:
    path = optional / ".env.local"
    path.write_text("# mine\n\nexport AUTH_SIGNING_KEY='a' # why\nOTHER='b c'\nAUTH_SIGNING_KEY=d")
    env_file.change(path, {"AUTH_SIGNING_KEY": "new"})
    assert path.read_text() == "# mine\n\nAUTH_SIGNING_KEY=new\nOTHER='b c'\nAUTH_SIGNING_KEY=new\n"
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_secret_of_the_environment_is_refused(optional: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_SIGNING_KEY", "x")
    with pytest.raises(UserError, match=r"^AUTH_SIGNING_KEY is set in the environment, .* Unset it\.$"):
        rotate.rotate_key(optional, None, 300, 1)


def test_passwords_alternate_between_two_roles(optional: Path) -> None:
    assert rotate.password_settings(optional) == ["AUTH_DATABASE_PASSWORD"]
    first = rotate.new_passwords(optional, None, ["AUTH_DATABASE_PASSWORD"])
    assert first["AUTH_DATABASE_PASSWORD"].startswith("b:")
    rotate.write(optional, None, first)
    second = rotate.new_passwords(optional, None, ["AUTH_DATABASE_PASSWORD"])
    assert not second["AUTH_DATABASE_PASSWORD"].startswith("b:")


def test_services_connect_as_the_other_role_with_the_new_password(checked: CheckedProject, servers: Servers) -> None:
    setup.complete(checked.folder)
    with scratch_database(servers.database_url) as url:
        given = {"DATABASE_URL": url, "REDIS_URL": servers.redis_url}
        assert call(apply.main, checked.folder, **given).returncode == 0

        def connected(role: str, password: str) -> bool:
            try:
                connect(changed_url(url, user=role, password=password)).close()
            except UserError:
                return False
            return True

        old = env_file.local(checked.folder)["AUTH_DATABASE_PASSWORD"]
        assert connected("app_auth_login", old)
        done = call(rotate.main, checked.folder, "database-password", **given)
        assert done.returncode == 0, done.stderr
        assert "Changed in .env.local: AUTH_DATABASE_PASSWORD, PROJECTS_DATABASE_PASSWORD, " in done.stdout
        new = env_file.local(checked.folder)["AUTH_DATABASE_PASSWORD"]
        assert connected("app_auth_login_b", new)
        assert not connected("app_auth_login", old)
