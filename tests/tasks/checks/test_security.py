"""The session `security`: what it reports, what it does not take for a pass, and what cannot silence it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tasks.checks.security import accepted, dependencies, node_dependencies, shipped, tool
from tasks.checks.security.accepted import Entry
from tasks.checks.security.advisories import probe, source as asked_source
from tasks.checks.security.dependencies import WELL_KNOWN as PYTHON_S
from tasks.checks.security.node_dependencies import WELL_KNOWN as NPM_S
from tasks.checks.security.outcome import outcome
from tasks.checks.security.pins import pins
from tasks.checks.security.python_code import ASSERTS, INVENTS_PASSWORDS, RUNS_PROGRAMS, left_out
from tasks.checks.security.scan import Check, Finding, Scan, Skipped
from tasks.core.errors import UserError
from tests.support import run
from tests.tasks import advisories, sarif
from tests.tasks.checked_project import CheckedProject
from tests.tasks.faults import MODULE
from tests.tasks.security_faults import DOCKERFILE, WEAK, accepted as entry, from_now, private_key, workflow

NOWHERE = "http://127.0.0.1:9/v1/query"
TOMORROW = datetime.now(tz=UTC).date() + timedelta(days=1)


def results(project: CheckedProject) -> list[tuple[str, str, str, int]]:
    """The findings in the report: tool, rule, path and line."""
    found = []
    for each in sarif.report(project)["runs"]:
        for result in each["results"]:
            place = result["locations"][0]["physicalLocation"]
            name = each["tool"]["driver"]["name"]
            found.append((name, result["ruleId"], place["artifactLocation"]["uri"], place["region"]["startLine"]))
    return found


def test_reports_are_written_and_a_row_tells_of_each_part(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    done = checked.session("security", "--only", "code", "--only", "sbom")
    assert done.returncode == 1
    assert re.search(
        r"^ ?code +bandit +1\.\d+\.\d+ +\d+ files +1 medium +\d+\.\d +FAILED *$", done.stdout, re.MULTILINE
    )
    assert re.search(r"^ ?sbom +cyclonedx-py +7\.\d+\.\d+ +\d+ packages +- +\d+\.\d +ok *$", done.stdout, re.MULTILINE)
    assert results(checked) == [("bandit", "B307", MODULE, 3)]
    assert {"fastapi", "SQLAlchemy"} <= bill(checked, "backend")
    assert "fastapi" in bill(checked, "gateway")
    assert "SQLAlchemy" not in bill(checked, "gateway")


def bill(checked: CheckedProject, lock: str) -> set[str]:
    """What the bill of a lock lists."""
    written = json.loads((checked.folder / f".data/security/sbom-{lock}.json").read_text(encoding="utf-8"))
    assert written["bomFormat"] == "CycloneDX"
    return {each["name"] for each in written["components"]}


def test_a_bill_that_is_not_as_its_schema_says_is_a_finding(checked: CheckedProject) -> None:
    checked.session("security", "--only", "sbom")
    checked.replace(".data/security/sbom-gateway.json", '"bomFormat": "CycloneDX"', '"bomFormat": "XML"')
    ask = "from tasks.checks.security.shipped import *; print(*invalid([bill_place('backend'), bill_place('gateway')]))"
    done = run(checked.python("security"), "-c", ask, cwd=checked.folder)
    found = ".data/security/sbom-gateway.json:1: $.bomFormat: 'XML' is not one of ['CycloneDX']"
    assert done.stdout == f"{found} (check-jsonschema: schema, medium)\n", done.stderr


def test_git_takes_no_repository_around_the_project(checked: CheckedProject) -> None:
    beside = checked.folder.parent / "beside"
    beside.mkdir(exist_ok=True)
    assert "not a git repository" in run("git", "rev-parse", "--show-toplevel", cwd=beside).stdout


def test_an_accepted_finding_passes_and_opens_no_alert(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    checked.write("security-accepted.toml", entry(reason="Nobody calls it."))
    done = checked.session("security", "--only", "code")
    assert done.returncode == 0, done.stdout
    assert categories(checked) == ["code/bandit/"]
    assert results(checked) == []


def test_a_report_that_is_no_sarif_is_noticed(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK)
    checked.session("security", "--only", "code")
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


def test_checks_that_were_not_made_are_not_among_those_that_found_nothing(checked: CheckedProject) -> None:
    done = checked.session("security", "--only", "code", OSV_URL=NOWHERE, CI="")
    assert done.stdout.count("\nsecurity: nothing found; reports are in .data/security\n") == 1
    done = checked.session("security", "--only", "code", "--only", "dependencies", OSV_URL=NOWHERE, CI="")
    assert done.returncode == 0, done.stdout
    left_out = "2 checks not made: dependencies/pip-audit, dependencies/osv"
    assert f"\nsecurity: nothing found in what was checked; {left_out}; reports are in" in done.stdout


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[accepted]\n", "not valid TOML"),
        ("accepted = 1\n", "a table of its own"),
        (entry(reason=" "), "security-accepted.toml:1: the entry lacks reason"),
        (entry(expires='"2030-01-01"'), "lacks expires"),
        (entry() + 'because = "x"\n', "means nothing: because"),
        (entry() + "findings = 0\n", "lacks findings"),
        (entry() + "findings = true\n", "lacks findings"),
    ],
)
def test_an_entry_that_is_not_whole_is_refused(
    text: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=re.escape(said)):
        accepted.entries()


def test_no_comment_and_no_file_of_a_tool_silences_a_finding(checked: CheckedProject) -> None:
    checked.write(MODULE, WEAK.rstrip() + "  # no" + "sec # nosem" + "grep\n")
    checked.write("src/backend/shared/sql.py", 'cursor.execute(f"{planted}")  # nosem' + "grep\n")
    checked.write("planted.Dockerfile", "# hado" + "lint ignore=DL3002\n" + DOCKERFILE.format(user="USER 0\n"))
    checked.write("other.Dockerfile", "# checkov:" + "skip=CKV_DOCKER_3:x\n" + DOCKERFILE.format(user=""))
    step = "uses: actions/setup-python@v6 # zizmor: " + "ignore[unpinned-uses]"
    checked.write(".github/workflows/planted.yml", workflow(step))
    checked.write("planted.pem", private_key() + "# gitleaks:" + "allow\n")
    checked.write(".env.planted", "URL=redis://app:" + "tr0mbone-42" + "@host # gitleaks:" + "allow\n")
    checked.write(".gitleaksignore", "planted.pem:private-key:1\n")
    parts = ("code", "rules", "secrets", "dockerfiles", "infrastructure", "workflows")
    done = checked.session("security", *(word for part in parts for word in ("--only", part)))
    assert done.returncode == 1
    rules = {rule for _, rule, _, _ in results(checked)}
    wanted = {"B307", "sql-from-text", "DL3002", "CKV_DOCKER_3", "unpinned-uses", "private-key", "password-in-url"}
    assert wanted <= rules
    assert ".gitleaksignore:1: exceptions of a tool's own" in done.stdout


def test_ignored_files_may_hold_secrets_until_they_are_committed(checked: CheckedProject) -> None:
    checked.write(".env.local", f"KEY='{private_key()}'\n")
    assert checked.session("security", "--only", "secrets").returncode == 0
    run("git", "add", "--force", ".env.local", cwd=checked.folder)
    done = checked.session("security", "--only", "secrets")
    (checked.folder / ".env.local").unlink()
    assert done.returncode == 1
    assert ".env.local:1: Identified a Private Key" in done.stdout


def test_advisories_out_of_reach_are_announced_and_fail_in_ci(checked: CheckedProject) -> None:
    nowhere = {"OSV_URL": NOWHERE}
    done = checked.session("security", "--only", "dependencies", **nowhere, CI="")
    assert done.returncode == 0, done.stdout
    for name in ("pip-audit", "osv"):
        assert f"NOT CHECKED: dependencies/{name}: the advisories at {NOWHERE} cannot be reached" in done.stdout
    for arguments, environment in ((("--strict",), {"CI": ""}), ((), {"CI": "true"})):
        done = checked.session("security", "--only", "dependencies", *arguments, **nowhere, **environment)
        assert done.returncode == 1
        assert "failed: dependencies/pip-audit, dependencies/osv\n" in done.stdout


@pytest.mark.parametrize(("ecosystem", "well_known"), [("PyPI", PYTHON_S), ("npm", NPM_S)])
def test_a_source_without_advisories_is_no_source(ecosystem: str, well_known: tuple[str, str]) -> None:
    place = advisories.source()
    for path in ("v1/query", "pages"):
        probe(f"{place}/{path}", ecosystem, *well_known)
    with pytest.raises(Skipped, match="cannot be reached"):
        probe(f"{place}/broken", ecosystem, *well_known)
    with pytest.raises(UserError, match="is no source of advisories"):
        probe(f"{place}/empty", ecosystem, *well_known)


def test_anybody_may_answer_for_an_address_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OSV_URL", "http://advisories.example/v1/query")
    with pytest.raises(UserError, match="must begin with https"):
        asked_source()


def test_every_package_of_an_npm_lock_is_asked_about(tmp_path: Path) -> None:
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
    found = [(pin.name, pin.version) for pin in node_dependencies.pins(str(lock))]
    assert found == [("@a/b", "1.0.0"), ("c", "2.0.0"), ("d", "3.0.0")]
    lock.write_text('{"lockfileVersion": 1, "dependencies": {"c": {"version": "2.0.0"}}}', encoding="utf-8")
    with pytest.raises(UserError, match="is of npm 6 or older"):
        list(node_dependencies.pins(str(lock)))


def test_every_pin_of_every_lock_is_audited_once(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    requirements = ["a==1 ; python_version < '3.12'", "b[c]==2", "a==3"]
    lock.write_text("".join(f"{each} \\\n    --hash=sha256:1\n" for each in requirements), encoding="utf-8")
    found = pins(str(lock))
    assert [(pin.name, pin.version, pin.line) for pin in found] == [("a", "1", 1), ("b", "2", 3), ("a", "3", 5)]
    shares = dependencies.shares(found * 6)
    assert sorted((pin.name, pin.version) for share in shares for pin in share) == sorted(
        (pin.name, pin.version) for pin in found * 6
    )
    assert all(len({pin.name for pin in share}) == len(share) for share in shares)


def test_a_tool_that_crashes_hangs_or_babbles_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    python = [sys.executable, "-c"]
    assert tool.run([*python, "raise SystemExit(1)"]) == ""
    with pytest.raises(UserError, match="ended with 2: ValueError: oh"):
        tool.run([*python, "import sys; print('ValueError: oh', file=sys.stderr); sys.exit(2)"])
    with pytest.raises(UserError, match="ended with -9"):
        tool.run([*python, "import os; os.kill(os.getpid(), 9)"])
    with pytest.raises(UserError, match="printed no JSON but: hello"):
        tool.run_json([*python, "print('hello')"])
    with pytest.raises(UserError, match="has no wheel for this machine"):
        tool.run([tool.program("no-such-tool")])
    monkeypatch.setattr(tool, "TIMEOUT_SECONDS", 0.2)
    with pytest.raises(UserError, match=r"did not end within 0\.2 s"):
        tool.run([*python, "import time; time.sleep(60)"])


def test_a_file_that_a_tool_cannot_read_is_an_error(checked: CheckedProject) -> None:
    checked.write(MODULE, "def planted(:\n  x = = 3 )) {\nimport os\nos.system('x')\n")
    checked.write(".github/workflows/planted.yml", "on: push\njobs:\n  a: [b\n")
    done = checked.session("security", "--only", "code", "--only", "rules", "--only", "infrastructure")
    assert done.returncode == 1
    assert "code/bandit: bandit cannot read" in done.stdout
    assert "rules/semgrep: semgrep: " in done.stdout
    assert "infrastructure/checkov: checkov cannot read .github/workflows/planted.yml" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_report_of_another_form_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.checks.security.outcome.pinned", lambda _package: "1")

    def scan(_files: list[str]) -> Scan:
        return Scan(json.loads("{}")["missing"], [])

    made = outcome(Check("part", "tool", "package", scan, "*.x"), ["a.x"])
    assert made.error == "tool cannot be understood: KeyError 'missing'"


def test_a_part_without_files_says_so(checked: CheckedProject) -> None:
    for path in (checked.folder / ".github").rglob("*.yml"):
        path.unlink()
    done = checked.session("security", "--only", "workflow-schema")
    assert done.returncode == 0
    assert re.search(r"workflow-schema +check-jsonschema +\S+ +- +- +0\.0 +no files", done.stdout)
    assert "NOT CHECKED" not in done.stdout
    assert "\nsecurity: nothing found; " in done.stdout


def test_a_shallow_clone_is_no_history(checked: CheckedProject, tmp_path: Path) -> None:
    checked.write("planted.txt", "x\n")
    for command in (["add", "--all"], ["commit", "-m", "x"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=checked.folder)
    clone = tmp_path / "clone"
    run("git", "clone", "--quiet", "--depth=1", checked.folder.as_uri(), clone, cwd=tmp_path)
    python = checked.python("security")
    done = run(python, "-m", "tasks.checks.security", "--only", "history", "--strict", cwd=clone, CI="")
    assert done.returncode == 1
    assert "NOT CHECKED: history/gitleaks: this clone has only the newest commits; git fetch --unshallow" in done.stdout


@pytest.mark.parametrize(
    ("expression", "verdict"),
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
def test_a_licence_is_allowed_when_its_expression_can_be_satisfied(expression: str, verdict: bool) -> None:
    assert shipped.is_allowed(expression, ["MIT", "Apache-2.0"]) is verdict


def test_an_entry_may_last_a_year(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(entry(expires=from_now(366)) + entry(expires=TOMORROW), encoding="utf-8")
    assert accepted.review(accepted.entries(), [], lambda _: False).findings == []


def found(*lines: int) -> list[Finding]:
    """Findings of the rule that `entry` accepts."""
    return [Finding("bandit", "B307", MODULE, line, "Unsafe.", "medium") for line in lines]


def test_an_entry_covers_as_many_findings_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("security-accepted.toml").write_text(entry(), encoding="utf-8")
    [one] = accepted.entries()
    assert accepted.left([one], found(3)) == []
    assert [each.line for each in accepted.left([one], found(3, 4))] == [3, 4]
    assert accepted.left([one], found(3, 4))[0].message == "Unsafe.; security-accepted.toml:1 accepts 1 and no more"
    Path("security-accepted.toml").write_text(entry() + "findings = 3\n", encoding="utf-8")
    [three] = accepted.entries()
    assert accepted.left([three], found(3, 4, 5)) == []
    assert messages(three, found(3, 4), found(5)) == ["bandit finds only 2; write findings = 2"]
    assert messages(three, found(3, 4, 5), found(5)) == []


def messages(accepted_one: Entry, *made: list[Finding]) -> list[str]:
    """What the review of one entry says."""
    return [each.message for each in accepted.review([accepted_one], list(made), lambda _: True).findings]


def test_what_was_not_checked_is_not_in_the_report(checked: CheckedProject) -> None:
    checked.write(MODULE, "def planted(:\n")
    nowhere = {"OSV_URL": NOWHERE, "CI": ""}
    parts = ("--only", "code", "--only", "dependencies", "--only", "secrets", "--only", "workflow-schema")
    done = checked.session("security", *parts, **nowhere)
    assert re.search(r"^ ?code +bandit .* ERROR *$", done.stdout, re.MULTILINE)
    assert re.search(r"^ ?dependencies +pip-audit .* skipped *$", done.stdout, re.MULTILINE)
    assert categories(checked) == ["secrets/gitleaks/", "workflow-schema/check-jsonschema/"]
    (checked.folder / MODULE).unlink()
    checked.session("security", *parts, **nowhere)
    assert "code/bandit/" in categories(checked)


def categories(project: CheckedProject) -> list[str]:
    """The category of each run in the report: without a run in its category, an alert stays open."""
    return [each["automationDetails"]["id"] for each in sarif.report(project)["runs"]]


def test_a_password_in_a_url_is_found_wherever_it_could_be_real(checked: CheckedProject) -> None:
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
    assert checked.session("security", "--only", "secrets").returncode == 1
    places = {(path, line) for _, rule, path, line in results(checked) if rule == "password-in-url"}
    assert places == {("src/backend/shared/planted.txt", 2)} | {(path, 1) for path in planted}


def test_exceptions_are_for_the_folder_s_own_paths_in_history_too(checked: CheckedProject, tmp_path: Path) -> None:
    url = "postgresql://app:" + "hunter2@db.example.org/app\n"
    for path in ("inner/tests/sound.txt", "inner/src/tests/planted.txt", "tests/beside.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(url, encoding="utf-8")
    shutil.copytree(checked.folder / "requirements", tmp_path / "inner/requirements")
    (tmp_path / "inner/tasks").symlink_to(checked.folder / "tasks")
    for command in (["init"], ["add", "--all"], ["commit", "-m", "x"]):
        run("git", "-c", "user.name=a", "-c", "user.email=a@b.c", *command, cwd=tmp_path)
    checked.session("security", "--only", "history")
    python = checked.python("security")
    done = run(python, "-m", "tasks.checks.security", "--only", "history", cwd=tmp_path / "inner", CI="")
    assert done.returncode == 1, done.stdout
    assert re.findall(r"^(\S+): A URL with a password", done.stdout, re.MULTILINE) == ["src/tests/planted.txt:1"]


def test_a_key_in_a_test_is_a_secret(checked: CheckedProject) -> None:
    checked.write("tests/planted.py", 'API_KEY = "' + "k3Jd82hGqPz5" + "Xn0vRt7LwYbM" + '"\n')
    assert checked.session("security", "--only", "secrets").returncode == 1
    assert [(rule, path) for _, rule, path, _ in results(checked)] == [("generic-api-key", "tests/planted.py")]


def test_the_application_has_to_satisfy_every_rule_of_bandit(checked: CheckedProject) -> None:
    text = 'import os\nimport subprocess\n\nsubprocess.run(["ls"])\nos.execv("/bin/ls", ["ls"])\npassword = "hunter2"\n'
    application = (MODULE, "src/backend/projects/tests/planted.py", "src/backend/auth/noxfile.py")
    for path in (*application, "tasks/planted.py", "tests/planted.py"):
        checked.write(path, text + "assert password\n")
    assert checked.session("security", "--only", "code").returncode == 1
    rules: dict[str, set[str]] = {}
    for _, rule, path, _ in results(checked):
        rules.setdefault(path, set()).add(rule)
    every = {*RUNS_PROGRAMS, "B105", *ASSERTS}
    assert rules == {**dict.fromkeys(application, every), "tasks/planted.py": {"B105", *ASSERTS}}


def test_tools_and_tests_are_told_by_their_folders() -> None:
    assert left_out("src/backend/tasks/service.py") == left_out("src/contests/a.py") == ()
    assert left_out("src/backend/projects/tests/x.py") == left_out("src/backend/auth/noxfile.py") == ()
    assert left_out("template/noxfile.py") == left_out("toolkit/new.py") == RUNS_PROGRAMS
    assert left_out("template/tests/auth/test_a.py") == RUNS_PROGRAMS + INVENTS_PASSWORDS + ASSERTS


def test_workflows_are_found_by_either_suffix(checked: CheckedProject) -> None:
    checked.write(".github/workflows/planted.yaml", workflow("run: echo ${{ inputs.name }}", needs="timeout: 5\n    "))
    checked.write(".github/workflows/broken.yaml", "on: push\njobs:\n  a: [b\n")
    parts = ("infrastructure", "workflows", "workflow-schema")
    done = checked.session("security", *(word for part in parts for word in ("--only", part)))
    assert done.returncode == 1
    assert "checkov cannot read .github/workflows/broken.yaml" in done.stdout
    assert ".github/workflows/planted.yaml:1: $.jobs.planted" in done.stdout
    (checked.folder / ".github/workflows/broken.yaml").unlink()
    done = checked.session("security", "--only", "infrastructure", "--only", "workflows")
    assert "checkov cannot read" not in done.stdout
    assert "code injection via template expansion" in done.stdout
