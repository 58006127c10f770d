"""The services of a project, their ports and dependencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.database.operations import url_parts
from tasks.project import services


def test_gateway_depends_on_services_with_a_url_and_these_on_the_owner_of_the_keys(small: Path) -> None:
    for path in ("auth/__main__.py", "mailer/__main__.py"):
        (small / "src/backend" / path).parent.mkdir(exist_ok=True)
        (small / "src/backend" / path).touch()
    with (small / ".env.example").open("a", encoding="utf-8") as example:
        example.write("# AUTH_URL=http://127.0.0.1:8001\n")
    with Ports() as ports:
        found = {each.name: each.depends_on for each in services.load(small, ports)}
    assert found == {"alpha": ("auth",), "auth": (), "gateway": ("alpha", "auth"), "mailer": ()}


def test_two_services_with_one_port_are_refused(small: Path) -> None:
    usual = services.usual_ports(small)["alpha"]
    (small / ".env.local").write_text(f"GATEWAY_PORT={usual}\n")
    with pytest.raises(UserError, match=f"ALPHA_PORT and GATEWAY_PORT are both {usual}"):
        services.usual_ports(small)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://app:{}@127.0.0.1:5432/app", "postgresql://app@127.0.0.1:5432/app"),
        ("postgresql://app:{}@one:1,two:2/app?sslmode=prefer", "postgresql://app@one:1,two:2/app?sslmode=prefer"),
        ("postgresql:///?user=app&password={}&host=db&dbname=app", "postgresql:///?user=app&host=db&dbname=app"),
        ("postgresql:///?user=app&host=db&dbname=app&password={}", "postgresql:///?user=app&host=db&dbname=app"),
        ("postgresql://app@[::1]:5432/app", "postgresql://app@[::1]:5432/app"),
        ("postgresql:///app?host=/run/postgresql", "postgresql:///app?host=/run/postgresql"),
    ],
)
def test_environment_of_services_lacks_the_password_of_the_owner(small: Path, url: str, expected: str) -> None:
    found = services.environment(small, [], url.format("p%40s:w%2Frd"), "redis://cache")["DATABASE_URL"]
    assert "p%40s" not in found
    assert url_parts(found) == url_parts(expected)


@pytest.mark.parametrize("value", ["eighty", "0", "65536", "-1", ""])
def test_wrong_port_is_reported_with_its_setting(small: Path, value: str) -> None:
    (small / ".env.local").write_text(f"GATEWAY_PORT={value}\n")
    expected = r"^GATEWAY_PORT is not a port\. Set it to a number from 1 to 65535 in \.env\.local\.$"
    with pytest.raises(UserError, match=expected):
        services.usual_ports(small)


def test_project_without_services_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no service\. A service is a package with a __main__\.py\."):
        services.names(tmp_path)
