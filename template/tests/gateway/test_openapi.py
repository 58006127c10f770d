import base64
import hashlib
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
    assert {"/health", "/health/detailed"} <= set(document["paths"])
    assert "/metrics" not in document["paths"]
    assert list(document["components"]["securitySchemes"]) == ["HTTPBearer"]


async def test_docs_page_loads_everything_from_the_gateway(real_gateway: httpx.AsyncClient) -> None:
    page = await real_gateway.get("/docs")
    assert "url: '/openapi.json'" in page.text
    assert "https:" not in page.text
    urls = re.findall(r'(?:href|src)="([^"]+)"', page.text)
    found = {url.rpartition(".")[2]: await real_gateway.get(url) for url in urls}
    assert {kind: each.headers["content-type"].partition(";")[0] for kind, each in found.items()} == {
        "css": "text/css",
        "png": "image/png",
        "js": "text/javascript",
    }
    assert b"SwaggerUIBundle" in found["js"].content
    [script] = re.findall("<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = page.headers["content-security-policy"].split("; ")
    assert {"default-src 'self'", f"script-src 'self' 'sha256-{digest}'"} <= set(policy)
    assert (await real_gateway.get("/docs/assets/main.py")).status_code == 404


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
    common = {"400", "408", "413", "429", "500", "502", "503", "504"}
    errors = {
        operation["operationId"]: {status for status in operation["responses"] if status >= "400"}
        for operation in operations
    }
    assert all("401" in errors[operation["operationId"]] for operation in operations if "security" in operation)
    assert errors["register"] == {"422", "501"} | common
    assert errors["list_projects"] == {"401", "422"} | common
    assert errors["update_member"] == {"401", "403", "404", "409", "422"} | common
    for operation in operations:
        for status in errors[operation["operationId"]]:
            response = operation["responses"][status]
            if "$ref" in response:
                response = document["components"]["responses"][f"Error{status}"]
            is_health = operation["operationId"] == "get_readiness" and status == "503"
            expected = "application/json" if is_health else "application/problem+json"
            assert list(response["content"]) == [expected], (operation["operationId"], status)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def ref(name: str, kind: str = "schemas") -> Document:
    return {"$ref": f"#/components/{kind}/{name}"}


def merge_two(auth: Document, projects: Document, projects_use: Document) -> tuple[Document, Any]:
    """Merge documents with these components; returns the merged components, and what the second uses."""
    documents = {
        "auth": {"paths": {"/a": {}}, "components": auth},
        "projects": {"paths": {"/p": {"get": projects_use}}, "components": projects},
    }
    merged = merge("Test", documents)
    return merged["components"], merged["paths"]["/p"]["get"]


def test_merge_renames_different_schemas_with_the_same_name() -> None:
    def schemas(kind: str, default: object) -> Document:
        return {"schemas": {"Item": {"type": kind}, "Flag": {"default": default}, "ItemList": {"type": "array"}}}

    components, used = merge_two(schemas("string", 1), schemas("integer", True), ref("Item"))
    assert components["schemas"] == {
        "Item": {"type": "string"},
        "Flag": {"default": 1},
        "ItemList": {"type": "array"},
        "ProjectsItem": {"type": "integer"},
        "ProjectsFlag": {"default": True},
    }
    assert type(components["schemas"]["ProjectsFlag"]["default"]) is bool
    assert used == ref("ProjectsItem")


def test_merge_compares_schemas_with_all_that_they_refer_to() -> None:
    def schemas(kind: str) -> Document:
        return {
            "schemas": {
                "Item": {"type": kind, "properties": {"parent": ref("Branch")}},
                # A cycle, and a reference into a schema.
                "Branch": {"items": ref("Leaf")},
                "Leaf": {"anyOf": [{"$ref": "#/components/schemas/Page/properties/items"}, ref("Branch")]},
                "Page": {"properties": {"items": {"items": ref("Item")}}},
                "Error": {"properties": {"next": ref("Error")}},
            }
        }

    components, used = merge_two(schemas("string"), schemas("integer"), ref("Page"))
    assert used == ref("ProjectsPage")
    assert {name: each for name, each in components["schemas"].items() if not name.startswith("Projects")} == schemas(
        "string"
    )["schemas"]
    assert components["schemas"]["ProjectsPage"] == {"properties": {"items": {"items": ref("ProjectsItem")}}}
    assert components["schemas"]["ProjectsLeaf"]["anyOf"] == [
        {"$ref": "#/components/schemas/ProjectsPage/properties/items"},
        ref("ProjectsBranch"),
    ]
    assert "ProjectsError" not in components["schemas"]


def test_merge_renames_every_kind_of_component() -> None:
    def components_of(kind: str) -> Document:
        return {
            "schemas": {"Cat": {"type": kind}},
            "responses": {"Found": {"content": {"application/json": {"schema": ref("Cat")}}}, "Same": {}},
            "parameters": {"Limit": {"schema": {"type": kind}}},
            "securitySchemes": {"HTTPBearer": {"type": "http", "scheme": kind}},
        }

    use = {
        "security": [{"HTTPBearer": ["read"], "Other": []}],
        "parameters": [ref("Limit", "parameters")],
        "responses": {"200": ref("Found", "responses"), "404": ref("Same", "responses")},
        "discriminator": {"propertyName": "kind", "mapping": {"a": "Cat", "b": "#/components/schemas/Cat"}},
    }
    components, used = merge_two(components_of("string"), components_of("integer"), use)
    assert used == {
        "security": [{"ProjectsHTTPBearer": ["read"], "Other": []}],
        "parameters": [ref("ProjectsLimit", "parameters")],
        "responses": {"200": ref("ProjectsFound", "responses"), "404": ref("Same", "responses")},
        "discriminator": {
            "propertyName": "kind",
            "mapping": {"a": "ProjectsCat", "b": "#/components/schemas/ProjectsCat"},
        },
    }
    assert components["securitySchemes"]["ProjectsHTTPBearer"]["scheme"] == "integer"
    assert {*components["responses"]} == {"Found", "Same", "ProjectsFound"}


def test_merge_takes_no_name_that_is_in_use() -> None:
    auth = {"schemas": {"Item": {"type": "string"}, "ProjectsItem": {"type": "null"}}}
    components, used = merge_two(auth, {"schemas": {"Item": {"type": "integer"}}}, ref("Item"))
    assert used == ref("ProjectsItem_")
    assert components["schemas"] == {**auth["schemas"], "ProjectsItem_": {"type": "integer"}}
