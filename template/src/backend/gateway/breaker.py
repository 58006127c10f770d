"""Circuit breaker of a service: rejects requests at once while the service fails or is too slow."""

from collections.abc import Callable
from math import inf
from time import monotonic

# The share of failures is that of about the last 20 requests: the weight of each halves with every 14 further ones.
WEIGHT = 0.05
OPEN_ABOVE = 0.5
FIRST_OPEN_SECONDS = 1.0
# Three probes cost little, and a longer pause would prolong the outage.
MAX_OPEN_SECONDS = 5.0
# Requests that try the service when the circuit is half-open; it closes when all of them succeed.
PROBES = 3
CHECK_SECONDS = 0.5

CLOSED, OPEN, HALF_OPEN = STATES = ("closed", "open", "half-open")


class Breaker:
    """Opens when more than half of the requests fail, or take longer than `slow` seconds.

    A request counts as slow while it is still waiting, so that the circuit opens before the requests time out.
    The clock returns seconds.
    """

    def __init__(self, slow: float, clock: Callable[[], float] = monotonic) -> None:
        self.opened = 0
        self._slow = slow
        self._clock = clock
        self._failures = 0.0
        self._waiting: dict[object, float] = {}
        self._next_check = 0.0
        self._open_until: float | None = None
        self._open_seconds = FIRST_OPEN_SECONDS
        self._succeeded = 0

    @property
    def state(self) -> str:
        """Closed, open or half-open."""
        if self._open_until is None:
            return CLOSED
        return OPEN if self._clock() < self._open_until else HALF_OPEN

    def admit(self, request: object) -> float:
        """Admit a request, which must be finished later, and return 0; else the seconds after which to try again."""
        now = self._clock()
        if now >= self._next_check:
            self._count_slow(now)
        if self._open_until is not None:
            if now < self._open_until:
                return self._open_until - now
            if len(self._waiting) >= PROBES:
                return FIRST_OPEN_SECONDS
        self._waiting[request] = inf
        return 0.0

    def start(self, request: object) -> None:
        """The service has the complete request, so that the time it takes is its own."""
        if request in self._waiting:
            self._waiting[request] = self._clock()

    def finish(self, request: object, *, failed: bool | None) -> None:
        """Record the outcome of an admitted request; None if it shows nothing about the service."""
        started = self._waiting.pop(request, None)
        # It has already been counted as slow, or was admitted before the circuit opened.
        if started is None or failed is None:
            return
        if failed or self._clock() - started > self._slow:
            self._count_failure()
        elif self._open_until is None:
            self._failures *= 1 - WEIGHT
        else:
            self._succeeded += 1
            if self._succeeded >= PROBES:
                self._close()

    def _count_slow(self, now: float) -> None:
        self._next_check = now + CHECK_SECONDS
        for request in [each for each, started in self._waiting.items() if now - started > self._slow]:
            if self._waiting.pop(request, None) is not None:
                self._count_failure()

    def _count_failure(self) -> None:
        self._failures += (1 - self._failures) * WEIGHT
        if self._open_until is not None or self._failures > OPEN_ABOVE:
            self._open()

    def _open(self) -> None:
        self.opened += 1
        self._open_until = self._clock() + self._open_seconds
        self._open_seconds = min(2 * self._open_seconds, MAX_OPEN_SECONDS)
        self._succeeded = 0
        self._waiting.clear()

    def _close(self) -> None:
        self._open_until = None
        self._open_seconds = FIRST_OPEN_SECONDS
        self._failures = 0.0
