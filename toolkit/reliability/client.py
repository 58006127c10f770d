"""Uses the application through its gateway at a steady, modest rate, whatever happens to it."""

from __future__ import annotations

import asyncio
import itertools
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from toolkit.reliability.record import NO_ANSWER, Record

PASSWORD = secrets.token_urlsafe(16)
# More than the gateway waits for a service.
TIMEOUT_SECONDS = 40.0
# Calls of one kind that may wait for an answer at once; beyond that, none is started.
AT_ONCE = 20
READ_BACK = "read back"
READINESS = "readiness"
OK = 200


class Refused(Exception):
    """An answer that was not what had been asked for, with its status; 0 where there was none."""

    def __init__(self, text: str, status: int = 0) -> None:
        super().__init__(text)
        self.status = status


@dataclass(frozen=True)
class Kind:
    """A kind of call: how often it is made, in seconds, every container it needs, and how many belong together."""

    name: str
    every: float
    needs: frozenset[str]
    calls: int = 1


GATEWAY = Kind("health", 0.25, frozenset({"gateway"}))
KEYS = Kind("public keys", 0.25, frozenset({"gateway", "auth"}))
WHO = Kind("who am I", 0.25, frozenset({"gateway", "auth", "postgres", "redis"}))
REGISTER = Kind("register", 2.0, frozenset({"gateway", "auth", "postgres"}))
SESSIONS = Kind("sessions", 6.0, frozenset({"gateway", "auth", "postgres", "redis"}), calls=3)
LOGIN = Kind("log in", 3.0, frozenset({"gateway", "auth", "postgres", "redis"}))
PROJECTS = Kind("projects", 0.2, frozenset({"gateway", "projects", "postgres", "redis"}), calls=2)
KINDS = (GATEWAY, KEYS, WHO, REGISTER, LOGIN, SESSIONS, PROJECTS)


class Client:
    """One user who works with projects, and others who register."""

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
        """What it has seen."""
        return self._record

    @property
    def actions(self) -> dict[Kind, Callable[[], Awaitable[None]]]:
        """How a call of each kind is made."""
        actions = (self.health, self.keys, self.who, self.register, self.log_in, self.session, self.work)
        return dict(zip(KINDS, actions, strict=True))

    def aside(self, http: httpx.AsyncClient) -> Client:
        """The same user on another connection, whose calls are recorded apart, but not its writes."""
        return Client(http, Record(writes=self._record.writes), self._email, self._token)

    async def join(self) -> None:
        """Register and log in. Raises Refused."""
        await self.call(REGISTER.name, "POST", "/api/auth/register", person(self._email))
        self._record.acknowledge("user", self._email)
        await self.log_in()

    @property
    def _credentials(self) -> dict[str, str]:
        return {"email": self._email, "password": PASSWORD}

    async def health(self) -> None:
        """Ask the gateway alone."""
        await self.call(GATEWAY.name, "GET", "/health")

    async def keys(self) -> None:
        """Ask auth for what it has in memory."""
        await self.call(KEYS.name, "GET", "/.well-known/jwks.json")

    async def readiness(self) -> None:
        """Ask the gateway whether the services, their stores included, are ready."""
        await self.call(READINESS, "GET", "/health/detailed")

    async def who(self) -> None:
        """Ask auth for what needs Redis and the database."""
        await self.call(WHO.name, "GET", "/api/auth/me")

    async def register(self) -> None:
        """Have somebody else register."""
        email = new_email()
        await self.call(REGISTER.name, "POST", "/api/auth/register", person(email))
        self._record.acknowledge("user", email)

    async def log_in(self) -> None:
        """Open another session and use that from now on."""
        tokens = await self.call(LOGIN.name, "POST", "/api/auth/login", self._credentials)
        self._token = str(tokens["access_token"])
        self._record.acknowledge("session", self._token)

    async def session(self) -> None:
        """Open a session that nothing else uses and refresh it; end every second one."""
        tokens = await self.call(SESSIONS.name, "POST", "/api/auth/login", self._credentials)
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

    async def call(self, kind: str, method: str, path: str, body: Any = None, *, token: str | None = None) -> Any:
        """The answer to a call, made with the user's token unless another is given, and recorded.

        Raises Refused where it is none of success.
        """
        bearer = token or self._token
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        started = time.monotonic()
        try:
            answer = await self._http.request(method, path, json=body, headers=headers)
        except httpx.TransportError as error:
            self._record.add(kind, started, NO_ANSWER)
            raise Refused(f"{method} {path}: {type(error).__name__} {error}") from error
        self._record.add(kind, started, str(answer.status_code))
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

    async def is_known(self, email: str) -> bool:
        """Whether this user can log in."""
        credentials = {"email": email, "password": PASSWORD}
        return await self._status(self.call(READ_BACK, "POST", "/api/auth/login", credentials)) == OK

    async def passes(self, access_token: str) -> int:
        """The status with which auth answers to this access token, for which it asks Redis."""
        return await self._status(self.call(READ_BACK, "GET", "/api/auth/me", token=access_token))

    async def refreshes(self, refresh_token: str) -> int:
        """The status of a refresh with this token, which comes from the database."""
        return await self._status(self._refreshed(READ_BACK, refresh_token))

    async def _status(self, answer: Awaitable[Any]) -> int:
        try:
            await answer
        except Refused as refused:
            return refused.status
        return OK


def new_email() -> str:
    """An email that nobody has."""
    return f"{secrets.token_hex(8)}@example.com"


def person(email: str) -> dict[str, str]:
    """A registration."""
    return {"email": email, "name": "Reliability", "password": PASSWORD}


@asynccontextmanager
async def connected(url: str, record: Record) -> AsyncIterator[Client]:
    """A client of the gateway."""
    async with http_client(url, TIMEOUT_SECONDS) as http:
        yield Client(http, record)


def http_client(url: str, timeout: float) -> httpx.AsyncClient:
    """Makes calls on new connections, as old ones may be dead without its knowing; waits so many seconds for each."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, timeout=timeout, limits=limits, trust_env=False)


@asynccontextmanager
async def busy(client: Client) -> AsyncIterator[None]:
    """Have all kinds of calls made at their rates, as long as the block takes."""
    tasks = [asyncio.create_task(steadily(kind, action)) for kind, action in client.actions.items()]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def steadily(kind: Kind, action: Callable[[], Awaitable[None]]) -> None:
    """Start a call at each beat, whether or not those before have ended; wait for the last ones when cancelled."""
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
    """One call, or two that belong together; what goes wrong is in the record."""
    try:
        await action()
    except Refused:
        return
