"""Each of our own rules finds its faults, line by line, and nothing in correct code."""

from pathlib import Path

import yaml

from tasks.checks.security.checks import SCANNERS
from tests.support import ROOT
from tests.tasks.checked_project import CheckedProject
from tests.tasks.scanning import scan_files

IMPORTS = """\
import asyncio, datetime, hmac, httpx, jwt, os, ssl, subprocess, sqlalchemy, structlog
from fastapi.responses import HTMLResponse
from psycopg import sql
from pydantic import SecretStr
log = structlog.get_logger()
"""

# The lines that a rule must find, each after the imports.
UNSAFE = {
    "sql-from-text": [
        'sqlalchemy.text(f"SELECT {log}")',
        'cursor.execute("SELECT %s" % log)',
        'cursor.execute("SELECT " + log)',
        'connection.exec_driver_sql("SELECT {}".format(log))',
    ],
    "shell-text": [
        'subprocess.run("ls", shell=True)',
        'os.system("ls")',
        'asyncio.create_subprocess_shell("ls")',
    ],
    "tls-not-verified": [
        "httpx.Client(verify=False)",
        "builder.danger_accept_invalid_certs(True)",
        "context.verify_mode = ssl.CERT_NONE",
        "context.check_hostname = False",
    ],
    "token-not-verified": [
        'jwt.decode(log, options={"verify_signature": False})',
        "jwt.decode(log, key)",
        'jwt.decode(log, key, algorithms=["EdDSA", "none"])',
    ],
    "default-secret": [
        'database_password: SecretStr = SecretStr("postgres")',
        'auth_signing_key: SecretStr = "x"',
    ],
    "naive-datetime": [
        "datetime.datetime.now()",
        "datetime.datetime.utcnow()",
        "datetime.datetime.fromtimestamp(0)",
    ],
    "any-origin-with-credentials": [
        'app.add_middleware(Cors, allow_origins=["*"], allow_credentials=True)',
    ],
    "secret-in-log": [
        'log.info("signed_in", password=log)',
        'log.bind(refresh_token="x")',
    ],
    "secret-compared-with-equals": ["wrong = request.password == stored", "right = signature != expected"],
    "no-timeout": ["httpx.get(url, timeout=None)", "urllib.request.urlopen(url)"],
    "html-from-text": ['HTMLResponse(f"<p>{log}</p>")'],
}

SOUND = """\
sqlalchemy.text("SELECT :name")
cursor.execute("SELECT %s", [log])
cursor.execute(sql.SQL("DROP TABLE {}").format(sql.Identifier(f"a{log}")))
subprocess.run(["ls"])
httpx.Client(verify=True, timeout=5)
jwt.decode(log, key, algorithms=["EdDSA"])
database_password: SecretStr | None = None
token_type: str = "bearer"
datetime.datetime.now(datetime.UTC)
datetime.datetime.now().astimezone()
app.add_middleware(Cors, allow_origins=["https://a.example"], allow_credentials=True)
log.info("signed_in", user=log)
hmac.compare_digest(password, stored)
password is None or password == "..."
HTMLResponse("<p></p>")
"""

UNSAFE_SCRIPTS = {
    "markup-from-text": [
        "const Page = () => <p dangerouslySetInnerHTML={{ __html: text }} />;",
        "element.innerHTML = text;",
        "document.write(text);",
    ],
    "code-from-text": ["eval(text);", "new Function(text);"],
    "command-from-text": ["execSync(text);", "spawn(text, [], { shell: true });"],
    "certificate-not-verified": ["new Agent({ rejectUnauthorized: false });"],
    "token-in-storage": ['localStorage.setItem("access_token", text);'],
    "message-to-any-window": ['parent.postMessage(text, "*");'],
    "secret-in-bundle": ["const key = process.env.NEXT_PUBLIC_API_KEY;"],
}
SOUND_SCRIPT = """\
const Page = () => <p>{text}</p>;
const found = pattern.exec(text)?.[1];
spawn("ls", [text]);
new Agent({ rejectUnauthorized: true });
localStorage.setItem("theme", text);
parent.postMessage(text, "https://a.example");
const url = process.env.NEXT_PUBLIC_URL;
"""

SERVICE = "services:\n  db:\n    image: postgres:18\n"
UNSAFE_SERVICES = {
    "compose-privileged": ["    privileged: true"],
    "compose-engine-socket": ["    volumes:\n      - /var/run/docker.sock:/var/run/docker.sock"],
    "compose-host-namespace": ["    network_mode: host", "    pid: host"],
    "compose-open-port": [
        '    ports:\n      - "5432:5432"',
        "    ports:\n      - 0.0.0.0:5432:5432",
        "    ports:\n      - ${PORT:-8000}:8000",
    ],
    "compose-root": ["    user: root", '    user: "0:0"'],
    "compose-default-password": [
        "    environment:\n      POSTGRES_PASSWORD: postgres",
        "    environment:\n      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:-postgres}",
        "    environment:\n      - POSTGRES_PASSWORD=postgres",
    ],
    "compose-capability": ["    cap_add:\n      - SYS_ADMIN"],
    "compose-unconfined": ["    security_opt:\n      - seccomp:unconfined"],
}
SOUND_SERVICE = """\
    user: "999:999"
    ports:
      - "127.0.0.1:5432:5432"
      - 127.0.0.1:${PORT:-8000}:8000
    cap_drop:
      - ALL
    cap_add:
      - CHOWN
    security_opt:
      - no-new-privileges:true
    environment:
      POSTGRES_PASSWORD_FILE: /run/secrets/database_password
      POSTGRES_PASSWORD: ${POSTGRES_PASSWORD:?is not set}
    secrets:
      - database_password
"""

BASE = "FROM docker.io/library/python:3.13-slim-trixie\n"
USED = "USER 10001:10001\nHEALTHCHECK CMD true\n"
# The Dockerfiles that a rule must find, and the line.
UNSAFE_IMAGES = {
    "dockerfile-without-user": [(f"{BASE}USER 1\n{BASE}# USER 1\nHEALTHCHECK NONE\n", 3)],
    "dockerfile-without-healthcheck": [(f"{BASE}USER 1\n", 1)],
    "dockerfile-port-of-ssh": [(f"{BASE}EXPOSE 8000 22\n{USED}", 2)],
    "dockerfile-without-verification": [
        (f"{BASE}RUN {command}\n{USED}", 2)
        for command in ("curl -sk https://a.example", "pip install --trusted-host a.example b")
    ]
    + [(f"{BASE}ENV NODE_TLS_REJECT_UNAUTHORIZED=0\n{USED}", 2)],
}
SOUND_IMAGE = (
    f"{BASE}# curl -k\nEXPOSE 8022 22000\nRUN curl --fail https://a.example/k\nENV PYTHONHTTPSVERIFY=1\n{USED}"
)


def test_each_rule_finds_its_faults_and_nothing_else(checked: CheckedProject) -> None:
    expected = set()
    for rule, lines in UNSAFE.items():
        path = f"src/backend/shared/{rule.replace('-', '_')}.py"
        checked.write(path, IMPORTS + "\n".join(lines) + "\n")
        first = IMPORTS.count("\n") + 1
        expected |= {(rule, path, first + number) for number in range(len(lines))}
    for rule, lines in UNSAFE_SCRIPTS.items():
        path = f"src/planted/{rule}.tsx"
        checked.write(path, "\n".join(lines) + "\n")
        expected |= {(rule, path, number) for number in range(1, len(lines) + 1)}
    for rule, parts in UNSAFE_SERVICES.items():
        for number, part in enumerate(parts):
            path = f"compose.{rule}-{number}.yaml"
            checked.write(path, f"{SERVICE}{part}\n")
            expected.add((rule, path, (SERVICE + part).count("\n") + 1))
    for rule, images in UNSAFE_IMAGES.items():
        for number, (text, line) in enumerate(images):
            path = f"{rule}-{number}.Dockerfile"
            checked.write(path, text)
            expected.add((rule, path, line))
    checked.write("sound.Dockerfile", SOUND_IMAGE)
    checked.write("src/backend/shared/sound.py", IMPORTS + SOUND)
    checked.write("compose.sound.yaml", SERVICE + SOUND_SERVICE)
    checked.write("src/planted/sound.tsx", SOUND_SCRIPT)
    sound = ["src/backend/shared/sound.py", "compose.sound.yaml", "sound.Dockerfile", "src/planted/sound.tsx"]
    files = [*{path for _, path, _ in expected}, *sound]
    found = scan_files(checked, ["rules"], files)["rules/semgrep"]["findings"]
    assert {(each["rule"], each["path"], each["line"]) for each in found} == expected


def test_every_rule_is_tested() -> None:
    files = (ROOT / "tasks/checks/security/rules").glob("*.yaml")
    rules = {rule["id"] for file in files for rule in yaml.safe_load(file.read_text(encoding="utf-8"))["rules"]}
    assert rules == {*UNSAFE, *UNSAFE_SCRIPTS, *UNSAFE_SERVICES, *UNSAFE_IMAGES}


def test_configuration_of_a_project_hides_no_unsafe_code(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "unsafe.py").write_text("eval(input())\n")
    config = '[lint.per-file-ignores]\n"**" = ["S307"]\n'
    for folder in (tmp_path, tmp_path / "src"):
        (folder / "ruff.toml").write_text(f'force-exclude = true\nextend-exclude = ["src/**"]\n{config}')
    [scanner] = [each for each in SCANNERS if each.name == "code/ruff"]
    found = scanner.scan(["src/unsafe.py"], tmp_path)
    assert isinstance(found, list)
    assert [each.rule for each in found] == ["S307"]
