"""Puts the gateway together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway import openapi
from gateway.clients import Clients
from gateway.edge import Edge
from gateway.readiness import ask
from gateway.routes import Table, routes
from gateway.settings import GatewaySettings
from gateway.tokens import TokenGate
from shared.application import create_service
from shared.http import create_client
from shared.middleware import RequestMiddleware
from shared.security.jwks import RemoteKeys
from shared.settings import Environment


def create_app(settings: GatewaySettings) -> ASGIApp:
    """The gateway; connects to nothing before it is asked something."""
    table = routes(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.settings = settings
        state.services = {route.service: route.url for route in table}
        state.clients = Clients.create(settings.upstream_timeout, settings.upstream_connections)
        state.client = create_client()
        state.checks = {name: partial(ask, state.client, url) for name, url in state.services.items()}
        state.gate = TokenGate(RemoteKeys(state.client, settings.jwks_url))
        yield
        await state.client.close()
        await state.clients.close()

    routers = [openapi.router]
    if settings.environment is not Environment.PRODUCTION:
        routers.append(openapi.docs_router)
    own = create_service("gateway", lifespan, routers, openapi_url=None)
    edge: ASGIApp = Edge(own, Table(table), settings.upstream_timeout)
    if settings.cors_origins:
        edge = cors(edge, settings)
    return RequestMiddleware(edge, own.state.metrics)


def cors(app: ASGIApp, settings: GatewaySettings) -> ASGIApp:
    """Lets pages of the origins in the settings call the API; tokens go in a header, so cookies are not needed."""
    return CORSMiddleware(
        app,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["X-Request-ID", "Retry-After"],
        max_age=600,
    )
