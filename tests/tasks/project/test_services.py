"""The services of a project, their ports and dependencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.project import services


def test_gateway_depends_on_all_and_all_on_the_owner_of_the_keys(small: Path) -> None:
    for path in ("auth/__init__.py", "auth/__main__.py"):
        (small / "src/backend" / path).parent.mkdir(exist_ok=True)
        (small / "src/backend" / path).touch()
    with Ports() as ports:
        found = {each.name: each.depends_on for each in services.load(small, ports)}
    assert found == {"alpha": ("auth",), "auth": (), "gateway": ("alpha", "auth")}


def test_two_services_with_one_port_are_refused(small: Path) -> None:
    usual = services.usual_ports(small)["alpha"]
    (small / ".env.local").write_text(f"GATEWAY_PORT={usual}\n")
    with pytest.raises(UserError, match=f"ALPHA_PORT and GATEWAY_PORT are both {usual}"):
        services.usual_ports(small)


@pytest.mark.parametrize("value", ["eighty", "0", "65536", "-1", ""])
def test_wrong_port_is_reported_with_its_setting(small: Path, value: str) -> None:
    (small / ".env.local").write_text(f"GATEWAY_PORT={value}\n")
    expected = r"^GATEWAY_PORT is not a port\. Set it to a number from 1 to 65535 in \.env\.local\.$"
    with pytest.raises(UserError, match=expected):
        services.usual_ports(small)


def test_project_without_services_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"has no service\. A service is a package with a __main__\.py\."):
        services.names(tmp_path)
