"""The devcontainer's files: what the specification knows, the project's own ports, and one session."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks import env_file
from tests.support import ROOT
from tests.test_consistency import sessions

TEMPLATE = ROOT / "template"
PLACES = [ROOT, TEMPLATE]
AUTO_FORWARD = {"notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"}

# What the specification's reference has for a container made by Compose, with the kinds of value.
PROPERTIES: dict[str, tuple[type, ...]] = {
    "name": (str,),
    "dockerComposeFile": (str, list),
    "service": (str,),
    "runServices": (list,),
    "workspaceFolder": (str,),
    "shutdownAction": (str,),
    "mounts": (list,),
    "containerUser": (str,),
    "remoteUser": (str,),
    "updateRemoteUserUID": (bool,),
    "containerEnv": (dict,),
    "remoteEnv": (dict,),
    "userEnvProbe": (str,),
    "overrideCommand": (bool,),
    "init": (bool,),
    "privileged": (bool,),
    "capAdd": (list,),
    "securityOpt": (list,),
    "features": (dict,),
    "overrideFeatureInstallOrder": (list,),
    "forwardPorts": (list,),
    "portsAttributes": (dict,),
    "otherPortsAttributes": (dict,),
    "hostRequirements": (dict,),
    "customizations": (dict,),
    "secrets": (dict,),
    "waitFor": (str,),
    "initializeCommand": (str, list, dict),
    "onCreateCommand": (str, list, dict),
    "updateContentCommand": (str, list, dict),
    "postCreateCommand": (str, list, dict),
    "postStartCommand": (str, list, dict),
    "postAttachCommand": (str, list, dict),
}
PORT_PROPERTIES: dict[str, tuple[type, ...]] = {
    "label": (str,),
    "onAutoForward": (str,),
    "protocol": (str,),
    "requireLocalPort": (bool,),
    "elevateIfNeeded": (bool,),
}
# Each of them would mean more than Docker on the host, or a registry besides the one of the images.
NOT_HERE = {"features", "initializeCommand", "privileged", "capAdd", "securityOpt"}


def configuration(place: Path = TEMPLATE) -> dict[str, Any]:
    """What devcontainer.json says."""
    found: dict[str, Any] = json.loads((place / ".devcontainer" / "devcontainer.json").read_text(encoding="utf-8"))
    return found


def faults(found: dict[str, Any], known: dict[str, tuple[type, ...]]) -> list[str]:
    """The properties that are unknown, or of another kind than known."""
    return [name for name, value in found.items() if not isinstance(value, known.get(name, ()))]


def test_each_property_is_one_of_the_specification() -> None:
    found = configuration()
    assert faults(found, PROPERTIES) == []
    for attributes in [*found["portsAttributes"].values(), found["otherPortsAttributes"]]:
        assert faults(attributes, PORT_PROPERTIES) == []
        assert attributes.get("onAutoForward", "notify") in AUTO_FORWARD


def test_a_property_that_the_specification_does_not_have_is_caught() -> None:
    wrong = {**configuration(), "postCreateTask": "x", "forwardPorts": 8000}
    assert faults(wrong, PROPERTIES) == ["forwardPorts", "postCreateTask"]


def test_it_needs_nothing_on_the_host_but_docker_and_no_more_rights_than_the_engine_gives() -> None:
    assert set(configuration()) & NOT_HERE == set()


def test_each_service_has_a_label_on_its_port_and_the_gateway_is_forwarded() -> None:
    ports = {
        value: name.removesuffix("_PORT").lower()
        for name, value in env_file.defaults(TEMPLATE).items()
        if name.endswith("_PORT")
    }
    labels = {port: attributes["label"] for port, attributes in configuration()["portsAttributes"].items()}
    assert labels == ports
    assert [labels[str(port)] for port in configuration()["forwardPorts"]] == ["gateway"]


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_what_runs_first_is_one_session(place: Path) -> None:
    found = re.fullmatch(r"python3 noxfile\.py -s (\w+)", configuration(place)["postCreateCommand"])
    assert found
    assert found[1] in sessions(place)


def test_it_has_the_extensions_that_the_editor_recommends() -> None:
    recommended = json.loads((TEMPLATE / ".vscode" / "extensions.json").read_text())["recommendations"]
    needed_outside = "ms-vscode-remote.remote-containers"
    inside = configuration()["customizations"]["vscode"]["extensions"]
    assert inside == [name for name in recommended if name != needed_outside]


def test_the_base_image_is_the_one_that_is_named_once() -> None:
    overlay = yaml.safe_load((TEMPLATE / ".devcontainer" / "compose.yaml").read_text())
    assert overlay["services"]["workspace"]["extends"] == {"file": "../compose.images.yaml", "service": "python"}
    bases = re.findall(r"^FROM (.+)$", (TEMPLATE / ".devcontainer" / "Dockerfile").read_text(), re.MULTILINE)
    assert bases == ["${PYTHON_IMAGE:-scratch}"]


def test_the_toolkit_uses_the_template_s() -> None:
    own = ROOT / ".devcontainer"
    assert (own / "devcontainer.json").resolve() == TEMPLATE / ".devcontainer" / "devcontainer.json"
    workspace = yaml.safe_load((own / "compose.yaml").read_text())["services"]["workspace"]
    assert workspace == {"extends": {"file": "../template/.devcontainer/compose.yaml", "service": "workspace"}}
    for name in ("extensions.json",):
        assert (ROOT / ".vscode" / name).resolve() == TEMPLATE / ".vscode" / name
