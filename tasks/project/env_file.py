"""Reads `.env` files and the settings for development."""

import io
import os
import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from tasks.core import atomic_file
from tasks.core.errors import UserError

LOCAL = ".env.local"
EXAMPLE = ".env.example"
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
REQUIRED = re.compile(rf"({NAME.pattern})=(.*)")
SECRET = re.compile(rf"^{NAME.pattern}=$", re.MULTILINE)
OPTIONAL = re.compile(rf"# ({NAME.pattern})=(.*)")


def bindings(path: Path) -> list[Binding]:
    """All parts of the file, comments included. UserError names the line of an invalid setting, never its value."""
    found = list(parse_stream(io.StringIO(_text(path))))
    for binding in found:
        if not _is_valid(binding):
            raise UserError(f"{path.name}, line {line_of(binding)}: not of the form NAME=value. Correct that line.")
    return found


def values(path: Path) -> dict[str, str]:
    """The settings of the file; the last one wins where a name is repeated."""
    return {binding.key: binding.value or "" for binding in bindings(path) if binding.key is not None}


def change(path: Path, new: Mapping[str, str]) -> None:
    """Atomically change the values of settings in the file; the rest of the text stays."""
    texts = []
    for each in bindings(path):
        text = each.original.string
        start = text[: len(text) - len(text.lstrip())]
        value = new.get(each.key or "")
        texts.append(text if value is None else f"{start}{each.key}={value}\n")
    atomic_file.write(path, "".join(texts))


def local(project: Path) -> dict[str, str]:
    """The settings of `.env.local`; none if it does not exist."""
    return values(project / LOCAL) if (project / LOCAL).exists() else {}


def settings(project: Path) -> dict[str, str]:
    """The settings for development: the environment, then `.env.local`."""
    return {**local(project), **os.environ}


def required(project: Path) -> dict[str, str]:
    """The settings that `.env.example` sets, as written there; a secret has no value."""
    return {found[1]: found[2] for line in _example(project) if (found := REQUIRED.fullmatch(line))}


def defaults(project: Path) -> dict[str, str]:
    """The optional settings that `.env.example` shows, with their defaults."""
    return {found[1]: found[2] for line in _example(project) if (found := OPTIONAL.fullmatch(line))}


def secrets(project: Path) -> list[str]:
    """The secrets, required and optional: the settings that `.env.example` shows without a value."""
    return [name for name, value in (required(project) | defaults(project)).items() if not value]


def foreign_secrets(project: Path) -> list[str]:
    """The secrets of others, which nothing here can generate: `.env.example` shows them with empty quotes."""
    return [name for name, value in defaults(project).items() if value == '""']


def misspelt(project: Path) -> dict[str, str]:
    """Unknown names in `.env.local` that are similar to a name in `.env.example`, which is the value."""
    known = required(project) | defaults(project)
    found = {name: get_close_matches(name, known, n=1, cutoff=0.85) for name in local(project) if name not in known}
    return {name: close[0] for name, close in found.items() if close}


def bad_line(error: UnicodeDecodeError) -> int:
    """The number of the line that is not UTF-8."""
    return error.object[: error.start].count(b"\n") + 1


def line_of(binding: Binding) -> int:
    """The line where the binding's text begins; dotenv counts from the empty lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def example(project: Path) -> str:
    """The text of `.env.example`, and of those of optional parts in their own folders."""
    paths = [project / EXAMPLE, *sorted(project.glob(f"src/*/{EXAMPLE}")), *sorted(project.glob(f"infra/*/{EXAMPLE}"))]
    return "\n".join(_text(path, f" Restore it: git checkout {EXAMPLE}") for path in paths)


def _example(project: Path) -> list[str]:
    return example(project).splitlines()


def _text(path: Path, advice: str = "") -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path.name}, line {bad_line(error)}: not UTF-8. Save the file as UTF-8.") from None
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.{advice}") from None


def _is_valid(binding: Binding) -> bool:
    if binding.key is None:
        return not binding.error
    return binding.value is not None and NAME.fullmatch(binding.key) is not None
