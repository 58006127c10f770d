"""Runs a service on Granian until it is told to stop."""

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

CONNECTIONS = 4096
EXIT_CODE = 1
# What closing connections may take when no request is under way any more.
LAST_SECONDS = 3


def run(name: str, app: ASGIApp, settings: ServiceSettings, port: int) -> None:
    """Serve the application in this process; SIGTERM and SIGINT let requests under way end first."""
    _check_port(settings.host, port)
    configure(name, settings)
    # Its only warning is that this way of running is young.
    logging.getLogger("_granian").addFilter(lambda record: record.levelno >= logging.ERROR)
    # What is there now stays: the garbage collector need not look at it again.
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
        _end_after(settings.shutdown_timeout + LAST_SECONDS)

    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    with suppress(asyncio.CancelledError):
        await serving


def _end_after(seconds: float) -> None:
    """End by then whatever happens: a thread that looks up a name which does not resolve can keep a process long."""
    timer = Timer(seconds, os._exit, [EXIT_CODE])
    timer.daemon = True
    timer.start()


def create_server(app: ASGIApp, host: str, port: int) -> Server:
    """A server for this process and its event loop; `serve()` runs it, `stop()` lets requests under way end."""
    return Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,
        websockets=False,
        backlog=CONNECTIONS,
        backpressure=CONNECTIONS,
        log_level=LogLevels.warning,
        # Leaves the handlers alone that shared.logging has set.
        log_dictconfig={"incremental": True, "formatters": {}, "handlers": {}, "loggers": {}},
    )


def _check_port(host: str, port: int) -> None:
    """Granian shares a port that is taken (SO_REUSEPORT), and half of the requests would go elsewhere."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        _refuse(
            f"Port {port} on {host} is taken" if taken else f"Cannot listen on {host} port {port}: {error.strerror}"
        )


def _refuse(problem: str) -> NoReturn:
    sys.stderr.write(f"{problem}.\nStop what uses it or set another HOST or port; .env.example names them.\n")
    raise SystemExit(EXIT_CODE)
