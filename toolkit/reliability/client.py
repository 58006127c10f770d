"""A client that calls the application through its gateway at a steady rate, also while calls fail."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx

from tasks.core.errors import UserError
from tasks.dev import inbox
from toolkit.reliability.record import NO_ANSWER, TOO_LATE, Record

PASSWORD = secrets.token_urlsafe(16)
# Longer than any fault and timeout of the application: what takes longer hangs.
TIMEOUT_SECONDS = 30.0
# The limit of concurrent calls of one kind: more than the connections of all pools of a service.
AT_ONCE = 60
READ_BACK = "read back"
READINESS = "readiness"
OK = 200


class Refused(Exception):
    """A response without success, with its status; 0 without a response."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Kind:
    """A kind of call: its interval in seconds, the parts that it needs, and the number of calls in a sequence."""

    name: str
    every: float
    needs: frozenset[str]
    calls: int = 1


GATEWAY = Kind("health", 0.1, frozenset({"gateway"}))
KEYS = Kind("public keys", 0.1, frozenset({"gateway", "auth"}))
WHO = Kind("who am I", 0.1, frozenset({"gateway", "auth", "postgres", "redis"}))
REGISTER = Kind("register", 2.0, frozenset({"gateway", "auth", "postgres"}))
SESSIONS = Kind("sessions", 6.0, frozenset({"gateway", "auth", "postgres", "redis"}), calls=3)
LOGIN = Kind("log in", 3.0, frozenset({"gateway", "auth", "postgres", "redis"}))
PROJECTS = Kind("projects", 0.1, frozenset({"gateway", "projects", "postgres", "redis"}), calls=2)
EXPORTS = Kind("exports", 1.0, frozenset({"gateway", "projects", "postgres", "redis"}), calls=2)
KINDS = (GATEWAY, KEYS, WHO, REGISTER, LOGIN, SESSIONS, PROJECTS, EXPORTS)


class Client:
    """A user with projects, who also registers other users."""

    def __init__(
        self, http: httpx.AsyncClient, record: Record, email: str | None = None, token: str | None = None
    ) -> None:
        self._http = http
        self._record = record
        self._numbers = itertools.count()
        self._sessions = itertools.count()
        self._email = email or new_email()
        self._token = token

    @property
    def record(self) -> Record:
        """Its calls and acknowledged writes."""
        return self._record

    @property
    def actions(self) -> dict[Kind, Callable[[], Awaitable[None]]]:
        """The method for each kind of call."""
        actions = (self.health, self.keys, self.who, self.register, self.log_in, self.session, self.work, self.export)
        return dict(zip(KINDS, actions, strict=True))

    def copy(self, http: httpx.AsyncClient) -> Client:
        """The same user with another HTTP client and its own record of calls; writes are recorded together."""
        return Client(http, Record(writes=self._record.writes), self._email, self._token)

    async def join(self) -> None:
        """Register, use the mailed link, and log in. Raises Refused."""
        await self.call(REGISTER.name, "POST", "/api/auth/register", person(self._email))
        self._record.acknowledge("user", self._email)
        await self._verify(self._email)
        await self.log_in()

    async def _log_in(self, kind: str, email: str) -> Any:
        return await self.call(kind, "POST", "/api/auth/login", {"email": email, "password": PASSWORD})

    async def _verify(self, email: str) -> None:
        mails = await self.call(READ_BACK, "GET", inbox.path(email))
        try:
            token = inbox.token(mails)
        except UserError as error:
            raise Refused(f"no mail to {email}") from error
        await self.call(READ_BACK, "POST", "/api/auth/verify", {"token": token, "password": PASSWORD})

    async def health(self) -> None:
        """Call the gateway alone."""
        await self.call(GATEWAY.name, "GET", "/health")

    async def keys(self) -> None:
        """Call auth for data that it has in memory."""
        await self.call(KEYS.name, "GET", "/.well-known/jwks.json")

    async def readiness(self) -> None:
        """Call the readiness check of the gateway, which includes the services and their stores."""
        await self.call(READINESS, "GET", "/health/detailed")

    async def who(self) -> None:
        """Call auth for data of Redis and the database."""
        await self.call(WHO.name, "GET", "/api/auth/me")

    async def register(self) -> None:
        """Register another user."""
        email = new_email()
        await self.call(REGISTER.name, "POST", "/api/auth/register", person(email))
        self._record.acknowledge("user", email)

    async def log_in(self) -> None:
        """Log in, and use the new session from now on."""
        self._token = str((await self._log_in(LOGIN.name, self._email))["access_token"])
        self._record.acknowledge("session", self._token)

    async def session(self) -> None:
        """Log in and refresh the session; log out of every second one."""
        tokens = await self._log_in(SESSIONS.name, self._email)
        tokens = await self._refreshed(SESSIONS.name, str(tokens["refresh_token"]))
        access, refresh = str(tokens["access_token"]), str(tokens["refresh_token"])
        if next(self._sessions) % 2 == 0:
            self._record.acknowledge("refresh", access, refresh)
            return
        await self.call(SESSIONS.name, "POST", "/api/auth/logout", token=access)
        self._record.acknowledge("log-out", access, refresh)

    async def _refreshed(self, kind: str, refresh_token: str) -> Any:
        return await self.call(kind, "POST", "/api/auth/refresh", {"refresh_token": refresh_token})

    async def work(self) -> None:
        """Create a project and rename it."""
        number = next(self._numbers)
        project = await self.call(PROJECTS.name, "POST", "/api/projects", {"name": f"new {number}"})
        self._record.acknowledge("project", str(project["id"]))
        name = f"renamed {number}"
        await self.call(PROJECTS.name, "PATCH", f"/api/projects/{project['id']}", {"name": name})
        self._record.acknowledge("name", str(project["id"]), name)

    async def export(self) -> None:
        """Create a project and request an export of its audit events, which is a job of the worker."""
        project = await self.call(EXPORTS.name, "POST", "/api/projects", {"name": "exported"})
        await self.call(EXPORTS.name, "POST", f"/api/projects/{project['id']}/audit-export")
        self._record.acknowledge("export", str(project["id"]))

    async def call(self, kind: str, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """Make and record a call with the user's token, or another; returns the body of its response.

        Raises Refused without a success.
        """
        bearer = token or self._token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        started = time.monotonic()
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            self._record.add(kind, started, TOO_LATE if isinstance(error, httpx.TimeoutException) else NO_ANSWER)
            raise Refused(f"{method} {path}: {type(error).__name__} {error}") from error
        self._record.add(kind, started, str(answer.status_code), "" if answer.is_success else reason(answer))
        if not answer.is_success:
            raise Refused(f"{method} {path}: {answer.status_code} {answer.text[:200]}", answer.status_code)
        return answer.json() if answer.content else None

    async def stored(self) -> dict[str, str]:
        """The name of each of the user's projects, by ID. Raises Refused."""
        found: dict[str, str] = {}
        cursor = ""
        while True:
            path = f"/api/projects?limit=100{cursor}"
            page = await self.call(READ_BACK, "GET", path)
            found |= {str(each["id"]): str(each["name"]) for each in page["items"]}
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    async def is_exported(self, project: str) -> bool:
        """Whether the worker has written the export of this project. Raises Refused."""
        return bool((await self.call(READ_BACK, "GET", f"/api/projects/{project}/audit-export"))["finished_at"])

    async def is_known(self, email: str) -> bool:
        """Whether this user can log in, or complete the registration with the mailed link."""
        if await self._status(self._log_in(READ_BACK, email)) == OK:
            return True
        return await self._status(self._verify(email)) == OK

    async def passes(self, access_token: str) -> int:
        """The status of a call with this access token, which auth checks in Redis."""
        return await self._status(self.call(READ_BACK, "GET", "/api/auth/me", token=access_token))

    async def refreshes(self, refresh_token: str) -> int:
        """The status of a refresh with this token, which auth checks in the database."""
        return await self._status(self._refreshed(READ_BACK, refresh_token))

    async def _status(self, answer: Awaitable[Any]) -> int:
        try:
            await answer
        except Refused as refused:
            return refused.status
        return OK


def reason(answer: httpx.Response) -> str:
    """The detail of a problem, or the start of any other body."""
    with suppress(ValueError, LookupError, TypeError):
        return str(answer.json()["detail"])
    return answer.text[:100]


def new_email() -> str:
    """A new email address."""
    return f"{secrets.token_hex(8)}@example.com"


def person(email: str) -> dict[str, str]:
    """The body of a registration."""
    return {"email": email, "name": "Reliability", "password": PASSWORD}


class Gateways(httpx.AsyncBaseTransport):
    """Sends requests to several gateways in turns, as a load balancer does, over a new connection each.

    A gateway that refuses the connection is passed over; nothing was sent to it. The list may change meanwhile.
    """

    def __init__(self, urls: list[str]) -> None:
        self._urls = urls
        self._turns = itertools.count()
        # An old connection may be broken unnoticed.
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
        self._transport = httpx.AsyncHTTPTransport(limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        turn = next(self._turns) % len(self._urls)
        *others, last = self._urls[turn:] + self._urls[:turn]
        for url in others:
            with suppress(httpx.ConnectError):
                return await self._send(request, url)
        return await self._send(request, last)

    async def _send(self, request: httpx.Request, gateway: str) -> httpx.Response:
        url = httpx.URL(gateway)
        request.url = request.url.copy_with(host=url.host, port=url.port)
        return await self._transport.handle_async_request(request)

    async def aclose(self) -> None:
        """Close all connections."""
        await self._transport.aclose()


@asynccontextmanager
async def connected(urls: list[str], record: Record) -> AsyncIterator[Client]:
    """A client of the gateways."""
    async with http_client(urls, TIMEOUT_SECONDS) as http:
        yield Client(http, record)


def http_client(urls: list[str], timeout: float) -> httpx.AsyncClient:
    """An HTTP client of the gateways; the timeout is in seconds."""
    return httpx.AsyncClient(base_url=urls[0], timeout=timeout, transport=Gateways(urls))


@asynccontextmanager
async def busy(client: Client) -> AsyncIterator[None]:
    """Make all kinds of calls at their rates during the block."""
    tasks = [asyncio.create_task(steadily(kind, action)) for kind, action in client.actions.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def steadily(kind: Kind, action: Callable[[], Awaitable[None]]) -> None:
    """Start a call at each interval, also while others run; when cancelled, wait for running ones."""
    running: set[asyncio.Task[None]] = set()
    try:
        while True:
            if len(running) < AT_ONCE:
                task = asyncio.create_task(attempt(action))
                running.add(task)
                task.add_done_callback(running.discard)
            await asyncio.sleep(kind.every)
    finally:
        if running:
            await asyncio.wait(running)


async def attempt(action: Callable[[], Awaitable[None]]) -> None:
    """Make one call or a sequence; failures are in the record."""
    try:
        await action()
    except Refused:
        return
