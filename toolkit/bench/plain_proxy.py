"""What most teams write first: a proxy of FastAPI and httpx; the gateway is measured against it.

The upstream's address is the setting UPSTREAM in the environment.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse
from starlette.background import BackgroundTask


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the life of the process."""
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"]) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def proxy(request: Request, path: str) -> StreamingResponse:
    """Stream the request to the upstream and its answer back."""
    client: httpx.AsyncClient = request.app.state.client
    upstream = client.build_request(request.method, f"/{path}", headers=request.headers.raw, content=request.stream())
    response = await client.send(upstream, stream=True)
    return StreamingResponse(
        response.aiter_raw(),
        status_code=response.status_code,
        headers=response.headers,
        background=BackgroundTask(response.aclose),
    )
