"""Lists the files of the project that checks are for."""

import os
import subprocess
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

from tasks.core.errors import UserError

LIST = ("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard")


def project_files() -> list[str]:
    """What git knows or would add; without git, what .gitignore does not name. A file with two names is listed once."""
    distinct = {os.path.realpath(path): path for path in sorted(_files_in(Path()), reverse=True)}
    return sorted(distinct.values())


def chosen_files(paths: list[str]) -> list[str]:
    """The given files, and the project's files in the given folders; without any, all of the project's."""
    missing = [path for path in paths if not Path(path).exists()]
    if missing:
        raise UserError(f"No such file or folder: {', '.join(missing)}")
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    chosen = {os.path.relpath(path) for path in paths if Path(path).is_file()}
    if folders or not paths:
        roots = [Path(os.path.relpath(folder)) for folder in folders] or [Path()]
        chosen |= {path for path in project_files() if any(Path(path).is_relative_to(root) for root in roots)}
    return sorted(chosen)


def matching(files: list[str], patterns: str) -> list[str]:
    """The files whose name fits one of the patterns, or whose path does where the pattern has a slash."""
    return [path for path in files if any(_fits(path, pattern) for pattern in patterns.split())]


def _fits(path: str, pattern: str) -> bool:
    return fnmatch(path if "/" in pattern else _telling_name(path), pattern)


def _telling_name(path: str) -> str:
    """The file's name, with the suffix that a shell script without one would have."""
    name = Path(path).name
    return f"{name}.sh" if "." not in name and _is_shell_script(path) else name


def _is_shell_script(path: str) -> bool:
    with Path(path).open("rb") as file:
        words = file.readline(80).split()
    return bool(words) and words[0].startswith(b"#!") and words[-1].rpartition(b"/")[2] in {b"sh", b"bash", b"dash"}


def _files_in(folder: Path) -> Iterator[str]:
    """Files below a folder, as paths from here; a link to a folder elsewhere is followed."""
    for name in _known_to_git(folder) or _walked(folder):
        path = folder / name
        if path.is_file():
            yield str(path)
        elif path.is_symlink() and path.is_dir() and not path.resolve().is_relative_to(Path.cwd()):
            yield from _files_in(path)


def _known_to_git(folder: Path) -> list[str]:
    try:
        done = subprocess.run(LIST, cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return []
    return [name for name in done.stdout.split("\0") if name]


def _walked(folder: Path) -> Iterator[str]:
    """Every file but those that a line of .gitignore names; such lines are plain names in this project."""
    lines = Path(".gitignore").read_text(encoding="utf-8").splitlines() if Path(".gitignore").exists() else []
    ignored = [".git", *(line.strip("/") for line in lines if line and line[0] not in "#!")]
    for root, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not any(fnmatch(name, pattern) for pattern in ignored)]
        links = [name for name in folders if Path(root, name).is_symlink()]
        for name in [*files, *links]:
            if not any(fnmatch(name, pattern) for pattern in ignored):
                yield os.path.relpath(Path(root, name), folder)


if __name__ == "__main__":
    print(*project_files(), sep="\n")
