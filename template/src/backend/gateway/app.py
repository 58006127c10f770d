"""Application factory of the gateway."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp

from gateway import inbox, openapi
from gateway.client_address import NoTrustedProxies, TrustedProxies
from gateway.clients import Clients
from gateway.limits import RequestLimits
from gateway.metrics import UpstreamCollector
from gateway.middleware import Forwarding, ProxyMiddleware
from gateway.readiness import check_ready
from gateway.routes import Route, RouteTable, create_routes
from gateway.settings import GatewaySettings
from gateway.tokens import TokenVerifier
from gateway.upstreams import Upstream
from gateway.watchdog import Watchdogs
from shared.application import create_service
from shared.http import create_client
from shared.middleware import RequestMiddleware
from shared.redis import RedisCollector, check_writable, create_redis
from shared.security.jwks import RemoteKeys
from shared.server import serve_metrics
from shared.settings import Environment

SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)


def create_app(settings: GatewaySettings, more_routes: Sequence[Route] = ()) -> ASGIApp:
    """Create the gateway; it opens connections on first use. `more_routes` are for tests."""
    routes = (*create_routes(settings), *more_routes)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.settings = settings
        state.services = {route.service: route.url for route in routes}
        state.client = create_client()
        store = state.redis = create_redis(settings)
        state.redis_prefix = settings.redis_prefix
        forwarding = Forwarding(
            RequestLimits(settings, store),
            TokenVerifier(RemoteKeys(state.client, settings.jwks_url)),
            Clients.create(settings.upstream_timeout, settings.upstream_connections),
            {name: Upstream(name, url, settings.upstream_slow) for name, url in state.services.items()},
            Watchdogs(),
        )
        state.forwarding = forwarding
        upstreams = UpstreamCollector(list(forwarding.upstreams.values()))
        state.metrics.watch(upstreams, forwarding.limits.collector(), RedisCollector(store))
        state.checks = {name: partial(check_ready, state.client, url) for name, url in state.services.items()}
        state.optional_checks = {
            "rate limits": partial(check_writable, store, settings.redis_prefix),
            **{f"upstream {name}": each.check for name, each in forwarding.upstreams.items()},
        }
        watching = asyncio.create_task(forwarding.watchdogs.run())
        async with serve_metrics(state.metrics, settings.host, settings.gateway_metrics_port):
            yield
        watching.cancel()
        await store.aclose()
        await state.client.close()
        await forwarding.clients.close()

    routers = [openapi.router]
    if settings.environment is not Environment.PRODUCTION:
        routers.append(openapi.docs_router)
    if settings.environment is Environment.DEVELOPMENT:
        routers.append(inbox.router)
    own = create_service("gateway", "Public entry point.", lifespan, routers, settings)
    app: ASGIApp = ProxyMiddleware(own, RouteTable(routes), settings)
    if settings.cors_origins:
        app = add_cors(app, settings)
    app = RequestMiddleware(app, own.state.metrics, SECURITY_HEADERS, is_gateway=True)
    if not settings.trusted_proxies:
        return NoTrustedProxies(app)
    return TrustedProxies(app, settings.trusted_proxies, use_forwarded=settings.trusted_header == "forwarded")


def add_cors(app: ASGIApp, settings: GatewaySettings) -> ASGIApp:
    """Allow the configured origins to call the API; tokens are sent in a header, so cookies are not needed."""
    return CORSMiddleware(
        app,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE"],
        allow_headers=["Authorization", "Content-Type", "X-Request-ID"],
        expose_headers=["X-Request-ID", "Retry-After", "RateLimit", "RateLimit-Policy"],
        max_age=600,
    )
