"""Liveness and readiness endpoints."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from time import perf_counter
from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

TIMEOUT_SECONDS = 3.0

Check = Callable[[], Awaitable[object]]
Status = Literal["ok", "failed"]


class Component(BaseModel):
    """The state of a dependency; `reason` is set only on failure."""

    status: Status
    latency_ms: float
    reason: str | None = None


class Health(BaseModel):
    """The state of a service and its dependencies."""

    status: Status
    components: dict[str, Component]


async def run_checks(checks: Mapping[str, Check]) -> Health:
    """Run all checks concurrently; the status is ok if all of them pass."""
    found = await asyncio.gather(*(_run_check(check) for check in checks.values()))
    status: Status = "ok" if all(component.status == "ok" for component in found) else "failed"
    return Health(status=status, components=dict(zip(checks, found, strict=True)))


async def _run_check(check: Check) -> Component:
    started = perf_counter()
    [outcome] = await asyncio.gather(asyncio.wait_for(check(), TIMEOUT_SECONDS), return_exceptions=True)
    reason = _reason(outcome) if isinstance(outcome, BaseException) else None
    latency = round((perf_counter() - started) * 1000, 2)
    return Component(status="failed" if reason else "ok", latency_ms=latency, reason=reason)


def _reason(error: BaseException) -> str:
    """The first line of the innermost cause, which is the specific one."""
    if isinstance(error, TimeoutError) and not str(error):
        return f"no response in {TIMEOUT_SECONDS:g} s"
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


router = APIRouter(include_in_schema=False)


@router.get("/health")
async def get_liveness() -> dict[str, Status]:
    """Liveness: whether the process responds; checks no dependency."""
    return {"status": "ok"}


@router.get("/health/detailed", response_model_exclude_none=True)
async def get_readiness(request: Request, response: Response) -> Health:
    """Readiness: 503 if a dependency is unavailable."""
    checks: Mapping[str, Check] = request.app.state.checks
    health = await run_checks(checks)
    if health.status != "ok":
        response.status_code = 503
    return health
