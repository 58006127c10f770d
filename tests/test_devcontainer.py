"""The devcontainer's files: valid by the specification, with the project's ports and one session."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from tasks.project import env_file
from tests.support import ROOT
from tests.test_consistency import sessions

TEMPLATE = ROOT / "template"
PLACES = [ROOT, TEMPLATE]
# Written from the specification's reference, so that no test needs the network.
SCHEMA = ROOT / "tests" / "devcontainer.schema.json"
# Each would need more than Docker on the host, more privileges, or another registry.
UNWANTED = {"features", "initializeCommand", "privileged", "capAdd", "securityOpt"}


def configuration(place: Path = TEMPLATE) -> dict[str, Any]:
    """The contents of devcontainer.json."""
    found: dict[str, Any] = json.loads((place / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    return found


def faults(found: object) -> list[str]:
    """The places in the configuration that violate the specification."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    checked = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    return sorted({error.json_path for error in checked.iter_errors(found)})


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_the_configuration_is_valid(place: Path) -> None:
    assert faults(configuration(place)) == []


@pytest.mark.parametrize(
    "right",
    [
        {"postCreateCommand": ["python3", "x.py"], "onCreateCommand": {"one": "x", "two": ["x", "y"]}},
        {"mounts": [{"type": "volume", "target": "/x"}, "type=volume,target=/y"]},
        {"forwardPorts": [0, 65535, "db-1:5432"]},
        {"portsAttributes": {"3000-3010": {"onAutoForward": "openBrowserOnce", "protocol": "https"}}},
        {"hostRequirements": {"cpus": 2, "memory": "8gb", "gpu": {"cores": 1}}},
        {"hostRequirements": {"gpu": "optional"}, "remoteEnv": {"X": None}},
        {"secrets": {"TOKEN": {"description": "x", "documentationUrl": "https://example.com/"}}},
    ],
)
def test_a_valid_configuration_passes(right: dict[str, Any]) -> None:
    assert faults({**configuration(), **right}) == []


@pytest.mark.parametrize(
    ("wrong", "place"),
    [
        ({"postCreateTask": "x"}, "$"),
        ({"name": 1}, "$.name"),
        ({"image": "python", "build": {"dockerfile": "Dockerfile"}}, "$"),
        ({"appPort": 8000}, "$"),
        ({"shutdownAction": "stopContainer"}, "$"),
        ({"forwardPorts": 8000}, "$.forwardPorts"),
        ({"forwardPorts": [65536]}, "$.forwardPorts[0]"),
        ({"forwardPorts": ["8000"]}, "$.forwardPorts[0]"),
        ({"portsAttributes": {"8000": {"title": "x"}}}, "$.portsAttributes['8000']"),
        ({"portsAttributes": {"8000": {"label": 1}}}, "$.portsAttributes['8000'].label"),
        ({"portsAttributes": {"8000": {"protocol": "tcp"}}}, "$.portsAttributes['8000'].protocol"),
        ({"otherPortsAttributes": {"onAutoForward": "openBrowserOnce"}}, "$.otherPortsAttributes.onAutoForward"),
        ({"otherPortsAttributes": {"labels": "x"}}, "$.otherPortsAttributes"),
        ({"mounts": [{"type": "volume"}]}, "$.mounts[0]"),
        ({"mounts": [{"type": "tmpfs", "target": "/x"}]}, "$.mounts[0].type"),
        ({"mounts": [{"type": "bind", "target": "/x", "readonly": True}]}, "$.mounts[0]"),
        ({"mounts": [1]}, "$.mounts[0]"),
        ({"postStartCommand": 1}, "$.postStartCommand"),
        ({"postStartCommand": ["x", 1]}, "$.postStartCommand[1]"),
        ({"postStartCommand": {"one": {"two": "x"}}}, "$.postStartCommand.one"),
        ({"waitFor": "postAttachCommand"}, "$.waitFor"),
        ({"userEnvProbe": "shell"}, "$.userEnvProbe"),
        ({"hostRequirements": {"cpus": 0}}, "$.hostRequirements.cpus"),
        ({"hostRequirements": {"memory": "8 GB"}}, "$.hostRequirements.memory"),
        ({"hostRequirements": {"disk": "8gb"}}, "$.hostRequirements"),
        ({"hostRequirements": {"gpu": "yes"}}, "$.hostRequirements.gpu"),
        ({"hostRequirements": {"gpu": {"cards": 1}}}, "$.hostRequirements.gpu"),
        ({"containerEnv": {"X": None}}, "$.containerEnv.X"),
        ({"secrets": {"1X": {}}}, "$.secrets"),
        ({"secrets": {"X": {"value": "x"}}}, "$.secrets.X"),
        ({"secrets": {"X": {"documentationUrl": "no address"}}}, "$.secrets.X.documentationUrl"),
        ({"customizations": {"vscode": []}}, "$.customizations.vscode"),
        ({"capAdd": "SYS_PTRACE"}, "$.capAdd"),
    ],
)
def test_a_violation_is_found_at_its_place(wrong: dict[str, Any], place: str) -> None:
    assert faults({**configuration(), **wrong}) == [place]


@pytest.mark.parametrize("lacking", ["dockerComposeFile", "service", "workspaceFolder"])
def test_compose_needs_a_file_a_service_and_a_folder(lacking: str) -> None:
    assert faults({name: value for name, value in configuration().items() if name != lacking}) == ["$"]


@pytest.mark.parametrize(
    ("alone", "places"),
    [
        ({"image": "python:3.13"}, []),
        ({"build": {"dockerfile": "Dockerfile", "args": {"X": "y"}, "cacheFrom": "python"}, "appPort": [8000]}, []),
        ({"image": "python", "shutdownAction": "stopContainer", "runArgs": ["--init"]}, []),
        ({"build": {"context": "."}}, ["$"]),
        ({"image": 3}, ["$"]),
        ({"image": "python", "build": {"dockerfile": "Dockerfile"}}, ["$"]),
        ({"image": "python", "shutdownAction": "stopCompose"}, ["$"]),
        ({"image": "python", "service": "workspace"}, ["$"]),
        ({"name": "nothing to run"}, ["$"]),
    ],
)
def test_a_container_comes_from_an_image_or_a_dockerfile_or_compose(alone: dict[str, Any], places: list[str]) -> None:
    assert faults(alone) == places


def test_only_docker_and_no_extra_privileges_are_needed() -> None:
    assert set(configuration()) & UNWANTED == set()


def test_each_service_has_a_label_on_its_port_and_those_for_browsers_are_forwarded() -> None:
    ports = {
        value: name.removesuffix("_PORT").lower()
        for name, value in env_file.defaults(TEMPLATE).items()
        if name.endswith("_PORT") and not name.endswith("_METRICS_PORT")
    }
    labels = {port: attributes["label"] for port, attributes in configuration()["portsAttributes"].items()}
    # Common files name no part.
    assert labels == {port: {"frontend": "pages"}.get(name, name) for port, name in ports.items()}
    assert [labels[str(port)] for port in configuration()["forwardPorts"]] == ["gateway"]


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_the_post_create_command_is_one_session(place: Path) -> None:
    found = re.fullmatch(r"python3 noxfile\.py -s (\w+)", configuration(place)["postCreateCommand"])
    assert found
    assert found[1] in sessions(place)


def test_the_extensions_are_those_that_the_editor_recommends() -> None:
    recommended = json.loads((TEMPLATE / ".vscode" / "extensions.json").read_text())["recommendations"]
    needed_outside = "ms-vscode-remote.remote-containers"
    inside = configuration()["customizations"]["vscode"]["extensions"]
    assert inside == [name for name in recommended if name != needed_outside]


def test_the_base_image_is_that_of_the_services() -> None:
    overlay = yaml.safe_load((TEMPLATE / ".devcontainer" / "compose.yaml").read_text())
    assert overlay["services"]["workspace"]["extends"] == {"file": "../compose.images.yaml", "service": "python"}
    bases = re.findall(r"^FROM (.+)$", (TEMPLATE / ".devcontainer" / "Dockerfile").read_text(), re.MULTILINE)
    assert bases == ["${PYTHON_IMAGE:-scratch}"]


def test_the_toolkit_uses_the_devcontainer_of_the_template() -> None:
    own = ROOT / ".devcontainer"
    assert (own / "devcontainer.json").resolve() == TEMPLATE / ".devcontainer" / "devcontainer.json"
    workspace = yaml.safe_load((own / "compose.yaml").read_text())["services"]["workspace"]
    assert workspace == {"extends": {"file": "../template/.devcontainer/compose.yaml", "service": "workspace"}}
    assert (ROOT / ".vscode" / "extensions.json").resolve() == TEMPLATE / ".vscode" / "extensions.json"


def test_programs_without_a_wheel_for_every_processor_are_installed() -> None:
    dockerfile = (TEMPLATE / ".devcontainer" / "Dockerfile").read_text(encoding="utf-8")
    groups = (ROOT / "tasks" / "pyproject.toml").read_text(encoding="utf-8")
    lacking = re.findall(r"\"([a-z]+)-py==[^\"]*platform_machine", groups)
    assert lacking
    assert [name for name in lacking if f'"{name}=' not in dockerfile] == []
