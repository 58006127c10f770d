"""Connections to PostgreSQL and Redis are encrypted, and only to the right server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncEngine

from auth.settings import AuthSettings
from shared.database.engine import create_engine, parse_url
from shared.redis import RedisSettings, create_redis
from shared.settings import Environment
from tasks.database.operations import changed_url
from tests.support.encryption import Certificates, encrypted, make_certificates
from tests.support.stores import Stores

# The reason that each library gives, by the fault of the certificate.
POSTGRES = {
    "another authority": "certificate verify failed",
    "another name": 'certificate for "other.example.org" does not match host name "localhost"',
    "expired": "certificate verify failed",
}
REDIS = {
    "another authority": "unable to get local issuer certificate",
    "another name": "certificate is not valid for 'localhost'",
    "expired": "certificate has expired",
}


@pytest.fixture
def certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Certificates:
    """Certificates of authorities, of which the other one is as public ones are, trusted by default."""
    made = make_certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(made.other_authority))
    return made


@asynccontextmanager
async def engine_of(
    settings: AuthSettings, certificates: Certificates, certificate: Path
) -> AsyncIterator[AsyncEngine]:
    """An engine that verifies the server, which has this certificate."""
    url = settings.database_url.get_secret_value()
    async with encrypted(int(str(parse_url(url).query["port"])), certificate, on_request=True) as port:
        options = {"sslmode": "verify-full", "sslrootcert": str(certificates.authority)}
        url = changed_url(url, host="localhost", port=str(port), **options)
        engine = create_engine(settings.model_copy(update={"database_url": SecretStr(url)}), "auth")
        try:
            yield engine
        finally:
            await engine.dispose()


async def test_connection_to_the_right_database_is_encrypted(
    auth_settings: AuthSettings, certificates: Certificates
) -> None:
    async with engine_of(auth_settings, certificates, certificates.right) as engine, engine.connect() as connection:
        driver = (await connection.get_raw_connection()).driver_connection
        assert driver
        assert driver.pgconn.ssl_in_use


@pytest.mark.parametrize("fault", POSTGRES)
async def test_database_with_a_wrong_certificate_is_refused(
    auth_settings: AuthSettings, certificates: Certificates, fault: str
) -> None:
    async with engine_of(auth_settings, certificates, certificates.wrong[fault]) as engine:
        with pytest.raises(OperationalError, match=POSTGRES[fault]):
            await engine.connect()


@asynccontextmanager
async def redis_of(url: str, certificates: Certificates, certificate: Path) -> AsyncIterator[Redis]:
    """A client that verifies the server, which has this certificate."""
    async with encrypted(urlsplit(url).port or 0, certificate, on_request=False) as port:
        parts = urlsplit(url)
        login = parts.netloc.rpartition("@")[0]
        # The last two options have no effect.
        options = f"ssl_ca_certs={certificates.authority}&ssl_cert_reqs=none&ssl_check_hostname=false"
        url = f"rediss://{login}@localhost:{port}{parts.path}?{options}"
        async with create_redis(RedisSettings(environment=Environment.DEVELOPMENT, redis_url=SecretStr(url))) as redis:
            yield redis


async def test_connection_to_the_right_redis_is_encrypted(stores: Stores, certificates: Certificates) -> None:
    async with redis_of(stores.redis_url, certificates, certificates.right) as redis:
        assert await redis.ping()


@pytest.mark.parametrize("fault", REDIS)
async def test_redis_with_a_wrong_certificate_is_refused(
    stores: Stores, certificates: Certificates, fault: str
) -> None:
    async with redis_of(stores.redis_url, certificates, certificates.wrong[fault]) as redis:
        with pytest.raises(RedisConnectionError, match=REDIS[fault]):
            await redis.ping()
