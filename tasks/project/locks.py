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

from tasks.core import processes
from tasks.core.errors import UserError

FOLDER = Path("requirements")
PROJECT = Path("pyproject.toml")
OWNERS = (PROJECT, Path("tasks/pyproject.toml"))
COMPILE = (
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
        texts[lock] = resolve(lock, upgrades, next(iter(texts.values()), ""))
    FOLDER.mkdir(exist_ok=True)
    for lock, text in texts.items():
        print(f"{lock}: {difference(text_of(lock), text)}")
        lock.write_text(text, encoding="utf-8")


def check() -> list[str]:
    """A line for each lock that is stale, missing or unknown."""
    known = locks()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        first, *others = pool.map(_fault, known)
    unknown = [f"{lock}: not in [tool.slipway.locks]; delete it" for lock in FOLDER.glob("*.txt") if lock not in known]
    # The other locks agree with the first, so its fault would be theirs too.
    return [fault for fault in ([first] if first else others) if fault] + sorted(unknown)


def _fault(lock: Path) -> str:
    """Resolve a lock again. The cache of uv mostly shows that nothing has changed; if not, ask the index."""
    old, first = text_of(lock), text_of(next(iter(locks())))
    if not old:
        return f"{lock}: missing; run nox -s lock"
    with suppress(UserError):
        if resolve(lock, ["--offline"], first) == old:
            return ""
    try:
        new = resolve(lock, [], first)
    except UserError as error:
        return str(error)
    return "" if new == old else f"{lock}: stale: {difference(old, new)}; run nox -s lock"


def resolve(lock: Path, options: list[str], first: str) -> str:
    """The text that uv gives a lock; it keeps the lock's versions where they fit, and those of the first lock."""
    with tempfile.TemporaryDirectory() as folder:
        draft, constraints = Path(folder, lock.name), Path(folder, "constraints.txt")
        draft.write_text(text_of(lock), encoding="utf-8")
        is_apart = lock == next(iter(locks())) or lock.stem in settings().get("apart", [])
        constraints.write_text("" if is_apart else first, encoding="utf-8")
        options = [*COMPILE, *options, *groups(lock), f"--constraints={constraints}", f"--output-file={draft}"]
        missing = "Run this as a session, which has it: nox -s lock"
        done = processes.run([os.environ.get("UV", "uv"), *options], missing=missing)
        if done.returncode != 0:
            lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
            raise UserError(f"Cannot resolve {lock}. Error of uv: {' '.join(lines[:2])}")
        return text_of(draft)


def locks() -> dict[Path, list[str]]:
    """The dependency groups of each lock, in the order in which to resolve them."""
    found = {FOLDER / f"{name}.txt": groups for name, groups in settings().get("locks", {}).items()}
    if not found:
        raise UserError(f"{PROJECT} has no table [tool.slipway.locks]; restore it.")
    return found


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
    pin = re.compile(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", re.MULTILINE)
    before, after = dict(pin.findall(old)), dict(pin.findall(new))
    changes = [f"{name} {kept} -> {after[name]}" for name, kept in before.items() if after.get(name, kept) != kept]
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
    table: dict[str, Any] = read_toml(PROJECT).get("tool", {}).get("slipway", {})
    return table
