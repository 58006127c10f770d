"""The session `security`: what it reports, what it does not count as passed, and what cannot silence it."""

from __future__ import annotations

import json
import re
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from tasks.checks import findings
from tasks.checks.files import project_files
from tasks.checks.findings import Entry, Finding
from tasks.checks.security import packages, scanners
from tasks.checks.security.packages import KNOWN, pins, probe
from tasks.checks.security.sarif import write
from tasks.checks.security.scanners import Outcome, Scanner, Skipped, run as run_scanner, tool
from tasks.core.errors import UserError
from tests.support import ROOT, run
from tests.tasks import advisories, sarif
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import MODULE
from tests.tasks.scanning import scan_files
from tests.tasks.security_faults import WEAK, accepted as entry, from_now

NOWHERE = "http://127.0.0.1:9/v1/query"
TOMORROW = datetime.now(tz=UTC).date() + timedelta(days=1)


def scan(checked: CheckedProject, *parts: str, cwd: Path | None = None, **environment: str) -> tuple[int, str]:
    """Run these parts; returns the exit code and the output."""
    arguments = [word for part in parts for word in ("--only", part)]
    done = checked.command("security", "checks.security", *arguments, cwd=cwd, **environment)
    assert "Traceback" not in done.stdout
    return done.returncode, done.stdout


def results(project: CheckedProject) -> list[tuple[str, str, str, int]]:
    """The findings in the report: tool, rule, path and line."""
    found = []
    for each in sarif.report(project)["runs"]:
        for result in each["results"]:
            place = result["locations"][0]["physicalLocation"]
            name = each["tool"]["driver"]["name"]
            found.append((name, result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"]))
    return found


def commit(folder: Path) -> None:
    """Commit everything, in a repository that is made if there is none."""
    for command in (["init"], ["add", "--all"], ["commit", "-m", "x"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=folder)


def test_each_part_has_a_row_and_findings_are_reported_as_sarif(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    code, output = scan(checked, "code", "secrets")
    assert code == 1
    assert re.search(r"^ ?code +ruff +0\.\d+\.\d+ +\d+ files +1 high +\d+\.\d +FAILED *$", output, re.MULTILINE)
    assert re.search(r"^ ?secrets +gitleaks +8\.\S+ +\d+ files +- +\d+\.\d +ok *$", output, re.MULTILINE)
    assert results(checked) == [("ruff", "S307", MODULE, 3)]
    log = sarif.report(checked)
    [result] = log["runs"][0]["results"]
    result["level"] = "grave"
    del result["message"]
    log["runs"][0]["tool"]["driver"]["name"] = None
    log["$schema"] = "no URI"
    assert {each.partition(":")[0] for each in sarif.faults(log)} == {
        "$schema",
        "runs/0/results/0",
        "runs/0/results/0/level",
        "runs/0/tool/driver/name",
    }


def only_locks(_folder: str, names: list[str]) -> set[str]:
    """What is neither the lock nor the list of an npm package."""
    return {name for name in names if not name.startswith("package")}


def test_an_sbom_lists_every_package_and_follows_the_schema(checked: CheckedProject) -> None:
    shutil.copytree(ROOT / "template/src/frontend", checked.folder / "src/frontend", ignore=only_locks)
    assert scan(checked, "sbom")[0] == 0
    reports = [checked.folder / f".data/security/sbom-{lock}.json" for lock in ("backend", "gateway", "npm")]
    packages = []
    for report in reports[:2]:
        components = json.loads(report.read_text(encoding="utf-8"))["components"]
        packages.append({canonicalize_name(each["name"]) for each in components})
        lock = checked.folder / "requirements" / report.name.removeprefix("sbom-").replace(".json", ".txt")
        required = re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==\S+ \\$", lock.read_text(encoding="utf-8"), re.MULTILINE)
        assert required
        assert {canonicalize_name(name) for name in required} <= packages[-1]
    assert {"fastapi", "sqlalchemy"} <= packages[0]
    assert "sqlalchemy" not in packages[1]
    names = {
        "/".join(filter(None, (each.get("group"), each["name"])))
        for each in json.loads(reports[2].read_text(encoding="utf-8"))["components"]
    }
    # Fonts and icons are no code, but reach users too.
    assert {"next", "react-dom", "zod", "@fontsource-variable/inter", "lucide-react"} <= names
    assert "eslint" not in names
    [schemas] = (checked.tools("security").parent / "lib").glob("python*/site-packages/cyclonedx/schema/_res")
    # The schema refers to others in its folder.
    options = (f"--schemafile={schemas}/bom-1.6.SNAPSHOT.schema.json", f"--base-uri={schemas.as_uri()}/")
    validate = (checked.tools("security") / "check-jsonschema", *options, "--disable-formats=iri-reference")
    # npm has another version of the schema.
    done = run(*validate, *reports[:2], cwd=checked.folder)
    assert done.returncode == 0, done.stdout


def test_an_npm_package_without_a_version_is_reported(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    lock.write_text('{"packages": {"": {"name": "planted"}}}', encoding="utf-8")
    with pytest.raises(
        UserError, match=r'package.json has no "version", which an SBOM needs. Add one, then: nox -s lock'
    ):
        packages.sbom_of_npm(lock)


def test_git_finds_no_repository_around_the_project(checked: CheckedProject) -> None:
    outside = checked.folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    assert "not a git repository" in run("git", "rev-parse", "--show-toplevel", cwd=outside).stdout


def test_an_accepted_finding_passes_and_opens_no_alert(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    checked.write("security-accepted.toml", entry(reason="Nobody calls it."))
    code, output = scan(checked, "code")
    assert code == 0, output
    assert [each["automationDetails"]["id"] for each in sarif.report(checked)["runs"]] == ["code/ruff/"]
    assert results(checked) == []


def test_skipped_checks_are_named_and_fail_in_ci(checked: CheckedProject) -> None:
    code, output = scan(checked, "code", OSV_URL=NOWHERE, CI="")
    assert code == 0
    assert "\nsecurity: no findings; reports are in .data/security\n" in output
    code, output = scan(checked, "code", "dependencies", OSV_URL=NOWHERE, CI="")
    assert code == 0, output
    assert f"NOT CHECKED: dependencies/osv: the advisories at {NOWHERE} cannot be reached" in output
    assert "\nsecurity: no findings; 1 check skipped: dependencies/osv; reports are in" in output
    for arguments, ci in (["--strict"], ""), ([], "true"):
        only = ("--only", "dependencies", *arguments)
        done = checked.command("security", "checks.security", *only, OSV_URL=NOWHERE, CI=ci)
        assert done.returncode == 1
        assert "failed: dependencies/osv\n" in done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[[accepted]\n", "not valid TOML"),
        ("accepted = 1\n", "as its own table"),
        (entry(reason=" "), "security-accepted.toml:1: the entry has no reason"),
        (entry(expires='"2030-01-01"'), "needs a date, such as expires"),
        (entry() + 'because = "x"\n', "has the unknown key because"),
        (entry() + "findings = 0\n", "needs a positive number of findings"),
        (entry() + "findings = true\n", "needs a positive number of findings"),
    ],
)
def test_an_incomplete_entry_is_refused(
    text: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(message)):
        findings.entries()


def test_ignored_files_may_hold_secrets_until_they_are_committed(
    checked: CheckedProject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checked.folder)
    checked.write(".env.local", "A=1\n")
    assert ".env.local" not in project_files()
    run("git", "add", "--force", ".env.local", cwd=checked.folder)
    assert ".env.local" in project_files()
    (checked.folder / ".env.local").unlink()


@pytest.mark.parametrize("ecosystem", [*KNOWN])
def test_a_source_without_advisories_is_refused(ecosystem: str) -> None:
    place = advisories.source()
    for path in ("v1/query", "pages"):
        probe(f"{place}/{path}", ecosystem)
    with pytest.raises(Skipped, match="cannot be reached"):
        probe(f"{place}/broken", ecosystem)
    with pytest.raises(UserError, match="not a source of advisories"):
        probe(f"{place}/empty", ecosystem)


def test_a_source_without_tls_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSV_URL", "http://advisories.example/v1/query")
    with pytest.raises(UserError, match="must begin with https"):
        packages.source()


def test_every_package_of_an_npm_lock_is_looked_up(tmp_path: Path) -> None:
    lock = tmp_path / "package-lock.json"
    packages = {
        "": {"name": "planted"},
        "own": {"name": "own", "version": "1.0.0"},
        "node_modules/own": {"resolved": "own", "link": True},
        "node_modules/@a/b": {"version": "1.0.0"},
        "node_modules/@a/b/node_modules/c": {"version": "2.0.0", "optional": True},
        "node_modules/other": {"name": "d", "version": "3.0.0", "dev": True},
    }
    lock.write_text(json.dumps({"lockfileVersion": 3, "packages": packages}, indent=2), encoding="utf-8")
    assert [(pin.name, pin.version) for pin in pins(str(lock))] == [("@a/b", "1.0.0"), ("c", "2.0.0"), ("d", "3.0.0")]
    lock.write_text('{"lockfileVersion": 1, "dependencies": {"c": {"version": "2.0.0"}}}', encoding="utf-8")
    with pytest.raises(UserError, match="is from npm 6 or older"):
        pins(str(lock))


def test_every_pin_of_a_requirements_file_is_looked_up(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    requirements = ["a==1 ; python_version < '3.12'", "B_b[c]==2", "a==3"]
    lock.write_text("".join(f"{each} \\\n    --hash=sha256:1\n" for each in requirements), encoding="utf-8")
    found = [(pin.name, pin.version, pin.line) for pin in pins(str(lock))]
    assert found == [("a", "1", 1), ("b-b", "2", 3), ("a", "3", 5)]


def test_each_package_of_several_locks_is_looked_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSV_URL", f"{advisories.source()}/v1/query")
    locks = [str(tmp_path / name) for name in ("a.txt", "b.txt")]
    for lock in locks:
        Path(lock).write_text("jinja2==2.9.6 \\\n    --hash=sha256:1\n", encoding="utf-8")
    outcome = packages.look_up(locks, tmp_path)
    assert outcome.scope == "1 package"
    assert [(each.path, each.line) for each in outcome.findings] == [(locks[0], 1)]


def test_a_tool_that_crashes_hangs_or_prints_no_json_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    assert tool("python", "-c", "print('[]'); raise SystemExit(1)") == []
    with pytest.raises(UserError, match="exit code 2: ValueError: oh"):
        tool("python", "-c", "import sys; print('ValueError: oh', file=sys.stderr); sys.exit(2)")
    with pytest.raises(UserError, match="failed with exit code -9"):
        tool("python", "-c", "import os; os.kill(os.getpid(), 9)")
    with pytest.raises(UserError, match="printed no JSON but: hello"):
        tool("python", "-c", "print('hello')")
    with pytest.raises(UserError, match="There is no wheel of it for this machine"):
        tool("no-such-tool")
    monkeypatch.setattr(scanners, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"did not end within 0\.2 s"):
        tool("python", "-c", "import time; time.sleep(60)")


def test_a_file_that_a_tool_cannot_read_is_reported(checked: CheckedProject) -> None:
    checked.write(MODULE, "def planted(:\n  x = = 3 )) {\nimport os\nos.system('x')\n")
    checked.write(".github/workflows/planted.yaml", "on: push\njobs:\n  a: [b\n")
    parts = ["code", "rules", "workflow-schema"]
    outcomes = scan_files(checked, parts, [MODULE, ".github/workflows/planted.yaml"])
    assert outcomes["code/ruff"]["findings"][0]["message"].startswith("Expected a parameter")
    assert outcomes["rules/semgrep"]["obstacle"] == "ERROR"
    assert outcomes["rules/semgrep"]["reason"].startswith("semgrep: ")
    [schema] = outcomes["workflow-schema/check-jsonschema"]["findings"]
    assert schema["message"].startswith("Failed to parse")


def test_an_unknown_report_is_an_error(tmp_path: Path) -> None:
    def unknown(_files: list[str], _folder: Path) -> list[Finding]:
        return [Finding(**json.loads("{}")["missing"])]

    outcome = run_scanner(Scanner("part", "tool", unknown, "*.x"), ["a.x"], tmp_path)
    assert outcome.reason == "the report of tool cannot be read: KeyError 'missing'"
    assert outcome.result == "ERROR"


def test_a_part_without_files_passes(checked: CheckedProject) -> None:
    for path in (checked.folder / ".github").rglob("*.yml"):
        path.unlink()
    code, output = scan(checked, "workflow-schema")
    assert code == 0
    assert re.search(r"workflow-schema +check-jsonschema +\S+ +- +- +0\.0 +no files", output)
    assert "NOT CHECKED" not in output
    assert "\nsecurity: no findings; reports" in output


def test_a_shallow_clone_has_no_history_to_scan(checked: CheckedProject, tmp_path: Path) -> None:
    checked.write("planted.txt", "x\n")
    commit(checked.folder)
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--depth=1", checked.folder.as_uri(), clone, cwd=tmp_path)
    done = checked.command("security", "checks.security", "--only", "history", "--strict", cwd=clone, CI="")
    assert done.returncode == 1
    assert "NOT CHECKED: history/gitleaks: this clone has only the newest commits; run git fetch" in done.stdout


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("GPL-3.0-only", False),
        ("MIT OR GPL-3.0-only", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-only OR (MIT AND Apache-2.0)", True),
        ("(MIT OR GPL-3.0-only) AND Apache-2.0", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", False),
        ("MIT WITH exception", False),
        ("MIT License", False),
        ("(MIT", False),
        ("MIT AND", False),
        ("", False),
    ],
)
def test_a_license_is_allowed_if_its_expression_can_be_satisfied(expression: str, allowed: bool) -> None:
    assert packages.is_allowed(expression, ["MIT", "Apache-2.0"]) is allowed


def test_the_category_of_a_license_is_none() -> None:
    names = ["License :: OSI Approved", "License :: OSI Approved :: Apache Software License"]
    component = {"licenses": [{"license": {"name": each}} for each in names]}
    assert packages.licenses(component) == ["Apache-2.0"]
    assert packages.licenses({"licenses": [{"license": {"name": names[0]}}]}) == []


def test_a_license_with_its_exception_is_allowed_as_a_whole() -> None:
    expression = "GPL-2.0-only WITH Classpath-exception-2.0"
    assert packages.is_allowed(expression, [expression])
    assert not packages.is_allowed(expression, ["GPL-2.0-only"])


def test_missing_settings_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pyproject.toml").write_text('[tool.slipway.security]\nships = "backend"\n', encoding="utf-8")
    for key in ("ships", "licenses"):
        with pytest.raises(UserError, match=rf"{key} of \[tool.slipway.security\] must be a list"):
            packages.policy(key)


def test_an_entry_may_last_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(entry(expires=from_now(366)) + entry(expires=TOMORROW), encoding="utf-8")
    assert findings.review(findings.entries(), [], lambda _: False) == []


def found(*lines: int) -> list[Finding]:
    """Findings of the rule that `entry` accepts."""
    return [Finding("ruff", "S307", MODULE, line, "Unsafe.", "high") for line in lines]


def test_an_entry_accepts_as_many_findings_as_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(entry(), encoding="utf-8")
    [one] = findings.entries()
    assert findings.remaining([one], found(3)) == []
    assert [each.line for each in findings.remaining([one], found(3, 4))] == [3, 4]
    assert findings.remaining([one], found(3, 4))[0].message == "Unsafe.; security-accepted.toml:1 accepts only 1"
    Path("security-accepted.toml").write_text(entry() + "findings = 3\n", encoding="utf-8")
    [three] = findings.entries()
    assert findings.remaining([three], found(3, 4, 5)) == []
    assert messages(three, found(3, 4), found(5)) == ["ruff finds only 2; write findings = 2"]
    assert messages(three, found(3, 4, 5), found(5)) == []


def messages(accepted_one: Entry, *checks: list[Finding]) -> list[str]:
    """The faults of one entry."""
    return [each.message for each in findings.review([accepted_one], list(checks), lambda _: True)]


def test_incomplete_checks_are_not_in_the_report(tmp_path: Path) -> None:
    """Without a run in its category, an alert stays open."""
    outcomes = [
        Outcome("code/ruff", "ruff", "1", findings=found(3)),
        Outcome("rules/semgrep", "semgrep", "1", obstacle="ERROR", reason="crashed"),
        Outcome("dependencies/osv", "osv", obstacle="skipped", reason="cannot be reached"),
        Outcome("images/scanner", "scanner", obstacle="no images", reason="no image is built"),
        Outcome("compose/check-jsonschema", "check-jsonschema", "1", obstacle="no files"),
    ]
    write(tmp_path / "reports/security.sarif", outcomes)
    log = json.loads((tmp_path / "reports/security.sarif").read_text(encoding="utf-8"))
    categories = [each["automationDetails"]["id"] for each in log["runs"]]
    assert categories == ["code/ruff/", "compose/check-jsonschema/"]


def test_secrets_are_found_wherever_they_could_be_real(checked: CheckedProject) -> None:
    url = "postgresql://" + "{}@{}/app"
    example = "# DATABASE_URL=" + url.format("app:password", "127.0.0.1:5432") + "\n"
    planted = {
        "src/backend/shared/planted.txt": url.format("postgres:password", "db.example") + "\n" + example,
        ".env.planted": example,
        "tests/planted.txt": url.format("postgres:password", "database.my-company.com") + "\n",
        "tests/unit/planted.txt": url.format("app:tr0mbone-42", "prod-example.com") + "\n",
        # Not a word that tests are known to make up.
        "tests/unit/other.txt": url.format("app:tr0mbone-42", "db.example.org") + "\n",
        # Not the project's tests, nor its example.
        "src/backend/projects/tests/planted.txt": url.format("app:hunter2", "db.example.org") + "\n",
        "src/backend/shared/.env.example": example,
        # The names of the parts, where nobody has to write them.
        "src/backend/projects/planted.txt": url.format("user:password", "host") + "\n",
    }
    for path, text in planted.items():
        checked.write(path, text)
    checked.write("tests/sound.txt", url.format("app:hunter2", "db.example.org") + "\n")
    checked.write("tasks/sound.txt", url.format("user:password", "host:5432") + "\n")
    checked.write(
        ".env.example", (checked.folder / ".env.example").read_text(encoding="utf-8") + planted[".env.planted"]
    )
    checked.write("tests/planted.py", 'API_KEY = "' + "k3Jd82hGqPz5" + "Xn0vRt7LwYbM" + '"\n')
    assert scan(checked, "secrets")[0] == 1
    places = {(path, line) for _, rule, path, line in results(checked) if rule == "password-in-url"}
    assert places == {("src/backend/shared/planted.txt", 2)} | {(path, 1) for path in planted}
    assert [(rule, path) for _, rule, path, _ in results(checked) if rule != "password-in-url"] == [
        ("generic-api-key", "tests/planted.py")
    ]


def test_exceptions_are_for_the_folders_own_paths_in_history_too(checked: CheckedProject, tmp_path: Path) -> None:
    url = "postgresql://app:" + "hunter2@db.example.org/app\n"
    for path in ("inner/tests/sound.txt", "inner/src/tests/planted.txt", "tests/outside.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(url, encoding="utf-8")
    shutil.copytree(checked.folder / "requirements", tmp_path / "inner/requirements")
    (tmp_path / "inner/tasks").symlink_to(checked.folder / "tasks")
    commit(tmp_path)
    code, output = scan(checked, "history", cwd=tmp_path / "inner", CI="")
    assert code == 1, output
    assert re.findall(r"^(\S+): A URL with a password", output, re.MULTILINE) == ["src/tests/planted.txt:1"]


def test_the_application_must_satisfy_every_rule_for_security(checked: CheckedProject) -> None:
    text = (
        "import os\nimport subprocess\nimport sys\n\nsubprocess.run(sys.argv, check=True)\n"
        'os.execv("/bin/ls", ["ls"])\nsubprocess.run(["ls"], check=True)\npassword = "hunter2"\nassert password\n'
    )
    application = (MODULE, "src/backend/projects/tests/planted.py", "src/backend/auth/noxfile.py")
    for path in (*application, "tasks/planted.py", "tests/planted.py"):
        checked.write(path, text)
    assert scan(checked, "code")[0] == 1
    rules: dict[str, set[str]] = {}
    for _, rule, path, _ in results(checked):
        rules.setdefault(path, set()).add(rule)
    every = {"S101", "S105", "S603", "S606", "S607"}
    others = {"tasks/planted.py": {"S101", "S105"}, "tests/planted.py": {"S606"}}
    assert rules == {**dict.fromkeys(application, every), **others}
