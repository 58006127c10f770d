import base64
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import jwt
import pytest
from fastapi import FastAPI, Response

from shared.http import create_client
from shared.security import jwks
from shared.security.jwks import KeysUnavailableError, RemoteKeys
from shared.security.tokens import InvalidTokenError, Signer, verify
from tests.support.serving import free_port, serving

MINUTE = timedelta(minutes=1)
signer = Signer(bytes(range(32)), MINUTE)
stranger = Signer(bytes(32), MINUTE)


class KeyServer:
    """Publishes keys, counts how often it is asked, and can be made to fail."""

    def __init__(self) -> None:
        self.keys = [signer.jwk]
        self.asked = 0
        self.status = 200
        self.app = FastAPI()
        self.app.get("/jwks")(self.answer)

    async def answer(self, response: Response) -> dict[str, list[dict[str, str]]]:
        self.asked += 1
        response.status_code = self.status
        return {"keys": self.keys}


@pytest.fixture
def server() -> KeyServer:
    return KeyServer()


@pytest.fixture
async def keys(server: KeyServer) -> AsyncIterator[RemoteKeys]:
    async with serving(server.app) as url, create_client() as client:
        yield RemoteKeys(client, f"{url}/jwks")


def forged(**changes: object) -> str:
    """A token with the right signature and a wrong claim."""
    token = signer.sign(uuid4(), uuid4(), datetime.now(UTC))
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, signer._private, "EdDSA", headers=jwt.get_unverified_header(token))


def unsigned() -> str:
    header = {"alg": "none", "kid": signer.jwk["kid"]}
    payload = jwt.decode(forged(), options={"verify_signature": False})
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, payload))
    return ".".join([*parts, ""])


async def test_a_token_says_whose_it_is() -> None:
    user, session = uuid4(), uuid4()
    claims = await verify(signer.sign(user, session, datetime.now(UTC)), signer)
    assert (claims.user_id, claims.session_id) == (user, session)


async def test_a_token_that_is_wrong_in_any_way_is_refused() -> None:
    good = forged()
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    wrong = {
        "nothing": "",
        "no token": "a.b.c",
        "unsigned": unsigned(),
        "tampered": good[:-8] + ("AAAAAAAA" if not good.endswith("AAAAAAAA") else "BBBBBBBB"),
        "signed by a stranger": stranger.sign(uuid4(), uuid4(), datetime.now(UTC)),
        "with a symmetric key": jwt.encode({}, "x" * 64, "HS256", headers={"kid": signer.jwk["kid"]}),
        "expired": signer.sign(uuid4(), uuid4(), hour_ago),
        "for others": forged(aud="elsewhere"),
        "by others": forged(iss="elsewhere"),
        "without a session": forged(sid=None),
        "without an end": forged(exp=None),
        "of nobody": forged(sub="nobody"),
    }
    for token in wrong.values():
        with pytest.raises(InvalidTokenError):
            await verify(token, signer)


async def test_keys_are_fetched_once(keys: RemoteKeys, server: KeyServer) -> None:
    for _ in range(3):
        assert await keys.find(signer.jwk["kid"])
    assert server.asked == 1


async def test_an_unknown_key_is_looked_for_but_not_each_time(
    keys: RemoteKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.check()
    for _ in range(3):
        assert await keys.find("made up") is None
    assert server.asked == 1
    monkeypatch.setattr(jwks, "RETRY_SECONDS", 0)
    server.keys = [signer.jwk, stranger.jwk]
    assert await keys.find(stranger.jwk["kid"])
    assert server.asked == 2


async def test_old_keys_are_better_than_none(
    keys: RemoteKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.check()
    monkeypatch.setattr(jwks, "RETRY_SECONDS", 0)
    monkeypatch.setattr(jwks, "FRESH_SECONDS", 0)
    server.status = 500
    assert await keys.find(signer.jwk["kid"])
    assert server.asked == 2
    with pytest.raises(KeysUnavailableError):
        await keys.find("made up")


async def test_without_any_key_it_is_said_where_they_should_be() -> None:
    url = f"http://127.0.0.1:{free_port()}/jwks"
    async with create_client() as client:
        with pytest.raises(KeysUnavailableError, match=url):
            await RemoteKeys(client, url).find("any")
