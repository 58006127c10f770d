"""The frontend of the template in place: its checks, code of pages, server, refreshes of replicas, and hot reload."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir, contextmanager
from pathlib import Path

import httpx
import psutil

from tasks.core.ports import Ports
from tasks.frontend import dev, e2e, pages, screenshots
from tasks.frontend.node import Node, install
from toolkit.bench.measure import Row, seconds
from toolkit.new import TEMPLATE

PROJECT = TEMPLATE / "template"
SESSION_BUDGET = 45.0
# Kilobytes of code, compressed with brotli, over those of an empty page.
PAGE_BUDGET, FORM_BUDGET, DIALOG_BUDGET = 5.0, 12.0, 35.0
# Megabytes that the image adds to Node's, and of memory after many requests; seconds to the first page.
IMAGE_BUDGET, MEMORY_BUDGET, START_BUDGET = 30.0, 130.0, 0.5
LOAD = 1000
# Milliseconds from a change to the page that shows it, of a server and of a client component.
EDIT_BUDGETS = {"server": 250, "client": 100}
EDITED = Path("src/app/edited")
EDITED_FILES = {
    "page.tsx": 'import { Client } from "./client";\n\nexport default function Page() {\n  return (\n    <main>\n'
    "      <p>edit 0</p>\n      <Client />\n    </main>\n  );\n}\n",
    "client.tsx": '"use client";\n\nexport function Client() {\n  return <p>edit 0</p>;\n}\n',
}
SCRIPT = re.compile(r'src="(/_next/static/[^"]+\.js)"')
COMPRESS = "const z = require('node:zlib'); let n = 0; for (const f of process.argv.slice(1))"
COMPRESS += " n += z.brotliCompressSync(require('node:fs').readFileSync(f)).length; console.log(n)"
REQUESTS, REFRESH_BUDGET = 200, 2
REFRESHES = re.compile(r'^http_requests_total\{[^}]*route="/api/auth/refresh"[^}]*\} (\d+)', re.MULTILINE)


def measure(_scratch: Path) -> list[Row]:
    """Run the session, then the built frontend on servers of its own."""
    session = [sys.executable, "noxfile.py", "-s", "frontend"]
    seconds(session, PROJECT)
    taken = seconds([*session, "--", "--no-cache"], PROJECT)
    rows = [
        Row("session frontend, warm", f"{taken:.1f} s", "—", "—", f"≤ {SESSION_BUDGET:.0f} s", taken <= SESSION_BUDGET)
    ]
    with chdir(PROJECT):
        node = install(PROJECT)
        with e2e.running(PROJECT) as urls:
            login = screenshots.seed(PROJECT, urls["DATABASE_URL"])
            rows += [*sizes(node, urls, login), dialogs(node), image(node), *server(urls, login)]
            return [*rows, refreshes(urls, login), *edits(node, urls)]


def cookies(gateway: str, login: tuple[str, str]) -> dict[str, str]:
    """The cookies of a new session."""
    tokens = httpx.post(f"{gateway}/api/auth/login", json={"email": login[0], "password": login[1]}).json()
    return {"__Host-access": tokens["access_token"], "__Host-refresh": tokens["refresh_token"]}


def header(jar: dict[str, str]) -> dict[str, str]:
    """The header of cookies, which a client would not send without https."""
    return {"cookie": "; ".join(f"{name}={text}" for name, text in jar.items())}


def sizes(node: Node, urls: dict[str, str], login: tuple[str, str]) -> list[Row]:
    """The code of pages with and without forms before the first interaction, over that of an empty page."""
    session = header(cookies(urls["GATEWAY_URL"], login))
    found = httpx.get(f"{urls['GATEWAY_URL']}/api/projects", headers={"authorization": f"Bearer {access(session)}"})
    project = found.json()["items"][0]["id"]
    with httpx.Client(base_url=urls["SITE_URL"], headers=session, timeout=30) as client:
        empty = code(node, client.get("/nothing").text)
        kilobytes: dict[bool, dict[str, float]] = {False: {}, True: {}}
        for path in pages.pages(PROJECT).values():
            html = client.get(f"{path.replace('[id]', project)}?token=x", follow_redirects=False).text
            if SCRIPT.search(html):
                kilobytes["<form" in html.partition("<main")[2]][path] = code(node, html) - empty
    return [
        size(what, kilobytes[has_form], empty, budget)
        for what, has_form, budget in (("pages", False, PAGE_BUDGET), ("pages with a form", True, FORM_BUDGET))
        if kilobytes[has_form]
    ]


def access(session: dict[str, str]) -> str:
    """The access token in a header of cookies."""
    return session["cookie"].partition("=")[2].partition(";")[0]


def size(what: str, found: dict[str, float], empty: float, budget: float) -> Row:
    """The row of the largest of these pages."""
    path, most = max(found.items(), key=lambda each: each[1])
    ours, against = f"{empty + most:.1f} kB ({path})", f"{empty:.1f} kB (empty page)"
    return Row(
        f"code of {what}, with brotli", ours, against, f"+ {most:.1f} kB", f"≤ + {budget:.0f} kB", most <= budget
    )


def dialogs(node: Node) -> Row:
    """The code of the page that loads most, with all that it can load later, over that of an empty page."""
    script = [str(node.programs / "node"), "scripts/bundle-sizes.mjs"]
    found = json.loads(subprocess.run(script, cwd=node.folder, capture_output=True, check=True).stdout)
    kilobytes = {path: (each["own"] + each["later"]) / 1000 for path, each in found.items() if each["later"]}
    empty = min(each["first"] - each["own"] for each in found.values()) / 1000
    return size("pages after a dialog", kilobytes, empty, DIALOG_BUDGET)


def image(node: Node) -> Row:
    """The files that the image adds to those of Node's."""
    found = sum(path.stat().st_size for path in (node.folder / ".next/standalone").rglob("*") if path.is_file()) / 1e6
    return Row(
        "image of frontend over Node's", f"{found:.1f} MB", "—", "—", f"≤ {IMAGE_BUDGET:.0f} MB", found <= IMAGE_BUDGET
    )


def server(urls: dict[str, str], login: tuple[str, str]) -> list[Row]:
    """The seconds from the start of a server to its first page, and its memory after many requests."""
    session = header(cookies(urls["GATEWAY_URL"], login))
    paths = ["/projects", "/account", "/status", "/projects/new", "/sign-in"]
    start = time.monotonic()
    with replica(urls) as (url, process), httpx.Client(base_url=url, headers=session, timeout=60) as client:
        client.get("/sign-in").raise_for_status()
        taken = time.monotonic() - start
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(client.get, paths * (LOAD // len(paths))))
        memory = psutil.Process(process.pid).memory_info().rss / 1e6
    budget = f"≤ {START_BUDGET} s"
    return [
        Row("start of frontend to its first page", f"{taken:.2f} s", "—", "—", budget, taken <= START_BUDGET),
        Row(
            f"memory of frontend after {LOAD:,} requests",
            f"{memory:.0f} MB",
            "—",
            "—",
            f"≤ {MEMORY_BUDGET:.0f} MB",
            memory <= MEMORY_BUDGET,
        ),
    ]


def edits(node: Node, urls: dict[str, str]) -> list[Row]:
    """From a change of a component to the page that shows it, with the server of development."""
    files = {name: node.folder / EDITED / name for name in EDITED_FILES}
    (node.folder / EDITED).mkdir()
    try:
        for name, text in EDITED_FILES.items():
            files[name].write_text(text, encoding="utf-8")
        with replica(urls, is_built=False) as (url, _):
            script = [str(node.programs / "node"), str(Path(__file__).with_name("edits.mjs")), f"{url}/{EDITED.name}"]
            environment = {**os.environ, "CHROMIUM": e2e.chromium()}
            done = subprocess.run(
                [*script, *map(str, files.values())], cwd=node.folder, env=environment, capture_output=True, check=True
            )
    finally:
        shutil.rmtree(node.folder / EDITED)
    return [
        Row(f"change of a {kind} component to its page", f"{taken:.0f} ms", "—", "—", f"≤ {budget} ms", taken <= budget)
        for (kind, budget), taken in zip(EDIT_BUDGETS.items(), json.loads(done.stdout), strict=True)
    ]


def code(node: Node, html: str) -> float:
    """The kilobytes of the scripts of a page."""
    files = [str(node.folder / name.replace("/_next", ".next", 1)) for name in sorted({*SCRIPT.findall(html)})]
    done = subprocess.run(
        [node.programs / "node", "--eval", COMPRESS, *files], capture_output=True, text=True, check=True
    )
    return int(done.stdout) / 1000


def refreshes(urls: dict[str, str], login: tuple[str, str]) -> Row:
    """Requests with one session, whose access token has expired, to two replicas at once."""
    jar = cookies(urls["GATEWAY_URL"], login)
    session = header({"__Host-refresh": jar["__Host-refresh"]})
    with replica(urls) as (other, _), httpx.Client(headers=session, timeout=60) as client:
        before = refreshed(urls["AUTH_URL"])
        targets = [(urls["SITE_URL"], other)[number % 2] for number in range(REQUESTS)]
        with ThreadPoolExecutor(40) as pool:
            statuses = list(pool.map(lambda site: client.get(f"{site}/account").status_code, targets))
        count = refreshed(urls["AUTH_URL"]) - before
    ended = sum(status != httpx.codes.OK for status in statuses)
    what = f"{REQUESTS} requests with an expired token to two replicas"
    budget = f"≤ {REFRESH_BUDGET} refreshes, 0 sign-outs"
    return Row(what, f"{count} refreshes", "—", f"{ended} sign-outs", budget, 0 < count <= REFRESH_BUDGET and not ended)


def refreshed(auth: str) -> int:
    """The refreshes that the auth service has counted."""
    found = REFRESHES.findall(httpx.get(f"{auth}/metrics").text)
    return sum(map(int, found))


@contextmanager
def replica(urls: dict[str, str], *, is_built: bool = True) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A second frontend: its URL and its process."""
    with Ports() as ports:
        service = dev.service(ports.take())
        command, environment, folder = dev.command(PROJECT, service, urls, is_built=is_built)
        with subprocess.Popen(command, cwd=folder, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                while service.unready_reason():
                    time.sleep(0.02)
                yield service.url, process
            finally:
                process.terminate()
