"""Tests of every operation in the OpenAPI document: who may call it, and whether its responses are in its schema."""

import asyncio
from enum import StrEnum
from functools import partial
from typing import Any, NamedTuple, cast

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.support.application import Application
from tests.support.serving import TIMEOUT_SECONDS
from tests.support.users import PASSWORD, User, create_user, invite, new_email

EXAMPLES = 15
FUZZING = settings(
    max_examples=EXAMPLES,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


class Actor(StrEnum):
    """Who sends a request; the last three are members of the project, with this role."""

    ANONYMOUS = "anonymous"
    FORGED = "forged"
    STRANGER = "stranger"
    VIEWER = "viewer"
    EDITOR = "editor"
    OWNER = "owner"


EVERYBODY = frozenset(Actor)
USERS = EVERYBODY - {Actor.ANONYMOUS, Actor.FORGED}
MEMBERS = USERS - {Actor.STRANGER}
EDITORS = MEMBERS - {Actor.VIEWER}
OWNERS = EDITORS - {Actor.EDITOR}
# The stranger is invited.
INVITED = frozenset({Actor.STRANGER})
# Operations after which the actor cannot send other requests, with their paths.
ENDING = {
    "end_session": "/api/auth/sessions/{session_id}",
    "logout": "/api/auth/logout",
    "delete_account": "/api/auth/delete-account",
}
# Who may call each operation: a new one fails the test until it is here.
ALLOWED = {
    "get_liveness": EVERYBODY,
    "get_readiness": EVERYBODY,
    "get_jwks": EVERYBODY,
    "register": EVERYBODY,
    "resend_verification": EVERYBODY,
    "verify": EVERYBODY,
    "forgot_password": EVERYBODY,
    "reset_password": EVERYBODY,
    "change_email": USERS,
    "confirm_email": EVERYBODY,
    "login": EVERYBODY,
    "refresh_tokens": EVERYBODY,
    "logout": USERS,
    "get_current_user": USERS,
    "update_current_user": USERS,
    "change_password": USERS,
    "delete_account": USERS,
    "list_sessions": USERS,
    "end_session": USERS,
    "end_other_sessions": USERS,
    "create_project": USERS,
    "list_projects": USERS,
    "get_project": MEMBERS,
    "update_project": EDITORS,
    "delete_project": OWNERS,
    "list_events": OWNERS,
    "list_members": MEMBERS,
    "invite_member": OWNERS,
    "list_invitations": OWNERS,
    "withdraw_invitation": OWNERS,
    "list_own_invitations": USERS,
    "open_invitation": EVERYBODY,
    "accept_invitation": INVITED,
    "decline_invitation": INVITED,
    "update_member": OWNERS,
    "remove_member": OWNERS,
    "request_audit_export": OWNERS,
    "get_audit_export": OWNERS,
    "download_audit_export": OWNERS,
}


NEED_EXPORT = ("get_audit_export", "download_audit_export")


class World(NamedTuple):
    """A project of these users with a member who sends no requests, and a user who is to be added."""

    users: dict[Actor, User]
    member: User
    other: User
    project_id: str
    invitation_id: str

    def ids(self, actor: Actor) -> dict[str, str]:
        """The parameters of paths; each actor has a session of its own."""
        session_id = self.users.get(actor, self.member).session_id
        project = {"project_id": self.project_id, "user_id": self.member.id, "invitation_id": self.invitation_id}
        return {**project, "session_id": session_id}

    def headers(self, actor: Actor) -> dict[str, str]:
        """The headers of a request of the actor."""
        match actor:
            case Actor.ANONYMOUS:
                return {}
            case Actor.FORGED:
                unsigned, _, signature = self.users[Actor.OWNER].access_token.rpartition(".")
                return {"Authorization": f"Bearer {unsigned}.{signature[::-1]}"}
        return self.users[actor].headers

    def body(self, operation: str, actor: Actor) -> dict[str, Any]:
        """A valid body of the operation."""
        unused = {Actor.ANONYMOUS: self.member, Actor.FORGED: self.other}
        user = unused.get(actor) or self.users[actor]
        bodies: dict[str, dict[str, Any]] = {
            "register": {"email": new_email(), "name": "Ada", "password": PASSWORD},
            "resend_verification": {"email": user.email},
            "verify": {"token": "unknown", "password": PASSWORD},
            "forgot_password": {"email": user.email},
            "reset_password": {"token": "unknown", "new_password": PASSWORD},
            "change_email": {"email": new_email(), "password": PASSWORD},
            "confirm_email": {"token": "unknown"},
            "login": {"email": user.email, "password": PASSWORD},
            "refresh_tokens": {"refresh_token": user.refresh_token},
            "update_current_user": {"name": "Ada"},
            "change_password": {"password": PASSWORD, "new_password": PASSWORD},
            "delete_account": {"password": PASSWORD, "delete_projects": True},
            "create_project": {"name": "Apollo"},
            "update_project": {"name": "Apollo"},
            "invite_member": {"email": self.other.email, "role": "viewer"},
            "open_invitation": {"token": "unknown"},
            "update_member": {"role": "editor"},
        }
        return bodies[operation]


async def create_users(client: httpx.AsyncClient) -> list[User]:
    """Create the users of a world."""
    return [await create_user(client) for _ in range(len(USERS) + 2)]


async def create_world(client: httpx.AsyncClient, users: list[User]) -> World:
    """Create a project and its members."""
    member, other, *rest = users
    actors = dict(zip([each for each in Actor if each in USERS], rest, strict=True))
    send = partial(client.post, headers=actors[Actor.OWNER].headers)
    project = (await send("/api/projects", json={"name": "Shared"})).json()["id"]
    stranger = actors[Actor.STRANGER]
    roles = {actors[Actor.VIEWER]: "viewer", actors[Actor.EDITOR]: "editor", member: "viewer", stranger: "viewer"}
    for user, role in roles.items():
        await invite(client, f"/api/projects/{project}", actors[Actor.OWNER], user.email, role)
    path = f"/api/projects/{project}/invitations"
    found = (await client.get(path, headers=actors[Actor.OWNER].headers)).json()["items"]
    ids = {each["email"]: each["id"] for each in found}
    for user in roles.keys() - {stranger}:
        accepted = await client.post(f"/api/invitations/{ids[user.email]}/accept", headers=user.headers)
        # An actor may have deleted its account.
        assert accepted.status_code in {200, 401}, accepted.text
    return World(actors, member, other, project, ids[stranger.email])


async def export_events(client: httpx.AsyncClient, world: World) -> None:
    """Request an export of the project, and return when the worker has written it."""
    path, headers = f"/api/projects/{world.project_id}/audit-export", world.headers(Actor.OWNER)
    assert (await client.post(path, headers=headers)).status_code == 202
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while True:
            if (await client.get(path, headers=headers)).json()["finished_at"]:
                return
            await asyncio.sleep(0.01)


@pytest.fixture
async def document(client: httpx.AsyncClient) -> dict[str, Any]:
    """The OpenAPI document of the application; the ENDING operations are the last."""
    document: dict[str, Any] = (await client.get("/openapi.json")).json()
    for path in ENDING.values():
        document["paths"][path] = document["paths"].pop(path)
    return document


def expected(operation: str, actor: Actor) -> str:
    """What the actor gets."""
    if actor in ALLOWED[operation]:
        return "allowed"
    others = "404" if ALLOWED[operation] == INVITED else "403"
    return {Actor.ANONYMOUS: "401", Actor.FORGED: "401", Actor.STRANGER: "404"}.get(actor, others)


async def test_only_those_who_may_can_call_each_operation(
    client: httpx.AsyncClient, document: dict[str, Any], subtests: pytest.Subtests
) -> None:
    operations = [
        (path, method, each) for path, methods in document["paths"].items() for method, each in methods.items()
    ]
    assert {each["operationId"] for _, _, each in operations} == set(ALLOWED)
    users = await create_users(client)
    for path, method, each in operations:
        operation = each["operationId"]
        with subtests.test(operation):
            assert ("security" in each) == (Actor.ANONYMOUS not in ALLOWED[operation])
            found: dict[Actor, str] = {}
            if operation in ENDING:
                users = await create_users(client)
            world = await create_world(client, users)
            for actor in Actor:
                if "allowed" in found.values():
                    # The request may have deleted the project.
                    world = await create_world(client, users)
                if operation in NEED_EXPORT:
                    await export_events(client, world)
                json = world.body(operation, actor) if "requestBody" in each else None
                response = await client.request(
                    method, path.format(**world.ids(actor)), json=json, headers=world.headers(actor)
                )
                # Who has a link is authorized by its token.
                is_link = response.status_code == 422 and "link_invalid" in response.text
                found[actor] = "allowed" if response.is_success or is_link else str(response.status_code)
            assert found == {actor: expected(operation, actor) for actor in Actor}


async def test_responses_are_in_the_schema_whatever_is_sent(
    client: httpx.AsyncClient, application: Application, document: dict[str, Any], subtests: pytest.Subtests
) -> None:
    schema = schemathesis.openapi.from_dict(document)
    schema.config.update(base_url=application["gateway"].url)
    users = await create_users(client)
    for operation in (cast(Ok[Any], found).ok() for found in schema.get_all_operations()):
        if operation.definition.raw["operationId"] in ENDING:
            users = await create_users(client)
        world = await create_world(client, users)
        await export_events(client, world)
        with subtests.test(operation.label):
            fuzz(operation, world, GenerationMode.POSITIVE)
            if operation.body or operation.path_parameters or operation.query:
                fuzz(operation, world, GenerationMode.NEGATIVE)


def fuzz(operation: Any, world: World, mode: GenerationMode) -> None:
    """Send valid requests about what exists, or invalid ones, as the owner."""

    @FUZZING
    @given(case=operation.as_strategy(generation_mode=mode))
    def send(case: Case[Any]) -> None:
        if mode is GenerationMode.POSITIVE:
            ids = world.ids(Actor.OWNER)
            case.path_parameters.update({name: ids[name] for name in case.path_parameters})
        # Not every rule can be in a schema, such as which domains have email.
        case.call_and_validate(headers=world.users[Actor.OWNER].headers, excluded_checks=[positive_data_acceptance])

    send()
