"""The whole application as processes, behind one gateway."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.support.processes import BACKEND, Process, running
from tests.support.serving import free_port

GATEWAY = "gateway"
SERVICES = sorted({path.parent.name for path in BACKEND.glob("*/__main__.py")} - {GATEWAY})

Stack = dict[str, Process]


def with_addresses(environment: Mapping[str, str], urls: Mapping[str, str]) -> dict[str, str]:
    """The settings, with the address of each service."""
    addresses = {f"{name.upper()}_URL": url for name, url in urls.items()}
    return {**environment, **addresses, "JWKS_URL": f"{urls['auth']}/.well-known/jwks.json"}


@contextmanager
def whole(environment: Mapping[str, str], folder: Path) -> Iterator[Stack]:
    """The application, ready, a process for each service; stopped in the end."""
    ports = {name: free_port() for name in (*SERVICES, GATEWAY)}
    settings = with_addresses(environment, {name: f"http://127.0.0.1:{ports[name]}" for name in SERVICES})
    with ExitStack() as started:
        processes = {name: started.enter_context(running(name, port, settings, folder)) for name, port in ports.items()}
        for name in SERVICES:
            processes[name].await_ready()
        processes[GATEWAY].await_ready("/health/detailed")
        yield processes
