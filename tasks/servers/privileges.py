"""Lets servers that refuse root, or should not have it, run when this process is root."""

import functools
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from tasks.core.errors import UserError

NOBODY = 65534
# Only the right to pass through folders that are closed to others, such as /root, is kept.
SETPRIV = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"),
]
# Without the capabilities for that a user namespace may be allowed; this user's files are another's in it.
UNSHARE = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


@functools.cache
def prefix() -> list[str]:
    """What to put before a command so that it runs as a user whom PostgreSQL accepts; nothing where this one is."""
    if os.geteuid() != 0:
        return [] if _has_a_name() else _with_a_name()
    for candidate in (SETPRIV, UNSHARE):
        if shutil.which(candidate[0]) and _works(candidate):
            return candidate
    raise UserError(
        "PostgreSQL refuses to run as root, and neither setpriv nor unshare can drop root's rights here.\n"
        "Run the same command as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def check(folder: Path) -> None:
    """Raise a UserError for a folder that this user can neither use nor give away."""
    user = os.geteuid()
    if user not in (0, folder.stat().st_uid):
        raise UserError(f"{folder} belongs to another user; take it over: sudo chown -R {user} {folder}")


def give(folder: Path) -> None:
    """Make the folder, and all in it, belong to the user as whom `prefix` runs servers."""
    check(folder)
    owner = NOBODY if prefix() is SETPRIV else os.geteuid()
    if folder.stat().st_uid == owner:
        return
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _has_a_name() -> bool:
    """Whether this user is in the list of users: in containers, IDs often are not, and initdb insists."""
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False


def _with_a_name() -> list[str]:
    if shutil.which(UNSHARE[0]) and _works(UNSHARE):
        return UNSHARE
    raise UserError(
        f"PostgreSQL needs a user with a name, and the user ID {os.geteuid()} has none on this machine.\n"
        "Add it to /etc/passwd, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def _works(candidate: list[str]) -> bool:
    return subprocess.run([*candidate, "true"], capture_output=True, check=False).returncode == 0
