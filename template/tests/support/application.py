"""The whole application as processes, behind one gateway."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import Process, running
from tests.support.serving import free_port


@dataclass(frozen=True)
class Stack:
    """The running application."""

    auth: Process
    projects: Process
    gateway: Process


def with_addresses(environment: Mapping[str, str], auth: str, projects: str) -> dict[str, str]:
    """The settings, with addresses."""
    return {**environment, "AUTH_URL": auth, "PROJECTS_URL": projects, "JWKS_URL": f"{auth}/.well-known/jwks.json"}


@contextmanager
def whole(environment: Mapping[str, str], folder: Path) -> Iterator[Stack]:
    """The application, ready; stopped in the end."""
    ports = {name: free_port() for name in ("auth", "projects", "gateway")}
    urls = [f"http://127.0.0.1:{ports[name]}" for name in ("auth", "projects")]
    settings = with_addresses(environment, *urls)
    with ExitStack() as started:
        processes = {name: started.enter_context(running(name, port, settings, folder)) for name, port in ports.items()}
        for name in ("auth", "projects"):
            processes[name].await_ready()
        processes["gateway"].await_ready("/health/detailed")
        yield Stack(**processes)
