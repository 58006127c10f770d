"""Calls a running application as a client does, and checks the status of every response."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from typing import Any

import httpx

from tasks.dev import inbox


class ProofFailedError(Exception):
    """An unexpected response; the message has the call, the expected status and the received one."""


@dataclass(frozen=True)
class Call:
    """One request and the status of its response."""

    method: str
    url: str
    status: int
    seconds: float


class Client:
    """Calls the gateway and records the calls."""

    def __init__(self, http: httpx.Client) -> None:
        self.http = http
        self.calls: list[Call] = []
        self.token: str | None = None

    def expect(self, status: int, method: str, path: str, json: Any = None) -> Any:
        """Call and return the decoded JSON body, or its text. ProofFailedError for any other status."""
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        started = time.monotonic()
        response = self.http.request(method, path, json=json, headers=headers)
        self.calls.append(Call(method, str(response.url), response.status_code, time.monotonic() - started))
        if response.status_code != status:
            message = f"{method} {path} returned {response.status_code} instead of {status}: {response.text[:200]}"
            raise ProofFailedError(message)
        if response.content and response.headers.get("content-type", "").startswith("application/json"):
            return response.json()
        return response.text


def prove(gateway: str) -> list[Call]:
    """Register by the mailed link, log in, work with a project, log out; return the calls.

    ProofFailedError for an unexpected response.
    """
    try:
        with httpx.Client(base_url=gateway, timeout=30) as http:
            client = Client(http)
            prove_health(client)
            prove_session_and_projects(client)
            return client.calls
    except httpx.HTTPError as error:
        raise ProofFailedError(f"no response from {gateway}: {error}") from error


def prove_health(client: Client) -> None:
    """Check liveness, readiness and the OpenAPI document."""
    client.expect(200, "GET", "/health")
    client.expect(200, "GET", "/health/detailed")
    client.expect(200, "GET", "/openapi.json")
    client.expect(404, "GET", "/metrics")


def prove_session_and_projects(client: Client) -> None:
    """Write and read data through gateway, services, PostgreSQL and Valkey; a log-out ends the session at once."""
    credentials = {"email": f"{secrets.token_hex(6)}@example.com", "password": secrets.token_urlsafe(16)}
    client.expect(401, "GET", "/api/projects")
    client.expect(202, "POST", "/api/auth/register", {**credentials, "name": "Demo"})
    mails = client.expect(200, "GET", inbox.path(credentials["email"]))
    link = {"token": inbox.token(mails), "password": credentials["password"]}
    client.expect(200, "POST", "/api/auth/verify", link)
    client.token = client.expect(200, "POST", "/api/auth/login", credentials)["access_token"]
    me = client.expect(200, "GET", "/api/auth/me")
    if me["email"] != credentials["email"]:
        raise ProofFailedError(f"GET /api/auth/me returned {me['email']}")
    project = client.expect(201, "POST", "/api/projects", {"name": "First project"})
    listed = client.expect(200, "GET", "/api/projects")
    if [item["id"] for item in listed["items"]] != [project["id"]]:
        raise ProofFailedError("GET /api/projects does not list the new project")
    path = f"/api/projects/{project['id']}"
    client.expect(200, "PATCH", path, {"name": "Renamed"})
    if client.expect(200, "GET", path)["name"] != "Renamed":
        raise ProofFailedError(f"GET {path} does not return the change")
    client.expect(204, "DELETE", path)
    client.expect(404, "GET", path)
    client.expect(204, "POST", "/api/auth/logout")
    client.expect(401, "GET", "/api/auth/me")
