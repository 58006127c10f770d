"""Faults that the scanners of the session `security` must find, also past comments that would silence them."""

import os
from datetime import UTC, date, datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from tests.support import run
from tests.tasks import advisories, fakes
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import MODULE, Fault, Group, Plant, append, change, file

VULNERABLE = """\
jinja2==2.9.6 \\
    --hash=sha256:2231bace0dfd8d2bf1e5d7e41239c06c9e0ded46e70cc1094a0aa64b0afeb054 \\
    --hash=sha256:ddaa01a212cd6d641401cb01b605f4a4d9f37bfc93043d7f760ec70fb99ff9ff
"""

NPM_LICENSE = """\
{
  "lockfileVersion": 3,
  "packages": {
    "": {
      "name": "app",
      "version": "1.0.0",
      "dependencies": {
        "planted": "1.0.0"
      }
    },
    "node_modules/planted": {
      "version": "1.0.0",
      "license": "GPL-3.0-only"
    }
  }
}
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

WEAK = '"""Planted."""\n\nplanted = eval("1")\n'
# A report of trivy's.
NOTHING = """'{"Results": []}'"""
# Split, so that the scanners do not read them here.
IGNORE = {
    "ruff": "  # no" + "qa: S307\n",
    "semgrep": "  # nosem" + "grep\n",
    "hadolint": "# hado" + "lint ignore=DL3002\n",
    "zizmor": " # zizmor: " + "ignore[unpinned-uses]",
    "gitleaks": " # gitleaks:" + "allow\n",
}


def workflow(step: str, needs: str = "") -> str:
    """A workflow without other faults."""
    return WORKFLOW.format(step=step, needs=needs)


def private_key() -> str:
    """A new private key as PEM."""
    key = ed25519.Ed25519PrivateKey.generate()
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return key.private_bytes(*form).decode()


def key_in_history(project: CheckedProject) -> None:
    """Commit a private key, and remove it with the next commit."""
    project.write("removed.pem", private_key())
    for command in (["add", "removed.pem"], ["commit", "-m", "x"], ["rm", "removed.pem"], ["commit", "-m", "y"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=project.folder)


def vulnerable_pin(project: CheckedProject) -> None:
    """Pin a version about which the source has an advisory."""
    append("requirements/lint.txt", VULNERABLE)(project)
    project.environment["OSV_URL"] = f"{advisories.source()}/v1/query"


def vulnerable_npm_package(project: CheckedProject) -> None:
    """Have npm install a version about which the source has an advisory."""
    project.write("planted/package-lock.json", NPM_LOCK)
    project.environment["OSV_URL"] = f"{advisories.source()}/v1/query"


def vulnerable_image(project: CheckedProject) -> None:
    """Build images in one of which a scanner finds a vulnerability."""
    folder = project.folder / ".data/planted-tools"
    fakes.engine(folder, built=("my-app-auth", "my-app-gateway"))
    script = f'case "$*" in *gateway) cat {folder}/report.json ;; *) echo {NOTHING} ;; esac'
    fakes.scanner(folder, "trivy", script, fakes.TRIVY)
    project.environment["PATH"] = f"{folder}:{os.environ['PATH']}"


def gpl_dependency(project: CheckedProject) -> None:
    """Ship a package under the GPL, that of a tool."""
    lint = (project.folder / "requirements" / "lint.txt").read_text(encoding="utf-8")
    append("requirements/backend.txt", lint[lint.index("yamllint==") :])(project)


def gpl_npm_package(project: CheckedProject) -> None:
    """Ship an npm package under the GPL."""
    project.write("src/planted/package-lock.json", NPM_LICENSE)
    project.write(
        "src/planted/package.json", '{"name": "app", "version": "1.0.0", "dependencies": {"planted": "1.0.0"}}\n'
    )


def from_now(days: int) -> date:
    """The day that many days from today."""
    return datetime.now(tz=UTC).date() + timedelta(days=days)


def accepted(**changes: object) -> str:
    """An entry for the finding in WEAK, with changes."""
    usual = {"tool": "ruff", "rule": "S307", "path": MODULE, "reason": "Tried.", "expires": from_now(30)}
    return ACCEPTED.format(**{**usual, **changes})


def entry(name: str, changes: dict[str, object], more: str = "", code: str = WEAK) -> Plant:
    """Plant a module with findings, and an entry for them."""
    path = f"src/backend/shared/{name}.py"

    def plant(project: CheckedProject) -> None:
        project.write(path, code)
        append("security-accepted.toml", accepted(path=path, **changes) + more)(project)

    return plant


FINDINGS = [
    Fault("code/ruff", file(MODULE, WEAK.rstrip() + IGNORE["ruff"]), "shared/planted.py:3: Use of possibly insecure"),
    Fault(
        "code/ruff",
        file("src/backend/auth/noxfile.py", 'import subprocess\n\nsubprocess.run(["ls"], check=True)\n'),
        "src/backend/auth/noxfile.py:3: Starting a process",
    ),
    Fault(
        "rules/semgrep",
        file("src/backend/shared/sql.py", f"cursor.execute(f\"SELECT '{{name}}'\"){IGNORE['semgrep']}"),
        "src/backend/shared/sql.py:1: SQL",
    ),
    Fault(
        "rules/semgrep",
        file("src/backend/shared/shell.py", 'import subprocess\n\nsubprocess.run("ls $HOME", shell=True)\n'),
        "shell.py:3: A shell",
    ),
    Fault(
        "rules/semgrep",
        file("compose.secret.yaml", "services:\n  db:\n    environment:\n      POSTGRES_PASSWORD: postgres\n"),
        "compose.secret.yaml:4: ",
    ),
    Fault(
        "secrets/gitleaks",
        lambda project: project.write("planted.pem", private_key() + IGNORE["gitleaks"]),
        "planted.pem:1: Identified a",
    ),
    Fault(
        "secrets/gitleaks",
        file(".env.planted", "DATABASE_URL=postgresql://postgres:" + f"postgres@127.0.0.1/app{IGNORE['gitleaks']}"),
        ".env.planted:1: A URL with a password in it",
    ),
    Fault(
        "secrets/gitleaks",
        file("src/backend/shared/planted.txt", "postgresql://postgres:" + "password@db.example/app\n"),
        "shared/planted.txt:1: A URL with a password in it",
    ),
    Fault(
        "secrets/gitleaks",
        file("src/backend/projects/tests/planted.txt", "redis://:" + "hunter2@db.example/0\n"),
        "src/backend/projects/tests/planted.txt:1: A URL with a password in it",
    ),
    Fault("history/gitleaks", key_in_history, "removed.pem:1: Identified a Private Key"),
    Fault("dependencies/osv", vulnerable_pin, "jinja2 2.9.6, fixed in 2.11.3: PYSEC-2021-66, CVE-2020-28493"),
    Fault(
        "dependencies/osv",
        vulnerable_npm_package,
        "planted/package-lock.json:4: lodash 4.17.4, fixed in 4.17.12: GHSA-jf85-cpcp-j695, CVE-2019-10744",
    ),
    Fault("licenses/cyclonedx-py", gpl_dependency, "has the license GPL-3.0-or-later"),
    Fault(
        "licenses/cyclonedx-py",
        gpl_npm_package,
        "src/planted/package-lock.json:11: planted 1.0.0 has the license GPL-3.0-only",
    ),
    Fault(
        "rules/semgrep",
        file("src/planted/page.tsx", "export const Page = () => <p dangerouslySetInnerHTML={{ __html: text }} />;\n"),
        "src/planted/page.tsx:1: Unescaped values",
    ),
    Fault(
        "secrets/gitleaks",
        lambda project: project.write("src/planted/key.ts", f"export const KEY = `{private_key()}`;\n"),
        "src/planted/key.ts:1: Identified a",
    ),
    Fault(
        "licenses/cyclonedx-py",
        change("pyproject.toml", 'pyreqwest = "Apache-2.0", ', ""),
        "names no license",
    ),
    Fault(
        "dockerfiles/hadolint",
        file("root.Dockerfile", IGNORE["hadolint"] + DOCKERFILE.format(user="USER 0\n")),
        "root.Dockerfile:5: Last USER should not be root",
    ),
    Fault("images/trivy", vulnerable_image, "my-app-gateway:1: zlib 1.0, fixed in 1.1 (trivy: CVE-1, low)"),
    Fault(
        "rules/semgrep",
        file("planted.Dockerfile", f"# {IGNORE['semgrep'].strip(' #')}" + DOCKERFILE.format(user="")),
        "planted.Dockerfile:2: The container runs as root",
    ),
    Fault(
        "compose/check-jsonschema",
        file("compose.planted.yaml", "services:\n  db:\n    imagee: postgres\n"),
        "compose.planted.yaml:1: $.services.db",
    ),
    Fault(
        "workflow-schema/check-jsonschema",
        file(".github/workflows/schema.yaml", workflow("run: nox -s lint", needs="timeout: 5\n    ")),
        "schema.yaml:1: $.jobs.planted",
    ),
    Fault(
        "workflows/zizmor",
        file(".github/workflows/unpinned.yml", workflow("uses: actions/setup-python@v6" + IGNORE["zizmor"])),
        "unpinned.yml:19: unpinned action reference",
    ),
    Fault(
        "workflows/zizmor",
        file(".github/workflows/injection.yaml", workflow("run: echo ${{ inputs.name }}")),
        "injection.yaml:19: code injection via template expansion",
    ),
    Fault(
        "workflows/actionlint",
        file(".github/workflows/needs.yml", workflow("run: nox -s lint", needs="needs: [missing]\n    ")),
        "actionlint: job-needs",
    ),
    Fault(
        "code/ruff",
        entry("exceeded", {}, code=WEAK + 'other = eval("2")\n'),
        "exceeded.py:4: Use of possibly insecure",
    ),
    Fault("accepted", entry("fewer", {}, "findings = 2\n"), "ruff finds only 1; write findings = 1"),
    Fault("accepted", entry("expired", {"expires": from_now(-1)}), "expired on"),
    Fault("accepted", entry("long", {"expires": from_now(400)}), "accept findings for a year at most"),
    Fault("accepted", entry("unused", {}, accepted(rule="S999")), "ruff no longer finds this"),
    Fault(
        "accepted",
        entry("unknown", {}, accepted(tool="bandit", rule="B307")),
        "bandit no longer finds this; delete the entry",
    ),
    Fault("accepted", file(".trivyignore", "CVE-1\n"), ".trivyignore:1: exceptions of one scanner"),
    Fault("accepted", file(".hadolint.yaml", "ignored: []\n"), ".hadolint.yaml:1: exceptions of one scanner"),
    Fault(
        "accepted",
        file(".gitleaksignore", "planted.pem:private-key:1\n"),
        ".gitleaksignore:1: exceptions of one scanner",
    ),
]
NOTHING_SHIPS = Fault(
    "sbom/cyclonedx-py",
    change("pyproject.toml", 'ships = ["backend", ', 'ships = ["nothing", '),
    "requirements/nothing.txt is missing",
)
SECURITY_GROUPS = [
    Group("security", FINDINGS),
    Group("security", [NOTHING_SHIPS], arguments=("--only", "sbom")),
]
