"""Sends and receives the mail of services that run in the process of the test."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import FastAPI

from gateway import inbox
from shared.redis import create_redis
from tests.support.serving import serve
from worker.app import create_app
from worker.settings import WorkerSettings


@asynccontextmanager
async def mailing(common: Mapping[str, Any]) -> AsyncIterator[None]:
    """Run a worker, which sends mail, and the inbox that receives it at INBOX_URL."""
    app = FastAPI()
    app.include_router(inbox.router)
    settings = WorkerSettings(**common)
    async with create_redis(settings) as redis, serve(create_app(settings)), serve(app) as url:
        app.state.redis, app.state.redis_prefix = redis, settings.redis_prefix
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("INBOX_URL", url)
            yield
