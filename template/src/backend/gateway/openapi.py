"""The OpenAPI document of the whole application, merged from those of the services."""

import asyncio
import base64
import hashlib
import json
import re
from collections.abc import Mapping
from datetime import timedelta
from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.openapi.utils import get_openapi
from fastapi.responses import FileResponse
from pyreqwest.client import Client
from pyreqwest.exceptions import PyreqwestError

from gateway.components import Document, rename_clashes
from shared import health
from shared.error_responses import MEDIA_TYPE, Problem
from shared.http import get_bytes

TIMEOUT = timedelta(seconds=5)
# The distribution of Swagger UI.
FOLDER = Path(str(files("fastapi_swagger.resources")))
ASSETS = frozenset({"swagger-ui-bundle.js", "swagger-ui.css", "favicon-32x32.png"})
ASSETS_PATH = "/docs/assets"
POLICY = "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'"
DESCRIPTION = """\
Register, log in, and send the access token as `Authorization: Bearer <token>`.

Errors are problem details (RFC 9457) with a `code` for programs and a `detail` for people. A request that is not valid
HTTP, such as one with an unencoded space, `"`, `<`, `>` or bytes other than UTF-8 in its query, fails with 400, 414 or
431 and no body.

Every response has an `X-Request-ID` header, which identifies the request in the logs. A client can send its own.
"""
CLIENT_ERRORS = {
    400: "The path, a header or the body is malformed.",
    408: "The request was not sent in time.",
    413: "The body is too large.",
    429: "Too many requests.",
}
SERVER_ERRORS = {
    500: "Internal server error.",
    502: "A service is unavailable or failed.",
    503: "A dependency is unavailable or overloaded.",
    504: "A service did not respond in time.",
}

router = APIRouter(include_in_schema=False)
docs_router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def get_merged_openapi(request: Request) -> Document:
    """The merged document; 502 if a service does not return its own."""
    state = request.app.state
    services: Mapping[str, str] = state.services
    try:
        found = await asyncio.gather(*(fetch(state.client, url) for url in services.values()))
    except (PyreqwestError, ValueError) as error:
        raise HTTPException(502, "A service did not return its OpenAPI document") from error
    return document(state.settings.app_name, dict(zip(services, found, strict=True)))


@docs_router.get("/docs")
async def get_docs() -> Response:
    """Interactive API documentation, which loads everything from the gateway."""
    page = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title="API documentation",
        swagger_js_url=f"{ASSETS_PATH}/swagger-ui-bundle.js",
        swagger_css_url=f"{ASSETS_PATH}/swagger-ui.css",
        swagger_favicon_url=f"{ASSETS_PATH}/favicon-32x32.png",
        # Swagger UI has an online validator.
        swagger_ui_parameters={"validatorUrl": None},
    )
    [script] = re.findall(rb"<script>(.*?)</script>", page.body, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    page.headers["content-security-policy"] = f"{POLICY}; script-src 'self' 'sha256-{digest}'"
    return page


@docs_router.get(f"{ASSETS_PATH}/{{name}}")
async def get_docs_asset(name: str) -> FileResponse:
    """A file of the documentation page."""
    if name not in ASSETS:
        raise HTTPException(404)
    return FileResponse(FOLDER / name)


async def fetch(client: Client, url: str) -> Document:
    """The document of a service."""
    _, body = await get_bytes(client, f"{url}/openapi.json", TIMEOUT)
    document: Document = json.loads(body)
    return document


def document(title: str, services: Mapping[str, Document]) -> Document:
    """The document of the application, from those of its services."""
    return add_common_errors(merge(title, {"gateway": own_document(), **services}))


def merge(title: str, documents: Mapping[str, Document]) -> Document:
    """Merge the documents; of different components with the same name, the later gets its service's name."""
    info = {"title": title, "description": DESCRIPTION, "version": "1"}
    merged: Document = {"openapi": "3.1.0", "info": info, "tags": [], "paths": {}, "components": {}}
    for service, original in documents.items():
        document = rename_clashes(original, merged["components"], service.capitalize())
        merged["tags"] += document.get("tags", [])
        merged["paths"].update(document["paths"])
        for kind, entries in document["components"].items():
            merged["components"].setdefault(kind, {}).update(entries)
    return merged


def own_document() -> Document:
    """The document of the gateway's own routes that clients may use."""
    tags = [{"name": "health", "description": "Health of the application."}]
    return get_openapi(title="", version="1", routes=health.router.routes, tags=tags)


def add_common_errors(merged: Document) -> Document:
    """Add the errors that every operation can have, unless it describes the status itself."""
    problem = Problem.model_json_schema(mode="serialization")
    merged["components"].setdefault("schemas", {}).setdefault(Problem.__name__, problem)
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    responses = merged["components"].setdefault("responses", {})
    for status, description in (CLIENT_ERRORS | SERVER_ERRORS).items():
        name = f"Error{status}"
        responses[name] = {"description": description, "content": {MEDIA_TYPE: {"schema": schema}}}
        for operation in (each for methods in merged["paths"].values() for each in methods.values()):
            operation["responses"].setdefault(str(status), {"$ref": f"#/components/responses/{name}"})
    return merged
