"""`images`: sizes, rules for images, and scanners."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tasks.checks import image_scan, images as command
from tasks.checks.findings import Finding
from tasks.checks.security.scanners import Outcome, Skipped
from tasks.compose import images as compose_images
from tests.support import ROOT, run
from tests.tasks.fakes import TRIVY, scanner
from tests.tasks.security_faults import accepted, from_now
from tests.tasks.small_stack import SmallStack, small_stack

BASE = "python:3.13-slim-trixie"
COMPOSE = f"""\
services:
  one: &same
    build: {{context: ., args: {{PYTHON_IMAGE: "{BASE}"}}}}
  two: *same
  store: {{image: "{BASE}"}}
"""
STRIP = r"""RUN rm -rf /usr/bin/apt* /usr/bin/dpkg* /usr/sbin/dpkg* /usr/lib/apt /usr/local/bin/pip* \
    /usr/local/lib/python3*/site-packages/pip /usr/local/lib/python3*/ensurepip"""
USER, HEALTH, ENTRY = "USER 10001:10001", 'HEALTHCHECK CMD ["python3", "--version"]', 'ENTRYPOINT ["python3"]'
LABELS = """ARG REVISION
ARG VERSION
LABEL org.opencontainers.image.revision=$REVISION org.opencontainers.image.version=$VERSION"""
DOCKERFILE = f"ARG PYTHON_IMAGE\nFROM $PYTHON_IMAGE\n{STRIP}\n{USER}\n{HEALTH}\n{ENTRY}\n{LABELS}\n"
# A line of the Dockerfile, what replaces it, and the violation.
FAULTS = (
    (USER, "", "its user is not set, so root: set a number other than 0, USER 10001:10001"),
    (USER, "USER 0", "its user is 0: set a number other than 0"),
    (USER, "USER nobody", "its user is nobody: set a number"),
    (HEALTH, "", "it has no HEALTHCHECK"),
    (HEALTH, "HEALTHCHECK NONE", "it has no HEALTHCHECK"),
    (ENTRY, "ENTRYPOINT python3", "its first process is a shell: /bin/sh -c"),
    (ENTRY, "CMD []", "it has no entry point"),
    ("org.opencontainers.image.revision=$REVISION", "", "without a value: org.opencontainers.image.revision;"),
    (STRIP, "", "it can install or compile: "),
    (STRIP, f"{STRIP} && touch /usr/bin/x86_64-linux-gnu-gcc-14", "compile: usr/bin/x86_64-linux-gnu-gcc-14"),
    (STRIP, f"{STRIP} && head -c 91000000 /dev/zero > /large", "MB over its base; the budget is 90.0 MB"),
    ("PYTHON_IMAGE", "BASE", "its base is unknown: name it in a build argument such as PYTHON_IMAGE"),
)
DATA = '{"Version": "1", "version": "1", "built": "TIME", "VulnerabilityDB": {"UpdatedAt": "TIME"}}'
FOUND = [Finding("trivy", "CVE-1", "my-app-gateway", 1, "zlib 1.0, fixed in 1.1", "low")]


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallStack]:
    """A project with one image for two services."""
    with small_stack(tmp_path_factory.mktemp("images")) as small:
        small.write({"compose.yaml": COMPOSE, "Dockerfile": DOCKERFILE})
        repository(small.folder)
        yield small


def repository(folder: Path) -> None:
    for arguments in (["init", "--quiet"], ["add", "Dockerfile"], ["commit", "--quiet", "-m", "x"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments, cwd=folder)


def images(stack: SmallStack, *arguments: str, **settings: str) -> tuple[int, str]:
    return stack.run(*arguments, command="checks.images", **{"CI": "", **settings})


@pytest.mark.containers
def test_images_are_built_measured_and_checked(stack: SmallStack) -> None:
    code, output = images(stack)
    assert code == 0, output
    assert re.search(r"^one, two +1\d\d\.\d +\+\d\.\d$", output, re.MULTILINE)
    assert re.search(r"^check +one, two +ok$", output, re.MULTILINE)
    stack.write({"Dockerfile": DOCKERFILE.replace("USER", "RUN head -c 5000000 /dev/urandom > /more\nUSER")})
    assert re.search(r"^one, two +1\d\d\.\d +\+5\.\d$", images(stack, "build")[1], re.MULTILINE)
    revision = run("git", "rev-parse", "HEAD", cwd=stack.folder).stdout.strip()
    form = '{{index .Config.Labels "org.opencontainers.image.revision"}}'
    assert stack.docker("image", "inspect", f"{stack.name}-two", "--format", form).strip() == f"{revision}-dirty"
    stack.write({"Dockerfile": DOCKERFILE})


@pytest.mark.containers
def test_violations_of_each_rule_are_found(tmp_path: Path) -> None:
    with small_stack(tmp_path) as small:
        services = {f"fault{number:02}": fault for number, fault in enumerate(FAULTS)}
        for name, (line, planted, _) in services.items():
            assert line in DOCKERFILE
            small.write({f"{name}.Dockerfile": DOCKERFILE.replace(line, planted)})
        form = "  {}: {{build: {{context: ., dockerfile: {}.Dockerfile, args: {{{}: '{}'}}}}}}\n"
        lines = [
            form.format(name, name, "BASE" if planted == "BASE" else "PYTHON_IMAGE", BASE)
            for name, (_, planted, _) in services.items()
        ]
        small.write({"compose.yaml": "services:\n" + "".join(lines)})
        repository(tmp_path)
        code, output = images(small, "build", "check")
        results = re.split(r"^check ", output, flags=re.MULTILINE)[1:]
        assert code == 1
        assert [result.split()[1] for result in results] == ["FAILED"] * len(FAULTS)
        assert [fault for (_, _, fault), result in zip(FAULTS, results, strict=True) if fault not in result] == []
        assert f"images: failed: check of {small.name}-fault00, " in output


@pytest.mark.containers
def test_labels_need_a_repository(stack: SmallStack) -> None:
    (stack.folder / ".git").rename(stack.folder / "aside")
    _, output = images(stack, "build", "check")
    (stack.folder / "aside").rename(stack.folder / ".git")
    assert "image.version; commit, then: nox -s images -- build" in output


@pytest.mark.containers
def test_an_image_that_is_not_built_is_reported(stack: SmallStack) -> None:
    name = f"{stack.name}-other"
    code, output = images(stack, "check", COMPOSE_PROJECT_NAME=name)
    assert code == 1
    assert f"The image {name}-one is not built: nox -s images -- build" in output


def test_an_unknown_step_is_refused_with_the_known_ones(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["images", "bake"])
    with pytest.raises(SystemExit):
        command.main()
    assert "unknown step: bake; the steps are: build, check, scan" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "label"),
    [
        ("https://me:token@example.org/app.git", "https://example.org/app.git"),
        ("git@example.org:app.git", "git@example.org:app.git"),
    ],
)
def test_the_source_label_has_no_password(tmp_path: Path, url: str, label: str) -> None:
    run("git", "init", "--quiet", cwd=tmp_path)
    run("git", "remote", "add", "origin", url, cwd=tmp_path)
    assert compose_images.version(tmp_path)["SOURCE"] == label


# The result of the report in tests.tasks.fakes.
RESULT = Outcome(version="1.2.3", scope="2 known vulnerabilities", findings=FOUND)


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Installs a scanner that runs this script, or prints a report."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")

    def install(name: str, script: str = f"cat {tmp_path}/report.json", report: object = TRIVY) -> None:
        scanner(tmp_path, name, script, report)

    return install


def test_a_scanner_s_report_is_read(fake: Callable[..., None]) -> None:
    fake("trivy")
    assert image_scan.scan("my-app-gateway") == RESULT


def test_trivy_uses_its_existing_data_if_newer_ones_cannot_be_downloaded(
    fake: Callable[..., None], tmp_path: Path
) -> None:
    fake("trivy", f'case "$*" in *--skip-db-update*) cat {tmp_path}/report.json ;; *) exit 1 ;; esac')
    assert image_scan.scan("my-app-gateway") == RESULT


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo 'FATAL no database' >&2; exit 1", "trivy failed: FATAL no database"),
        ("echo '{}'", "trivy's output cannot be read: KeyError 'Results'"),
        ("echo no JSON", "trivy's output cannot be read: JSONDecodeError"),
    ],
)
def test_the_reason_of_a_failed_scanner_is_reported(fake: Callable[..., None], script: str, reason: str) -> None:
    fake("trivy", script)
    with pytest.raises(Skipped, match=f"^{re.escape(reason)}"):
        image_scan.scan("my-app-gateway")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("{}", "output cannot be read: KeyError"),
        ("no JSON", "output cannot be read: JSONDecodeError"),
        (DATA.replace("TIME", "0001-01-01T00:00:00Z"), "vulnerability data are [0-9]+ days old; update them: "),
        (DATA.replace("TIME", "2026-01-01"), "output cannot be read: TypeError"),
    ],
)
def test_data_of_unknown_or_old_age_are_refused(
    fake: Callable[..., None], tmp_path: Path, data: str, reason: str
) -> None:
    fake("trivy")
    (tmp_path / "data.json").write_text(data)
    with pytest.raises(Skipped, match=reason):
        image_scan.scan("my-app-gateway")


def test_a_scanner_runs_where_nothing_hides_findings(
    fake: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRIVY_IGNOREFILE", "ignored")
    monkeypatch.setenv("TRIVY_DB_REPOSITORY", "registry.example/db")
    fake("trivy", f"(ls -A; env) > {tmp_path}/seen; cat {tmp_path}/report.json")
    monkeypatch.chdir(tmp_path)
    image_scan.scan("my-app-gateway")
    seen = (tmp_path / "seen").read_text()
    assert not re.search(r"^(report\.json|TRIVY_IGNOREFILE=.*)$", seen, re.MULTILINE)
    assert "TRIVY_DB_REPOSITORY=registry.example/db\n" in seen


@pytest.fixture
def scan(stack: SmallStack, tmp_path: Path) -> Callable[..., tuple[int, str]]:
    """Scans the built image with a scanner that finds one fixable vulnerability."""
    if not stack.docker("image", "ls", "--quiet", f"{stack.name}-one"):
        images(stack, "build")

    def scan_images(*arguments: str, days: int = 0) -> tuple[int, str]:
        scanner(tmp_path, "trivy", f"cat {tmp_path}/report.json", TRIVY, days)
        return images(stack, "scan", *arguments, PATH=f"{tmp_path}:{os.environ['PATH']}")

    return scan_images


@pytest.mark.containers
def test_a_missing_scanner_is_a_reported_skip_and_a_failure_if_required(stack: SmallStack, tmp_path: Path) -> None:
    images(stack, "build")
    (tmp_path / "docker").symlink_to(str(shutil.which("docker")))
    code, output = images(stack, "scan", PATH=str(tmp_path))
    assert code == 0
    assert "scan of one, two SKIPPED: trivy is not installed. Get it: https://trivy.dev" in output
    for arguments, ci in ((("--require-scan",), ""), ((), "true")):
        code, output = images(stack, "scan", *arguments, PATH=str(tmp_path), CI=ci)
        assert code == 1
        assert f"images: failed: scan of {stack.name}-one" in output


@pytest.mark.containers
def test_old_data_are_a_reported_skip_and_a_failure_if_required(scan: Callable[..., tuple[int, str]]) -> None:
    code, output = scan(days=8)
    assert code == 0, output
    assert "SKIPPED: trivy's vulnerability data are 8 days old; update them: trivy image --download-db-only" in output
    assert scan("--require-scan", days=8)[0] == 1


@pytest.mark.containers
def test_a_fixable_vulnerability_fails_unless_it_is_accepted(
    stack: SmallStack, scan: Callable[..., tuple[int, str]]
) -> None:
    code, output = scan()
    assert code == 1
    assert "  low: CVE-1 in zlib 1.0, fixed in 1.1\n" in output
    assert "  2 known vulnerabilities, 1 fixable, 0 accepted\n" in output
    file = stack.folder / "security-accepted.toml"
    usual = {"tool": "trivy", "rule": "CVE-1", "path": f"{stack.name}-one"}
    file.write_text(accepted(**usual))
    code, output = scan()
    assert code == 0, output
    assert "  2 known vulnerabilities, 1 fixable, 1 accepted\n" in output
    for changes, message in (
        ({"expires": from_now(-1)}, "security-accepted.toml:1: expired on "),
        ({"rule": "CVE-2"}, "security-accepted.toml:1: trivy no longer finds this"),
        ({"path": "other"}, "  low: CVE-1 in zlib 1.0, fixed in 1.1\n"),
        ({"tool": "grype"}, "  low: CVE-1 in zlib 1.0, fixed in 1.1\n"),
    ):
        file.write_text(accepted(**{**usual, **changes}))
        code, output = scan()
        assert (code, message in output) == (1, True), output
    file.unlink()


@pytest.mark.containers
def test_the_security_session_scans_built_images(stack: SmallStack, tmp_path: Path) -> None:
    images(stack, "build")
    scanner(tmp_path, "trivy", f"cat {tmp_path}/report.json", TRIVY)
    shutil.copytree(ROOT / "requirements", stack.folder / "requirements")
    path = f"{tmp_path}:{os.environ['PATH']}"
    code, output = stack.run("--only", "images", command="checks.security", PATH=path, CI="true")
    assert code == 1, output
    assert f"{stack.name}-one:1: zlib 1.0, fixed in 1.1 (trivy: CVE-1, low)" in output
