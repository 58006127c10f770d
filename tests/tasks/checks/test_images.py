"""`images`: sizes against the last build, and each fault of an image that its checks catch."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.checks.images import sizes
from tasks.checks.images.scan import Finding, Scanned, Skipped, scan
from tasks.compose import images as compose_images
from tasks.core.errors import UserError
from tests.support import ROOT, run
from tests.tasks.fakes import GRYPE, TRIVY, scanner
from tests.tasks.security_faults import accepted, from_now
from tests.tasks.small_stack import SmallStack, small_stack

COMPOSE = """\
services:
  one: &same
    build: {context: ., args: {PYTHON_IMAGE: "python:3.13-slim-trixie"}}
  two: *same
  store: {image: "python:3.13-slim-trixie"}
"""
STRIP = r"""RUN rm -rf /usr/bin/apt* /usr/bin/dpkg* /usr/sbin/dpkg* /usr/lib/apt /usr/local/bin/pip* \
    /usr/local/lib/python3*/site-packages/pip /usr/local/lib/python3*/ensurepip"""
LABELS = """ARG REVISION
ARG VERSION
LABEL org.opencontainers.image.revision=$REVISION org.opencontainers.image.version=$VERSION"""
DOCKERFILE = f"""\
ARG PYTHON_IMAGE
FROM $PYTHON_IMAGE
{STRIP}
USER 10001:10001
HEALTHCHECK CMD ["python3", "--version"]
ENTRYPOINT ["python3"]
{LABELS}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[SmallStack]:
    with small_stack(tmp_path) as small:
        (tmp_path / "compose.yaml").write_text(COMPOSE)
        (tmp_path / "Dockerfile").write_text(DOCKERFILE)
        for command in (["init", "--quiet"], ["add", "Dockerfile"], ["commit", "--quiet", "-m", "x"]):
            run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=tmp_path)
        try:
            yield small
        finally:
            small.docker("rmi", "--force", f"{small.name}-one", f"{small.name}-two")


def images(stack: SmallStack, *arguments: str, path: str = os.environ["PATH"], ci: str = "") -> tuple[int, str]:
    return stack.run(*arguments, module="tasks.checks.images", PATH=path, CI=ci)


@pytest.mark.containers
def test_images_are_built_compared_and_checked(stack: SmallStack) -> None:
    code, said = images(stack)
    assert code == 0, said
    assert re.search(r"^one, two +1\d\d\.\d +\+\d\.\d +first build +[\d.]+$", said, re.MULTILINE)
    assert re.search(r"^check +one, two +ok$", said, re.MULTILINE)
    (stack.folder / "Dockerfile").write_text(
        DOCKERFILE.replace("USER", "RUN head -c 5000000 /dev/urandom > /more\nUSER")
    )
    assert re.search(r"^one, two +1\d\d\.\d +\+\d\.\d +\+5\.0 +[\d.]+$", images(stack, "build")[1], re.MULTILINE)
    assert " same " in images(stack, "build")[1]
    revision = run("git", "rev-parse", "HEAD", cwd=stack.folder).stdout.strip()
    form = '{{index .Config.Labels "org.opencontainers.image.revision"}}'
    assert stack.docker("image", "inspect", f"{stack.name}-two", "--format", form).strip() == f"{revision}-dirty"


@pytest.mark.containers
@pytest.mark.parametrize(
    ("line", "fault", "complaint"),
    [
        ("USER 10001:10001", "", "its user is root, as none is set: set a number"),
        ("USER 10001:10001", "USER 0", "its user is root: USER 10001:10001"),
        ("USER 10001:10001", "USER nobody", "its user is nobody: set a number"),
        ('HEALTHCHECK CMD ["python3", "--version"]', "", "it has no HEALTHCHECK"),
        ('HEALTHCHECK CMD ["python3", "--version"]', "HEALTHCHECK NONE", "it has no HEALTHCHECK"),
        ('ENTRYPOINT ["python3"]', "ENTRYPOINT python3", "a shell is its first process: /bin/sh -c"),
        ('ENTRYPOINT ["python3"]', "CMD []", "it has no entry point"),
        ("LABEL org.opencontainers.image.revision=$REVISION", "LABEL", "a value: org.opencontainers.image.revision;"),
        (STRIP, "", "it can install or compile: "),
        (STRIP, f"{STRIP} && touch /usr/bin/x86_64-linux-gnu-gcc-14", "compile: usr/bin/x86_64-linux-gnu-gcc-14"),
        (STRIP, f"{STRIP} && head -c 81000000 /dev/zero > /large", "MB over its base; the budget is 80.0 MB"),
    ],
)
def test_a_fault_of_an_image_is_caught(stack: SmallStack, line: str, fault: str, complaint: str) -> None:
    assert line in DOCKERFILE
    (stack.folder / "Dockerfile").write_text(DOCKERFILE.replace(line, fault))
    code, said = images(stack, "build", "check")
    assert code == 1
    assert re.search(r"^check +one, two +FAILED$", said, re.MULTILINE)
    assert complaint in said
    assert f"images: failed: check of {stack.name}-one" in said


@pytest.mark.containers
def test_a_base_that_is_not_named_is_a_fault(stack: SmallStack) -> None:
    (stack.folder / "compose.yaml").write_text(COMPOSE.replace("PYTHON_IMAGE:", "BASE:"))
    (stack.folder / "Dockerfile").write_text(DOCKERFILE.replace("PYTHON_IMAGE", "BASE"))
    assert (
        "its base is not known: name it in a build argument such as PYTHON_IMAGE" in images(stack, "build", "check")[1]
    )


def test_sizes_that_cannot_be_kept_are_told(tmp_path: Path) -> None:
    (tmp_path / ".data").write_text("")
    with pytest.raises(UserError, match=r"Cannot make the folder .*\.data: File exists\."):
        sizes.write(tmp_path, {})


@pytest.mark.containers
def test_labels_need_a_repository(stack: SmallStack) -> None:
    shutil.rmtree(stack.folder / ".git")
    assert (
        "image.version; nox -s images -- build takes them from git: commit first" in images(stack, "build", "check")[1]
    )


@pytest.mark.containers
def test_what_is_not_built_cannot_be_checked(stack: SmallStack) -> None:
    code, said = images(stack, "check")
    assert code == 1
    assert f"The image {stack.name}-one is not built: nox -s images -- build" in said
    images(stack, "build")


@pytest.mark.containers
def test_an_unknown_step_is_told_with_the_known_ones(stack: SmallStack) -> None:
    code, said = images(stack, "bake")
    assert code == 2
    assert "there is no step bake; the steps are: build, check, scan" in said
    images(stack, "build")


@pytest.mark.containers
def test_without_a_scanner_the_skip_is_announced_and_can_be_a_failure(stack: SmallStack) -> None:
    images(stack, "build")
    tools = stack.folder / "tools"
    tools.mkdir()
    (tools / "docker").symlink_to(str(shutil.which("docker")))
    code, said = images(stack, "scan", path=str(tools))
    assert code == 0
    assert "scan of one, two SKIPPED, nothing is known: no scanner is installed: trivy or grype" in said
    for arguments, ci in ((("--require-scan",), ""), ((), "true")):
        code, said = images(stack, "scan", *arguments, path=str(tools), ci=ci)
        assert code == 1
        assert f"images: failed: scan of {stack.name}-one" in said


@pytest.mark.containers
def test_security_scans_the_images_that_the_engine_has(stack: SmallStack) -> None:
    tools = stack.folder / "tools"
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY)
    requirements = stack.folder / "requirements"
    shutil.copytree(ROOT / "requirements", requirements)

    def security() -> tuple[int, str]:
        path = f"{tools}:{os.environ['PATH']}"
        return stack.run("--only", "images", module="tasks.checks.security", PATH=path, CI="true")

    code, said = security()
    assert code == 0, said
    assert f"NOT CHECKED: images/scanner: no image {stack.name}-one is built here" in said
    images(stack, "build")
    code, said = security()
    assert code == 1, said
    assert f"{stack.name}-one:1: zlib 1.0, mended in 1.1 (trivy: CVE-1, low)" in said


FOUND = [Finding("CVE-2", "bash", "5", "", "critical"), Finding("CVE-1", "zlib", "1.0", "1.1", "low")]


@pytest.mark.parametrize(("name", "report"), [("trivy", TRIVY), ("grype", GRYPE)])
def test_a_scanner_s_report_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, report: dict[str, object]
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scanner(tmp_path, name, f"cat {tmp_path}/report.json", report)
    outcome = scan("my-app-gateway")
    assert outcome == Scanned(name, FOUND)
    assert outcome.mendable == FOUND[1:]


def test_without_newer_data_trivy_works_with_what_it_has(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scanner(
        tmp_path, "trivy", f'case "$*" in *--skip-db-update*) cat {tmp_path}/report.json ;; *) exit 1 ;; esac', TRIVY
    )
    assert scan("my-app-gateway") == Scanned("trivy", FOUND)


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'FATAL no database' >&2; exit 1", "trivy failed: FATAL no database"),
        ("echo '{}'", "trivy's report cannot be read: KeyError 'Results'"),
        ("echo no JSON", "trivy's report cannot be read: JSONDecodeError"),
    ],
)
def test_a_scanner_that_cannot_work_is_a_skip_with_its_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scanner(tmp_path, "trivy", script)
    outcome = scan("my-app-gateway")
    assert isinstance(outcome, Skipped)
    assert outcome.reason.startswith(reason)


@pytest.mark.containers
def test_what_a_newer_version_mends_is_a_failure(stack: SmallStack) -> None:
    images(stack, "build")
    tools = stack.folder / "tools"
    tools.mkdir()
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY)
    code, said = images(stack, "scan", path=f"{tools}:{os.environ['PATH']}")
    assert code == 1
    assert "  low: CVE-1 in zlib 1.0, mended in 1.1\n" in said
    assert "  2 known vulnerabilities, 1 with a version that mends them, 0 accepted\n" in said


@pytest.fixture
def scanned(stack: SmallStack) -> Callable[..., tuple[int, str]]:
    """Scans a built image with a scanner which finds one thing that is mended."""
    images(stack, "build")
    tools = stack.folder / "tools"
    tools.mkdir()

    def scan_images(days: int = 0, *arguments: str) -> tuple[int, str]:
        scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY, days)
        return images(stack, "scan", *arguments, path=f"{tools}:{os.environ['PATH']}")

    return scan_images


@pytest.mark.containers
def test_a_finding_in_an_image_can_be_accepted(stack: SmallStack, scanned: Callable[..., tuple[int, str]]) -> None:
    file = stack.folder / "security-accepted.toml"
    usual = {"tool": "trivy", "rule": "CVE-1", "path": f"{stack.name}-one"}
    file.write_text(accepted(**usual))
    code, said = scanned()
    assert code == 0, said
    assert "  2 known vulnerabilities, 1 with a version that mends them, 1 accepted\n" in said
    for changes, words in (
        ({"expires": from_now(-1)}, "security-accepted.toml:1: expired on "),
        ({"rule": "CVE-2"}, "security-accepted.toml:1: trivy no longer finds this"),
        ({"path": "other"}, "  low: CVE-1 in zlib 1.0, mended in 1.1\n"),
        ({"tool": "grype"}, "  low: CVE-1 in zlib 1.0, mended in 1.1\n"),
    ):
        file.write_text(accepted(**{**usual, **changes}))
        code, said = scanned()
        assert (code, words in said) == (1, True), said


@pytest.mark.containers
@pytest.mark.parametrize("name", [".trivyignore", "trivy.yaml", ".grype.yaml"])
def test_a_file_that_silences_a_scanner_is_refused(
    stack: SmallStack, scanned: Callable[..., tuple[int, str]], name: str
) -> None:
    (stack.folder / name).write_text("CVE-1\n")
    (stack.folder / "security-accepted.toml").write_text(accepted(tool="trivy", rule="CVE-1", path=f"{stack.name}-one"))
    code, said = scanned()
    assert code == 1
    assert f"{name}:1: exceptions of a tool's own; security-accepted.toml is the one place" in said
    assert f"images: failed: scan of {name}\n" in said


@pytest.mark.containers
def test_old_data_are_a_skip_that_is_announced_and_can_be_a_failure(
    scanned: Callable[..., tuple[int, str]],
) -> None:
    code, said = scanned(8)
    assert code == 0, said
    assert "SKIPPED, nothing is known: trivy's data are 8 days old; let it get newer ones" in said
    assert scanned(8, "--require-scan")[0] == 1


@pytest.mark.parametrize("name", ["trivy", "grype"])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{}", "does not say how old its data are"),
        ("no JSON", "does not say how old its data are"),
        ('{"built": "0001-01-01T00:00:00Z", "VulnerabilityDB": {"UpdatedAt": "0001-01-01T00:00:00Z"}}', "days old"),
        ('{"built": "2026-01-01", "VulnerabilityDB": {"UpdatedAt": null}}', "does not say how old its data are"),
    ],
)
def test_data_of_unknown_age_are_a_skip(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, data: str, reason: str
) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    scanner(tmp_path, name, f"cat {tmp_path}/report.json", {"trivy": TRIVY, "grype": GRYPE}[name])
    (tmp_path / "data.json").write_text(data)
    outcome = scan("my-app-gateway")
    assert isinstance(outcome, Skipped)
    assert reason in outcome.reason


def test_a_scanner_is_run_where_nothing_silences_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("TRIVY_IGNOREFILE", "ignored")
    monkeypatch.setenv("TRIVY_DB_REPOSITORY", "registry.example/db")
    scanner(tmp_path, "trivy", f"(ls -A; env) > {tmp_path}/seen; cat {tmp_path}/report.json", TRIVY)
    monkeypatch.chdir(tmp_path)
    assert isinstance(scan("my-app-gateway"), Scanned)
    seen = (tmp_path / "seen").read_text()
    assert not re.search(r"^(report\.json|TRIVY_IGNOREFILE=.*)$", seen, re.MULTILINE)
    assert "TRIVY_DB_REPOSITORY=registry.example/db\n" in seen


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("https://me:token@example.org/app.git", "https://example.org/app.git"),
        ("git@example.org:app.git", "git@example.org:app.git"),
    ],
)
def test_the_source_is_labelled_without_a_password(tmp_path: Path, url: str, label: str) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)
    run("git", "remote", "add", "origin", url, cwd=tmp_path)
    assert compose_images.version(tmp_path)["SOURCE"] == label
