"""Writes the hashed requirement files from the dependency groups."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from tasks.core.errors import UserError

FOLDER = Path("requirements")
OWNERS = (Path("pyproject.toml"), Path("tasks/pyproject.toml"))
OLDEST_PYTHON = "3.11"
COMPILE = ("pip", "compile", "--quiet", "--universal", f"--python-version={OLDEST_PYTHON}", "--generate-hashes")
PLAIN = ("--no-emit-index-url", "--no-header", "--no-annotate")


def main() -> None:
    """Write requirements/*.txt as pyproject.toml and tasks/pyproject.toml ask; pins stay as they are where they fit."""
    parser = argparse.ArgumentParser(prog="nox -s lock --", description=main.__doc__)
    parser.add_argument("--upgrade", "-U", action="store_true", help="take the newest versions of everything")
    parser.add_argument("--upgrade-package", "-P", action="append", default=[], metavar="NAME", help="… of NAME only")
    arguments = parser.parse_args()
    upgrades = [f"--upgrade-package={name}" for name in arguments.upgrade_package]
    try:
        write([*upgrades, "--upgrade"] if arguments.upgrade else upgrades)
    except UserError as error:
        sys.exit(str(error))


def write(upgrades: list[str]) -> None:
    """Resolve every lock, then put all in place, so that a failure changes none; print what changed."""
    table = lock_table()
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        made = {name: Path(scratch) / f"{name}.txt" for name in table}
        for name, path in made.items():
            path.write_text(text_of(lock_of(name)), encoding="utf-8")
            resolve(table[name], path, upgrades, agree_with=next(iter(made.values())))
        for name, path in made.items():
            print(f"{lock_of(name)}: {difference(text_of(lock_of(name)), text_of(path))}")
            lock_of(name).write_text(text_of(path), encoding="utf-8")


def lock_table() -> dict[str, list[str]]:
    """The locks that `[tool.slipway.locks]` asks for: name to dependency groups, in the order to resolve them."""
    try:
        locks: dict[str, list[str]] = _toml(OWNERS[0])["tool"]["slipway"]["locks"]
    except KeyError:
        raise UserError(f"{OWNERS[0]} has lost its table [tool.slipway.locks]; restore it.") from None
    return locks


def is_apart(name: str) -> bool:
    """Whether `[tool.slipway]` says that this lock is for an environment of its own, which agrees with no other."""
    return name in _toml(OWNERS[0])["tool"]["slipway"].get("apart", [])


def groups_of(names: list[str]) -> list[str]:
    """The arguments that give uv these groups: each file that defines a `NAME`, and the file of a `FILE:NAME`."""
    defined = {path: _toml(path).get("dependency-groups", {}) for path in OWNERS}
    found = [f"--group={name}" for name in names if ":" in name]
    for name in names:
        owners = [path for path, groups in defined.items() if name in groups]
        if not owners and ":" not in name:
            raise UserError(f"[tool.slipway.locks] names the dependency group {name!r}, which no file defines.")
        found += [f"--group={path}:{name}" for path in owners]
    return found


def resolve(groups: list[str], path: Path, options: list[str], agree_with: Path) -> None:
    """Let uv write a lock to `path`; it keeps the pins that are there where they fit, and agrees with another lock."""
    alone = path.name == agree_with.name or is_apart(path.stem)
    constraints = [] if alone else [f"--constraints={agree_with}"]
    options = [*COMPILE, *PLAIN, *options, *constraints, *groups_of(groups), f"--output-file={path}"]
    try:
        done = subprocess.run([os.environ.get("UV", "uv"), *options], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise UserError("uv is not here; run this as a session, which brings it: nox -s lock, nox -s lint") from None
    if done.returncode != 0:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise UserError(f"Cannot resolve {lock_of(path.stem)}; uv says: {' '.join(said[:2])}")


def difference(old: str, new: str) -> str:
    """What changed from one lock's text to another, in words."""
    before, after = _pins(old), _pins(new)
    both = [name for name in before if name in after]
    words = [f"{name} {before[name]} -> {after[name]}" for name in both if before[name] != after[name]]
    words += [f"+ {name} {after[name]}" for name in after if name not in before]
    words += [f"- {name} {before[name]}" for name in before if name not in after]
    return ", ".join(words) or ("unchanged" if old == new else "other hashes or conditions")


def lock_of(name: str) -> Path:
    """Where the lock of that name is."""
    return FOLDER / f"{name}.txt"


def text_of(path: Path) -> str:
    """The file's text; nothing when there is no file."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)(?:\[[^]]*\])?==([^\s;]+)", text, re.MULTILINE))


def _toml(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text_of(path))
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path} is not valid TOML: {error}") from None


if __name__ == "__main__":
    main()
