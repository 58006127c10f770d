from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from pydantic import ValidationError
from structlog.testing import capture_logs

from shared.application import create_service
from shared.metrics import Metrics
from shared.middleware import RequestMiddleware, level_of
from shared.request_id import current_request_id, device_name
from shared.schemas import Schema
from tests.support.clients import SETTINGS, client_of, problem_of


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    yield


def create_app() -> tuple[FastAPI, RequestMiddleware]:
    app = FastAPI()

    @app.get("/items/{item_id}")
    async def item(item_id: str) -> dict[str, str | None]:
        return {"item": item_id, "request_id": current_request_id()}

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("hunter2")

    @app.get("/half")
    async def half() -> StreamingResponse:
        async def parts() -> AsyncIterator[bytes]:
            yield b"half"
            raise RuntimeError("hunter2")

        return StreamingResponse(parts())

    app.state.metrics = Metrics("test", SETTINGS)
    return app, RequestMiddleware(app, app.state.metrics)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(create_app()[1]) as client:
        yield client


async def test_request_id_of_the_client_is_kept(client: httpx.AsyncClient) -> None:
    response = await client.get("/items/1", headers={"X-Request-ID": "from-the-caller"})
    assert response.json()["request_id"] == response.headers["x-request-id"] == "from-the-caller"


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "with space", "line\\nbreak", 'quote"quote'])
async def test_invalid_request_id_is_replaced(client: httpx.AsyncClient, offered: str) -> None:
    response = await client.get("/items/1", headers={"X-Request-ID": offered})
    assert response.headers["x-request-id"] != offered
    assert len(response.headers["x-request-id"]) == 32


async def test_generated_request_ids_are_unique(client: httpx.AsyncClient) -> None:
    responses = [await client.get("/items/1") for _ in range(5)]
    assert len({response.headers["x-request-id"] for response in responses}) == 5


async def test_unhandled_exception_is_logged_and_not_shown_to_the_client(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        response = await client.get("/broken")
    assert (response.status_code, response.headers["x-request-id"] != "") == (500, True)
    assert "hunter2" not in response.text
    assert [(each["event"], each["log_level"]) for each in logs] == [("request failed", "error"), ("request", "error")]
    assert logs[0]["exc_info"]


async def test_exception_during_a_response_aborts_it(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs, pytest.raises(httpx.RemoteProtocolError):
        await client.get("/half")
    assert logs[-1]["complete"] is False


async def test_access_log_has_the_route_and_no_query(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/items/7?token=hunter2")
    (event,) = logs
    assert (event["path"], event["route"], event["status"]) == ("/items/7", "/items/{item_id}", 200)
    assert "hunter2" not in str(event)


async def test_unhandled_exception_in_a_service_is_a_json_500() -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("hunter2")

    app = create_service("test", "A test.", lifespan, [router], SETTINGS)
    async with client_of(RequestMiddleware(app, app.state.metrics)) as client:
        response = await client.get("/broken")
    assert problem_of(response) == (500, "Internal server error")


class Item(Schema):
    """A response model that the response does not match."""

    number: int
    name: str


async def test_values_of_an_invalid_response_are_not_logged() -> None:
    router = APIRouter()

    @router.get("/item", response_model=Item)
    async def item() -> dict[str, str]:
        return {"number": "hunter2"}

    app = create_service("test", "A test.", lifespan, [router], SETTINGS)
    async with client_of(RequestMiddleware(app, app.state.metrics)) as client:
        with capture_logs() as logs:
            response = await client.get("/item")
    assert problem_of(response) == (500, "Internal server error")
    assert logs[0]["errors"] == [
        {"type": "int_parsing", "loc": ("response", "number")},
        {"type": "missing", "loc": ("response", "name")},
    ]
    with pytest.raises(ValidationError) as caught:
        Item.model_validate({"number": "hunter2"})
    assert "hunter2" not in f"{logs} {caught.value}"


async def test_openapi_document_of_a_service_has_a_route() -> None:
    app = create_service("test", "A test.", lifespan, [], SETTINGS)
    async with client_of(RequestMiddleware(app, app.state.metrics)) as client:
        with capture_logs() as logs:
            document = (await client.get("/openapi.json")).json()
    assert (document["info"]["title"], logs[0]["route"]) == ("test service", "/openapi.json")


async def test_metrics_are_labelled_by_route() -> None:
    app, wrapped = create_app()
    async with client_of(wrapped) as client:
        for path in ("/items/1", "/items/2", "/nowhere", "/elsewhere"):
            await client.get(path)
    metrics: Metrics = app.state.metrics
    text = metrics.render().decode()
    assert 'http_requests_total{method="GET",route="/items/{item_id}",status="200"} 2.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'http_request_duration_seconds_count{method="GET",route="/items/{item_id}",status_class="2xx"} 2.0' in text
    assert 'http_request_duration_seconds_count{method="GET",route="unmatched",status_class="4xx"} 2.0' in text
    assert "http_requests_in_flight 0.0" in text


def test_health_checks_are_logged_only_on_failure() -> None:
    assert level_of("/health", 200) < level_of("/items/{item_id}", 404) < level_of("/health/detailed", 503)
    assert level_of("/health/detailed", 503) < level_of("/items/{item_id}", 500)


async def test_metrics_endpoint() -> None:
    async with client_of(create_service("test", "A test.", lifespan, [], SETTINGS)) as client:
        response = await client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "process_cpu_seconds_total" in response.text
    assert 'app_info{environment="development",service="test",version="unknown"} 1.0' in response.text


@pytest.mark.parametrize(
    ("user_agent", "name"),
    [
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 15.0) Gecko/20100101 Firefox/140.0", "Firefox on macOS"),
        ("curl/8.5.0", "curl"),
        ("unknown", "unknown"),
        (None, None),
    ],
)
def test_device_has_a_name_for_people(user_agent: str | None, name: str | None) -> None:
    assert device_name(user_agent) == name
