"""Judges a service by its containers: waiting, starting, ready or failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from tasks.compose.containers import Container
from tasks.compose.plan import Service

# One crash may be another's fault and heals by itself; the engine is quick with the first restarts.
CRASHES = 2
# What has no health check is ready when it has run this long.
STEADY = timedelta(seconds=2)
STARTING = {"restarting": "restarting", "paused": "paused", "removing": "being removed"}
NO_PAST: Mapping[str, int] = MappingProxyType({})


@dataclass(frozen=True)
class Verdict:
    """`waiting`, `starting`, `ready` or `failed`, with words; `container` is the one that it rests on."""

    state: str
    text: str
    container: Container | None = None


def judge(
    service: Service,
    containers: list[Container],
    now: datetime,
    since: datetime | None = None,
    past: Mapping[str, int] = NO_PAST,
) -> Verdict:
    """The worst of its containers' verdicts; what started before `since` is about to be replaced, or none of ours.

    `past` has the restarts of containers, by their IDs, that tell nothing of how they are now.
    """
    ours = [each for each in containers if each.service == service.name]
    verdicts = [_judge_one(service, each, now, since, past.get(each.id, 0)) for each in ours]
    order = ("failed", "starting", "waiting", "ready")
    return min(verdicts, key=lambda each: order.index(each.state)) if verdicts else Verdict("waiting", "")


def past_restarts(containers: list[Container]) -> dict[str, int]:
    """The restarts of those that run, and may run well after crashes long ago; not of those that are down again."""
    return {each.id: each.restarts for each in containers if each.state == "running" and each.health != "unhealthy"}


def _judge_one(
    service: Service, container: Container, now: datetime, since: datetime | None, past_restarts: int
) -> Verdict:
    is_old = since is not None and (container.started is None or container.started < since)
    return Verdict("waiting", "", container) if is_old else _as_it_is(service, container, now, past_restarts)


def _as_it_is(service: Service, container: Container, now: datetime, past_restarts: int) -> Verdict:
    if service.is_task and container.state == "exited" and container.exit_code == 0:
        return Verdict("ready", "done", container)
    if container.state in {"exited", "dead"} or _keeps_crashing(container, past_restarts):
        return Verdict("failed", ending(container), container)
    if container.state == "created":
        return Verdict("waiting", "", container)
    if container.state != "running":
        return Verdict("starting", STARTING[container.state], container)
    return _running(service, container, now)


def _keeps_crashing(container: Container, past_restarts: int) -> bool:
    is_down = container.state == "restarting" or container.health in {"starting", "unhealthy"}
    return is_down and container.restarts - past_restarts >= CRASHES


def _running(service: Service, container: Container, now: datetime) -> Verdict:
    if container.health == "unhealthy":
        return Verdict("failed", "unhealthy", container)
    if container.health == "starting":
        return Verdict("starting", "health check has not passed yet", container)
    if service.is_task:
        return Verdict("starting", "at work", container)
    if container.health is None and (container.started is None or now - container.started < STEADY):
        return Verdict("starting", f"has no health check; watched for {STEADY.seconds} s", container)
    return Verdict("ready", container.health or "running", container)


def ending(container: Container) -> str:
    """How the container's process ended."""
    if container.is_out_of_memory:
        return "was ended for want of memory: it needs a higher limit, or uses too much"
    again = f", and again after {container.restarts} restarts" if container.restarts else ""
    return f"exited with code {container.exit_code}{again}"
