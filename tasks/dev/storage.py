"""PostgreSQL and Valkey for `dev`: the embedded ones, or those that DATABASE_URL and REDIS_URL name."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

import psycopg
import redis

from tasks.core.errors import UserError
from tasks.core.ports import Ports
from tasks.core.screen import Screen
from tasks.database.operations import connection_failure
from tasks.dev.part import Part
from tasks.servers.group import Group
from tasks.servers.server import Server, await_answer, is_relevant, launch, log_of

Ended = Callable[[Part, int], None]


@asynccontextmanager
async def embedded(
    server: Server, group: Group, ports: Ports, screen: Screen, ended: Ended
) -> AsyncIterator[tuple[str, int, int]]:
    """The server's URL, process number and port, once it answers."""
    await asyncio.to_thread(server.prepare, group)
    port = ports.take(server.usual_port)
    part = Part(server.title, log_of(server), screen, ended, partial(is_relevant, server))
    process = launch(server, group, port)
    part.adopt(process)
    try:
        await asyncio.to_thread(await_answer, server, process, port)
        part.is_watched = True
        yield server.url(port), process.pid, port
    finally:
        await part.stop(server.stop_signal)


def postgres_version(url: str) -> str:
    """The version of the PostgreSQL at this URL; a UserError if it does not answer."""
    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            return connection.info.parameter_status("server_version") or "of unknown version"
    except psycopg.OperationalError as error:
        raise _to_correct("DATABASE_URL", connection_failure(url, error)) from None
    except psycopg.Error:
        raise _malformed("DATABASE_URL", "postgresql://user:password@host:5432/name") from None


def valkey_version(url: str) -> str:
    """The version of the Valkey or Redis at this URL; a UserError if it does not answer."""
    try:
        with redis.Redis.from_url(url, socket_timeout=10, retry=None) as client:
            about = client.info("server")
    except redis.AuthenticationError as error:
        raise _to_correct("REDIS_URL", f"The server that it names refuses: {error}") from None
    except redis.RedisError as error:
        raise _to_correct("REDIS_URL", f"No answer: {str(error).strip() or type(error).__name__}") from None
    except ValueError:
        raise _malformed("REDIS_URL", "redis://:password@host:6379/0") from None
    return str(about.get("valkey_version") or about.get("redis_version"))


def _to_correct(setting: str, reason: str) -> UserError:
    return UserError(f"{setting}: {reason}\nCorrect it, or unset it to use the embedded server.")


def _malformed(setting: str, form: str) -> UserError:
    """Without the library's reason: that may quote a piece of the password."""
    return UserError(f"{setting} is not a URL of the form {form}; correct it, or unset it to use the embedded server.")
