"""The images of a project among what `security` looks at: scanned where they are, and never taken for scanned."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tasks.checks.security import images
from tasks.checks.security.scan import Finding, NothingThere, Scan, Skipped
from tests.tasks.checked_project import CheckedProject
from tests.tasks.fakes import GRYPE, TRIVY, engine, program, scanner
from tests.tasks.security_faults import accepted

NAMES = ("my-app-auth", "my-app-gateway")


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for stand-ins, which are all that the PATH has besides a shell; the project is in the folder above."""
    (tmp_path / "compose.yaml").write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path / 'tools'}:/usr/bin:/bin")
    engine(tmp_path / "tools", built=NAMES)
    return tmp_path / "tools"


@pytest.mark.parametrize(("name", "report"), [("trivy", TRIVY), ("grype", GRYPE)])
def test_each_image_is_scanned_once(tools: Path, name: str, report: dict[str, object]) -> None:
    scanner(tools, name, f'echo "$*" >> {tools}/asked; cat {tools}/report.json', report)
    found = [Finding(name, "CVE-1", image, 1, "zlib 1.0, mended in 1.1", "low") for image in NAMES]
    assert images.scan([]) == Scan("2 images", found, name, "1.2.3")
    asked = (tools / "asked").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(" ")[2].removeprefix("docker:") for line in asked] == list(NAMES)


@pytest.mark.parametrize(("said", "severity"), [("CRITICAL", "critical"), ("UNKNOWN", "medium")])
def test_no_severity_of_a_scanner_is_lost(tools: Path, said: str, severity: str) -> None:
    flaw = {"VulnerabilityID": "CVE-1", "PkgName": "a", "InstalledVersion": "1", "FixedVersion": "2", "Severity": said}
    scanner(tools, "trivy", f"cat {tools}/report.json", {"Results": [{"Vulnerabilities": [flaw]}]})
    assert {finding.severity for finding in images.scan([]).findings} == {severity}


def test_images_that_no_scanner_looked_at_are_not_checked(tools: Path) -> None:
    with pytest.raises(Skipped, match="my-app-auth: no scanner is installed: trivy or grype; my-app-gateway: no scan"):
        images.scan([])
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY, days=8)
    with pytest.raises(Skipped, match="my-app-auth: trivy's data are 8 days old"):
        images.scan([])


def test_where_no_image_is_there_is_nothing_to_scan(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scanner(tools, "trivy", f"cat {tools}/report.json", TRIVY)
    engine(tools, built=NAMES[:1])
    with pytest.raises(NothingThere, match="no image my-app-gateway is built here; nox -s images -- build"):
        images.scan([])
    program(tools, "docker", 'case "$1" in version) ;; *) echo broken >&2; exit 1 ;; esac')
    with pytest.raises(NothingThere, match="it is not known which images this project builds: broken"):
        images.scan([])
    program(tools, "docker", "exit 1")
    with pytest.raises(NothingThere, match="no Docker Engine answers here"):
        images.scan([])
    monkeypatch.setenv("PATH", "")
    with pytest.raises(NothingThere, match="no Docker Engine answers here"):
        images.scan([])


def with_tools(project: CheckedProject) -> Path:
    """Put a folder of stand-ins before what the project's sessions have on their PATH."""
    folder = project.folder / "planted-tools"
    project.environment["PATH"] = f"{folder}:{os.environ['PATH']}"
    return folder


def test_in_ci_only_images_that_are_there_have_to_be_scanned(checked: CheckedProject) -> None:
    folder = with_tools(checked)
    for name in ("trivy", "grype"):
        program(folder, name, "echo 'no database' >&2; exit 1")
    engine(folder, built=())
    done = checked.session("security", "--only", "images", CI="true")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ ?images +scanner +- +- +\d+\.\d +no images *$", done.stdout, re.MULTILINE)
    assert "NOT CHECKED: images/scanner: no image my-app-auth, my-app-gateway is built here; " in done.stdout
    assert "security: nothing found in what was checked; 1 check not made: images/scanner; " in done.stdout
    engine(folder, built=NAMES)
    done = checked.session("security", "--only", "images", CI="true")
    assert done.returncode == 1, done.stdout
    assert "NOT CHECKED: images/scanner: my-app-auth: trivy failed: no database; grype failed: " in done.stdout
    assert "failed: images/scanner\n" in done.stdout
    assert checked.session("security", "--only", "images", CI="").returncode == 0


def test_a_finding_in_an_image_is_accepted_as_any_other(checked: CheckedProject) -> None:
    folder = with_tools(checked)
    engine(folder, built=NAMES)
    scanner(folder, "trivy", f"cat {folder}/report.json", TRIVY)
    entries = [accepted(tool="trivy", rule="CVE-1", path=name) for name in NAMES]
    checked.write("security-accepted.toml", "".join(entries))
    done = checked.session("security", "--only", "images")
    assert done.returncode == 0, done.stdout
    assert re.search(r"^ ?images +trivy +1\.2\.3 +2 images +- +\d+\.\d +ok *$", done.stdout, re.MULTILINE)
    checked.write("security-accepted.toml", "".join([*entries, accepted(tool="trivy", rule="CVE-3", path=NAMES[0])]))
    done = checked.session("security", "--only", "images")
    assert done.returncode == 1, done.stdout
    assert "security-accepted.toml:13: trivy no longer finds this" in done.stdout
