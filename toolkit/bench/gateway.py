"""The gateway on one core against a plain proxy of FastAPI and httpx, and against nginx, with one upstream."""

from __future__ import annotations

import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from toolkit.application import await_port, environment, free_port
from toolkit.bench.measure import CommandFailedError, Row

PLAIN_BUDGET = 30.0
NGINX_BUDGET = 0.25
NEEDED = ("wrk", "nginx", "taskset")
ROUNDS = 3
NGINX = """
worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log stderr error;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder};
  uwsgi_temp_path {folder}; scgi_temp_path {folder};
  {upstream}
  server {{ listen 127.0.0.1:{port}; keepalive_requests 1000000; location / {{ {location} }} }}
}}
"""
ANSWER = """default_type application/json; return 200 '{"items":[{"id":1,"name":"one"}],"next_cursor":null}';"""
FORWARD = 'proxy_pass http://upstream; proxy_http_version 1.1; proxy_set_header Connection "";'


def measure(scratch: Path, project: Path) -> list[Row]:
    """Requests per second of each, in turns; one row with the reason if wrk, nginx or taskset is missing."""
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        return [Row("gateway, one core", "not measured", f"missing: {', '.join(missing)}", "—", "—", None)]
    with ExitStack() as stack:
        upstream = stack.enter_context(nginx(scratch / "upstream", core=1, location=ANSWER))
        servers = {
            "gateway": stack.enter_context(gateway(project, upstream)),
            "plain": stack.enter_context(plain(upstream)),
            "nginx": stack.enter_context(nginx(scratch / "nginx", core=0, location=FORWARD, behind=upstream)),
        }
        rounds = [{name: requests_per_second(port) for name, port in servers.items()} for _ in range(ROUNDS)]
    ours, slow, fast = (statistics.median(result[name] for result in rounds) for name in servers)
    return [
        Row(
            "gateway, all features on, one core",
            f"{ours:,.0f} requests/s",
            f"{slow:,.0f} (FastAPI + httpx)",
            f"{ours / slow:.1f} ×",
            f"≥ {PLAIN_BUDGET:.0f} ×",
            ours / slow >= PLAIN_BUDGET,
        ),
        Row(
            "the same against nginx",
            f"{ours:,.0f} requests/s",
            f"{fast:,.0f} (nginx)",
            f"{ours / fast:.0%}",
            f"≥ {NGINX_BUDGET:.0%}",
            ours / fast >= NGINX_BUDGET,
        ),
    ]


def requests_per_second(port: int) -> float:
    """Four seconds of wrk with 32 connections from the other core; every answer must be a 2xx."""
    command = ["taskset", "-c", "1", "wrk", "-t1", "-c32", "-d4s", f"http://127.0.0.1:{port}/api/projects"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = re.search(r"Requests/sec:\s+([\d.]+)", printed)
    if found is None or "Non-2xx" in printed:
        raise CommandFailedError(printed)
    return float(found.group(1))


@contextmanager
def running(command: list[str], port: int, core: int, cwd: Path, settings: dict[str, str]) -> Iterator[int]:
    """A server on one core that answers; yields its port."""
    process = subprocess.Popen(
        ["taskset", "-c", str(core), *command], cwd=cwd, env=environment(settings), stdout=subprocess.DEVNULL
    )
    try:
        await_port(port, process)
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def nginx(folder: Path, core: int, location: str, behind: int | None = None) -> Iterator[int]:
    """An nginx that answers, or forwards to the port `behind`."""
    folder.mkdir()
    port = free_port()
    upstream = f"upstream upstream {{ server 127.0.0.1:{behind}; keepalive 64; }}" if behind else ""
    configuration = folder / "nginx.conf"
    text = NGINX.format(folder=folder, upstream=upstream, port=port, location=location)
    configuration.write_text(text, encoding="utf-8")
    with running(["nginx", "-e", "stderr", "-c", str(configuration)], port, core, folder, {}) as answering:
        yield answering


@contextmanager
def gateway(project: Path, upstream: int) -> Iterator[int]:
    """The project's gateway with the logging of production, its services replaced by the upstream."""
    port, url = free_port(), f"http://127.0.0.1:{upstream}"
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
    with running([str(project / ".nox/dev/bin/python"), "-m", "gateway"], port, 0, project, settings) as answering:
        yield answering


@contextmanager
def plain(upstream: int) -> Iterator[int]:
    """The plain proxy on uvicorn with its fast loop and parser."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "toolkit.bench.plain_proxy:app", "--port", str(port)]
    options = ["--loop", "uvloop", "--http", "httptools", "--log-level", "error", "--no-access-log"]
    root = Path(__file__).resolve().parent.parent.parent
    with running([*command, *options], port, 0, root, {"UPSTREAM": f"http://127.0.0.1:{upstream}"}) as answering:
        yield answering
