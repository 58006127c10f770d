"""Images in the session `security`: scanned if they are built, and never counted as scanned if not."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tasks.checks import image_scan
from tasks.checks.findings import Finding
from tasks.checks.security.scanners import Outcome, Skipped
from tests.tasks.checked_project import CheckedProject
from tests.tasks.fakes import TRIVY, engine, program, scanner
from tests.tasks.security_faults import accepted

NAMES = ("my-app-auth", "my-app-gateway")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for fake programs, all that the PATH has but a shell; the project is in the folder above."""
    (tmp_path / "compose.yaml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    engine(tmp_path / "tools", built=NAMES)
    return tmp_path / "tools"


def test_each_image_is_scanned_once(tools: Path) -> None:
    scanner(tools, "trivy", f'echo "$*" >> {tools}/asked; cat {tools}/report.json', TRIVY)
    found = [Finding("trivy", "CVE-1", image, 1, "zlib 1.0, fixed in 1.1", "low") for image in NAMES]
    assert image_scan.scan_built([], Path()) == Outcome(version="1.2.3", scope="2 images", findings=found)
    asked = (tools / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(" ")[2] for line in asked] == list(NAMES)


@pytest.mark.parametrize(("written", "severity"), [("CRITICAL", "critical"), ("UNKNOWN", "medium")])
def test_severities_of_scanners_are_mapped(tools: Path, written: str, severity: str) -> None:
    flaw = {
        "VulnerabilityID": "CVE-1",
        "PkgName": "a",
        "InstalledVersion": "1",
        "FixedVersion": "2",
        "Severity": written,
    }
    scanner(tools, "trivy", f"cat {tools}/report.json", {"Results": [{"Vulnerabilities": [flaw]}]})
    assert {finding.severity for finding in image_scan.scan_built([], Path()).findings} == {severity}


def test_images_without_a_scanner_are_skipped(tools: Path) -> None:
    with pytest.raises(Skipped, match=r"^my-app-auth: trivy is not installed\. Get it: https://"):
        image_scan.scan_built([], Path())
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY, days=8)
    with pytest.raises(Skipped, match="my-app-auth: trivy's vulnerability data are 8 days old"):
        image_scan.scan_built([], Path())


def test_without_images_nothing_is_scanned(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY)
    engine(tools, built=NAMES[:1])
    with pytest.raises(Skipped, match="no image my-app-gateway is built; nox -s images -- build"):
        image_scan.scan_built([], Path())
    program(tools, "docker", 'case "$1" in version) ;; *) echo broken >&2; exit 1 ;; esac')
    with pytest.raises(Skipped, match="cannot read which images this project builds: broken"):
        image_scan.scan_built([], Path())
    program(tools, "docker", "exit 1")
    with pytest.raises(Skipped, match="no Docker Engine answers"):
        image_scan.scan_built([], Path())
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Skipped, match="no Docker Engine answers"):
        image_scan.scan_built([], Path())


def with_tools(project: CheckedProject) -> Path:
    """Put a folder of fake programs first on the PATH of the project's sessions."""
    folder = project.folder / "planted-tools"
    project.environment["PATH"] = f"{folder}:{project.tools('security')}:{os.environ['PATH']}"
    return folder


def test_in_ci_built_images_must_be_scanned(checked: CheckedProject) -> None:
    folder = with_tools(checked)
    program(folder, "trivy", "echo 'no database' >&2; exit 1")
    engine(folder, built=())
    done = checked.command("security", "checks.security", "--only", "images", CI="true")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ ?images +trivy +- +- +\d+\.\d +no images *$", done.stdout, re.MULTILINE)
    assert "NOT CHECKED: images/trivy: no image my-app-auth, my-app-gateway is built; " in done.stdout
    assert "security: no findings; 1 check skipped: images/trivy; " in done.stdout
    engine(folder, built=NAMES)
    done = checked.command("security", "checks.security", "--only", "images", CI="true")
    assert done.returncode == 1, done.stdout
    assert "NOT CHECKED: images/trivy: my-app-auth: trivy failed: no database" in done.stdout
    assert "failed: images/trivy\n" in done.stdout
    assert checked.command("security", "checks.security", "--only", "images", CI="").returncode == 0


def test_a_finding_in_an_image_can_be_accepted(checked: CheckedProject) -> None:
    folder = with_tools(checked)
    engine(folder, built=NAMES)
    scanner(folder, "trivy", f"cat {folder}/report.json", TRIVY)
    entries = [accepted(tool="trivy", rule="CVE-1", path=name) for name in NAMES]
    checked.write("security-accepted.toml", "".join(entries))
    done = checked.command("security", "checks.security", "--only", "images")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ ?images +trivy +1\.2\.3 +2 images +- +\d+\.\d +ok *$", done.stdout, re.MULTILINE)
    checked.write("security-accepted.toml", "".join([*entries, accepted(tool="trivy", rule="CVE-3", path=NAMES[0])]))
    done = checked.command("security", "checks.security", "--only", "images")
    assert done.returncode == 1, done.stdout
    assert "security-accepted.toml:13: trivy no longer finds this" in done.stdout
