"""Ends every process of its own process group once its parent is gone, however that went; runs as a script.

It holds the reading end of a pipe whose other end only its parent has, so the kernel tells it of every kind of death.
Its arguments are folders to remove in the end.
"""

import os
import shutil
import signal
import sys
import time

import psutil

GRACE_SECONDS = 10.0


def main() -> None:
    """Wait for the parent's end, then interrupt what is left, kill what remains of it, and remove the folders."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    sys.stdin.buffer.read()
    if others():
        # The polite stop of all that runs here: PostgreSQL's fast shutdown, Valkey's and Granian's orderly ones.
        os.killpg(0, signal.SIGINT)
    deadline = time.monotonic() + GRACE_SECONDS
    while others() and time.monotonic() < deadline:
        time.sleep(0.02)
    for pid in others():
        os.kill(pid, signal.SIGKILL)
    for folder in sys.argv[1:]:
        shutil.rmtree(folder, ignore_errors=True)


def others() -> list[int]:
    """The living processes of this group, without this one."""
    found = []
    for process in psutil.process_iter():
        try:
            mine = os.getpgid(process.pid) == os.getpgrp() and process.pid != os.getpid()
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process.pid)
        except (OSError, psutil.Error):
            continue
    return found


if __name__ == "__main__":
    main()
