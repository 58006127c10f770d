"""`nox -s publish` pushes to a real registry and writes the checksums of the images there."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tasks.core.errors import UserError
from tasks.deployment import publish as command
from tests.support import run
from tests.tasks.small_stack import SmallStack, small_stack
from toolkit.application import await_port, free_port

PROGRAMS = ("docker-registry", "registry")
CONFIGURATION = """\
version: 0.1
storage: {{filesystem: {{rootdirectory: {folder}}}}}
http: {{addr: "127.0.0.1:{port}"}}
"""
MANIFESTS = "application/vnd.docker.distribution.manifest.v2+json"


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """The address of an empty registry."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        pytest.skip("no docker-registry on this machine; Debian's package of that name has it")
    port = free_port()
    configuration = tmp_path / "registry.yml"
    configuration.write_text(CONFIGURATION.format(folder=tmp_path / "pushed", port=port), encoding="utf-8")
    with subprocess.Popen([program, "serve", str(configuration)], stderr=subprocess.DEVNULL) as process:
        try:
            await_port(port, process)
            yield f"127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
def built(tmp_path: Path) -> Iterator[SmallStack]:
    """A project with a built image."""
    folder = tmp_path / "project"
    folder.mkdir()
    with small_stack(folder) as small:
        dockerfile = folder / "Dockerfile"
        dockerfile.write_text(
            f"{dockerfile.read_text(encoding='utf-8')}COPY requirements/some.txt .\n", encoding="utf-8"
        )
        (folder / "requirements").mkdir()
        (folder / "requirements" / "some.txt").touch()
        small.docker("compose", "build", "--quiet")
        yield small


def publish(stack: SmallStack, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command behind the session."""
    return run(sys.executable, "-m", "tasks", "deployment.publish", cwd=stack.folder, **stack.settings, **settings)


@pytest.mark.containers
def test_checksums_are_those_of_the_manifests_in_the_registry(built: SmallStack, registry: str) -> None:
    done = publish(built, IMAGES=f"{registry}/Acme/my-app", VERSION="abc123")
    name = f"{registry}/acme/my-app/store"
    try:
        assert done.returncode == 0, done.stdout
        manifest = f"http://{registry}/v2/acme/my-app/store/manifests/abc123"
        digest = httpx.get(manifest, headers={"Accept": MANIFESTS}).raise_for_status().headers["docker-content-digest"]
        written = {
            path.name: path.read_text(encoding="utf-8") for path in (built.folder / ".data" / "images").iterdir()
        }
        line = f"{digest.removeprefix('sha256:')}  {name}\n"
        assert written == {"checksums.txt": line, "checksums-some.txt": line}
    finally:
        built.docker("rmi", "--force", f"{name}:abc123")


@pytest.mark.containers
def test_a_failed_push_leaves_no_checksums(built: SmallStack) -> None:
    checksums = built.folder / ".data" / "images" / "checksums.txt"
    checksums.parent.mkdir(parents=True)
    for old in (checksums, checksums.with_stem("checksums-some")):
        old.write_text("old\n", encoding="utf-8")
    place = f"127.0.0.1:{free_port()}/acme/my-app"
    done = publish(built, IMAGES=place, VERSION="abc123")
    built.docker("rmi", "--force", f"{place}/store:abc123")
    assert done.returncode == 1
    assert f"Cannot push {place}/store:abc123" in done.stdout
    assert "Traceback" not in done.stdout
    assert not [*checksums.parent.iterdir()]


@pytest.mark.parametrize(
    ("registry", "version", "message"),
    [
        ("", "1", "IMAGES is ''; set it to something like ghcr.io/acme/my-app."),
        ("my-app", "1", "IMAGES is 'my-app'"),
        ("ghcr.io/a b", "1", "IMAGES is 'ghcr.io/a b'"),
        ("ghcr.io/acme/my-app", "", "VERSION is ''"),
        ("ghcr.io/acme/my-app", "a:b", "VERSION is 'a:b'"),
    ],
)
def test_a_missing_or_wrong_setting_is_refused(
    monkeypatch: pytest.MonkeyPatch, registry: str, version: str, message: str
) -> None:
    monkeypatch.setenv("IMAGES", registry)
    monkeypatch.setenv("VERSION", version)
    with pytest.raises(UserError, match=f"^{re.escape(message)}"):
        command.main()
