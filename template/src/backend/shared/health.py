"""Liveness and readiness endpoints."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from time import perf_counter
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from shared.error_responses import Responses
from shared.schemas import Schema

TIMEOUT_SECONDS = 3.0

Check = Callable[[], Awaitable[object]]
Status = Literal["ok", "degraded", "failed"]

SEVERITY: Sequence[Status] = ("ok", "degraded", "failed")


class Component(Schema):
    """The state of a dependency."""

    status: Status
    """Whether the dependency is available."""

    latency_ms: float
    """Milliseconds that the check took."""

    reason: str | None = None
    """Why the check failed; only present on failure."""


class Health(Schema):
    """The state of a service and its dependencies."""

    status: Status
    """Whether all dependencies are available."""

    components: dict[str, Component]
    """The dependencies by name."""


class Liveness(Schema):
    """The process responds."""

    status: Literal["ok"] = Field(default="ok")
    """Always `ok`."""


async def run_checks(checks: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Health:
    """Run all checks concurrently; the status is that of the worst component, which if optional is only degraded."""
    optional = optional or {}
    found = await asyncio.gather(
        *(_run_check(check, "failed") for check in checks.values()),
        *(_run_check(check, "degraded") for check in optional.values()),
    )
    status: Status = max((component.status for component in found), key=SEVERITY.index, default="ok")
    return Health(status=status, components=dict(zip([*checks, *optional], found, strict=True)))


async def _run_check(check: Check, failure: Status) -> Component:
    started = perf_counter()
    [outcome] = await asyncio.gather(asyncio.wait_for(check(), TIMEOUT_SECONDS), return_exceptions=True)
    reason = _reason(outcome) if isinstance(outcome, BaseException) else None
    latency = round((perf_counter() - started) * 1000, 2)
    return Component(status=failure if reason else "ok", latency_ms=latency, reason=reason)


def _reason(error: BaseException) -> str:
    """The first line of the innermost cause, which is the specific one."""
    if isinstance(error, TimeoutError) and not str(error):
        return f"no response in {TIMEOUT_SECONDS:g} s"
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


NOT_READY: Responses = {503: {"model": Health, "description": "A dependency is unavailable."}}
router = APIRouter(tags=["health"], generate_unique_id_function=lambda route: route.name)


@router.get("/health")
async def get_liveness() -> Liveness:
    """Liveness: whether the process responds; checks no dependency."""
    return Liveness()


@router.get("/health/detailed", response_model_exclude_none=True, responses=NOT_READY)
async def get_readiness(request: Request, response: Response) -> Health:
    """Readiness: 503 if a dependency is unavailable."""
    checks: Mapping[str, Check] = request.app.state.checks
    # Without these, the service works in a restricted way.
    optional: Mapping[str, Check] = getattr(request.app.state, "optional_checks", {})
    health = await run_checks(checks, optional)
    if health.status == "failed":
        response.status_code = 503
    return health
