"""The versions of PostgreSQL and Valkey at a URL."""

import redis

from tasks.core.errors import UserError
from tasks.database.operations import connect


def postgres_version(url: str) -> str:
    """The version of the PostgreSQL at this URL; UserError if it does not answer."""
    try:
        with connect(url) as connection:
            return connection.info.parameter_status("server_version") or "of unknown version"
    except UserError as error:
        raise _failure("DATABASE_URL", str(error).removeprefix("DATABASE_URL: ")) from None


def valkey_version(url: str) -> str:
    """The version of the Valkey or Redis at this URL; UserError if it does not answer."""
    try:
        with redis.Redis.from_url(url, socket_timeout=10, retry=None) as client:
            about = client.info("server")
    except redis.AuthenticationError as error:
        raise _failure("REDIS_URL", f"The server refuses: {error}") from None
    except redis.RedisError as error:
        raise _failure("REDIS_URL", f"No answer: {str(error).strip() or type(error).__name__}") from None
    except ValueError:
        # The library's reason may quote a part of the password.
        raise _failure("REDIS_URL", "should be redis://[user:password@]host:port/number") from None
    return str(about.get("valkey_version") or about.get("redis_version"))


def _failure(setting: str, reason: str) -> UserError:
    return UserError(f"{setting}: {reason}\nCorrect it, or unset it to use the embedded server.")
