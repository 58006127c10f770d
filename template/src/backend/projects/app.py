"""Application factory of the projects service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from projects.endpoints import HANDLED_ERRORS, handle_error, router
from projects.invitation_endpoints import router as invitation_router
from projects.settings import ProjectsSettings
from shared import audit, redis
from shared.application import create_service, handle_unavailable
from shared.cache import Cache
from shared.database import engine as database
from shared.http import create_client
from shared.mail import NoMailError, handle_no_mail
from shared.middleware import RequestMiddleware
from shared.rate_limits import LimitCollector, SharedLimiter
from shared.security.active_sessions import ActiveSessions
from shared.security.authentication import Authenticator
from shared.security.jwks import RemoteKeys


def create_app(settings: ProjectsSettings) -> ASGIApp:
    """Create the projects service; it opens connections on first use."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.engine = database.create_engine(settings, "projects")
        store = redis.create_redis(settings)
        state.cache = Cache(store, settings)
        state.metrics.watch(database.PoolCollector(state.engine), redis.RedisCollector(store), state.cache)
        state.mail_limiter = SharedLimiter(store, settings, settings.rate_limit_mail)
        state.invitation_limiter = SharedLimiter(store, settings, settings.rate_limit_invitations)
        state.metrics.watch(LimitCollector([state.mail_limiter, state.invitation_limiter], {}))
        state.has_mail = settings.has_mail
        settings.warn_without_mail()
        client = create_client()
        keys = RemoteKeys(client, settings.jwks_url)
        state.checks = {"database": lambda: audit.check_writable(state.engine), "keys": keys.check}
        state.optional_checks = {"redis": store.ping}
        state.authenticator = Authenticator(keys, ActiveSessions(store, settings, state.engine))
        yield
        await client.close()
        await store.aclose()
        await state.engine.dispose()

    app = create_service("projects", "Projects and their members.", lifespan, [router, invitation_router], settings)
    for unavailable in (*database.UNAVAILABLE_ERRORS, *redis.UNAVAILABLE_ERRORS):
        app.add_exception_handler(unavailable, handle_unavailable)
    app.add_exception_handler(NoMailError, handle_no_mail)
    for error in HANDLED_ERRORS:
        app.add_exception_handler(error, handle_error)
    return RequestMiddleware(app, app.state.metrics)
