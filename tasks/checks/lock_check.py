"""Fails where a lock file does not agree with the dependency groups that it is made from."""

import os
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tasks.core.errors import UserError
from tasks.project.locks import FOLDER, difference, lock_of, lock_table, resolve, text_of


def main() -> None:
    """Print one line for each lock that is stale, missing or not asked for."""
    try:
        complaints = check(lock_table())
    except UserError as error:
        sys.exit(str(error))
    if complaints:
        sys.exit("\n".join(complaints))


def check(table: dict[str, list[str]]) -> list[str]:
    """Resolve every lock again, its pins kept where they fit: one that agrees with its groups comes out the same."""
    first = lock_of(next(iter(table)))
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        found = list(pool.map(lambda name: complaint(lock_of(name), table[name], first), table))
    # The other locks have to agree with the first, so that what is wrong with it goes for them too.
    complaints = [text for text in (found[:1] if found[0] else found) if text]
    strays = [path for path in sorted(FOLDER.glob("*.txt")) if path.stem not in table]
    return complaints + [f"{path}: not in [tool.slipway.locks] of pyproject.toml; delete it" for path in strays]


def complaint(lock: Path, groups: list[str], first: Path) -> str | None:
    """What is wrong with one lock. The cache of uv mostly shows that nothing is; if not, the index is asked."""
    if not lock.exists():
        return f"{lock}: missing; run nox -s lock"
    if _again(lock, groups, first, ["--offline"]) == text_of(lock):
        return None
    try:
        again = _again(lock, groups, first, [])
    except UserError as error:
        return str(error)
    return None if again == text_of(lock) else f"{lock}: stale: {difference(text_of(lock), again)}; run nox -s lock"


def _again(lock: Path, groups: list[str], first: Path, options: list[str]) -> str:
    """The text that the lock would get now; nothing when uv would need the network and may not use it."""
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch) / lock.name
        path.write_text(text_of(lock), encoding="utf-8")
        try:
            resolve(groups, path, options, agree_with=first)
        except UserError:
            if "--offline" not in options:
                raise
            return ""
        return text_of(path)


if __name__ == "__main__":
    main()
