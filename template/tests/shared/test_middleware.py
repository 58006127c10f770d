from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from fastapi.responses import StreamingResponse
from structlog.testing import capture_logs

from shared.application import create_service
from shared.metrics import Metrics
from shared.middleware import RequestMiddleware, level_of
from shared.request_id import current_request_id
from tests.support.serving import serving


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

    app.state.metrics = Metrics()
    return app, RequestMiddleware(app, app.state.metrics)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serving(create_app()[1]) as url, httpx.AsyncClient(base_url=url) as client:
        yield client


async def test_a_request_keeps_its_id(client: httpx.AsyncClient) -> None:
    answer = await client.get("/items/1", headers={"X-Request-ID": "from-the-caller"})
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "from-the-caller"


@pytest.mark.parametrize("offered", ["", "short", "x" * 65, "with space", "line\\nbreak", 'quote"quote'])
async def test_an_id_unfit_for_logs_is_replaced(client: httpx.AsyncClient, offered: str) -> None:
    answer = await client.get("/items/1", headers={"X-Request-ID": offered})
    assert answer.headers["x-request-id"] != offered
    assert len(answer.headers["x-request-id"]) == 32


async def test_no_two_requests_get_the_same_id(client: httpx.AsyncClient) -> None:
    answers = [await client.get("/items/1") for _ in range(5)]
    assert len({answer.headers["x-request-id"] for answer in answers}) == 5


async def test_a_bug_is_logged_and_the_client_only_told_that_there_is_one(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await client.get("/broken")
    assert (answer.status_code, answer.headers["x-request-id"] != "") == (500, True)
    assert "hunter2" not in answer.text
    assert [(each["event"], each["log_level"]) for each in logs] == [("request failed", "error"), ("request", "error")]
    assert logs[0]["exc_info"]


async def test_a_bug_halfway_through_a_response_breaks_it_off(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs, pytest.raises(httpx.RemoteProtocolError):
        await client.get("/half")
    assert logs[-1]["complete"] is False


async def test_the_log_names_the_route_and_leaves_the_query_out(client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await client.get("/items/7?token=hunter2")
    (event,) = logs
    assert (event["path"], event["route"], event["status"]) == ("/items/7", "/items/{item_id}", 200)
    assert "hunter2" not in str(event)


async def test_a_bug_in_a_service_is_answered_in_json() -> None:
    router = APIRouter()

    @router.get("/broken")
    async def broken() -> None:
        raise RuntimeError("hunter2")

    app = create_service("test", lifespan, [router])
    async with serving(RequestMiddleware(app, app.state.metrics)) as url, httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/broken")
    assert (answer.status_code, answer.json()) == (500, {"detail": "Internal server error"})


async def test_metrics_are_by_route_not_by_path() -> None:
    app, wrapped = create_app()
    async with serving(wrapped) as url, httpx.AsyncClient(base_url=url) as client:
        for path in ("/items/1", "/items/2", "/nowhere", "/elsewhere"):
            await client.get(path)
    metrics: Metrics = app.state.metrics
    text = metrics.render().decode()
    assert 'http_requests_total{method="GET",route="/items/{item_id}",status="200"} 2.0' in text
    assert 'http_requests_total{method="GET",route="unmatched",status="404"} 2.0' in text
    assert 'http_request_duration_seconds_count{method="GET",route="/items/{item_id}"} 2.0' in text


def test_what_watches_the_service_is_quiet_until_it_fails() -> None:
    assert level_of("/health", 200) < level_of("/items/{item_id}", 404) < level_of("/health/detailed", 503)
    assert level_of("/health/detailed", 503) < level_of("/items/{item_id}", 500)


async def test_metrics_are_shown() -> None:
    async with serving(create_service("test", lifespan, [])) as url, httpx.AsyncClient() as client:
        answer = await client.get(f"{url}/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "process_cpu_seconds_total" in answer.text
