"""HTTP clients with a shared SSL context: creating one takes longer than most requests."""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache

import httpx
from starlette.types import ASGIApp

from shared.settings import Environment, ServiceSettings
from tests.support.serving import TIMEOUT_SECONDS, serve

# Of services without settings of their own.
SETTINGS = ServiceSettings(app_name="Test", environment=Environment.DEVELOPMENT)


def problem_of(response: httpx.Response) -> tuple[int, str]:
    """The status and the detail of a response, which must be problem details."""
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert all(isinstance(problem[name], str) and problem[name] for name in ("type", "title", "code", "detail"))
    return response.status_code, problem["detail"]


@cache
def ssl_context() -> ssl.SSLContext:
    """The SSL context of all clients."""
    return httpx.create_ssl_context()


def http_client(url: str, *, timeout: float = TIMEOUT_SECONDS) -> httpx.AsyncClient:
    """A client of the server at this URL."""
    return httpx.AsyncClient(base_url=url, timeout=timeout, verify=ssl_context())


@asynccontextmanager
async def client_of(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """Serve the application; yields a client of it."""
    async with serve(app) as url, http_client(url) as client:
        yield client


async def metrics_at(port: int) -> str:
    """The metrics of the gateway that serves them on this port."""
    async with http_client(f"http://127.0.0.1:{port}") as client:
        response = await client.get("/metrics")
        assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
        return response.text
