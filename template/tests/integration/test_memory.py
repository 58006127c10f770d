"""The gateway and a service under attack: their memory against the limit of their containers, and their answers."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from shared.request_body import MAX_BODIES_PER_CLIENT, MAX_BODY_SIZE
from shared.server import CROWDED, MAX_CONNECTIONS_PER_CLIENT, allow_open_files
from tests.support.clients import http_client
from tests.support.processes import ServiceProcess, memory_of, run_service
from tests.support.serving import TIMEOUT_SECONDS, address, free_port, wait_until
from tests.support.users import User

KIB = 1024
# The limit of a container in compose.yaml is 512 MiB.
MAX_MEMORY_KIB = 400 * KIB
BATCH = 100

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture(scope="module")
def gateway(settings: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServiceProcess]:
    allow_open_files()
    with run_service("gateway", free_port(), settings, tmp_path_factory.mktemp("gateway")) as process:
        process.wait_until_ready()
        yield process


@asynccontextmanager
async def connections(url: str, number: int, sent: bytes) -> AsyncIterator[list[Connection]]:
    """Open connections and send the same bytes on each, as far as the server reads them."""

    async def connect() -> Connection:
        reader, writer = await asyncio.open_connection(*address(url))
        writer.write(sent)
        return reader, writer

    opened: list[Connection] = []
    try:
        for _ in range(0, number, BATCH):
            opened += await asyncio.gather(*(connect() for _ in range(BATCH)))
        yield opened
    finally:
        for _, writer in opened:
            writer.transport.abort()


async def status_of(connection: Connection) -> bytes:
    line = await asyncio.wait_for(connection[0].readline(), TIMEOUT_SECONDS)
    return line[9:12]


async def check(process: ServiceProcess) -> None:
    """The process must respond, with little memory."""
    async with http_client(process.url) as client:
        for _ in range(5):
            assert (await client.get("/health")).status_code == 200
            assert memory_of(process) < MAX_MEMORY_KIB
            await asyncio.sleep(0.1)


async def test_large_headers_are_rejected_early(gateway: ServiceProcess) -> None:
    async with connections(gateway.url, 1000, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 400 * KIB) as opened:
        assert {await status_of(each) for each in opened} == {b"431"}
        await check(gateway)
    async with http_client(gateway.url) as client:
        assert (await client.get("/health", headers={"X": "x" * 32 * KIB})).status_code == 200


async def test_unfinished_headers_do_not_fill_the_memory(gateway: ServiceProcess) -> None:
    async with connections(gateway.url, 1400, b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"x" * 60 * KIB):
        await check(gateway)


async def test_unfinished_logins_do_not_fill_the_memory(gateway: ServiceProcess) -> None:
    head = "POST /api/auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n"
    async with connections(gateway.url, 600, head.format(1024 * KIB).encode() + b"x" * 1000 * KIB) as opened:
        assert {await status_of(each) for each in opened} == {b"413"}
        await check(gateway)
    unfinished = head.format(32 * KIB).encode() + b"x" * (32 * KIB - 1)
    async with connections(gateway.url, 1000, unfinished) as opened:
        await check(gateway)
        # The others wait for the end of their body.
        rejected = len(opened) - MAX_BODIES_PER_CLIENT
        statuses = [asyncio.create_task(status_of(each)) for each in opened]
        for _, status in zip(range(rejected), asyncio.as_completed(statuses), strict=False):
            assert await status == b"429"
        for each in statuses:
            each.cancel()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a second loopback address")
async def test_client_address_keeps_only_its_share_of_the_connections(gateway: ServiceProcess) -> None:
    host, port = address(gateway.url)
    async with connections(gateway.url, CROWDED, b"") as opened:
        # Not earlier: the server closes a connection that is idle for long.
        other = await asyncio.open_connection(host, port, local_addr=("127.0.0.2", 0))
        closed = CROWDED - MAX_CONNECTIONS_PER_CLIENT
        await wait_until(lambda: sum(reader.at_eof() for reader, _ in opened) >= closed)
        other[1].write(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert await status_of(other) == b"200"
    other[1].close()


async def test_bodies_with_thousands_of_errors_do_not_fill_the_memory(
    settings: dict[str, str], user: User, tmp_path: Path
) -> None:
    fields = {f"{number:x}": 0 for number in range(MAX_BODY_SIZE)}
    body = json.dumps(fields, separators=(",", ":"))[: MAX_BODY_SIZE - 20].rpartition(",")[0] + "}"
    headers = {**user.headers, "Content-Type": "application/json"}
    with run_service("projects", free_port(), settings, tmp_path) as projects:
        projects.wait_until_ready()
        async with http_client(projects.url) as client:

            async def post() -> httpx.Response:
                return await client.post("/api/projects", content=body, headers=headers)

            responses = await asyncio.gather(*(post() for _ in range(50)))
            assert {each.status_code for each in responses} == {422}
            assert max(len(each.content) for each in responses) < 8 * KIB
            await check(projects)
