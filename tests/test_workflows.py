"""The workflows of the toolkit and of a project: shared files, access of forks, deployment, updates of pins."""

from __future__ import annotations

import json
import re
import shutil
import tomllib
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.deployment.publish import locks
from tests.support import ROOT, run

PLACES = [ROOT / ".github", ROOT / "template" / ".github"]
FILES = sorted(path for place in PLACES for path in place.glob("workflows/*.yml"))
SHARED = ["actions/set-up/action.yml", "workflows/security.yml"]
OFF = "${{ vars.DEPLOYMENT != 'on' }}"
DIGEST = f"sha256:{'0' * 64}"

Document = dict[str, Any]


def read(path: Path) -> Document:
    """A workflow; YAML reads its `on` as a boolean."""
    document: Document = yaml.safe_load(path.read_text(encoding="utf-8").replace("\non:\n", '\n"on":\n'))
    return document


def jobs() -> list[Any]:
    """Every job of every workflow."""
    return [
        pytest.param(job, id=f"{path.relative_to(ROOT)}-{name}")
        for path in FILES
        for name, job in read(path)["jobs"].items()
    ]


@pytest.mark.parametrize("name", SHARED)
def test_shared_files_of_toolkit_and_project_are_equal(name: str) -> None:
    toolkit, template = (place / name for place in PLACES)
    assert toolkit.read_text(encoding="utf-8") == template.read_text(encoding="utf-8")


def test_the_toolkits_workflow_runs_what_its_own_ci_runs() -> None:
    steps = re.findall(r"^step (.+)$", (ROOT / ".ci" / "run").read_text(encoding="utf-8"), re.MULTILINE)
    main = read(PLACES[0] / "workflows" / "main.yml")
    called = {step["run"] for job in main["jobs"].values() for step in job["steps"] if "run" in step}
    checks = {"python3 noxfile.py -s lint", "python3 noxfile.py -s typecheck"}
    assert checks <= called
    assert set(steps) - {"python3 noxfile.py -t check"} <= called


@pytest.mark.parametrize("place", PLACES, ids=["toolkit", "template"])
def test_tests_run_on_every_python_from_the_oldest_supported_one_to_the_newest_of_images(place: Path) -> None:
    oldest = re.search(r'requires-python = ">=3\.(\d+)"', (place.parent / "noxfile.py").read_text(encoding="utf-8"))
    assert oldest is not None
    offered = yaml.safe_load((ROOT / "copier.yml").read_text(encoding="utf-8"))["python_version"]["choices"]
    newest = max(int(version.removeprefix("3.")) for version in offered)
    pythons = read(place / "workflows" / "main.yml")["jobs"]["test"]["strategy"]["matrix"]["python"]
    assert pythons == [f"3.{minor}" for minor in range(int(oldest[1]), newest + 1)]


def test_the_cache_key_depends_on_every_lock() -> None:
    action = yaml.safe_load((PLACES[1] / "actions/set-up/action.yml").read_text(encoding="utf-8"))
    [key] = [step["with"]["key"] for step in action["runs"]["steps"] if "key" in step.get("with", {})]
    assert not_hashed(key, lock_files()) == set()
    assert not_hashed(key.replace("**/package-lock.json", "package.json"), lock_files()) == {"package-lock.json"}
    assert not_hashed(key.replace("**/requirements/*.txt", "pyproject.toml"), lock_files()) == {"requirements"}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_jobs_get_no_default_permissions_and_forks_no_secrets(path: Path) -> None:
    workflow = read(path)
    assert workflow["permissions"] == {}
    assert "concurrency" in workflow
    assert {"pull_request_target", "workflow_run", "issue_comment"} & {*workflow["on"]} == set()


@pytest.mark.parametrize("job", jobs())
def test_jobs_have_a_timeout_and_persist_no_credentials(job: Document) -> None:
    # The jobs of a called workflow are tested too.
    assert 0 < job["timeout-minutes"] <= 60 if "steps" in job else job["uses"].startswith("$/")
    for step in job.get("steps", []):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("job", jobs())
def test_jobs_with_secrets_have_an_environment(job: Document) -> None:
    if "secrets." in json.dumps(job) or "secrets" in job:
        assert job["environment"]


def test_deployment_is_off_and_reported_until_a_variable_turns_it_on() -> None:
    listed = deploy_jobs()
    assert listed["deployment_off"]["if"] == OFF
    assert [step["run"] for step in listed["deployment_off"]["steps"]] == [
        'echo "Deployment is off. Set the repository variable DEPLOYMENT to on." >> "$GITHUB_STEP_SUMMARY"'
    ]
    assert listed["checks"]["if"] == OFF.replace("!=", "==")
    # A job that needs a skipped one is skipped, unless its own condition is always().
    assert {name for name, job in listed.items() if job.get("needs") == "checks" and "if" not in job} == {"images"}
    assert {*listed} == {"deployment_off", "checks", "images"}


def test_images_are_published_only_from_checked_commits_of_main() -> None:
    deploy = read(PLACES[1] / "workflows" / "deploy.yml")
    assert deploy["on"] == {"push": {"branches": ["main"]}}
    assert deploy["jobs"]["checks"]["uses"] == "$/.github/workflows/main.yml"
    assert deploy["jobs"]["images"]["needs"] == "checks"
    assert deploy["concurrency"] == {"group": "${{ github.workflow }}-${{ github.ref }}", "cancel-in-progress": False}
    # In a called workflow, github.workflow is the caller's name: the same group would wait for itself.
    main = read(PLACES[1] / "workflows" / "main.yml")
    assert main["concurrency"]["group"] == "checks-${{ github.workflow }}-${{ github.ref }}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_steps_that_private_repositories_may_lack_are_optional(path: Path) -> None:
    optional = {"github/codeql-action": "vars.CODE_SCANNING == 'on'", "actions/attest": "vars.ATTESTATIONS == 'on'"}
    for job in read(path)["jobs"].values():
        for step in job.get("steps", []):
            for action, condition in optional.items():
                if step.get("uses", "").startswith((f"{action}/", f"{action}@")):
                    conditions = f"{job.get('if')} {step.get('if')}"
                    assert f"github.repository_visibility == 'public' || {condition}" in conditions


def test_builds_and_scans_run_before_the_login_to_the_registry() -> None:
    steps = deploy_jobs()["images"]["steps"]
    [login] = [place for place, step in enumerate(steps) if step.get("uses", "").startswith("docker/login-action@")]
    assert steps[login + 1]["run"] == "python3 noxfile.py -s publish"
    assert [step for step in steps[login + 2 :] if "run" in step] == []


def test_a_tool_that_an_action_installs_has_no_pin_beside_that_of_the_action() -> None:
    steps = [step for job in deploy_jobs().values() for step in job.get("steps", []) if "tool" in step.get("with", {})]
    assert [(step["uses"].partition("@")[0], step["with"]["tool"]) for step in steps] == [
        ("taiki-e/install-action", "trivy")
    ]


def test_each_image_is_signed_with_the_sbom_of_its_own_lock() -> None:
    template = ROOT / "template"
    ships = tomllib.loads((template / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["slipway"]["security"][
        "ships"
    ]
    files = [template / "compose.yaml", template / "src/frontend/compose.yaml"]
    found = [service for path in files for service in yaml.safe_load(path.read_text("utf-8"))["services"].values()]
    builds = [service["build"] for service in found if "build" in service]
    ships.append("npm")
    assert {lock for each in builds for lock in locks(template / each["context"] / each["dockerfile"])} == {*ships}
    inputs = [step.get("with", {}) for step in deploy_jobs()["images"]["steps"]]
    signed = {each["sbom-path"]: each["subject-checksums"] for each in inputs if "sbom-path" in each}
    assert signed == {f".data/security/sbom-{lock}.json": f".data/images/checksums-{lock}.txt" for lock in ships}


def test_renovate_leaves_what_is_slipways_alone_and_locks_what_it_raises() -> None:
    config = json.loads((ROOT / "template" / ".github" / "renovate.json").read_text(encoding="utf-8"))
    workflow = (ROOT / "template" / ".github" / "workflows" / "update.yml").read_text(encoding="utf-8")
    assert {*config["ignorePaths"]} == {"tasks/**", *with_actions(PLACES[1])}
    assert raised(config, PLACES[1]) == []
    [allowed] = json.loads(re.findall(r"RENOVATE_ALLOWED_COMMANDS: '(.+)'", workflow)[0])
    assert all(re.fullmatch(allowed, command) for command in config["postUpgradeTasks"]["commands"])


def test_renovate_updates_a_workflow_that_is_not_slipways(tmp_path: Path) -> None:
    config = json.loads((PLACES[1] / "renovate.json").read_text(encoding="utf-8"))
    copy = Path(shutil.copytree(PLACES[1], tmp_path / ".github"))
    (copy / "workflows" / "ours.yml").write_text("on: push\n", encoding="utf-8")
    (copy / "actions" / "ours").mkdir()
    (copy / "actions" / "ours" / "action.yml").write_text("name: Ours\n", encoding="utf-8")
    assert raised(config, copy) == [".github/actions/ours/action.yml", ".github/workflows/ours.yml"]


@pytest.mark.parametrize(("place", "noxfiles"), [(PLACES[0], ["", "template/"]), (PLACES[1], [""])])
def test_renovate_updates_nox_in_the_headers_of_noxfiles(place: Path, noxfiles: list[str]) -> None:
    config = json.loads((place / "renovate.json").read_text(encoding="utf-8"))
    assert "pep723" in config["enabledManagers"]
    [pattern] = config["pep723"]["managerFilePatterns"]
    assert all(re.search(pattern.strip("/"), f"{folder}noxfile.py") for folder in noxfiles)
    assert not re.search(pattern.strip("/"), "tasks/noxfile.py")


def test_renovate_finds_the_images_and_the_places_for_their_digests() -> None:
    config = json.loads((ROOT / "template" / ".github" / "renovate.json").read_text(encoding="utf-8"))
    images: set[str] = set()
    for path in ("compose.images.yaml", "src/frontend/compose.yaml", "infra/monitoring/compose.monitoring.yaml"):
        before = written = (ROOT / "template" / path).read_text(encoding="utf-8")
        managers = [manager for manager in config["customManagers"] if managed(manager, path)]
        for manager in managers:
            pattern = manager["matchStrings"][0].replace("(?<", "(?P<")
            template = manager["autoReplaceStringTemplate"]
            written = re.sub(pattern, partial(fill, template), written)
            images |= {match["depName"] for match in re.finditer(pattern, before)}
            assert {match["currentDigest"] for match in re.finditer(pattern, pinned(before))} == {DIGEST}
        assert written == pinned(before) != before
    assert images == {
        *("node", "postgres", "python", "redis", "grafana/grafana", "jaegertracing/jaeger", "oliver006/redis_exporter"),
        *("otel/opentelemetry-collector-contrib", "prom/alertmanager", "prom/prometheus"),
        *("prometheuscommunity/postgres-exporter", "victoriametrics/victoria-logs"),
    }
    assert [manager for manager in config["customManagers"] if managed(manager, "compose.yaml")] == []


def managed(manager: Document, path: str) -> bool:
    """Whether a manager of Renovate reads the file."""
    return any(re.search(pattern.strip("/"), path) for pattern in manager["managerFilePatterns"])


def deploy_jobs() -> Document:
    """The jobs of a project's deployment."""
    listed: Document = read(PLACES[1] / "workflows" / "deploy.yml")["jobs"]
    return listed


def with_actions(github: Path) -> list[str]:
    """The files in .github/ in which Renovate updates actions, with their paths in a project."""
    found = [path for folder in ("workflows", "actions") for path in (github / folder).rglob("*.y*ml")]
    return sorted(f".github/{path.relative_to(github).as_posix()}" for path in found)


def raised(config: Document, github: Path) -> list[str]:
    """Those whose actions Renovate updates; what it ignores is a part of a path, or a pattern."""
    ignored = config["ignorePaths"]
    return [path for path in with_actions(github) if not any(each in path or fnmatch(path, each) for each in ignored)]


def lock_files() -> list[str]:
    """The locks of a project, and the noxfile, which pins nox."""
    listed = run("git", "ls-files", "template/requirements", "tasks", cwd=ROOT).stdout.splitlines()
    locks = [name.removeprefix("template/") for name in listed if name.endswith(("/package-lock.json", ".txt"))]
    locks.remove("tasks/checksums.txt")
    return ["noxfile.py", *locks]


def not_hashed(key: str, names: list[str]) -> set[str]:
    """The kinds of files, by folder or name, that the key of a cache does not hash."""
    patterns = [pattern.removeprefix("**/") for pattern in re.findall(r"'([^']+)'", key)]
    left = [name for name in names if not any(fnmatch(f"/{name}", f"*/{pattern}") for pattern in patterns)]
    return {name.rpartition("/")[2] if name.endswith(".json") else name.partition("/")[0] for name in left}


def pinned(text: str) -> str:
    """The file with a digest in every place for one."""
    return text.replace("_DIGEST-}", f"_DIGEST-@{DIGEST}}}")


def fill(template: str, match: re.Match[str]) -> str:
    """The template's text as Renovate fills it."""
    values = {**match.groupdict(), "newValue": match["currentValue"], "newDigest": DIGEST}
    return re.sub(r"\{\{\{(\w+)\}\}\}", lambda name: str(values[name[1]]), template)
