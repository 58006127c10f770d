"""The faults that the parts of the session `security` are for."""

import hashlib
import os
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.support import run
from tests.tasks import advisories, fakes
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import MODULE, Fault, append, change, file

VULNERABLE = """\
jinja2==2.9.6 \\
    --hash=sha256:2231bace0dfd8d2bf1e5d7e41239c06c9e0ded46e70cc1094a0aa64b0afeb054 \\
    --hash=sha256:ddaa01a212cd6d641401cb01b605f4a4d9f37bfc93043d7f760ec70fb99ff9ff
"""

NPM_LOCK = """\
{
  "lockfileVersion": 3,
  "packages": {
    "node_modules/lodash": {
      "version": "4.17.4"
    }
  }
}
"""

DOCKERFILE = """\
FROM docker.io/library/python:3.13-slim-trixie
WORKDIR /app
HEALTHCHECK CMD ["true"]
{user}CMD ["python"]
"""

WORKFLOW = """\
name: planted
on:
  workflow_dispatch:
    inputs:
      name:
        description: A name.
        type: string
permissions: {{}}
concurrency:
  group: planted
  cancel-in-progress: true
jobs:
  planted:
    name: Planted
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    {needs}steps:
      - name: Planted
        {step}
"""

ACCEPTED = """\
[[accepted]]
tool = "{tool}"
rule = "{rule}"
path = "{path}"
reason = "{reason}"
expires = {expires}
"""


def workflow(step: str, needs: str = "") -> str:
    """A workflow without other faults."""
    return WORKFLOW.format(step=step, needs=needs)


def private_key() -> str:
    """A fresh one, as PEM."""
    key = ed25519.Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def in_history(project: CheckedProject) -> None:
    """Commit a private key, and remove it with the next commit."""
    project.write("planted.pem", private_key())
    for command in (["add", "planted.pem"], ["commit", "-m", "x"], ["rm", "planted.pem"], ["commit", "-m", "y"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=project.folder)


def vulnerable_pin(project: CheckedProject) -> None:
    """Pin what the source of advisories knows to be vulnerable."""
    append("requirements/backend.txt", VULNERABLE)(project)
    project.environment["OSV_URL"] = f"{advisories.source()}/v1/query"


def vulnerable_npm_package(project: CheckedProject) -> None:
    """Have npm install what the source of advisories knows to be vulnerable."""
    project.write("planted/package-lock.json", NPM_LOCK)
    project.environment["OSV_URL"] = f"{advisories.source()}/v1/query"


def vulnerable_image(project: CheckedProject) -> None:
    """Build images in which a scanner finds what a newer version mends."""
    folder = project.folder / "planted-tools"
    fakes.engine(folder, built=("my-app-auth", "my-app-gateway"))
    script = f'case "$*" in *gateway) cat {folder}/report.json ;; *) echo {NOTHING} ;; esac'
    fakes.scanner(folder, "trivy", script, fakes.TRIVY)
    project.environment["PATH"] = f"{folder}:{os.environ['PATH']}"


def package_that_is_not_installed(project: CheckedProject) -> None:
    """Pin what the environment lacks of which the bill is written, and pretend that it is as its lock says."""
    place = project.folder / ".nox" / "security" / "others" / "gateway"
    if not place.exists():
        project.session("security", "--only", "sbom")
    append("requirements/gateway.txt", VULNERABLE)(project)
    digest = hashlib.sha256((project.folder / "requirements/gateway.txt").read_bytes()).hexdigest()
    (place / "requirements.sha256").write_text(digest, encoding="utf-8")


def gpl_dependency(project: CheckedProject) -> None:
    """Ship a package under the GPL, that of a tool."""
    lint = (project.folder / "requirements" / "lint.txt").read_text(encoding="utf-8")
    start = lint.index("yamllint==")
    append("requirements/backend.txt", lint[start:])(project)


def accepted(**changes: object) -> str:
    """An entry for what the module planted by `weak` has, spoilt."""
    usual = {"tool": "bandit", "rule": "B307", "path": MODULE, "reason": "Tried.", "expires": from_now(30)}
    return ACCEPTED.format(**{**usual, **changes})


def from_now(days: int) -> date:
    """The day that many days from today."""
    return datetime.now(tz=UTC).date() + timedelta(days=days)


def weak(project: CheckedProject, entries: str, more: str = "") -> None:
    """Plant a finding of bandit, or more, and a file of accepted findings."""
    project.write(MODULE, WEAK + more)
    project.write("security-accepted.toml", entries)


# A report of trivy's.
NOTHING = """'{"Results": []}'"""
WEAK = '"""Planted."""\n\nplanted = eval("1")\n'


def security(check: str, plant: object, found: str) -> Fault:
    """A fault for one check; only its part is run."""
    part = {"accepted": "code"}.get(check, check.partition("/")[0])
    assert callable(plant)
    return Fault("security", check, plant, found, arguments=("--only", part))


SECURITY_FAULTS = [
    security("code/bandit", file(MODULE, WEAK), "planted.py:3: Use of possibly insecure function"),
    security(
        "rules/semgrep",
        file(MODULE, "def planted(cursor, name):\n    cursor.execute(f\"SELECT '{name}'\")\n"),
        "sql-from-text",
    ),
    security(
        "rules/semgrep",
        file(MODULE, 'import subprocess\n\nsubprocess.run("ls $HOME", shell=True)\n'),
        "planted.py:3: A shell reads this text",
    ),
    security(
        "rules/semgrep",
        file("compose.planted.yaml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: postgres\n"),
        "compose.planted.yaml:4: Everybody knows this password",
    ),
    security(
        "secrets/gitleaks", lambda project: project.write("planted.pem", private_key()), "planted.pem:1: Identified a"
    ),
    security(
        "secrets/gitleaks",
        file(".env.planted", "DATABASE_URL=postgresql://postgres:" + "postgres@127.0.0.1/app\n"),
        ".env.planted:1: A URL with a password in it",
    ),
    security(
        "secrets/gitleaks",
        file("src/backend/shared/planted.txt", "postgresql://postgres:" + "password@db.example/app\n"),
        "planted.txt:1: A URL with a password in it",
    ),
    security(
        "secrets/gitleaks",
        file("src/backend/projects/tests/planted.txt", "redis://:" + "hunter2@db.example/0\n"),
        "src/backend/projects/tests/planted.txt:1: A URL with a password in it",
    ),
    security(
        "code/bandit",
        file("src/backend/auth/noxfile.py", 'import subprocess\n\nsubprocess.run(["ls"], check=True)\n'),
        "src/backend/auth/noxfile.py:3: subprocess call",
    ),
    security("history/gitleaks", in_history, "planted.pem:1: Identified a Private Key"),
    security("dependencies/pip-audit", vulnerable_pin, "jinja2 2.9.6, mended in 2.11.3: PYSEC-2021-66, CVE-2020-28493"),
    security(
        "dependencies/osv",
        vulnerable_npm_package,
        "planted/package-lock.json:4: lodash 4.17.4, mended in 4.17.12: GHSA-jf85-cpcp-j695, CVE-2019-10744",
    ),
    security("licences/cyclonedx-py", gpl_dependency, "has the licence GPL-3.0-or-later"),
    security(
        "licences/cyclonedx-py",
        change("pyproject.toml", 'licence-of = { pyreqwest = "Apache-2.0" }\n', ""),
        "names no licence",
    ),
    security(
        "sbom/cyclonedx-py",
        change("pyproject.toml", 'ships = ["backend", ', 'ships = ["nothing", '),
        "requirements/nothing.txt is missing",
    ),
    security(
        "sbom/cyclonedx-py",
        package_that_is_not_installed,
        "jinja2 is not in .data/security/sbom-gateway.json (cyclonedx-py: incomplete, medium)",
    ),
    security(
        "dockerfiles/hadolint",
        file("planted.Dockerfile", DOCKERFILE.format(user="USER 0\n")),
        "planted.Dockerfile:4: Last USER should not be root",
    ),
    security(
        "images/scanner",
        vulnerable_image,
        "my-app-gateway:1: zlib 1.0, mended in 1.1 (trivy: CVE-1, low)",
    ),
    security(
        "infrastructure/checkov",
        file("planted.Dockerfile", DOCKERFILE.format(user="")),
        "CKV_DOCKER_3",
    ),
    security(
        "compose/check-jsonschema",
        file("compose.planted.yaml", "services:\n  db:\n    imagee: postgres\n"),
        "compose.planted.yaml:1: $.services.db",
    ),
    security(
        "workflow-schema/check-jsonschema",
        file(".github/workflows/planted.yml", workflow("run: nox -s lint", needs="timeout: 5\n    ")),
        "planted.yml:1: $.jobs.planted",
    ),
    security(
        "workflows/zizmor",
        file(".github/workflows/planted.yml", workflow("uses: actions/setup-python@v6")),
        "unpinned action reference",
    ),
    security(
        "workflows/zizmor",
        file(".github/workflows/planted.yml", workflow("run: echo ${{ inputs.name }}")),
        "code injection via template expansion",
    ),
    security(
        "workflows/actionlint",
        file(".github/workflows/planted.yml", workflow("run: nox -s lint", needs="needs: [missing]\n    ")),
        "actionlint: job-needs",
    ),
    security(
        "code/bandit",
        lambda project: weak(project, accepted(), 'other = eval("2")\n'),
        "planted.py:4: Use of possibly insecure function",
    ),
    security("accepted", lambda project: weak(project, accepted() + "findings = 2\n"), "bandit finds only 1"),
    security("accepted", file(".trivyignore", "CVE-1\n"), ".trivyignore:1: exceptions of a tool's own"),
    security("accepted", file(".grype.yaml", "ignore: []\n"), ".grype.yaml:1: exceptions of a tool's own"),
    security("accepted", file(".gitleaksignore", "planted\n"), ".gitleaksignore:1: exceptions of a tool's own"),
    security("accepted", lambda project: weak(project, accepted(expires=from_now(-1))), "expired on"),
    security("accepted", lambda project: weak(project, accepted(expires=from_now(400))), "accept for a year at most"),
    security(
        "accepted",
        lambda project: weak(project, accepted() + accepted(rule="B999")),
        "security-accepted.toml:7: bandit no longer finds this",
    ),
]
