"""Runs a service in this process, in place of the one in `nox -s dev`: what debuggers start.

`dev` suspends the service while the process lives that is recorded in `.data/debugged-<service>.json`.
"""

import argparse
import os
import runpy
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tasks.core.errors import UserError
from tasks.project import data_folder, services
from tasks.project.data_folder import DataFolder
from tasks.servers.server import ignore_variables

POLL_SECONDS = 0.05
TIMEOUT_SECONDS = 120.0
NOT_RUNNING = "The application is not running. Start it: python3 noxfile.py -s dev"


def main() -> None:
    """Run a service in this process, on its port and with its environment in `nox -s dev`, which suspends it."""
    project = Path.cwd()
    parser = argparse.ArgumentParser(prog="python -m tasks dev.debug", description=main.__doc__)
    parser.add_argument("service", choices=services.names(project))
    parser.add_argument("--data", type=Path, default=Path(data_folder.FOLDER), help="the folder of dev's data")
    parser.add_argument("--stop", action="store_true", help="run nothing instead, until standard input ends")
    arguments = parser.parse_args()
    service, data = arguments.service, DataFolder(project / arguments.data)
    with suspended(data, service):
        if arguments.stop:
            print("Stopped.", flush=True)
            sys.stdin.read()
            return
        report = data.read("dev")
        found = [services.Service(name, about["port"]) for name, about in report["services"].items()]
        ignore_variables()
        os.environ |= services.environment(project, found, **data.read("servers")) | report["telemetry"]
        sys.path.insert(0, str((project / services.BACKEND).resolve()))
        sys.argv = [service]
        runpy.run_module(service, run_name="__main__", alter_sys=True)


@contextmanager
def suspended(data: DataFolder, service: str) -> Iterator[None]:
    """Suspend the service in `dev` for this block, once `dev` has started everything."""
    if not data.is_owned():
        raise UserError(NOT_RUNNING)
    if is_suspended(data, service):
        raise UserError(f"Another debugger runs {service}. End that one first.")
    data.write(f"debugged-{service}", data_folder.identity(os.getpid()))
    try:
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while not ((running := data.read("dev")) and running["services"][service]["pid"] is None):
            if time.monotonic() > deadline or not data.is_owned():
                raise UserError(NOT_RUNNING)
            time.sleep(POLL_SECONDS)
        yield
    finally:
        (data.path / f"debugged-{service}.json").unlink()


def is_suspended(data: DataFolder, service: str) -> bool:
    """Whether another process runs this service in place of `dev`."""
    found = data.read(f"debugged-{service}")
    return found is not None and data_folder.find(found) is not None
