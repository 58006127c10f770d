"""Runs one service in this very process, in the place of the one in `nox -s dev`: what debuggers start."""

import argparse
import os
import runpy
import sys
from pathlib import Path

from tasks.core.errors import UserError
from tasks.dev import handover
from tasks.project import services
from tasks.project.data_folder import FOLDER, DataFolder


def main() -> None:
    """Take the service over from `nox -s dev` while this process runs."""
    project = Path.cwd()
    data = DataFolder(project / FOLDER)
    parser = argparse.ArgumentParser(prog="python -m tasks.dev.debug", description=main.__doc__)
    try:
        parser.add_argument("service", choices=services.names(project))
        service: str = parser.parse_args().service
        with handover.taken(data, service):
            run(project, data, service)
    except UserError as error:
        sys.exit(str(error))


def run(project: Path, data: DataFolder, service: str) -> None:
    """Run the service where `dev` had it, with the settings that `dev` gives."""
    running = data.read("dev")["services"]
    placed = [services.Service(name, about["port"], None) for name, about in running.items()]
    os.environ |= services.environment(project, placed, **data.read("servers"))
    sys.path.insert(0, str((project / services.BACKEND).resolve()))
    sys.argv = [service]
    runpy.run_module(service, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
