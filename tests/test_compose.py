"""Rules for the Compose files and Dockerfiles; other tests check the running containers."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.compose import engine
from tasks.core import environments
from tests.support import ROOT, run
from tests.tasks.requirements import engine as required_engine

Document = dict[str, Any]
Rendered = Callable[[str], Path]

TEMPLATE = ROOT / "template"
DOCKER = TEMPLATE / "src" / "backend" / "docker"
# The Dockerfiles of images for production.
DOCKERFILES = [DOCKER / "gateway.Dockerfile", DOCKER / "service.Dockerfile"]
# Services that run to completion.
TASKS = {"migrations", "monitoring-role"}
INTERNAL = {"internal": True, "driver_opts": {"com.docker.network.bridge.inhibit_ipv4": "true"}}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN$|KEY$")


def read(path: Path) -> Document:
    found: Document = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@pytest.fixture
def compose() -> Document:
    return read(TEMPLATE / "compose.yaml")


def faults(document: Document) -> list[str]:
    """The faults of a Compose file, a line each."""
    found = [f"{name}: {fault}" for name, service in document["services"].items() for fault in faults_of(name, service)]
    return [*found, *network_faults(document), *secret_faults(document)]


def faults_of(name: str, service: Document) -> Iterator[str]:
    """Hardening, limits and restarts that a service lacks."""
    if service.get("read_only") is not True:
        yield "its root is writable"
    if service.get("cap_drop") != ["ALL"] or service.get("cap_add") or service.get("privileged"):
        yield "it has capabilities"
    if "no-new-privileges:true" not in service.get("security_opt", []):
        yield "it may gain privileges"
    if not re.fullmatch(r"[1-9]\d*:[1-9]\d*", service.get("user", "")):
        yield "it may be root, or its user is not a number"
    if set(service.get("deploy", {}).get("resources", {}).get("limits", {})) != {"cpus", "memory", "pids"}:
        yield "its resources have no limit"
    if set(service.get("logging", {}).get("options", {})) != {"max-size", "max-file"}:
        yield "its logs have no limit"
    if "stop_grace_period" not in service:
        yield "it has no grace period for its stop"
    if service.get("restart") != ("no" if name in TASKS else "unless-stopped"):
        yield "it is not restarted, or is a task that is"
    yield from start_faults(name, service)


def start_faults(name: str, service: Document) -> Iterator[str]:
    """Missing health checks, and dependencies that it does not wait for."""
    has_check = "test" in service.get("healthcheck", {}) or "build" in service
    if not has_check and name not in TASKS:
        yield "it has no health check"
    for other, how in service.get("depends_on", {}).items():
        if how["condition"] != ("service_completed_successfully" if other in TASKS else "service_healthy"):
            yield f"it does not wait for {other}"


def network_faults(document: Document) -> Iterator[str]:
    """Networks and ports that allow access from outside or, except to Redis, from the gateway to the data."""
    networks = {name: set(service.get("networks", [])) for name, service in document["services"].items()}
    for name, network in document["networks"].items():
        if name != "edge" and network != INTERNAL:
            yield f"the host has a route to the network {name}"
    allowed = {
        "gateway": {"edge", "limits", "services"},
        "redis": {"data", "limits"},
        "worker": {"data", "edge"},
        **{name: {"data"} for name in ("postgres", *TASKS)},
    }
    for name, own in networks.items():
        if own != allowed.get(name, {"data", "services"}):
            yield f"{name} is on other networks than it needs"
    for name, service in document["services"].items():
        for port in service.get("ports", []):
            if name != "gateway" or not port.startswith("127.0.0.1:"):
                yield f"{name} publishes {port}"


def secret_faults(document: Document) -> Iterator[str]:
    """Secrets in the environment, or with a default."""
    for name, service in document["services"].items():
        for setting in service.get("environment", {}):
            if SECRET.search(setting) and not setting.endswith("_FILE"):
                yield f"{name} has {setting} in its environment"
    for name, secret in document["secrets"].items():
        if not re.fullmatch(rf"\$\{{SECRETS_FOLDER:-\.secrets\}}/{name}", secret.get("file", "")) and secret != {
            "environment": "PIP_INDEX_URL"
        }:
            yield f"the secret {name} is not its own file"


def test_every_service_is_hardened_limited_and_waited_for(compose: Document) -> None:
    assert faults(compose) == []


PLANTED: dict[str, tuple[list[str], Any, str]] = {
    "writable": (["services", "auth", "read_only"], False, "auth: its root is writable"),
    "capable": (["services", "redis", "cap_drop"], ["NET_RAW"], "redis: it has capabilities"),
    "privileged": (["services", "redis", "privileged"], True, "redis: it has capabilities"),
    "gaining": (["services", "postgres", "security_opt"], [], "postgres: it may gain privileges"),
    "root": (["services", "gateway", "user"], "0:0", "gateway: it may be root"),
    "named": (["services", "gateway", "user"], "app", "gateway: it may be root"),
    "unlimited resources": (
        ["services", "auth", "deploy", "resources", "limits"],
        {"cpus": "1"},
        "auth: its resources",
    ),
    "unlimited logs": (["services", "auth", "logging", "options"], {}, "auth: its logs have"),
    "not restarted": (["services", "redis", "restart"], "no", "redis: it is not restarted"),
    "restarted task": (["services", "migrations", "restart"], "always", "migrations: it is not restarted"),
    "unchecked": (["services", "postgres", "healthcheck"], {}, "postgres: it has no health check"),
    "before auth": (
        ["services", "gateway", "depends_on", "auth", "condition"],
        "service_started",
        "gateway: it does not wait for auth",
    ),
    "before migrations": (
        ["services", "auth", "depends_on", "migrations", "condition"],
        "service_started",
        "auth: it does not wait for migrations",
    ),
    "open data": (["networks", "data"], {}, "the host has a route to the network data"),
    "open limits": (["networks", "limits"], {"internal": True}, "the host has a route to the network limits"),
    "open services": (["networks", "services", "driver_opts"], {}, "the host has a route to the network services"),
    "auth on limits": (["services", "auth", "networks"], ["data", "services", "limits"], "auth is on other networks"),
    "exposed auth": (["services", "auth", "networks"], ["data", "edge", "services"], "auth is on other networks"),
    "exposed redis": (["services", "redis", "networks"], ["data", "edge", "limits"], "redis is on other networks"),
    "exposed": (["services", "postgres", "networks"], ["data", "edge"], "postgres is on other networks"),
    "gateway on data": (
        ["services", "gateway", "networks"],
        ["data", "edge", "limits", "services"],
        "gateway is on other networks",
    ),
    "public": (["services", "gateway", "ports"], ["8000:8000"], "gateway publishes 8000:8000"),
    "second port": (["services", "auth", "ports"], ["127.0.0.1:1:8001"], "auth publishes"),
    "in the environment": (["services", "auth", "environment", "REDIS_PASSWORD"], "x", "auth has REDIS_PASSWORD"),
    "default": (["secrets", "redis_password", "file"], "./redis_password", "the secret redis_password"),
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_fault_in_the_file_is_found(compose: Document, name: str) -> None:
    path, value, message = PLANTED[name]
    # A copy without shared parts, which YAML's anchors make.
    place = spoiled = json.loads(json.dumps(compose))
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    found = faults(spoiled)
    assert len(found) == 1
    assert found[0].startswith(message)


def test_every_service_of_the_backend_is_in_the_file_with_its_port(compose: Document) -> None:
    services = {path.parent.name for path in (TEMPLATE / "src" / "backend").glob("*/__main__.py")}
    ports = {
        found[1].lower(): found[2]
        for found in re.finditer(r"^# ([A-Z]+)_PORT=(\d+)$", (TEMPLATE / ".env.example").read_text(), re.MULTILINE)
    }
    assert services <= set(compose["services"])
    assert set(ports) == services
    for name in services - {"gateway"}:
        assert compose["services"][name]["build"]["args"] == {"SERVICE": name, "PORT": ports[name]}
    for name in services - {"gateway", "worker"}:
        assert compose["services"]["gateway"]["environment"][f"{name.upper()}_URL"] == f"http://{name}:{ports[name]}"
    assert compose["services"]["gateway"]["ports"] == [
        f"127.0.0.1:${{GATEWAY_PORT:-{ports['gateway']}}}:{ports['gateway']}"
    ]
    assert f"EXPOSE {ports['gateway']}\n" in (DOCKER / "gateway.Dockerfile").read_text(encoding="utf-8")


def sources(build: Document) -> set[str]:
    """The files and folders that the Dockerfile of an image reads."""
    text = (TEMPLATE / build["dockerfile"]).read_text(encoding="utf-8").replace("\\\n", " ")
    copied = [paths.split()[:-1] for paths in re.findall(r"^(?:COPY|ADD) +(?!.*--from=)(.+)$", text, re.MULTILINE)]
    bound = re.findall(r"--mount=type=bind,source=([^,\s]+)", text)
    found = {name for names in copied for name in names if not name.startswith("--")} | set(bound)
    arguments: dict[str, str] = build.get("args", {})
    return {re.sub(r"\$\{(\w+)[^}]*\}", lambda variable: arguments[variable[1]], name) for name in found}


def watch_faults(document: Document) -> list[str]:
    """Differences between the watched paths and the sources of an image; only `up` runs tasks."""
    built = {name: service for name, service in document["services"].items() if "build" in service}
    found: list[str] = []
    for name, service in built.items():
        rules = service.get("develop", {}).get("watch", [])
        wanted = set() if name in TASKS else sources(service["build"])
        watched = {rule["path"] for rule in rules}
        found += [f"{name}: {path} is not watched" for path in sorted(wanted - watched)]
        found += [f"{name}: {path} is watched but not a source" for path in sorted(watched - wanted)]
        found += [f"{name}: {rule['path']} does not trigger a build" for rule in rules if rule["action"] != "rebuild"]
    return found


def test_each_service_watches_the_sources_of_its_image(compose: Document) -> None:
    assert watch_faults(compose) == []
    assert sources(compose["services"]["projects"]["build"]) == {
        "src/backend/projects",
        "src/backend/shared",
        "requirements/backend.txt",
    }
    watched = {
        rule["path"] for each in compose["services"].values() for rule in each.get("develop", {}).get("watch", [])
    }
    assert [path for path in watched if not (TEMPLATE / path).exists()] == []


def test_a_wrong_watch_is_found(compose: Document) -> None:
    services = compose["services"]
    del services["auth"]["develop"]["watch"][1]
    del services["projects"]["develop"]
    services["gateway"]["develop"]["watch"][0] = {"path": "src/backend/auth", "action": "sync"}
    services["migrations"]["develop"] = {"watch": [{"path": "src/backend/shared", "action": "rebuild"}]}
    assert watch_faults(compose) == [
        "auth: src/backend/shared is not watched",
        "gateway: src/backend/gateway is not watched",
        "gateway: src/backend/auth is watched but not a source",
        "gateway: src/backend/auth does not trigger a build",
        "migrations: src/backend/shared is watched but not a source",
        "projects: requirements/backend.txt is not watched",
        "projects: src/backend/projects is not watched",
        "projects: src/backend/shared is not watched",
    ]


def test_images_are_named_in_one_file_by_tag_and_digest_variable(compose: Document) -> None:
    images = read(TEMPLATE / "compose.images.yaml")["services"]
    names = [
        *(service["image"] for service in images.values() if "image" in service),
        images["python"]["build"]["args"]["PYTHON_IMAGE"],
    ]
    pattern = r"\$\{REGISTRY:-docker\.io/library\}/[a-z]+:\d[\w.-]*\$\{[A-Z]+_DIGEST-(@sha256:[0-9a-f]{64})?\}"
    assert [name for name in names if not re.fullmatch(pattern, name)] == []
    assert all("image" not in service for service in compose["services"].values())
    assert {service["extends"]["service"] for service in compose["services"].values()} == set(images)
    for path in DOCKERFILES:
        sources = re.findall(r"^FROM (\S+)(?: AS (\w+))?$", path.read_text(encoding="utf-8"), re.MULTILINE)
        stages = {stage for _, stage in sources}
        assert [source for source, _ in sources if source not in stages] == ["${PYTHON_IMAGE:?}", "scratch"]


def test_the_versions_are_those_of_the_answers(rendered: Rendered) -> None:
    plain = (TEMPLATE / "compose.images.yaml").read_text(encoding="utf-8")
    newer = (rendered("smallest") / "compose.images.yaml").read_text(encoding="utf-8")
    assert newer == plain.replace("/python:3.13", "/python:3.14") != plain
    older = (rendered("backend") / "compose.images.yaml").read_text(encoding="utf-8")
    assert older == (
        plain.replace("/postgres:18", "/postgres:15").replace("/var/lib/postgresql", "/var/lib/postgresql/data")
    )


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile_has_the_common_parts(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    last = text[text.rindex("\nFROM ") :]
    assert re.findall(r"^USER (.+)$", last, re.MULTILINE) == ["10001:10001"]
    assert re.search(r'^ENTRYPOINT \["', last, re.MULTILINE)
    assert re.search(r'^HEALTHCHECK .*\\\n    CMD \["', last, re.MULTILINE)
    assert "--require-hashes" in text
    assert text.count("--mount=type=cache") == 3
    after = last[last.rindex("\nCOPY ") :].splitlines()[2:]
    assert [line.split()[0] for line in after if not line.startswith(" ")] == ["ARG", "ARG", "ENV", "ARG", "LABEL"]


@pytest.mark.containers
@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_every_user_can_read_the_code_in_an_image_of_a_checkout_with_another_umask(path: Path, tmp_path: Path) -> None:
    required_engine()
    code = shutil.copytree(TEMPLATE / "src" / "backend", tmp_path / "src" / "backend")
    for each in code.rglob("*"):
        each.chmod(0o700 if each.is_dir() else 0o600 if each.stem == "__init__" else 0o666)
    arguments = ("--build-arg=PYTHON_IMAGE=python:3.13-slim-trixie", "--build-arg=SERVICE=auth")
    build = ("docker", "build", "--quiet", "--target=code", *arguments, f"--file={path}", tmp_path)
    image = run(*build, cwd=tmp_path, DOCKER_BUILDKIT="1").stdout.split()[-1]
    modes = "find /app -type f -printf '%m\n' , -type d -printf 'd%m\n' | sort | uniq"
    found = run("docker", "run", "--rm", "--user=10001", image, "sh", "-c", modes, cwd=tmp_path)
    run("docker", "rmi", image, cwd=tmp_path)
    assert found.stdout.split() == ["644", "d755"]


def test_the_oldest_engine_supports_start_interval(compose: Document) -> None:
    checks = [service.get("healthcheck", {}) for service in compose["services"].values()]
    assert any("start_interval" in check for check in checks)
    assert engine.OLDEST_ENGINE >= 25


def test_images_share_their_first_layer() -> None:
    """The stages before the code differ only by the lock."""
    texts = [path.read_text(encoding="utf-8") for path in DOCKERFILES]
    stages = [text[text.index("ARG PYTHON_IMAGE") : text.index("FROM base AS code")] for text in texts]
    assert len({re.sub(r"requirements/\w+\.txt", "LOCK", stage) for stage in stages}) == 1


def test_the_build_context_has_only_code_and_locks() -> None:
    lines = (TEMPLATE / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert [rule for rule in rules if rule.startswith("!")] == ["!requirements/*.txt", "!src/backend/"]


def test_the_toolkit_includes_the_compose_file_of_the_template() -> None:
    assert read(ROOT / "compose.yaml")["include"] == ["template/compose.yaml"]


@pytest.fixture(scope="session")
def dclint() -> list[str | Path]:
    """The command that lints Compose files."""
    modules = environments.install_npm(ROOT / "tests" / "dclint", Path(sys.prefix) / "dclint")
    return [environments.program("node"), modules / "dclint" / "bin" / "dclint.cjs", "--max-warnings", "0"]


def test_dclint_finds_nothing(dclint: list[str | Path]) -> None:
    done = run(*dclint, ROOT / "compose.yaml", *TEMPLATE.glob("compose*.yaml"), cwd=ROOT)
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_dclint_finds_a_planted_fault(dclint: list[str | Path], tmp_path: Path) -> None:
    planted = tmp_path / "compose.yaml"
    planted.write_text((TEMPLATE / "compose.yaml").read_text().replace("'127.0.0.1:$", "'$"))
    done = run(*dclint, planted, cwd=tmp_path)
    assert done.returncode == 1
    assert "no-unbound-port-interfaces" in done.stdout


@pytest.fixture
def frontend() -> Document:
    return read(TEMPLATE / "src/frontend/compose.yaml")


def frontend_faults(document: Document) -> list[str]:
    """The faults of the frontend's Compose file, whose services reach nothing but the gateway."""
    services, networks = document["services"], document["networks"]
    found = [*faults_of("frontend", services["frontend"])]
    if services.keys() != {"frontend", "gateway"} or services["gateway"].keys() != {"environment", "networks"}:
        found.append("it changes more than the networks and the environment of the gateway")
    if (services["frontend"]["networks"], services["gateway"]["networks"]) != (["browsers", "frontend"], ["frontend"]):
        found.append("it is on other networks than it needs")
    if networks != {"browsers": None, "frontend": INTERNAL}:
        found.append("the network of the gateway is not internal")
    if not all(port.startswith("127.0.0.1:") for port in services["frontend"]["ports"]):
        found.append("it publishes a port to other machines")
    return found


def test_the_frontend_is_hardened_and_reaches_only_the_gateway(frontend: Document) -> None:
    assert frontend_faults(frontend) == []


@pytest.mark.parametrize(
    ("keys", "value", "fault"),
    [
        (["services", "frontend", "read_only"], False, "its root is writable"),
        (["services", "frontend", "networks"], ["edge", "services"], "it is on other networks than it needs"),
        (["services", "frontend", "ports"], ["3000:3000"], "it publishes a port to other machines"),
        (["networks", "frontend"], None, "the network of the gateway is not internal"),
        (["services", "auth"], {}, "it changes more than the networks and the environment of the gateway"),
    ],
)
def test_each_fault_of_the_frontend_is_found(frontend: Document, keys: list[str], value: Any, fault: str) -> None:
    place = frontend
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    assert frontend_faults(frontend) == [fault]


@pytest.fixture
def overlay() -> Document:
    # Without shared parts, which YAML's anchors make.
    copied: Document = json.loads(json.dumps(read(TEMPLATE / "infra/monitoring/compose.monitoring.yaml")))
    return copied


# Their images have no program for a health check.
UNCHECKED = {"collector", "redis-exporter"}
# The networks of each.
PLACES = {
    "alertmanager": {"monitoring", "operators"},
    "collector": {"monitoring", "operators", "services", "worker"},
    "grafana": {"monitoring", "operators"},
    "jaeger": {"monitoring", "operators"},
    "monitoring-role": {"data"},
    "postgres-exporter": {"data", "monitoring"},
    "prometheus": {"monitoring", "operators", "services", "worker"},
    "redis-exporter": {"data", "monitoring"},
    "victoria-logs": {"monitoring", "operators"},
}


def overlay_faults(document: Document) -> Iterator[str]:
    """The faults of the overlay of monitoring, a line each."""
    for name, service in document["services"].items():
        found = monitoring_faults(name, service) if name in PLACES else change_faults(name, service)
        yield from (f"{name}: {fault}" for fault in found)
    for name, network in document["networks"].items():
        if name != "operators" and network != INTERNAL:
            yield f"the host has a route to the network {name}"


def change_faults(name: str, service: Document) -> Iterator[str]:
    """What a service of the application gets besides its logs and settings."""
    if service["logging"]["driver"] != "fluentd" or service.keys() - {"environment", "logging", "networks"}:
        yield "it changes more than the logs, the environment and the networks"
    if name != "worker" and "networks" in service:
        yield "it is on a network of monitoring"


def monitoring_faults(name: str, service: Document) -> Iterator[str]:
    """The faults of a part of monitoring."""
    missing = {"it has no health check"} if name in UNCHECKED else set()
    yield from (fault for fault in faults_of(name, service) if fault not in missing)
    if {*service["networks"]} != PLACES[name]:
        yield "it is on other networks than it needs"
    if not all(port.startswith("127.0.0.1:") for port in service.get("ports", [])):
        yield "it publishes a port to other machines"
    if any("docker.sock" in volume for volume in service.get("volumes", [])):
        yield "it controls the engine"
    if any(SECRET.search(setting) and "FILE" not in setting for setting in service.get("environment", {})):
        yield "it has a secret in its environment"


def test_monitoring_is_hardened_and_reaches_only_what_it_observes(overlay: Document) -> None:
    assert list(overlay_faults(overlay)) == []


@pytest.mark.parametrize(
    ("keys", "value", "fault"),
    [
        (["services", "jaeger", "read_only"], False, "jaeger: its root is writable"),
        (["services", "prometheus", "networks"], ["data", "monitoring"], "prometheus: it is on other networks"),
        (["services", "grafana", "ports"], ["3001:3000"], "grafana: it publishes a port to other machines"),
        (["services", "collector", "volumes"], ["/run/docker.sock:/s"], "collector: it controls the engine"),
        (["services", "redis-exporter", "environment", "REDIS_PASSWORD"], "x", "redis-exporter: it has a secret"),
        (["services", "alertmanager", "deploy"], {}, "alertmanager: its resources have no limit"),
        (["services", "postgres-exporter", "healthcheck"], {}, "postgres-exporter: it has no health check"),
        (["services", "auth", "ports"], ["1:1"], "auth: it changes more than the logs"),
        (["services", "auth", "networks"], ["monitoring"], "auth: it is on a network of monitoring"),
        (["networks", "monitoring"], None, "the host has a route to the network monitoring"),
    ],
)
def test_each_fault_of_monitoring_is_found(overlay: Document, keys: list[str], value: Any, fault: str) -> None:
    place = overlay
    for key in keys[:-1]:
        place = place[key]
    place[keys[-1]] = value
    [found] = overlay_faults(overlay)
    assert found.startswith(fault)
