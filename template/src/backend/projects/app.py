"""Puts the projects service together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from projects.endpoints import REFUSALS, refused, router
from projects.settings import ProjectsSettings
from shared import redis
from shared.application import create_service
from shared.database import engine as database
from shared.http import create_client
from shared.middleware import RequestMiddleware
from shared.security.authentication import Authenticator
from shared.security.jwks import RemoteKeys
from shared.security.live_sessions import LiveSessions


def create_app(settings: ProjectsSettings) -> ASGIApp:
    """The projects service; connects to nothing before it is asked something."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.engine = database.create_engine(settings, "projects")
        store = redis.create_redis(settings)
        client = create_client()
        keys = RemoteKeys(client, settings.jwks_url)
        state.checks = {"database": lambda: database.ping(state.engine), "redis": store.ping, "keys": keys.check}
        state.authenticator = Authenticator(keys, LiveSessions(store, settings.redis_prefix))
        yield
        await client.close()
        await store.aclose()
        await state.engine.dispose()

    app = create_service("projects", lifespan, [router], unavailable=(*database.UNAVAILABLE, *redis.UNAVAILABLE))
    for error in REFUSALS:
        app.add_exception_handler(error, refused)
    return RequestMiddleware(app, app.state.metrics)
