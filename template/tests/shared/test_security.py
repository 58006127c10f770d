import asyncio
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
from shared.security.tokens import CLOCK_SKEW, InvalidTokenError, Signer, SigningKey, verify
from tests.support.serving import free_port, serve, wait_until

MINUTE = timedelta(minutes=1)
key, other_key = SigningKey(bytes(range(32))), SigningKey(bytes(32))
signer, other_signer = Signer([key], MINUTE), Signer([other_key], MINUTE)


class KeyServer:
    """Serves keys, counts requests, and can be made to fail."""

    def __init__(self) -> None:
        self.keys = [key.jwk]
        self.requests = 0
        self.status = 200
        self.failures = 0
        self.proceed = asyncio.Event()
        self.proceed.set()
        self.app = FastAPI()
        self.app.get("/jwks")(self.response)

    async def response(self, response: Response) -> dict[str, list[dict[str, str]]]:
        self.requests += 1
        await self.proceed.wait()
        response.status_code = 503 if self.requests <= self.failures else self.status
        return {"keys": self.keys}


@pytest.fixture
def server() -> KeyServer:
    return KeyServer()


@pytest.fixture
async def keys(server: KeyServer) -> AsyncIterator[RemoteKeys]:
    async with serve(server.app) as url, create_client() as client:
        yield RemoteKeys(client, f"{url}/jwks")


def forged(*, typ: str | None = "at+jwt", **changes: object) -> str:
    """A token with a valid signature, and another type or changed claims."""
    token = signer.sign(uuid4(), uuid4(), datetime.now(UTC))
    claims = jwt.decode(token, options={"verify_signature": False}) | changes
    claims = {name: value for name, value in claims.items() if value is not None}
    return jwt.encode(claims, key.private, "EdDSA", headers={**jwt.get_unverified_header(token), "typ": typ})


def unsigned() -> str:
    header = {"alg": "none", "kid": key.jwk["kid"], "typ": "at+jwt"}
    payload = jwt.decode(forged(), options={"verify_signature": False})
    parts = (base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=").decode() for each in (header, payload))
    return ".".join([*parts, ""])


async def test_claims_have_user_and_session() -> None:
    user, session = uuid4(), uuid4()
    claims = await verify(signer.sign(user, session, datetime.now(UTC)), signer)
    assert (claims.user_id, claims.session_id) == (user, session)


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "AT+JWT"])
async def test_every_spelling_of_the_type_is_accepted(typ: str) -> None:
    await verify(forged(typ=typ), signer)


async def test_invalid_tokens_are_rejected() -> None:
    valid = forged()
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    invalid = {
        "empty": "",
        "malformed": "a.b.c",
        "unsigned": unsigned(),
        "tampered": valid[:-8] + ("AAAAAAAA" if not valid.endswith("AAAAAAAA") else "BBBBBBBB"),
        "unknown signer": other_signer.sign(uuid4(), uuid4(), datetime.now(UTC)),
        "with a symmetric key": jwt.encode({}, "x" * 64, "HS256", headers={"kid": key.jwk["kid"], "typ": "at+jwt"}),
        "expired": signer.sign(uuid4(), uuid4(), hour_ago),
        "wrong audience": forged(aud="elsewhere"),
        "wrong issuer": forged(iss="elsewhere"),
        "no session": forged(sid=None),
        "no expiry": forged(exp=None),
        "invalid subject": forged(sub="nobody"),
        "another type": forged(typ="JWT"),
        "no type": forged(typ=None),
    }
    for token in invalid.values():
        with pytest.raises(InvalidTokenError):
            await verify(token, signer)


async def test_next_key_is_published_before_it_signs_and_the_old_one_until_its_tokens_expire() -> None:
    since = datetime.now(UTC)
    following = SigningKey(bytes(32), since)
    rotating = Signer([key, following], MINUTE)
    moment, end = timedelta(seconds=1), MINUTE + CLOCK_SKEW

    def signs(now: datetime) -> str:
        return str(jwt.get_unverified_header(rotating.sign(uuid4(), uuid4(), now))["kid"])

    assert [signs(since - moment), signs(since)] == [key.jwk["kid"], following.jwk["kid"]]
    for now in (since - timedelta(days=1), since, since + end - moment):
        assert rotating.accepted(now) == [key, following]
    assert rotating.accepted(since + end) == [following]
    for each in (since - moment, since):
        await verify(rotating.sign(uuid4(), uuid4(), each), rotating)


async def test_old_key_is_refused_when_its_tokens_have_expired() -> None:
    rotated = Signer([key, SigningKey(bytes(32), datetime.now(UTC) - MINUTE - CLOCK_SKEW)], MINUTE)
    with pytest.raises(InvalidTokenError, match="unknown key"):
        await verify(signer.sign(uuid4(), uuid4(), datetime.now(UTC)), rotated)


async def test_keys_are_cached(keys: RemoteKeys, server: KeyServer) -> None:
    for _ in range(3):
        assert await keys.find(key.jwk["kid"])
    assert server.requests == 1


async def test_unknown_key_is_fetched_at_a_limited_rate(
    keys: RemoteKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.check()
    for _ in range(3):
        assert await keys.find("made up") is None
    assert server.requests == 1
    monkeypatch.setattr(jwks, "MIN_RETRY_SECONDS", 0)
    server.keys = [key.jwk, other_key.jwk]
    assert await keys.find(other_key.jwk["kid"])
    assert server.requests == 2


async def test_hung_server_delays_nobody_whose_key_is_cached(
    keys: RemoteKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.check()
    monkeypatch.setattr(jwks, "MIN_RETRY_SECONDS", 0)
    monkeypatch.setattr(jwks, "REFRESH_SECONDS", 0)
    server.proceed.clear()
    server.keys = [other_key.jwk]
    for _ in range(3):
        assert await keys.find(key.jwk["kid"])
    unknown = asyncio.create_task(keys.find(other_key.jwk["kid"]))
    await wait_until(lambda: server.requests == 2)
    server.proceed.set()
    assert await unknown
    assert await keys.find(key.jwk["kid"]) is None


async def test_outdated_keys_are_used_for_a_limited_time_when_fetching_fails(
    keys: RemoteKeys, server: KeyServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    await keys.check()
    monkeypatch.setattr(jwks, "MIN_RETRY_SECONDS", 0)
    monkeypatch.setattr(jwks, "REFRESH_SECONDS", 0)
    server.status = 500
    assert await keys.find(key.jwk["kid"])
    with pytest.raises(KeysUnavailableError):
        await keys.find("made up")
    assert server.requests == 1 + jwks.ATTEMPTS
    assert await keys.find(key.jwk["kid"])
    await keys.check()
    monkeypatch.setattr(jwks, "MAX_AGE_SECONDS", 0)
    with pytest.raises(KeysUnavailableError):
        await keys.find(key.jwk["kid"])
    with pytest.raises(KeysUnavailableError):
        await keys.check()


async def test_instances_that_are_stopping_do_not_make_the_keys_unavailable(
    keys: RemoteKeys, server: KeyServer
) -> None:
    server.failures = jwks.ATTEMPTS - 1
    assert await keys.find(key.jwk["kid"])
    assert server.requests == jwks.ATTEMPTS


async def test_requests_before_the_first_keys_share_a_fetch(keys: RemoteKeys, server: KeyServer) -> None:
    assert all(await asyncio.gather(*(keys.find(key.jwk["kid"]) for _ in range(10))))
    assert server.requests == 1


async def test_unavailable_keys_error_contains_the_url() -> None:
    url = f"http://127.0.0.1:{free_port()}/jwks"
    async with create_client() as client:
        with pytest.raises(KeysUnavailableError, match=url):
            await RemoteKeys(client, url).find("any")
