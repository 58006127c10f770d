"""Runs the whole application: a process for each service."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from gateway.settings import GatewaySettings
from tests.support.processes import BACKEND, ServiceProcess, run_service
from tests.support.serving import free_port

GATEWAY = "gateway"
# Tests send more requests than any client does.
NO_LIMIT = "1000000/minute"
SERVICES = sorted({path.parent.name for path in BACKEND.glob("*/__main__.py")} - {GATEWAY})
ROUTED = [name for name in SERVICES if f"{name}_url" in GatewaySettings.model_fields]

Application = dict[str, ServiceProcess]


def with_urls(environment: Mapping[str, str], urls: Mapping[str, str]) -> dict[str, str]:
    """The environment with the URL of each service."""
    addresses = {f"{name.upper()}_URL": url for name, url in urls.items()}
    return {**environment, **addresses, "JWKS_URL": f"{urls['auth']}/.well-known/jwks.json"}


def gateway_urls(url: str, **others: str) -> dict[str, Any]:
    """Settings of a gateway whose services have this URL, unless another is given for one."""
    urls = {**dict.fromkeys(ROUTED, url), **others}
    return {name.lower(): each for name, each in with_urls({}, urls).items()}


@contextmanager
def run_application(environment: Mapping[str, str], folder: Path) -> Iterator[Application]:
    """Start all services, and yield them when they are ready."""
    ports = {name: free_port() for name in (*SERVICES, GATEWAY)}
    settings = with_urls(environment, {name: f"http://127.0.0.1:{ports[name]}" for name in ROUTED})
    with ExitStack() as stack:
        processes = {
            name: stack.enter_context(run_service(name, port, settings, folder)) for name, port in ports.items()
        }
        for name in SERVICES:
            processes[name].wait_until_ready()
        processes[GATEWAY].wait_until_ready("/health/detailed")
        yield processes
