"""Writes and checks the hashed requirement files of the dependency groups."""

import argparse
import os
import re
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from tasks.core import cli, processes
from tasks.core.errors import UserError

FOLDER = Path("requirements")
OWNERS = (Path("pyproject.toml"), Path("tasks/pyproject.toml"))
OPTIONS = (
    *("pip", "compile", "--quiet", "--universal", "--python-version=3.11", "--generate-hashes"),
    *("--no-emit-index-url", "--no-header", "--no-annotate"),
)


def main() -> str | None:
    """Write requirements/*.txt from the dependency groups of pyproject.toml and tasks/pyproject.toml."""
    parser = argparse.ArgumentParser(prog="nox -s lock --", description=main.__doc__)
    parser.add_argument("--upgrade", "-U", action="store_true", help="upgrade all packages")
    parser.add_argument("--upgrade-package", "-P", action="append", default=[], metavar="NAME", help="upgrade NAME")
    parser.add_argument("--check", action="store_true", help="only list the locks that are stale")
    arguments = parser.parse_args()
    if arguments.check:
        return "\n".join(check()) or None
    write([*(f"--upgrade-package={name}" for name in arguments.upgrade_package), *["--upgrade"] * arguments.upgrade])
    return None


def write(upgrades: list[str]) -> None:
    """Resolve every lock before any is replaced, so that a failure changes none. Versions that still fit stay."""
    texts: dict[Path, str] = {}
    for lock in locks():
        texts[lock] = resolve(lock, upgrades, next(iter(texts.items()), None))
    FOLDER.mkdir(exist_ok=True)
    for lock, text in texts.items():
        print(f"{lock}: {difference(text_of(lock), text)}")
        lock.write_text(text, encoding="utf-8")


def check() -> list[str]:
    """A line for each lock that is stale, missing or unknown."""
    known = locks()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        first, *others = pool.map(_problem, known)
    unknown = [f"{lock}: not in [tool.slipway.locks]; delete it" for lock in FOLDER.glob("*.txt") if lock not in known]
    # The other locks agree with the first, so its problem would be theirs too.
    return [problem for problem in ([first] if first else others) if problem] + sorted(unknown)


def _problem(lock: Path) -> str:
    """Resolve a lock again. The cache of uv mostly shows that nothing has changed; if not, ask the index."""
    old, first = text_of(lock), next(iter(locks()))
    if not old:
        return f"{lock}: missing; run nox -s lock"
    try:
        with suppress(UserError):
            if resolve(lock, ["--offline"], (first, text_of(first))) == old:
                return ""
        new = resolve(lock, [], (first, text_of(first)))
    except UserError as error:
        return str(error)
    return "" if new == old else f"{lock}: stale: {difference(old, new)}; run nox -s lock"


def resolve(lock: Path, options: list[str], first: tuple[Path, str] | None) -> str:
    """The text that uv gives a lock; it keeps the lock's versions where they fit, and those of the first lock."""
    with tempfile.TemporaryDirectory() as folder:
        draft, constraints = Path(folder) / lock.name, Path(folder) / "constraints.txt"
        draft.write_text(text_of(lock), encoding="utf-8")
        command = [os.environ.get("UV", "uv"), *OPTIONS, *options, *groups(lock), f"--output-file={draft}"]
        if first and lock != first[0] and lock.stem not in settings().get("apart", []):
            constraints.write_text(first[1], encoding="utf-8")
            command.append(f"--constraints={constraints}")
        done = processes.run(command, missing="Run this as a session, which has it: nox -s lock")
        if done.returncode != 0:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise UserError(f"Cannot resolve {lock}. Error of uv: {' '.join(lines[:2])}")
        return text_of(draft)


def locks() -> dict[Path, list[str]]:
    """The dependency groups of each lock, in the order in which to resolve them."""
    try:
        return {FOLDER / f"{name}.txt": groups for name, groups in settings()["locks"].items()}
    except KeyError:
        raise UserError(f"{OWNERS[0]} has no table [tool.slipway.locks]; restore it.") from None


def groups(lock: Path) -> list[str]:
    """The options that name a lock's groups: in each file that defines a `NAME`, and in the file of a `FILE:NAME`."""
    defined = {path: read_toml(path).get("dependency-groups", {}) for path in OWNERS}
    found = []
    for name in locks()[lock]:
        owned = [name] if ":" in name else [f"{path}:{name}" for path in OWNERS if name in defined[path]]
        if not owned:
            raise UserError(f"[tool.slipway.locks] has the dependency group {name!r}, which no file defines.")
        found += [f"--group={each}" for each in owned]
    return found


def difference(old: str, new: str) -> str:
    """The changes from one lock's text to another."""
    before, after = _versions(old), _versions(new)
    changes = [
        f"{name} {before[name]} -> {after[name]}" for name in before if before[name] != after.get(name, before[name])
    ]
    changes += [f"+ {name} {after[name]}" for name in after if name not in before]
    changes += [f"- {name} {before[name]}" for name in before if name not in after]
    return ", ".join(changes) or ("unchanged" if old == new else "other hashes or conditions")


def text_of(path: Path) -> str:
    """The file's text; empty without a file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a file; empty without a file."""
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}") from None


def settings() -> dict[str, Any]:
    """The table [tool.slipway] of pyproject.toml."""
    table: dict[str, Any] = read_toml(OWNERS[0]).get("tool", {}).get("slipway", {})
    return table


def _versions(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE))


if __name__ == "__main__":
    cli.run(main)
