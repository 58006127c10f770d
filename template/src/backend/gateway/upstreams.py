"""Services behind the gateway: their addresses, circuit breakers and retries."""

import asyncio
import random
import socket
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from urllib.parse import urlsplit

import structlog
from pyreqwest.exceptions import ConnectTimeoutError, DetailedPyreqwestError, TransportError

from gateway.breaker import Breaker

REFRESH_SECONDS = 5.0
# An older address may belong to another service by now.
STALE_SECONDS = 30.0
# At most one lookup in this time, however many requests fail.
MIN_REFRESH_SECONDS = 0.5
LOOKUP_SECONDS = 2.0

FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 5.0

MAX_ATTEMPTS = 3
# Retries are a tenth of the requests; a burst of this many is allowed on top, for an instance that stops.
RETRY_SHARE = 0.1
RETRY_BURST = 100.0
MAX_DELAY_SECONDS = 0.05

IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})

_random = random.SystemRandom()
log = structlog.get_logger()


@dataclass(eq=False, slots=True)
class Address:
    """An address of a service: the URL with it, and the Host header, which is only needed in place of a name."""

    url: str
    host: str | None = None
    waiting: int = 0
    failures: int = 0
    paused_until: float = 0.0


class Upstream:
    """A service; a name is resolved to all of its addresses, over which the requests are spread.

    The certificate of an https URL is for the name, so that the HTTP client resolves it. The clock returns seconds.
    """

    def __init__(self, name: str, url: str, slow: float, clock: Callable[[], float] = monotonic) -> None:
        self.name = name
        self.breaker = Breaker(slow, clock)
        self.retries = 0
        self.rejected = 0
        self._clock = clock
        self._url = urlsplit(url)
        self._has_name = self._url.scheme == "http" and not _is_address(self._url.hostname or "")
        # Without a name, there is nothing to choose.
        self.only = None if self._has_name else Address(url)
        self.addresses = [self.only] if self.only else []
        self._next = 0
        self._resolved_at = self._tried_at = float("-inf")
        self._refreshing: asyncio.Task[None] | None = None
        self._budget = RETRY_BURST

    async def choose(self, failed: Address | None = None) -> Address | None:
        """The address for a request, or for its retry after one has failed; None if the name has no address."""
        if self._has_name:
            age = self._clock() - self._resolved_at
            if age > REFRESH_SECONDS or failed:
                refreshing = self._refresh()
                if refreshing and (age > STALE_SECONDS or failed):
                    await asyncio.wait([refreshing])
        if len(self.addresses) == 1:
            return self.addresses[0]
        return self._least_busy(failed)

    def succeeded(self, address: Address) -> None:
        """Record that an address has responded: it is used again at once, as all others may be left out."""
        address.failures = 0
        address.paused_until = 0.0
        if self._budget < RETRY_BURST:
            self._budget += RETRY_SHARE

    def failed(self, address: Address, error: BaseException) -> None:
        """Leave out an address for a while, longer each time."""
        address.failures += 1
        pause = min(FIRST_PAUSE_SECONDS * 2 ** (address.failures - 1), MAX_PAUSE_SECONDS)
        address.paused_until = self._clock() + pause
        if len(self.addresses) > 1:
            log.warning(
                "address left out", upstream=self.name, address=address.url, seconds=pause, reason=_cause(error)
            )

    async def may_retry(self, attempts: int) -> bool:
        """Whether to send a request again, after a random delay: at most twice, and only a share of all requests."""
        if attempts >= MAX_ATTEMPTS or self._budget < 1:
            return False
        self._budget -= 1
        self.retries += 1
        await asyncio.sleep(_random.uniform(0, MAX_DELAY_SECONDS * 2**attempts))
        return True

    def available(self) -> int:
        """The number of addresses that are not left out."""
        now = self._clock()
        return sum(each.paused_until <= now for each in self.addresses)

    async def check(self) -> None:
        """Raise if the circuit is not closed or an address is left out."""
        if self.breaker.state != "closed":
            raise DegradedError(f"the circuit of {self.name} is {self.breaker.state}")
        if left_out := len(self.addresses) - self.available():
            raise DegradedError(f"{left_out} of {len(self.addresses)} addresses of {self.name} are left out")

    def _least_busy(self, failed: Address | None) -> Address | None:
        """The less busy of two that take turns; one that has failed only if there is no other."""
        now = self._clock()
        usable = [each for each in self.addresses if each.paused_until <= now and each is not failed]
        usable = usable or [each for each in self.addresses if each is not failed] or self.addresses
        if not usable:
            return None
        self._next += 1
        one, other = usable[self._next % len(usable)], usable[(self._next + 1) % len(usable)]
        return one if one.waiting <= other.waiting else other

    def _refresh(self) -> asyncio.Task[None] | None:
        if self._refreshing is None and self._clock() - self._tried_at >= MIN_REFRESH_SECONDS:
            self._tried_at = self._clock()
            self._refreshing = asyncio.create_task(self._resolve())
        return self._refreshing

    async def _resolve(self) -> None:
        """Look up the addresses; those that are known keep their state."""
        port = self._url.port or 80
        try:
            loop = asyncio.get_running_loop()
            lookup = loop.getaddrinfo(self._url.hostname or "", port, type=socket.SOCK_STREAM)
            found = await asyncio.wait_for(lookup, LOOKUP_SECONDS)
        except (OSError, TimeoutError) as error:
            log.warning("name not resolved", upstream=self.name, reason=str(error) or "no answer in time")
            return
        finally:
            self._refreshing = None
        known = {each.url: each for each in self.addresses}
        urls = sorted({f"http://{_netloc(*each[4][:2])}{self._url.path}" for each in found})
        self.addresses = [known.get(url) or Address(url, self._url.netloc) for url in urls]
        self._resolved_at = self._clock()


class DegradedError(Exception):
    """A service is not fully available."""


def is_repeatable(error: BaseException, method: str) -> bool:
    """Whether a request may be sent again: an idempotent one, or one of which certainly nothing was sent."""
    if isinstance(error, ConnectTimeoutError) or (isinstance(error, TransportError) and _was_not_connected(error)):
        return True
    return method in IDEMPOTENT and isinstance(error, TransportError) and not isinstance(error, TimeoutError)


def _was_not_connected(error: DetailedPyreqwestError) -> bool:
    """pyreqwest raises ConnectError also for a connection that was lost while it was in use."""
    causes = error.details["causes"] or []
    return any(cause["message"] == "client error (Connect)" for cause in causes)


def _cause(error: BaseException) -> str:
    """The innermost cause; the others contain the URL with its query, which may be secret."""
    causes = error.details["causes"] if isinstance(error, DetailedPyreqwestError) else None
    return causes[-1]["message"] if causes else type(error).__name__


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
        except OSError:
            continue
        return True
    return False


def _netloc(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
