"""Application factory of the auth service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI
from starlette.types import ASGIApp

from auth.account_endpoints import router as account_router
from auth.endpoints import HANDLED_ERRORS, handle_error, keys_router, router
from auth.limits import AccountLimits
from auth.mailed_endpoints import router as mailed_router
from auth.service import SessionPolicy
from auth.settings import AuthSettings
from shared import audit, redis
from shared.application import create_service, handle_unavailable
from shared.cache import Cache
from shared.database import engine as database
from shared.mail import NoMailError, handle_no_mail
from shared.middleware import RequestMiddleware
from shared.rate_limits import LimitCollector, LocalLimiter, SharedLimiter
from shared.security.active_sessions import ActiveSessions
from shared.security.authentication import Authenticator
from shared.security.passwords import PasswordHashing
from shared.security.tokens import Signer

# Anonymous clients can send bodies; none is larger than a few KiB.
MAX_BODY_SIZE = 32 * 1024
# Wrong passwords of each account that are audited, per process.
AUDITED_FAILURES = "10/hour"


def create_app(settings: AuthSettings) -> ASGIApp:
    """Create the auth service; it opens connections on first use."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        state = app.state
        failures = LocalLimiter("audited failures", AUDITED_FAILURES)
        lifetime = timedelta(seconds=settings.session_lifetime)
        state.policy = SessionPolicy(settings.rotation, lifetime, settings.sessions_per_user, failures)
        state.engine = database.create_engine(settings, "auth")
        store = redis.create_redis(settings)
        state.metrics.watch(database.PoolCollector(state.engine), redis.RedisCollector(store))
        state.cache = Cache(store, settings)
        state.checks = {
            "database": lambda: audit.check_writable(state.engine),
            "redis": lambda: redis.check_writable(store, settings.redis_prefix),
        }
        state.sessions = ActiveSessions(store, settings, state.engine)
        limiter = SharedLimiter(store, settings, settings.rate_limit_account)
        mail_limiter = SharedLimiter(store, settings, settings.rate_limit_mail)
        state.limits = AccountLimits(limiter, mail_limiter)
        state.metrics.watch(LimitCollector([limiter, mail_limiter], {}))
        state.has_mail = settings.has_mail
        settings.warn_without_mail()
        state.signer = Signer(settings.signing_keys, settings.access_lifetime)
        state.authenticator = Authenticator(state.signer, state.sessions)
        state.passwords = PasswordHashing(settings.argon2_memory_kib, settings.argon2_rounds, settings.argon2_timeout)
        yield
        state.passwords.close()
        await store.aclose()
        await state.engine.dispose()

    app = create_service(
        "auth",
        "Registration, login, sessions and accounts.",
        lifespan,
        [mailed_router, router, account_router, keys_router],
        settings,
    )
    app.max_body_size = MAX_BODY_SIZE
    for unavailable in (*database.UNAVAILABLE_ERRORS, *redis.UNAVAILABLE_ERRORS):
        app.add_exception_handler(unavailable, handle_unavailable)
    app.add_exception_handler(NoMailError, handle_no_mail)
    for error in HANDLED_ERRORS:
        app.add_exception_handler(error, handle_error)
    return RequestMiddleware(app, app.state.metrics)
