import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from gateway.app import create_app
from gateway.openapi import merge
from gateway.settings import GatewaySettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from tests.support.clients import client_of
from tests.support.serving import serve

Document = dict[str, Any]


@pytest.fixture(scope="module")
async def real_gateway(
    gateway_settings: GatewaySettings, projects_settings: ProjectsSettings
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a gateway in front of the real services."""
    async with serve(create_projects(projects_settings)) as projects_url:
        settings = gateway_settings.model_copy(update={"projects_url": projects_url})
        async with client_of(create_app(settings)) as gateway:
            yield gateway


@pytest.fixture(scope="module")
async def document(real_gateway: httpx.AsyncClient) -> Document:
    """The merged OpenAPI document."""
    merged: Document = (await real_gateway.get("/openapi.json")).json()
    return merged


@pytest.fixture(scope="module")
def operations(document: Document) -> list[Document]:
    """All operations of the document."""
    return [operation for methods in document["paths"].values() for operation in methods.values()]


def test_document_has_the_paths_of_all_services(document: Document) -> None:
    assert document["info"]["title"] == "Test"
    assert {"/api/auth/login", "/api/projects/{project_id}", "/.well-known/jwks.json"} <= set(document["paths"])
    assert not {"/health", "/metrics"} & set(document["paths"])
    assert list(document["components"]["securitySchemes"]) == ["HTTPBearer"]


async def test_docs_page_loads_the_document(real_gateway: httpx.AsyncClient) -> None:
    assert "/openapi.json" in (await real_gateway.get("/docs")).text


def test_operation_ids_are_unique_and_short(operations: list[Document]) -> None:
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert {"login", "get_current_user", "list_projects", "create_project"} <= set(ids)
    assert not [each for each in ids if re.search("api|__|_(get|post|put|patch|delete)$", each)]


def test_operations_parameters_and_fields_have_descriptions(document: Document, operations: list[Document]) -> None:
    tags = {tag["name"]: tag["description"] for tag in document["tags"]}
    for operation in operations:
        assert all(operation[text] for text in ("summary", "description")), operation["operationId"]
        assert all(tags[tag] for tag in operation["tags"])
        assert all(parameter["description"] for parameter in operation.get("parameters", []))
    for name, schema in document["components"]["schemas"].items():
        assert schema["description"], name
        assert all(field["description"] for field in schema.get("properties", {}).values()), name


def test_operations_document_their_errors(document: Document, operations: list[Document]) -> None:
    errors = {
        operation["operationId"]: {status for status in operation["responses"] if status >= "400"}
        for operation in operations
    }
    assert all("401" in errors[operation["operationId"]] for operation in operations if "security" in operation)
    assert errors["register"] == {"409", "422", "503"}
    assert errors["list_projects"] == {"401", "422", "503"}
    assert errors["update_member"] == {"401", "403", "404", "409", "422", "503"}
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_merge_renames_different_schemas_with_the_same_name() -> None:
    def document(path: str, kind: str) -> dict[str, object]:
        return {
            "paths": {path: {"get": {"$ref": "#/components/schemas/Item"}}},
            "components": {"schemas": {"Item": {"type": kind}, "ItemList": {"type": "array"}}},
        }

    merged = merge("Test", {"auth": document("/a", "string"), "projects": document("/p", "integer")})
    assert merged["components"]["schemas"] == {
        "Item": {"type": "string"},
        "ItemList": {"type": "array"},
        "ProjectsItem": {"type": "integer"},
    }
    assert merged["paths"]["/a"]["get"]["$ref"] == "#/components/schemas/Item"
    assert merged["paths"]["/p"]["get"]["$ref"] == "#/components/schemas/ProjectsItem"
