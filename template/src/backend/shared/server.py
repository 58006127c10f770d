"""Runs a service on Granian, with graceful shutdown."""

import asyncio
import errno
import gc
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Timer
from typing import NoReturn

import uvloop
from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from starlette.types import ASGIApp

from shared.logging import configure
from shared.settings import ServiceSettings

MAX_CONNECTIONS = 4096
EXIT_CODE = 1
# Seconds for closing connections after the shutdown timeout.
CLOSE_SECONDS = 3


def run(name: str, app: ASGIApp, settings: ServiceSettings, port: int) -> None:
    """Serve the application in this process; SIGTERM and SIGINT shut it down gracefully."""
    _check_port(settings.host, port)
    configure(name, settings)
    # Its only warning is that the embedded server is experimental.
    logging.getLogger("_granian").addFilter(lambda record: record.levelno >= logging.ERROR)
    # The objects created at startup live forever: exclude them from garbage collection.
    gc.collect()
    gc.freeze()
    uvloop.run(_serve(app, settings, port))


async def _serve(app: ASGIApp, settings: ServiceSettings, port: int) -> None:
    server = create_server(app, settings.host, port)
    loop = asyncio.get_running_loop()
    serving = loop.create_task(server.serve())
    stop_accepting: Callable[[], None] = server.stop

    def stop() -> None:
        stop_accepting()
        loop.call_later(settings.shutdown_timeout, serving.cancel)
        _exit_after(settings.shutdown_timeout + CLOSE_SECONDS)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    with suppress(asyncio.CancelledError):
        await serving


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
        websockets=False,
        backlog=MAX_CONNECTIONS,
        backpressure=MAX_CONNECTIONS,
        log_level=LogLevels.warning,
        # Keeps the handlers that shared.logging has configured.
        log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
    )


def _check_port(host: str, port: int) -> None:
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
