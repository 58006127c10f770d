"""A proxy of FastAPI and httpx, as most teams write it first, against which the gateway is measured.

The upstream's address is the setting UPSTREAM in the environment.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request, Response

CONNECTIONS = 100
WITHOUT_BODY = ("GET", "HEAD", "OPTIONS")
# Of the upstream's connection, or no longer true of the decoded body.
NOT_RETURNED = ("connection", "content-encoding", "content-length", "keep-alive", "transfer-encoding")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """One client for the life of the process, which keeps as many connections as the load needs."""
    limits = httpx.Limits(max_connections=CONNECTIONS, max_keepalive_connections=CONNECTIONS)
    async with httpx.AsyncClient(base_url=os.environ["UPSTREAM"], limits=limits) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=lifespan)


@app.api_route("/{path:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
async def proxy(request: Request, path: str) -> Response:
    """Forward the request and return the answer, both unstreamed, which is fastest with this client."""
    client: httpx.AsyncClient = request.app.state.client
    body = None if request.method in WITHOUT_BODY else await request.body()
    answer = await client.request(request.method, f"/{path}", headers=request.headers.raw, content=body)
    headers = {name: value for name, value in answer.headers.items() if name not in NOT_RETURNED}
    return Response(answer.content, answer.status_code, headers)
