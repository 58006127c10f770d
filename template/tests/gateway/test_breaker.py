"""The circuit breaker, on a clock that the test sets."""

import pytest

from gateway.breaker import FIRST_OPEN_SECONDS, MAX_OPEN_SECONDS, PROBES, Breaker
from tests.support.clock import Clock

SLOW = 10.0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker(SLOW, clock)


def request(breaker: Breaker, *, failed: bool | None) -> float:
    """Run a request that ends at once; returns the seconds to wait if it is rejected."""
    one = object()
    if not (seconds := breaker.admit(one)):
        breaker.start(one)
        breaker.finish(one, failed=failed)
    return seconds


def admitted(breaker: Breaker) -> object:
    """A request that the service has, and does not answer."""
    one = object()
    assert breaker.admit(one) == 0
    breaker.start(one)
    return one


def open_circuit(breaker: Breaker) -> None:
    while breaker.state == "closed":
        request(breaker, failed=True)


def test_circuit_opens_when_most_of_the_last_requests_fail(breaker: Breaker) -> None:
    for _ in range(1000):
        request(breaker, failed=False)
    failures = 0
    while not request(breaker, failed=True):
        failures += 1
    assert 10 <= failures <= 20
    assert (breaker.state, breaker.opened) == ("open", 1)


def test_circuit_stays_closed_while_most_requests_succeed(breaker: Breaker) -> None:
    for number in range(1000):
        assert request(breaker, failed=number % 3 == 0) == 0
    for _ in range(100):
        assert request(breaker, failed=None) == 0
    assert breaker.state == "closed"


def test_circuit_opens_while_slow_requests_still_wait(breaker: Breaker, clock: Clock) -> None:
    waiting = [admitted(breaker) for _ in range(20)]
    clock.now += SLOW - 0.1
    assert request(breaker, failed=False) == 0
    clock.now += 1
    assert breaker.admit(object()) == FIRST_OPEN_SECONDS
    for each in waiting:
        breaker.finish(each, failed=True)
    assert breaker.opened == 1


def test_slow_responses_are_failures(breaker: Breaker, clock: Clock) -> None:
    for _ in range(20):
        one = object()
        if breaker.admit(one):
            break
        breaker.start(one)
        clock.now += SLOW + 0.1
        breaker.finish(one, failed=False)
    assert breaker.state != "closed"


def test_time_until_the_request_is_complete_does_not_count(breaker: Breaker, clock: Clock) -> None:
    uploads = [object() for _ in range(50)]
    assert [breaker.admit(each) for each in uploads] == [0] * 50
    clock.now += 10 * SLOW
    assert request(breaker, failed=False) == 0
    for each in uploads:
        breaker.start(each)
        breaker.finish(each, failed=False)
    assert breaker.state == "closed"


def test_half_open_circuit_admits_a_few_requests_and_closes_when_they_succeed(breaker: Breaker, clock: Clock) -> None:
    open_circuit(breaker)
    assert request(breaker, failed=False) == FIRST_OPEN_SECONDS
    clock.now += FIRST_OPEN_SECONDS
    assert breaker.state == "half-open"
    probes = [admitted(breaker) for _ in range(PROBES)]
    assert breaker.admit(object()) > 0
    for each in probes:
        breaker.finish(each, failed=False)
    assert breaker.state == "closed"
    assert request(breaker, failed=True) == 0
    assert breaker.state == "closed"


def test_failed_probe_opens_the_circuit_for_longer(breaker: Breaker, clock: Clock) -> None:
    open_circuit(breaker)
    waits = []
    for _ in range(8):
        clock.now += MAX_OPEN_SECONDS
        assert request(breaker, failed=True) == 0
        waits.append(breaker.admit(object()))
    assert waits[:2] == [2, 4]
    assert waits[-1] == MAX_OPEN_SECONDS


def test_probe_of_a_client_that_disconnects_makes_room_for_another(breaker: Breaker, clock: Clock) -> None:
    open_circuit(breaker)
    clock.now += FIRST_OPEN_SECONDS
    for _ in range(2 * PROBES):
        assert request(breaker, failed=None) == 0
    assert breaker.state == "half-open"


def test_probe_that_hangs_opens_the_circuit_again(breaker: Breaker, clock: Clock) -> None:
    open_circuit(breaker)
    clock.now += FIRST_OPEN_SECONDS
    for _ in range(PROBES):
        admitted(breaker)
    clock.now += SLOW + 1
    assert breaker.admit(object()) > FIRST_OPEN_SECONDS
    assert breaker.opened == 2


def test_requests_admitted_before_the_circuit_opened_do_not_count_as_probes(breaker: Breaker, clock: Clock) -> None:
    earlier = [admitted(breaker) for _ in range(PROBES)]
    open_circuit(breaker)
    clock.now += FIRST_OPEN_SECONDS
    assert breaker.state == "half-open"
    for each in earlier:
        breaker.finish(each, failed=False)
    assert breaker.state == "half-open"
