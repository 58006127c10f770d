"""Runs servers without root's privileges where this process is root."""

import functools
import os
import pwd
import shutil
import subprocess
from pathlib import Path

from tasks.core.errors import UserError

NOBODY = 65534
# Keeps only the right to pass through folders that are closed to others, such as /root.
SETPRIV = [
    *("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--securebits=+no_setuid_fixup"),
    *("--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--bounding-set=-all,+dac_override"),
]
# A user namespace, which may be allowed where the capabilities for setpriv are not.
UNSHARE = ["unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}"]


@functools.cache
def prefix() -> list[str]:
    """The start of a command line for a user whom PostgreSQL accepts; empty if the current user is one."""
    is_root = os.geteuid() == 0
    if not is_root and _has_name():
        return []
    for candidate in (SETPRIV, UNSHARE) if is_root else (UNSHARE,):
        if shutil.which(candidate[0]) and _works(candidate):
            return candidate
    user = "root" if is_root else f"user ID {os.geteuid()}, which has no name on this machine"
    raise UserError(
        f"PostgreSQL refuses to run as {user}, and neither setpriv nor unshare can change the user here.\n"
        "Run the command as an ordinary user, or set DATABASE_URL and REDIS_URL to servers of your own."
    )


def check(folder: Path) -> None:
    """UserError if the current user may neither use the folder nor change its owner."""
    user = os.geteuid()
    if user not in (0, folder.stat().st_uid):
        raise UserError(f"{folder} belongs to another user. Change its owner: sudo chown -R {user} {folder}")


def chown(folder: Path) -> None:
    """Change the owner of the folder and its contents to the user that `prefix` changes to."""
    check(folder)
    owner = NOBODY if prefix() is SETPRIV else os.geteuid()
    if folder.stat().st_uid == owner:
        return
    for path in [*folder.rglob("*"), folder]:
        os.chown(path, owner, owner, follow_symlinks=False)


def _has_name() -> bool:
    """Whether the current user is in the list of users, as initdb requires; in containers it often is not."""
    try:
        return bool(pwd.getpwuid(os.geteuid()))
    except KeyError:
        return False


def _works(candidate: list[str]) -> bool:
    return subprocess.run([*candidate, "true"], capture_output=True, check=False).returncode == 0
