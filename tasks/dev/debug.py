"""Runs a service in this process, in place of the one in `nox -s dev`: what debuggers start.

A lock in `.data/debugged/` suspends the service in `dev`; the kernel drops it with the process that holds it.
"""

import argparse
import os
import runpy
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core import cli
from tasks.core.errors import UserError
from tasks.project import data_folder, services
from tasks.project.data_folder import DataFolder

LOCKS = "debugged"
POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 120.0
# `dev` checks the lock by taking it for a moment.
ATTEMPTS = 20
NOT_RUNNING = "The application is not running. Start it: python3 noxfile.py -s dev"


def main() -> None:
    """Run the service in this process, and suspend it in `nox -s dev` meanwhile."""
    project = Path.cwd()
    data = DataFolder(project / data_folder.FOLDER)
    parser = argparse.ArgumentParser(prog="python -m tasks.dev.debug", description=main.__doc__)
    parser.add_argument("service", choices=services.names(project))
    service: str = parser.parse_args().service
    with suspended(data, service):
        run(project, data, service)


def run(project: Path, data: DataFolder, service: str) -> None:
    """Run the service on the port and with the environment that it has in `dev`."""
    running = data.read("dev")["services"]
    found = [services.Service(name, about["port"]) for name, about in running.items()]
    os.environ |= services.environment(project, found, **data.read("servers"))
    sys.path.insert(0, str((project / services.BACKEND).resolve()))
    sys.argv = [service]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


@contextmanager
def suspended(data: DataFolder, service: str) -> Iterator[None]:
    """Suspend the service in `dev` for this block, once `dev` has started everything."""
    if not data.is_owned():
        raise UserError(NOT_RUNNING)
    lock = _lock(data, service)
    lock.parent.mkdir(exist_ok=True)
    with lock.open("ab") as file:
        for _ in range(ATTEMPTS):
            if data_folder.try_lock(file):
                break
            time.sleep(POLL_SECONDS)
        else:
            raise UserError(f"Another debugger runs {service}. End that one first.")
        _await_suspension(data, service)
        yield


def is_suspended(data: DataFolder, service: str) -> bool:
    """Whether another process runs this service in place of `dev`."""
    return data_folder.is_locked(_lock(data, service))


def _lock(data: DataFolder, service: str) -> Path:
    return data.path / LOCKS / service


def _await_suspension(data: DataFolder, service: str) -> None:
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while time.monotonic() < deadline and data.is_owned():
        running = data.read("dev")
        if running and running["services"][service]["pid"] is None:
            return
        time.sleep(POLL_SECONDS)
    raise UserError(NOT_RUNNING)


if __name__ == "__main__":
    cli.run(main)
