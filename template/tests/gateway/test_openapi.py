import httpx

from gateway.app import create_app
from gateway.openapi import merge
from gateway.settings import GatewaySettings
from projects.app import create_app as create_projects
from projects.settings import ProjectsSettings
from tests.support.serving import serving


async def test_one_document_describes_the_whole_application(
    gateway_settings: GatewaySettings, projects_settings: ProjectsSettings
) -> None:
    async with serving(create_projects(projects_settings)) as projects_url:
        settings = gateway_settings.model_copy(update={"projects_url": projects_url})
        async with serving(create_app(settings)) as url, httpx.AsyncClient(base_url=url) as gateway:
            document = (await gateway.get("/openapi.json")).json()
            docs = await gateway.get("/docs")
    assert document["info"]["title"] == "Test"
    assert {"/api/auth/login", "/api/projects/{project_id}", "/.well-known/jwks.json"} <= set(document["paths"])
    assert not {"/health", "/metrics"} & set(document["paths"])
    assert list(document["components"]["securitySchemes"]) == ["HTTPBearer"]
    assert "/openapi.json" in docs.text


def test_schemas_of_one_name_and_two_meanings_are_told_apart() -> None:
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
