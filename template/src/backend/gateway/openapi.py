"""The OpenAPI document of the whole application, merged from those of the services."""

import asyncio
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from shared.http import get_bytes

TIMEOUT = timedelta(seconds=5)
REFERENCE = "#/components/schemas/"
DESCRIPTION = """\
Register, log in, and send the access token as `Authorization: Bearer <token>`.

Errors are JSON with a `detail`. Besides the errors listed for an operation, every request can fail with 400 (invalid
path), 408 (the request was sent too slowly), 413 (the body is larger than 1 MiB), 500, 502 (a service is unavailable)
or 504 (a service did not respond in time).

Every response has an `X-Request-ID` header, which identifies the request in the logs. A client can send its own.
"""

Document = dict[str, Any]

router = APIRouter(include_in_schema=False)
docs_router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def get_openapi(request: Request) -> Document:
    """The merged document; 502 if a service does not return its own."""
    state = request.app.state
    services: Mapping[str, str] = state.services
    try:
        found = await asyncio.gather(*(fetch(state.client, url) for url in services.values()))
    except (PyreqwestError, ValueError) as error:
        raise HTTPException(502, "A service did not return its OpenAPI document") from error
    return merge(state.settings.app_name, dict(zip(services, found, strict=True)))


@docs_router.get("/docs")
async def get_docs() -> Response:
    """Interactive API documentation."""
    return get_swagger_ui_html(openapi_url="/openapi.json", title="API documentation")


async def fetch(client: Client, url: str) -> Document:
    """The document of a service."""
    _, body = await get_bytes(client, f"{url}/openapi.json", TIMEOUT)
    document: Document = json.loads(body)
    return document


def merge(title: str, documents: Mapping[str, Document]) -> Document:
    """Merge the documents; of schemas with the same name and different content, the later gets its service's name."""
    info = {"title": title, "description": DESCRIPTION, "version": "1"}
    merged: Document = {"openapi": "3.1.0", "info": info, "tags": [], "paths": {}, "components": {}}
    for service, original in documents.items():
        document = original
        parts = original.get("components", {})
        for name in _clashes(merged["components"].get("schemas", {}), parts.get("schemas", {})):
            document = _rename(document, name, f"{service.capitalize()}{name}")
        merged["tags"] += document.get("tags", [])
        merged["paths"].update(document["paths"])
        for kind, entries in document.get("components", {}).items():
            merged["components"].setdefault(kind, {}).update(entries)
    return merged


def _clashes(known: Document, new: Document) -> list[str]:
    return [name for name, schema in new.items() if known.get(name, schema) != schema]


def _rename(document: Document, name: str, new_name: str) -> Document:
    schemas = document["components"]["schemas"]
    schemas[new_name] = schemas.pop(name)
    text = json.dumps(document).replace(f'"{REFERENCE}{name}"', f'"{REFERENCE}{new_name}"')
    renamed: Document = json.loads(text)
    return renamed
