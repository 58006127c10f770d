"""Fake programs with the documented output of an engine and of image scanners, which not every machine has."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

TRIVY = {
    "Results": [
        {"Target": "debian"},
        {
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-1",
                    "PkgName": "zlib",
                    "InstalledVersion": "1.0",
                    "FixedVersion": "1.1",
                    "Severity": "LOW",
                },
                {"VulnerabilityID": "CVE-2", "PkgName": "bash", "InstalledVersion": "5", "Severity": "CRITICAL"},
            ]
        },
    ]
}
DOCKER = """\
case "$*" in
  version*) echo 26.1 ;;
  *" config "*) cat {folder}/compose.json ;;
  "image inspect"*) for name in {built}; do case "$*" in *" $name") echo sha256:1; exit ;; esac; done; exit 1 ;;
esac
"""


def program(folder: Path, name: str, script: str) -> None:
    """Write a shell script of that name."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


def scanner(folder: Path, name: str, script: str, report: object = None, days: int = 0) -> None:
    """Write a scanner of version 1.2.3 with data of this age; the script may print the report, report.json."""
    folder.mkdir(parents=True, exist_ok=True)
    made = (datetime.now(tz=UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.%f000Z")
    about = {"VulnerabilityDB": {"UpdatedAt": made}, "Version": "1.2.3"}
    (folder / "report.json").write_text(json.dumps(report), encoding="utf-8")
    (folder / "data.json").write_text(json.dumps(about), encoding="utf-8")
    program(folder, name, f'case "$*" in "version --format json") cat {folder}/data.json; exit ;; esac\n{script}')


def engine(folder: Path, built: Iterable[str]) -> None:
    """Write a `docker` with these images, for a project that builds its gateway, and two services equally."""
    service = {"build": {"context": ".", "dockerfile": "service.Dockerfile"}}
    services = {
        "auth": service,
        "projects": service,
        "store": {"image": "redis:8"},
        "gateway": {"build": {"context": "."}},
    }
    program(folder, "docker", DOCKER.format(folder=folder, built=" ".join(built)))
    (folder / "compose.json").write_text(json.dumps({"name": "my-app", "services": services}), encoding="utf-8")
