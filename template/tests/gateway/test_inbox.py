"""Tests of the page of the inbox; those of registration read its JSON form."""

import httpx
import pytest

from auth.settings import AuthSettings
from gateway.app import create_app
from gateway.settings import GatewaySettings
from tests.support.clients import client_of, problem_of
from tests.support.users import mails, new_email, register


@pytest.fixture
def own_settings(gateway_settings: GatewaySettings, auth_settings: AuthSettings) -> GatewaySettings:
    """Settings of a gateway with the Redis of the worker."""
    return gateway_settings.model_copy(
        update={"redis_url": auth_settings.redis_url, "redis_prefix": auth_settings.redis_prefix}
    )


async def test_page_lists_the_mail_as_text(auth: httpx.AsyncClient, own_settings: GatewaySettings) -> None:
    email = new_email()
    await register(auth, email)
    [mail] = await mails(auth, email)
    async with client_of(create_app(own_settings)) as gateway:
        page = await gateway.get("/inbox")
        assert page.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
        assert f'<a href="{mail["links"][0]}">' in page.text
        assert f"To {email}" in page.text
        listed = (await gateway.get("/inbox/messages")).json()
        assert mail in listed
        # Such as a name of another site that has this address, and an address that is none.
        for host in ("attacker.example", "[1.2]"):
            foreign = await gateway.get("/inbox", headers={"Host": host})
            assert problem_of(foreign)[0] == 404


@pytest.mark.parametrize("environment", ["staging", "production"])
async def test_deployed_gateway_has_no_inbox(own_settings: GatewaySettings, environment: str) -> None:
    async with client_of(create_app(own_settings.model_copy(update={"environment": environment}))) as gateway:
        assert [(await gateway.get(each)).status_code for each in ("/inbox", "/inbox/messages")] == [404, 404]
