"""Puts the gateway together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from gateway import openapi
from gateway.edge import EdgeMiddleware
from gateway.proxy import Proxy
from gateway.readiness import ask
from gateway.routes import Table, routes
from gateway.settings import GatewaySettings
from gateway.tokens import TokenGate
from shared.application import create_service
from shared.http import create_client
from shared.security.jwks import RemoteKeys
from shared.settings import Environment


def create_app(settings: GatewaySettings) -> FastAPI:
    """The gateway; connects to nothing before it is asked something."""
    table = routes(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.settings = settings
        state.services = {route.service: route.url for route in table}
        state.client = create_client(settings.upstream_connections)
        state.checks = {name: partial(ask, state.client, url) for name, url in state.services.items()}
        state.gate = TokenGate(RemoteKeys(state.client, settings.jwks_url))
        state.proxy = Proxy(state.client, settings.upstream_timeout)
        yield
        await state.client.close()

    middleware = [Middleware(EdgeMiddleware, table=Table(table))]
    if settings.cors_origins:
        middleware.insert(0, cors(settings))
    routers = [openapi.router]
    if settings.environment is not Environment.PRODUCTION:
        routers.append(openapi.docs_router)
    return create_service("gateway", lifespan, routers, middleware, openapi_url=None)


def cors(settings: GatewaySettings) -> Middleware:
    """Lets pages of the origins in the settings call the API; tokens go in a header, so cookies are not needed."""
    return Middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["X-Request-ID", "Retry-After"],
        max_age=600,
    )
