"""A project whose checks are run again and again, each time with other faults in it."""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import nox, run

# Environments and caches, which are slow to make and do not depend on what a test changes.
KEPT = (".nox", ".mypy_cache", ".ruff_cache", "__pycache__")
MIGRATIONS = Path("src/backend/shared/database/migrations/versions")


@dataclass(frozen=True)
class CheckedProject:
    """A scaffolded project under git, and servers to test against."""

    folder: Path
    database_url: str
    redis_url: str
    environment: dict[str, str] = field(default_factory=dict)

    def session(self, name: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a session as a user would."""
        settings = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url, **self.environment, **environment}
        separator = ["--"] if arguments else []
        return nox(self.folder, "-s", name, *separator, *arguments, **settings)

    def command(
        self, session: str, name: str, *arguments: str, cwd: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of `tasks` in a session's environment, here or elsewhere, without the time that nox takes."""
        tools = self.tools(session)
        settings = {"PATH": f"{tools}:{os.environ['PATH']}", "UV": self.uv}
        settings |= self.environment | environment
        return run(tools / "python", "-m", "tasks", name, *arguments, cwd=cwd or self.folder, **settings)

    @property
    def uv(self) -> str:
        """The uv of this environment, for commands that a session gives it to."""
        return str(Path(sys.executable).parent / "uv")

    def tools(self, session: str) -> Path:
        """The folder of the programs in a session's environment, which is made if it is missing."""
        tools = self.folder / ".nox" / session / "bin"
        if not (tools.parent / "requirements.sha256").exists():
            nox(self.folder, "-s", session, "--", "--help")
        return tools

    def write(self, path: str | Path, text: str) -> None:
        """Write a file of the project."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")

    def replace(self, path: str | Path, old: str, new: str) -> None:
        """Change a text that a file of the project has once."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, f"{path} has {old!r} {text.count(old)} times"
        self.write(path, text.replace(old, new))

    def newest_revision(self) -> str:
        """The head of the migrations."""
        texts = [path.read_text(encoding="utf-8") for path in (self.folder / MIGRATIONS).glob("*.py")]
        [head] = {_value(text, "revision") for text in texts} - {_value(text, "down_revision") for text in texts}
        return head

    def add_migration(self, revision: str, upgrade: str, downgrade: str, after: str = "") -> None:
        """Write a migration that runs SQL."""
        text = MIGRATION.format(revision=revision, after=after or self.newest_revision(), up=upgrade, down=downgrade)
        self.write(MIGRATIONS / f"{revision}.py", text)

    def restore(self) -> None:
        """Undo all changes of a test, ignored files included."""
        # Without its own repository, git would find another one around it, and undo changes there.
        own = ("git", f"--git-dir={self.folder / '.git'}", f"--work-tree={self.folder}")
        first = run(*own, "rev-list", "--max-parents=0", "HEAD", cwd=self.folder).stdout.strip()
        assert first, f"{self.folder} has no repository of its own"
        run(*own, "reset", "--quiet", "--hard", first, cwd=self.folder)
        kept = [f"--exclude={name}" for name in KEPT]
        run(*own, "clean", "--quiet", "--force", "-d", "-x", *kept, cwd=self.folder)
        self.environment.clear()


MIGRATION = '''"""plant a fault

Revision: {revision}
After: {after}
"""

from alembic import op

revision = "{revision}"
down_revision = "{after}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go from the revision before to this one."""
    op.execute("{up}")


def downgrade() -> None:
    """Go back."""
    op.execute("{down}")
'''


def _value(text: str, name: str) -> str:
    return next(line.partition("=")[2].strip(' "') for line in text.splitlines() if line.startswith(f"{name} ="))
