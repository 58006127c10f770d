import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.app import create_app
from gateway.routes import Route
from gateway.settings import GatewaySettings
from gateway.websockets import MAX_MESSAGE_BYTES
from tests.gateway.conftest import ORIGIN
from tests.support.serving import TIMEOUT_SECONDS, free_port, serve, wait_until
from tests.support.upstream import lifespan

PATH = "/api/sockets"


class SocketService:
    """A service that echoes messages, closes with the code that a message names, or rejects the handshake."""

    def __init__(self) -> None:
        self.scope: Scope = {}
        self.code = 0
        self.received = 0
        self.reading = asyncio.Event()
        self.reading.set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "websocket":
            await lifespan(receive, send)
            return
        self.scope = scope
        await receive()
        if scope["path"].endswith("/denied"):
            start = {"type": "websocket.http.response.start", "status": 402, "headers": [(b"x-reason", b"money")]}
            await send(start)
            await send({"type": "websocket.http.response.body", "body": b"pay"})
            return
        await send({"type": "websocket.accept", "subprotocol": next(iter(scope["subprotocols"][1:]), None)})
        while (message := await receive())["type"] == "websocket.receive":
            self.received += 1
            await self.reading.wait()
            text = message.get("text") or ""
            if text.startswith("close "):
                await send({"type": "websocket.close", "code": int(text.split()[1]), "reason": "asked"})
                return
            if text == "large":
                await send({"type": "websocket.send", "text": "x" * (MAX_MESSAGE_BYTES + 1)})
            await send({**message, "type": "websocket.send"})
        self.code = message["code"]


# The service, and the URLs of the gateway and of the service.
Sockets = tuple[SocketService, str, str]


@pytest.fixture(scope="module")
async def sockets(gateway_settings: GatewaySettings) -> AsyncIterator[Sockets]:
    service = SocketService()
    async with serve(service) as url:
        routes = [
            Route(PATH, "projects", url, verify_tokens=True, websockets=True),
            Route("/api/down", "projects", f"http://127.0.0.1:{free_port()}", verify_tokens=False, websockets=True),
        ]
        async with serve(create_app(gateway_settings, routes)) as gateway_url:
            yield service, gateway_url.replace("http", "ws"), url


def open_socket(sockets: Sockets, path: str = PATH, **options: Any) -> connect:
    options = {"compression": None, "proxy": None, "open_timeout": TIMEOUT_SECONDS, **options}
    return connect(sockets[1] + path, **options)


async def rejection(connection: connect) -> tuple[int, bytes]:
    with pytest.raises(InvalidStatus) as raised:
        await connection
    return raised.value.response.status_code, bytes(raised.value.response.body)


async def handshake(sockets: Sockets) -> int:
    try:
        async with open_socket(sockets) as client:
            assert client.response
            return client.response.status_code
    except InvalidStatus as error:
        return error.response.status_code


async def closed(client: ClientConnection) -> tuple[int | None, str | None]:
    with pytest.raises(ConnectionClosed):
        await asyncio.wait_for(client.recv(), 10)
    return client.close_code, client.close_reason


async def test_messages_are_forwarded_both_ways(sockets: Sockets) -> None:
    async with open_socket(sockets, f"{PATH}/a%2Fb?q=1", additional_headers={"X-Kept": "1"}) as client:
        for message in ("text", "é€🚀", b"\x00\xff", "", "x" * MAX_MESSAGE_BYTES):
            await client.send(message)
            assert await client.recv() == message
    scope = sockets[0].scope
    headers = dict(scope["headers"])
    assert (scope["raw_path"], scope["query_string"]) == (b"/api/sockets/a%2Fb", b"q=1")
    assert (headers[b"x-kept"], headers[b"via"], headers[b"x-forwarded-for"]) == (b"1", b"1.1 gateway", b"127.0.0.1")
    assert headers[b"x-request-id"]


async def test_subprotocol_of_the_service_is_selected(sockets: Sockets) -> None:
    async with open_socket(sockets, subprotocols=["one", "two"]) as client:
        assert client.subprotocol == "two"
    assert sockets[0].scope["subprotocols"] == ["one", "two"]


@pytest.mark.parametrize(("sent", "received"), [(1000, 1000), (1008, 1008), (4001, 4001)])
async def test_close_codes_are_forwarded(sockets: Sockets, sent: int, received: int) -> None:
    async with open_socket(sockets) as client:
        await client.send(f"close {sent}")
        assert await closed(client) == (received, "asked")
    sockets[0].code = 0
    client = await open_socket(sockets)
    await client.close(sent)
    await wait_until(lambda: sockets[0].code == received)


async def test_lost_client_is_reported_to_the_service(sockets: Sockets) -> None:
    sockets[0].code = 0
    client = await open_socket(sockets)
    client.transport.abort()
    await wait_until(lambda: sockets[0].code == 1001)


async def test_large_messages_close_the_connection(sockets: Sockets) -> None:
    async with open_socket(sockets) as client:
        await client.send("x" * (MAX_MESSAGE_BYTES + 1))
        assert (await closed(client))[0] == 1009
    async with open_socket(sockets, max_size=None) as client:
        await client.send("large")
        assert (await closed(client))[0] == 1011


async def test_slow_service_slows_down_the_client(sockets: Sockets) -> None:
    service = sockets[0]
    service.received = 0
    service.reading.clear()
    message = b"x" * MAX_MESSAGE_BYTES
    sent = 0
    async with open_socket(sockets, max_queue=None) as client:
        try:
            while sent < 200:
                await asyncio.wait_for(client.send(message), 1)
                sent += 1
        except TimeoutError:
            pass
        assert sent < 100
        service.reading.set()


async def test_origin_of_a_browser_must_be_allowed(sockets: Sockets) -> None:
    own = sockets[1].replace("ws", "http")
    for origin in (None, own, ORIGIN):
        async with open_socket(sockets, origin=origin):
            pass
    for origin in ("http://evil.example.org", "null", f"{own}.evil.example.org"):
        assert (await rejection(open_socket(sockets, origin=origin)))[0] == 403


async def test_rejected_handshakes(sockets: Sockets) -> None:
    invalid = {"additional_headers": {"Authorization": "Bearer nonsense"}}
    for path, options, status in (
        (PATH, invalid, 401),
        (f"{PATH}/%2e%2e/x", {}, 400),
        ("/api/projects", {}, 404),
        ("/nowhere", {}, 404),
        ("/health", {}, 404),
        ("/api/down", {}, 502),
    ):
        found, body = await rejection(open_socket(sockets, path, **options))
        assert (path, found) == (path, status)
        assert b'"detail"' in body
    assert await rejection(open_socket(sockets, f"{PATH}/denied")) == (402, b"pay")


async def test_number_of_connections_is_limited(
    sockets: Sockets, gateway_settings: GatewaySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.websockets.MAX_CONNECTIONS", 1)
    route = Route(PATH, "projects", sockets[2], verify_tokens=True, websockets=True)
    async with serve(create_app(gateway_settings, [route])) as url:
        own = (sockets[0], url.replace("http", "ws"), sockets[2])
        async with open_socket(own):
            assert await handshake(own) == 503
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while await handshake(own) != 101:
                pass


async def test_service_without_websockets_rejects_them(auth_url: str) -> None:
    assert (await rejection(connect(auth_url.replace("http", "ws"), proxy=None)))[0] == 403
