"""Puts the auth service together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from starlette.types import ASGIApp

from auth.endpoints import REFUSALS, keys_router, refused, router
from auth.settings import AuthSettings, decode_seed
from shared import redis
from shared.application import create_service
from shared.database import engine as database
from shared.middleware import RequestMiddleware
from shared.security.authentication import Authenticator
from shared.security.live_sessions import LiveSessions
from shared.security.passwords import Passwords
from shared.security.tokens import Signer


def create_app(settings: AuthSettings) -> ASGIApp:
    """The auth service; connects to nothing before it is asked something."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        state.rotation = settings.rotation
        state.engine = database.create_engine(settings, "auth")
        store = redis.create_redis(settings)
        state.checks = {"database": lambda: database.ping(state.engine), "redis": store.ping}
        state.live = LiveSessions(store, settings.redis_prefix)
        state.signer = Signer(decode_seed(settings.auth_signing_key), settings.access_lifetime)
        state.authenticator = Authenticator(state.signer, state.live)
        state.passwords = Passwords(settings.argon2_memory_kib, settings.argon2_rounds, settings.argon2_timeout)
        yield
        state.passwords.close()
        await store.aclose()
        await state.engine.dispose()

    app = create_service(
        "auth", lifespan, [router, keys_router], unavailable=(*database.UNAVAILABLE, *redis.UNAVAILABLE)
    )
    for error in REFUSALS:
        app.add_exception_handler(error, refused)
    return RequestMiddleware(app, app.state.metrics)
