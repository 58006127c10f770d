"""Writes the frontend's typed client: the OpenAPI document of the services' code, and Orval's TypeScript for it."""

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tasks.core import processes
from tasks.core.errors import UserError
from tasks.frontend.node import FOLDER, Node, install
from tasks.project import env_file
from tasks.project.services import GATEWAY
from tasks.project.setup import fresh_secret
from tasks.settings import contract

DOCUMENT = "openapi.json"
GENERATED = Path("src/api/generated")
# The document is the same whatever the application's name is.
TITLE = "Application"
COMMAND = "nox -s client"
# A folder that every tool ignores, and in which packages are found.
SCRATCH = ".next"


def main() -> None:
    """Write src/frontend/openapi.json from the services' code, without starting them, and the client in TypeScript."""
    project = Path.cwd()
    node = install(project)
    changed = refresh(node)
    print(f"Wrote {', '.join(changed)}." if changed else "The client is up to date.")


def refresh(node: Node, *, only_check: bool = False) -> list[str]:
    """Write the files of the client that are stale; returns their names. UserError if they cannot be generated."""
    (node.folder / SCRATCH).mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=node.folder / SCRATCH) as scratch:
        new = generate(node, Path(scratch))
        old = [DOCUMENT, *(str(path.relative_to(node.folder)) for path in (node.folder / GENERATED).rglob("*.ts"))]
        stale = [name for name in dict.fromkeys([*new, *old]) if _text(node.folder / name) != new.get(name)]
        for name in stale if not only_check else ():
            (node.folder / name).parent.mkdir(parents=True, exist_ok=True)
            if name in new:
                (node.folder / name).write_text(new[name], encoding="utf-8")
            else:
                (node.folder / name).unlink()
    return [str(FOLDER / name) for name in stale]


def generate(node: Node, scratch: Path) -> dict[str, str]:
    """The files of the client by name, generated in a folder below the frontend's."""
    (scratch / DOCUMENT).write_text(document(node.project), encoding="utf-8")
    for path in (*node.folder.glob("*.json"), *node.folder.glob("orval.config.*")):
        if path.name != DOCUMENT:
            shutil.copy(path, scratch)
    shutil.copytree(node.folder / "src/server", scratch / "src/server")
    done = processes.run(node.program("orval"), cwd=scratch, env=node.environment)
    if done.returncode != 0:
        raise UserError(f"Orval cannot generate the client: {processes.last_line(done.stderr or done.stdout)}")
    found = {path.relative_to(scratch): path for path in (scratch / GENERATED).rglob("*.ts")}
    return {DOCUMENT: _text(scratch / DOCUMENT) or "", **{str(name): _text(path) or "" for name, path in found.items()}}


def document(project: Path) -> str:
    """The OpenAPI document that the gateway serves, from the code of the services behind it."""
    texts = {**env_file.defaults(project), **env_file.required(project), "ENVIRONMENT": contract.DEVELOPMENT}
    before = dict(os.environ)
    os.environ |= {name: text or fresh_secret() for name, text in texts.items()}
    try:
        kinds = contract.read(project).readers
        routes = contract.load_module(f"{GATEWAY}.routes").create_routes(kinds[GATEWAY]())
        services = dict.fromkeys(route.service for route in routes)
        found = {name: _document_of(contract.load_module(f"{name}.app").create_app(kinds[name]())) for name in services}
    finally:
        os.environ.clear()
        os.environ.update(before)
    merged = contract.load_module(f"{GATEWAY}.openapi").document(TITLE, found)
    return json.dumps(merged, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _document_of(app: Any) -> Any:
    """The document of an application, which is inside of middleware."""
    while not hasattr(app, "openapi"):
        app = app.app
    return app.openapi()


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.is_file() else None
