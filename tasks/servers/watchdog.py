"""A script that ends its process group once its parent is gone, for whatever reason.

It reads from a pipe that only its parent can write to, which ends with the parent. Its arguments are folders to remove.
"""

import os
import shutil
import signal
import sys
import time
from contextlib import suppress

import psutil

GRACE_SECONDS = 10.0


def main() -> None:
    """Wait for the parent's end, interrupt the group, kill what remains of it, and remove the folders."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    # The graceful shutdown of Granian and Valkey, and the fast shutdown of PostgreSQL.
    os.killpg(0, signal.SIGINT)
    deadline = time.monotonic() + GRACE_SECONDS
    while others() and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in others():
        os.kill(pid, signal.SIGKILL)
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)


def others() -> list[int]:
    """The PIDs of the other living processes in this group."""
    found = []
    for process in psutil.process_iter():
        with suppress(OSError, psutil.Error):
            is_other = os.getpgid(process.pid) == os.getpgrp() and process.pid != os.getpid()
            if is_other and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
    return found


if __name__ == "__main__":
    main()
