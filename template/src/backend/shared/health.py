"""Says whether a service is alive, and whether what it needs answers."""

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
    """What one dependency answered; `reason` only when it failed."""

    status: Status
    latency_ms: float
    reason: str | None = None


class Health(BaseModel):
    """A service and its dependencies."""

    status: Status
    components: dict[str, Component]


async def examine(checks: Mapping[str, Check]) -> Health:
    """Run all checks at once; the whole is only ok when each part is."""
    found = await asyncio.gather(*(_examine(check) for check in checks.values()))
    status: Status = "ok" if all(component.status == "ok" for component in found) else "failed"
    return Health(status=status, components=dict(zip(checks, found, strict=True)))


async def _examine(check: Check) -> Component:
    started = perf_counter()
    [outcome] = await asyncio.gather(asyncio.wait_for(check(), TIMEOUT_SECONDS), return_exceptions=True)
    reason = _reason(outcome) if isinstance(outcome, BaseException) else None
    latency = round((perf_counter() - started) * 1000, 2)
    return Component(status="failed" if reason else "ok", latency_ms=latency, reason=reason)


def _reason(error: BaseException) -> str:
    """The innermost cause's first line: the outer ones only say that something failed."""
    if isinstance(error, TimeoutError) and not str(error):
        return f"no answer in {TIMEOUT_SECONDS:g} s"
    while error.__cause__ is not None:
        error = error.__cause__
    return (str(error).strip() or type(error).__name__).splitlines()[0]


router = APIRouter(include_in_schema=False)


@router.get("/health")
async def live() -> dict[str, Status]:
    """Liveness: looks at nothing outside the process."""
    return {"status": "ok"}


@router.get("/health/detailed", response_model_exclude_none=True)
async def ready(request: Request, response: Response) -> Health:
    """Readiness: 503 when something that the service needs does not answer."""
    checks: Mapping[str, Check] = request.app.state.checks
    health = await examine(checks)
    if health.status != "ok":
        response.status_code = 503
    return health
