"""Runs a service on Granian, with graceful shutdown."""

import asyncio
import errno
import gc
import logging
import os
import resource
import signal
import socket
import stat
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from threading import Timer
from typing import NoReturn

import structlog
import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from shared import tracing
from shared.http import KEEP_ALIVE
from shared.logging import configure
from shared.metrics import CONTENT_TYPE, Metrics
from shared.request_id import parse_address
from shared.settings import ServiceSettings

# Together, these limits bound the memory of a process: decision 28 of Slipway.
MAX_CONNECTIONS = 2048
# Of the request header, and of what the server reads ahead from each connection.
MAX_BUFFER_BYTES = 64 * 1024
# Beyond this number of open files, the connections that a client address has beyond its share are closed.
CROWDED = MAX_CONNECTIONS * 3 // 4
MAX_CONNECTIONS_PER_CLIENT = MAX_CONNECTIONS // 4
CHECK_SECONDS = 1
EXIT_CODE = 1
GC_THRESHOLD = 50_000
# After the shutdown timeout: seconds for sending the last responses, and for ending the process.
FLUSH_SECONDS = 1
CLOSE_SECONDS = 3

Networks = Sequence[IPv4Network | IPv6Network]

log = structlog.get_logger()


def run(name: str, app: ASGIApp, settings: ServiceSettings, port: int, unlimited: Networks | None = None) -> None:
    """Serve the application in this process; SIGTERM and SIGINT shut it down gracefully.

    With `unlimited`, client addresses share the connections; those in it are exempt, such as those of load balancers.
    """
    check_port(settings.host, port)
    configure(name, settings)
    tracing.configure(name, settings)
    allow_open_files()
    # Its only warning is that the embedded server is experimental.
    logging.getLogger("_granian").addFilter(lambda record: record.levelno >= logging.ERROR)
    # The objects created at startup live forever: exclude them from garbage collection. Requests make few cycles, so
    # that collecting less often than by default saves time and costs little memory.
    gc.collect()
    gc.freeze()
    gc.set_threshold(GC_THRESHOLD)
    uvloop.run(_serve(app, settings, port, unlimited))
    tracing.stop()


async def _serve(app: ASGIApp, settings: ServiceSettings, port: int, unlimited: Networks | None) -> None:
    running: set[asyncio.Task[None]] = set()
    server = create_server(_track(app, running), settings.host, port)
    loop = asyncio.get_running_loop()
    serving = loop.create_task(server.serve())
    stop_accepting: Callable[[], None] = server.stop

    def stop() -> None:
        stop_accepting()
        loop.call_later(settings.shutdown_timeout, cancel_requests)
        loop.call_later(settings.shutdown_timeout + FLUSH_SECONDS, serving.cancel)
        _exit_after(settings.shutdown_timeout + CLOSE_SECONDS)

    def cancel_requests() -> None:
        for task in running:
            task.cancel()

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    sharing = loop.create_task(_share_connections(port, unlimited)) if unlimited is not None else None
    with suppress(asyncio.CancelledError):
        await serving
    if sharing:
        sharing.cancel()


def allow_open_files() -> None:
    """Raise the limit of open files, which is often 1024, so that all connections and those to other services fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 3 * MAX_CONNECTIONS
    if hard != resource.RLIM_INFINITY:
        wanted = min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


async def _share_connections(port: int, unlimited: Networks) -> None:
    while True:
        await asyncio.sleep(CHECK_SECONDS)
        if closed := close_excess(port, unlimited):
            log.warning("connections closed", reason="more than the share of a client address", number=closed)


def close_excess(port: int, unlimited: Networks) -> int:
    """Close the connections to the port beyond the share of each address, if most are in use; returns their number.

    Granian has no such limit, and requests are too late for one: a connection that sends none would not count.
    """
    open_files = [int(each.name) for each in Path("/dev/fd").iterdir()]
    if len(open_files) < CROWDED:
        return 0
    clients: Counter[str] = Counter()
    closed = 0
    for number in open_files:
        # The file may be closed meanwhile, or be the socket that listens.
        with suppress(OSError):
            if not stat.S_ISSOCK(os.fstat(number).st_mode):
                continue
            with socket.socket(fileno=os.dup(number)) as connection:
                if connection.family is socket.AF_UNIX or connection.getsockname()[1] != port:
                    continue
                client = connection.getpeername()[0]
                clients[client] += 1
                if clients[client] > MAX_CONNECTIONS_PER_CLIENT and not _is_in(client, unlimited):
                    connection.shutdown(socket.SHUT_RDWR)
                    closed += 1
    return closed


def _is_in(client: str, networks: Networks) -> bool:
    address = parse_address(client)
    return address is not None and any(address in network for network in networks)


def _track(app: ASGIApp, running: set[asyncio.Task[None]]) -> ASGIApp:
    """The application, which adds the task of each request to the set while it runs."""

    async def tracked(scope: Scope, receive: Receive, send: Send) -> None:
        task = asyncio.current_task()
        if task is None or scope["type"] == "lifespan":
            await app(scope, receive, send)
            return
        running.add(task)
        try:
            await app(scope, receive, send)
        finally:
            running.discard(task)

    return tracked


def _exit_after(seconds: float) -> None:
    """Exit then in any case: a thread that is blocked, for example in a DNS lookup, keeps the process running."""
    timer = Timer(seconds, os._exit, [EXIT_CODE])
    timer.daemon = True
    timer.start()


def create_server(app: ASGIApp, host: str, port: int) -> Server:
    """Create a server for this process and event loop; `serve()` runs it, `stop()` shuts it down gracefully."""
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        # The application rejects them, unless a route accepts them.
        websockets=True,
        backlog=MAX_CONNECTIONS,
        backpressure=MAX_CONNECTIONS,
        http1_settings=HTTP1Settings(
            # In milliseconds; also for the header of the next request, so that it ends idle connections.
            header_read_timeout=int(KEEP_ALIVE.total_seconds() * 1000),
            max_buffer_size=MAX_BUFFER_BYTES,
        ),
        log_level=LogLevels.warning,
        # Keeps the handlers that shared.logging has configured.
        log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
    )


@asynccontextmanager
async def serve_metrics(metrics: Metrics, host: str, port: int | None) -> AsyncIterator[None]:
    """Serve `/metrics` on a port of its own, which clients cannot reach; None serves nothing."""

    async def respond(_request: Request) -> Response:
        return Response(metrics.render(), media_type=CONTENT_TYPE)

    if port is None:
        yield
        return
    server = create_server(Starlette(routes=[Route("/metrics", respond)]), host, port)
    serving = asyncio.create_task(server.serve())
    stop: Callable[[], None] = server.stop
    yield
    stop()
    await asyncio.wait([serving], timeout=FLUSH_SECONDS)
    serving.cancel()


def check_port(host: str, port: int) -> None:
    """Fail if the port is in use: Granian would share it (SO_REUSEPORT) with the other process."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        in_use = error.errno == errno.EADDRINUSE
        _fail(
            f"Port {port} on {host} is in use" if in_use else f"Cannot listen on {host} port {port}: {error.strerror}"
        )


def _fail(problem: str) -> NoReturn:
    sys.stderr.write(f"{problem}.\nFree it, or set another HOST or port (see .env.example).\n")
    raise SystemExit(EXIT_CODE)
