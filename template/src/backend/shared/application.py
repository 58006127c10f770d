"""Builds the FastAPI application that all services have in common."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.types import Receive, Scope, Send

from shared import health, metrics
from shared.methods import answer_head, not_allowed
from shared.metrics import Metrics
from shared.request_body import announced_length
from shared.responses import send_error
from shared.security.jwks import KeysUnavailableError

MAX_BODY_SIZE = 1024 * 1024

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

log = structlog.get_logger()


class Service(FastAPI):
    """Refuses a body that announces to be too large, as FastAPI's own answer to it would not be JSON; answers HEAD."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        if scope["type"] == "http" and (announced_length(scope) or 0) > MAX_BODY_SIZE:
            await send_error(send, 413, "The body is too large")
        elif scope["type"] == "http" and scope["method"] == "HEAD":
            await answer_head(super().__call__, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def create_service(
    title: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    openapi_url: str | None = "/openapi.json",
    unavailable: Sequence[type[Exception]] = (),
) -> FastAPI:
    """An application with health, metrics and JSON errors; `RequestMiddleware` is to be its outermost layer.

    Its lifespan sets `state.checks`, what readiness looks at, and what else its routes ask `state` for.
    The errors in `unavailable` mean that something it needs does not answer.
    """
    app = Service(
        title=title,
        lifespan=lifespan,
        openapi_url=openapi_url,
        docs_url=None,
        redoc_url=None,
        max_body_size=MAX_BODY_SIZE,
        # Redirects would name the address inside the network.
        redirect_slashes=False,
    )
    app.state.metrics = Metrics()
    every = [health.router, metrics_router, *routers]
    for router in every:
        app.include_router(router)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, not_allowed(every))
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(Exception, _failed)
    errors: list[type[Exception]] = [KeysUnavailableError, *unavailable]
    for error in errors:
        app.add_exception_handler(error, _unavailable)
    return app


metrics_router = APIRouter(include_in_schema=False)


@metrics_router.get("/metrics")
async def show_metrics(request: Request) -> Response:
    """The process's metrics, for Prometheus."""
    found: Metrics = request.app.state.metrics
    return Response(found.render(), media_type=metrics.CONTENT_TYPE)


def _invalid(_request: Request, error: Exception) -> Response:
    """As FastAPI's own answer, without the input: it may hold a password."""
    found = error.errors() if isinstance(error, RequestValidationError) else []
    reasons = [{name: each[name] for name in ("type", "loc", "msg")} for each in found]
    return JSONResponse({"detail": jsonable_encoder(reasons)}, 422)


def _failed(_request: Request, _error: Exception) -> Response:
    return JSONResponse({"detail": "Internal server error"}, 500)


def _unavailable(_request: Request, error: Exception) -> Response:
    log.error("dependency unavailable", reason=str(error).splitlines()[0], kind=type(error).__name__)
    return JSONResponse({"detail": "A service that this one needs does not answer"}, 503, headers={"Retry-After": "5"})
