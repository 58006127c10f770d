"""Merges the services' OpenAPI documents into one for the whole application."""

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

Document = dict[str, Any]

router = APIRouter(include_in_schema=False)
docs_router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi(request: Request) -> Document:
    """One document for all services; 502 if one of them does not give its part."""
    state = request.app.state
    services: Mapping[str, str] = state.services
    try:
        found = await asyncio.gather(*(fetch(state.client, url) for url in services.values()))
    except (PyreqwestError, ValueError) as error:
        raise HTTPException(502, "A service does not give its part of the document") from error
    return merge(state.settings.app_name, dict(zip(services, found, strict=True)))


@docs_router.get("/docs")
async def docs() -> Response:
    """The document as pages in which requests can be tried."""
    return get_swagger_ui_html(openapi_url="/openapi.json", title="API")


async def fetch(client: Client, url: str) -> Document:
    """A service's document."""
    _, body = await get_bytes(client, f"{url}/openapi.json", TIMEOUT)
    document: Document = json.loads(body)
    return document


def merge(title: str, documents: Mapping[str, Document]) -> Document:
    """One document; a schema whose name means different things gets its service's name put before."""
    merged: Document = {"openapi": "3.1.0", "info": {"title": title, "version": "1"}, "paths": {}, "components": {}}
    for service, original in documents.items():
        document = original
        parts = original.get("components", {})
        for name in _clashes(merged["components"].get("schemas", {}), parts.get("schemas", {})):
            document = _rename(document, name, f"{service.capitalize()}{name}")
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
