"""The sessions of the frontend: each check finds its fault, and what is missing is reported."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tasks.core.environments import NPM_FIRST_RUN, NPM_STAMP, install_npm
from tasks.core.errors import UserError
from tasks.frontend import dev, e2e, settings
from tasks.frontend.check import CHECKS
from tests.support import ROOT, nox, share_packages

FRONTEND = Path("src/frontend")
SCHEMAS = Path("src/backend/projects/schemas.py")
# A file with a fault for each check, and what the check prints about it.
FAULTS = {
    "types": ("src/planted.ts", "export const planted: number = String(1);\n", "src/planted.ts(1,14): error TS2322"),
    "rules": ("src/rule.ts", "export const url = process.env.URL;\n", "Use src/env.ts"),
    "format": ("src/format.ts", "export const  planted = 1;\n", "src/format.ts"),
    "tests": ("tests/planted.test.ts", "test('planted', () => {\n  expect(1).toBe(2);\n});\n", "planted"),
    "build": ("src/app/planted/page.tsx", 'export { Page as default } from "./missing";\n', "./missing"),
}
UNREACHABLE = "http://127.0.0.1:9/"
LOCK = """\
{
  "lockfileVersion": 3,
  "packages": {
    "": { "dependencies": { "planted": "1.0.0" } },
    "node_modules/planted": { "version": "1.0.0", "integrity": "sha512-AAAA" }
  }
}
"""


@pytest.fixture(scope="module")
def project(rendered: Callable[[str], Path], environments: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the frontend and its packages."""
    folder = tmp_path_factory.mktemp("frontend") / "my-app"
    shutil.copytree(rendered("everything"), folder, symlinks=True)
    share_packages(folder, environments)
    return folder


def write(project: Path, name: str, text: str) -> None:
    path = project / FRONTEND / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def results(done: subprocess.CompletedProcess[str]) -> dict[str, str]:
    """The result of each check."""
    return {found[1]: found[2] for found in re.finditer(r"^(\w+) +[\d.]+ s +(ok|FAILED)$", done.stdout, re.MULTILINE)}


@pytest.mark.slow
def test_each_check_finds_its_fault(project: Path) -> None:
    for name, text, _ in FAULTS.values():
        write(project, name, text)
    schemas = project / SCHEMAS
    schemas.write_text(
        schemas.read_text(encoding="utf-8").replace("    role: Role\n", "    rank: Role\n"), encoding="utf-8"
    )
    done = nox(project, "-s", "parts")
    assert results(done) == {**{check.name: "FAILED" for check in CHECKS}, "client": "FAILED"}, done.stdout
    assert re.search(r"^pictures +\d+ pages +FAILED$", done.stdout, re.MULTILINE)
    assert "src/frontend/pictures/planted-phone.png" in done.stdout
    assert "stale: src/frontend/openapi.json" in done.stdout
    assert "Write them: nox -s client" in done.stdout
    assert [output for *_, output in FAULTS.values() if output not in done.stdout] == []
    assert done.returncode == 1


@pytest.mark.slow
def test_a_renamed_field_fails_the_types_where_it_is_used(project: Path) -> None:
    for name, *_ in FAULTS.values():
        (project / FRONTEND / name).unlink(missing_ok=True)
    schemas = project / SCHEMAS
    schemas.write_text(
        schemas.read_text(encoding="utf-8").replace("    role: Role\n", "    rank: Role\n"), encoding="utf-8"
    )
    written = nox(project, "-s", "client")
    assert "Wrote src/frontend/openapi.json, src/frontend/src/api/generated" in written.stdout
    done = nox(project, "-s", "frontend", "--", "--only", "client", "--only", "types")
    assert results(done) == {"client": "ok", "types": "FAILED"}
    assert re.search(
        r"^src/(features|app)/.+\(\d+,\d+\): error TS2339: Property 'role' does not exist", done.stdout, re.MULTILINE
    )


def test_without_a_network_npm_reports_the_reason_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "package-lock.json").write_text(LOCK, encoding="utf-8")
    (tmp_path / "package.json").write_text('{"dependencies": {"planted": "1.0.0"}}', encoding="utf-8")
    monkeypatch.setenv("NPM_CONFIG_REGISTRY", UNREACHABLE)
    monkeypatch.setenv("NPM_CONFIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("NPM_CONFIG_FETCH_RETRIES", "0")
    with pytest.raises(UserError) as failure:
        install_npm(tmp_path, tmp_path)
    first, second = str(failure.value).splitlines()
    assert first.startswith(f"npm ci failed in {tmp_path}: ")
    assert "ECONNREFUSED" in first
    assert second == NPM_FIRST_RUN
    assert not (tmp_path / "node_modules" / NPM_STAMP).exists()


def test_the_client_reports_broken_code_of_a_service_in_one_line(project: Path) -> None:
    schemas = project / SCHEMAS
    good = schemas.read_text(encoding="utf-8")
    schemas.write_text(f"{good}broken = (\n", encoding="utf-8")
    done = nox(project, "-s", "client")
    schemas.write_text(good, encoding="utf-8")
    assert re.search(
        r"^src/backend/projects/app.py cannot be imported: .*never closed \(schemas.py", done.stdout, re.MULTILINE
    )
    assert "Traceback" not in done.stdout


def test_a_missing_browser_is_reported_with_the_command_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UserError, match=r"^Chromium is missing; install it: apt-get install chromium"):
        e2e.chromium()


def test_servers_of_tests_have_the_flags_of_the_image() -> None:
    dockerfile = (ROOT / "template" / FRONTEND / "docker/frontend.Dockerfile").read_text(encoding="utf-8")
    assert f"ENTRYPOINT {json.dumps(['node', *dev.FLAGS, 'server.js'])}\n" in dockerfile


def test_settings_are_those_of_the_schema() -> None:
    found = settings.read(ROOT / "template").model_fields
    assert {"gateway_url", "environment", "plain_cookies", "frontend_port"} <= found.keys()
    assert found["gateway_url"].is_required()
    assert found["plain_cookies"].default == "false"
