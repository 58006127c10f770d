"""Servers that are measured, each on one core, and the load on them: wrk on the other core, with one upstream."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from toolkit.application import await_port, environment, free_port
from toolkit.bench.measure import CommandFailedError

SERVER_CORE, LOAD_CORE = 0, 1
# As many idle connections to the upstream as the gateway keeps.
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr error; worker_rlimit_nofile 8192;
events {{ worker_connections 4096; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  {upstream}
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000; location / {{ {location} }} }}
}}
"""
ANSWER = """default_type application/json; return 200 '{"items":[{"id":1,"name":"one"}],"next_cursor":null}';"""
FORWARD = 'proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";'
# Each connection of wrk waits for a random time between its requests.
PAUSE = "function delay() return math.random(100, 300) end\n"
# Runs the gateway with more services, all at the upstream.
MORE_ROUTES = """
import sys
from gateway.app import create_app
from gateway.routes import Route
from gateway.settings import GatewaySettings
from shared.server import run
from shared.settings import load
settings = load(GatewaySettings)
names = [f"service{number}" for number in range(int(sys.argv[1]))]
routes = [Route(f"/api/{name}", name, settings.projects_url, verify_tokens=True) for name in names]
run("gateway", create_app(settings, routes), settings, settings.gateway_port)
"""
# What the middleware, an attempt and its headers ask of a process without tracing; the least of several turns.
TRACING_OFF = """
from timeit import repeat
from shared import tracing
calls = "tracing.is_on(); tracing.is_sampled(); tracing.header_of(None)"
print(min(repeat(calls, globals=globals(), number=100_000)) * 10)
"""
PATH = "/api/projects"
CONNECTIONS = 32
UNITS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0}


@dataclass(frozen=True)
class Server:
    """A server that runs; `pid` is that of its only process, except nginx's, which has a worker."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """User and system time of the process until now."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """Resident memory in MB."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text(encoding="utf-8").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@dataclass(frozen=True)
class Load:
    """What wrk measured; the percentiles of the latency are in seconds."""

    requests: int
    per_second: float
    p50: float
    p99: float


def load(
    server: Server, connections: int = CONNECTIONS, seconds: int = 4, path: str = PATH, script: Path | None = None
) -> Load:
    """Run wrk. Raises CommandFailedError if a response is not a 2xx or a connection fails."""
    options = ["--latency", "--timeout", "10s", *(["-s", str(script)] if script else [])]
    command = ["taskset", "-c", str(LOAD_CORE), "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", *options]
    url = f"http://127.0.0.1:{server.port}{path}"
    printed = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    patterns = (r"(\d+) requests in", r"Requests/sec:\s+([\d.]+)", r"50%\s+([\d.]+)(\w+)", r"99%\s+([\d.]+)(\w+)")
    found = [match.groups() for match in (re.search(pattern, printed) for pattern in patterns) if match]
    if len(found) < len(patterns) or "Non-2xx" in printed or "Socket errors" in printed:
        raise CommandFailedError(printed)
    (requests,), (per_second,), *latencies = found
    p50, p99 = (float(number) * UNITS[unit] for number, unit in latencies)
    return Load(int(requests), float(per_second), p50, p99)


def cpu_per_request(paths: Mapping[Server, str]) -> float:
    """Microseconds of CPU time per request, if the servers are called at once, each at its path."""
    before = sum(each.cpu_seconds() for each in paths)
    with ThreadPoolExecutor() as pool:
        calls = [pool.submit(load, each, CONNECTIONS // len(paths), path=path) for each, path in paths.items()]
        requests = sum(each.result().requests for each in calls)
    return (sum(each.cpu_seconds() for each in paths) - before) / requests * 1e6


@contextmanager
def running(command: list[str], port: int, core: int, cwd: Path, settings: dict[str, str]) -> Iterator[Server]:
    """A server on one core that answers."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command], cwd=cwd, env=environment(settings), stdout=subprocess.DEVNULL
    )
    try:
        await_port(port, process)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx(folder: Path, core: int, location: str, behind: Server | None = None) -> Iterator[Server]:
    """An nginx that answers, or forwards to the server `behind`."""
    folder.mkdir()
    port = free_port()
    upstream = f"upstream upstream {{ server 127.0.0.1:{behind.port}; keepalive 256; }}" if behind else ""
    configuration = folder / "nginx.conf"
    text = NGINX.format(folder=folder, upstream=upstream, port=port, location=location)
    configuration.write_text(text, encoding="utf-8")
    with running(["nginx", "-e", "stderr", "-c", str(configuration)], port, core, folder, {}) as server:
        yield server


def tracing_off(project: Path) -> float:
    """Microseconds per request of the gateway's calls to `shared.tracing` while tracing is off."""
    command = [str(project / ".nox/dev/bin/python"), "-c", TRACING_OFF]
    done = subprocess.run(
        ["taskset", "-c", str(SERVER_CORE), *command],
        cwd=project,
        env=environment({"PYTHONPATH": "src/backend"}),
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@contextmanager
def gateway(
    project: Path, upstream: Server, services: int | None = None, traced: float | None = None
) -> Iterator[Server]:
    """The project's gateway with the logging of production, its services replaced by the upstream.

    With `services`, it has so many more of them, with the paths `/api/service0` and so on. With `traced`, it records
    this share of the traces, and the upstream receives them.
    """
    port, url = free_port(), f"http://127.0.0.1:{upstream.port}"
    settings = {
        "APP_NAME": "Bench",
        # Production itself refuses services on this machine.
        "ENVIRONMENT": "development",
        "LOG_LEVEL": "WARNING",
        "GATEWAY_PORT": str(port),
        "AUTH_URL": url,
        "PROJECTS_URL": url,
        "JWKS_URL": f"{url}/jwks",
        # Only requests with credentials are counted in Redis.
        "REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "RATE_LIMIT_ADDRESS": "100000000/minute",
        "PYTHONPATH": "src/backend",
    }
    if traced is not None:
        settings |= {"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_TRACES_SAMPLER_ARG": str(traced)}
    arguments = ["-m", "gateway"] if services is None else ["-c", MORE_ROUTES, str(services)]
    command = [str(project / ".nox/dev/bin/python"), *arguments]
    with running(command, port, SERVER_CORE, project, settings) as server:
        yield server


@contextmanager
def plain(upstream: Server) -> Iterator[Server]:
    """The plain proxy on uvicorn with its fast loop and parser."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "toolkit.bench.plain_proxy:app", "--port", str(port)]
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "error", "--no-access-log"]
    root = Path(__file__).resolve().parent.parent.parent
    settings = {"UPSTREAM": f"http://127.0.0.1:{upstream.port}"}
    with running([*command, *options], port, SERVER_CORE, root, settings) as server:
        yield server
