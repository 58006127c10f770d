"""Scaffolds the application, runs it, proves over HTTP that it answers, and stops it: `python -m toolkit.demo`."""

from __future__ import annotations

import signal

if __name__ == "__main__":
    # Quiet on Ctrl-C from the first moment, and only then the slow imports.
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

from copier.errors import CopierError
from rich.console import Console
from rich.table import Table

from toolkit import interruption
from toolkit.application import Application, StartFailedError
from toolkit.new import CALLER, plain, scaffold
from toolkit.proof import Call, ProofFailedError, prove

# As wide as its URLs where there is no terminal, as in CI.
console = Console(width=None if sys.stdout.isatty() else 120)
INTERRUPTED = 128 + signal.SIGINT


@dataclass
class Stopwatch:
    """Seconds per step, in order."""

    steps: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Measure the block and say that it runs."""
        console.print(f"[bold]{name}[/] …")
        started = time.monotonic()
        yield
        self.steps[name] = time.monotonic() - started


def main(arguments: list[str] | None = None) -> None:
    """Run the demo; exit 1 if anything did not answer as it should, 130 if it was interrupted before all had."""
    options = parse(arguments)
    os.chdir(os.environ.get(CALLER, "."))
    try:
        interruption.listen()
        with folder(options.keep) as project:
            demonstrate(project, stay_open=options.open)
    except KeyboardInterrupt:
        console.print("Interrupted: nothing is proved.")
        sys.exit(INTERRUPTED)
    except (StartFailedError, ProofFailedError, CopierError, ValueError, OSError) as error:
        sys.exit(f"The demo failed: {plain(error)}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """Read the command line; a wrong one ends with its usage."""
    parser = argparse.ArgumentParser(
        prog="nox -s demo --", description="Scaffold the application and prove that it runs."
    )
    parser.add_argument("--keep", metavar="DIR", type=Path, help="leave the project in DIR")
    parser.add_argument("--open", action="store_true", help="keep it running until Ctrl-C")
    return parser.parse_args(arguments)


@contextmanager
def folder(keep: Path | None) -> Iterator[Path]:
    """Where the project goes: the folder to keep, or a temporary one."""
    if keep is not None:
        yield keep.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="slipway-demo-") as scratch:
        yield Path(scratch) / "demo-app"


def demonstrate(project: Path, *, stay_open: bool) -> None:
    """Every step of the demo, and what it proved."""
    watch = Stopwatch()
    with watch.step("Scaffold the application"):
        scaffold(project, {}, defaults=True)
    application = Application(project)
    try:
        with watch.step("Install, start servers, migrate, start services"):
            application.start()
        with watch.step("Register, log in, work with projects, log out"):
            calls = prove(application.gateway)
        report(project, application, calls, watch)
        if stay_open:
            stay(project, application)
    finally:
        interruption.deafen()
        stop(application, watch)


def stay(project: Path, application: Application) -> None:
    """Return when the application ends, or is to end; what was to be proved is proved."""
    console.print(f"\nRunning at {application.gateway} from {project}; Ctrl-C stops it.")
    with suppress(KeyboardInterrupt):
        application.wait()


def stop(application: Application, watch: Stopwatch) -> None:
    """Stop the application. Raises ProofFailedError if something of it stays."""
    with watch.step("Stop"):
        left = application.stop()
    if left:
        raise ProofFailedError(f"still running after the stop: {', '.join(left)}")
    console.print(f"Stopped everything it started, in {watch.steps['Stop']:.1f} s.")


def report(project: Path, application: Application, calls: list[Call], watch: Stopwatch) -> None:
    """Print what was proved: calls with their status, versions of the servers, seconds per step."""
    proved = Table("call", "status", "ms", title="What answered")
    for call in calls:
        proved.add_row(f"{call.method} {call.url}", str(call.status), f"{call.seconds * 1000:.1f}")
    console.print(proved)
    facts = Table("", "", title="On what, and how fast", show_header=False)
    for name, version in application.versions.items():
        facts.add_row(name, version)
    for name, seconds in watch.steps.items():
        facts.add_row(name, f"{seconds:.1f} s")
    facts.add_row("Project", str(project))
    console.print(facts)


if __name__ == "__main__":
    main()
