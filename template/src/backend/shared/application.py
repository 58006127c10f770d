"""Factory of the FastAPI application that every service is based on."""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError, ResponseValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from shared import health, metrics
from shared.error_responses import ProblemResponse, invalid, send_error, use_problem_media_type
from shared.http_methods import handle_head, method_not_allowed
from shared.metrics import Metrics
from shared.middleware import first_values
from shared.request_body import MAX_BODY_SIZE, content_length
from shared.security.jwks import KeysUnavailableError
from shared.settings import ServiceSettings

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]

log = structlog.get_logger()


class Service(FastAPI):
    """A FastAPI application that handles HEAD, and whose errors are problem details, also in its OpenAPI document."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] == "http" and (content_length(first_values(scope)) or 0) > (
            self.max_body_size or MAX_BODY_SIZE
        ):
            await send_error(send, 413, "The body is too large")
        elif scope["type"] == "http" and scope["method"] == "HEAD":
            await handle_head(super().__call__, scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI document."""
        if self.openapi_schema is None:
            self.openapi_schema = use_problem_media_type(super().openapi())
        return self.openapi_schema


def create_service(
    name: str,
    description: str,
    lifespan: Lifespan,
    routers: Sequence[APIRouter],
    settings: ServiceSettings,
) -> FastAPI:
    """Create an application with health checks, metrics, OpenAPI and JSON errors; wrap it in `RequestMiddleware`.

    The lifespan sets `state.checks`, the readiness checks, and everything else that the routes read from `state`.
    """
    app = Service(
        title=f"{name} service",
        description=description,
        openapi_tags=[{"name": name, "description": description}],
        # The default IDs contain method and path, and become the names of functions in generated clients.
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        # The common router has it: a route of FastAPI's own is not in logs and metrics.
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        # An application or a route can have another limit, and so can a route of the gateway.
        max_body_size=MAX_BODY_SIZE,
        # `shared.tracing` has the spans; FastAPI's own would be four more of each request, with its path and query.
        telemetry={"tracing": False, "metrics": False, "logs": False},
        # A redirect would contain the internal address of the service.
        redirect_slashes=False,
    )
    app.state.metrics = Metrics(name, settings)
    for router in routers:
        app.include_router(router)
    common = [health.router, common_router, *([metrics_router] if settings.has_metrics else [])]
    for router in common:
        app.include_router(router, include_in_schema=False)
    app.add_exception_handler(HTTPStatus.METHOD_NOT_ALLOWED, method_not_allowed([*routers, *common]))
    app.add_exception_handler(HTTPException, _handle_http_exception)
    app.add_exception_handler(RequestValidationError, _handle_invalid)
    app.add_exception_handler(ResponseValidationError, _handle_invalid_response)
    app.add_exception_handler(Exception, _handle_exception)
    app.add_exception_handler(KeysUnavailableError, handle_unavailable)
    return app


common_router = APIRouter(include_in_schema=False)
metrics_router = APIRouter(include_in_schema=False)


@common_router.get("/openapi.json")
async def get_openapi(request: Request) -> JSONResponse:
    """The OpenAPI document; a router of the service may have another."""
    return JSONResponse(request.app.openapi())


@metrics_router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """The metrics of this process, for Prometheus."""
    collected: Metrics = request.app.state.metrics
    return Response(collected.render(), media_type=metrics.CONTENT_TYPE)


def _handle_http_exception(_request: Request, error: Exception) -> Response:
    status, detail = (error.status_code, error.detail) if isinstance(error, HTTPException) else (500, "")
    if detail == HTTPStatus(status).phrase and status == HTTPStatus.NOT_FOUND:
        detail = "Nothing is at this path"
    return ProblemResponse(status, detail, getattr(error, "headers", None))


def _handle_invalid(_request: Request, error: Exception) -> Response:
    return invalid(error.errors() if isinstance(error, RequestValidationError) else [])


def _handle_invalid_response(_request: Request, error: Exception) -> Response:
    """The error's own text has the value, such as a row of the database, which must not be logged."""
    errors = error.errors() if isinstance(error, ResponseValidationError) else []
    log.error("invalid response", errors=[{name: each[name] for name in ("type", "loc")} for each in errors])
    return ProblemResponse(500, "Internal server error")


def _handle_exception(_request: Request, _error: Exception) -> Response:
    return ProblemResponse(500, "Internal server error")


def handle_unavailable(_request: Request, error: Exception) -> Response:
    """Exception handler: 503 for exceptions that mean that a dependency is unavailable."""
    log.error("dependency unavailable", reason=(str(error) or "no reason").splitlines()[0], kind=type(error).__name__)
    return ProblemResponse(503, "A dependency is unavailable; try again", {"Retry-After": "5"})
