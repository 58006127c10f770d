"""Scaffolds the application, starts it, tests it over HTTP and stops it: `python -m toolkit.demo`."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Exit on Ctrl-C without a traceback during the slow imports below.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tasks.core import cli
from tasks.core.console import WIDTH
from tasks.core.errors import UserError
from toolkit import interruption
from toolkit.application import Application, StartFailedError
from toolkit.new import CALLER, scaffold
from toolkit.proof import Call, ProofFailedError, prove

console = Console(width=None if sys.stdout.isatty() else WIDTH)


@dataclass
class Stopwatch:
    """Seconds per step, in order."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Print the name of the step and measure the block."""
        console.print(f"[bold]{name}[/] …")
        started = time.monotonic()
        yield
        self.steps[name] = time.monotonic() - started


def main() -> None:
    """Run the demo; UserError if a call does not return what it should."""
    try:
        interruption.handle_signals()
        options = parse()
        os.chdir(os.environ.get(CALLER, "."))
        with folder(options.keep) as project:
            demonstrate(project, stay_open=options.open)
    except KeyboardInterrupt:
        console.print("Interrupted before the demo was complete.")
        raise
    except (StartFailedError, ProofFailedError, UserError, OSError) as error:
        raise UserError(f"The demo failed: {error}") from error


def parse() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(prog="nox -s demo --", description="Scaffold the application and test it.")
    parser.add_argument("--keep", metavar="DIR", type=Path, help="keep the project in DIR")
    parser.add_argument("--open", action="store_true", help="keep it running until Ctrl-C")
    return parser.parse_args()


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """The folder to keep, or a temporary one."""
    if keep is not None:
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="slipway-demo-") as scratch:
        yield Path(scratch) / "demo-app"


def demonstrate(project: Path, *, stay_open: bool) -> None:
    """Run all steps and print the results."""
    watch = Stopwatch()
    with watch.step("Scaffold the application"):
        scaffold(project, {}, defaults=True)
    application = Application(project)
    try:
        with watch.step("Install, start servers, migrate, start services"):
            application.start()
        with watch.step("Register, log in, work with projects, log out"):
            calls = prove(application.gateway)
        report(application, calls, watch)
        if stay_open:
            stay(project, application)
    finally:
        interruption.ignore_signals()
        stop(application, watch)


def stay(project: Path, application: Application) -> None:
    """Keep the application running until it exits or is interrupted; the demo itself is complete."""
    console.print(f"\nRunning at {application.gateway} from {project}; Ctrl-C stops it.")
    with suppress(KeyboardInterrupt):
        application.wait()


def stop(application: Application, watch: Stopwatch) -> None:
    """Stop the application. ProofFailedError if a part of it keeps running."""
    with watch.step("Stop"):
        left = application.stop()
    if left:
        raise ProofFailedError(f"still running after the stop: {', '.join(left)}")
    console.print(f"Stopped everything it started, in {watch.steps['Stop']:.1f} s.")


def report(application: Application, calls: list[Call], watch: Stopwatch) -> None:
    """Print the calls with their status, the versions of the servers, the seconds per step."""
    responses = Table("call", "status", "ms", title="Responses")
    for call in calls:
        responses.add_row(f"{call.method} {call.url}", str(call.status), f"{call.seconds * 1000:.1f}")
    console.print(responses)
    facts = Table("", "", title="Versions and seconds", show_header=False)
    for name, version in application.versions.items():
        facts.add_row(name, version)
    for name, seconds in watch.steps.items():
        facts.add_row(name, f"{seconds:.1f} s")
    console.print(facts)


if __name__ == "__main__":
    cli.run(main)
