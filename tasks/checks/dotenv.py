"""Fails on lines of `.env` files that not all readers of such files read alike."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from tasks.project.env_file import bad_line, line_of

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
UNQUOTED = re.compile(r"[\w.,:/@%+=?&*~-]*")
QUOTED = re.compile(r"""'.*'|".*\"""", re.DOTALL)


def main() -> str | None:
    """Check the given files; print lines and names of settings, never a value."""
    return "\n".join(f"{path}:{fault}" for path in sys.argv[1:] for fault in check(Path(path))) or None


def check(path: Path) -> Iterator[str]:
    """The faults of a file, with their lines: a setting is NAME=value, set once, and quoted where it must be."""
    try:
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        yield f"{bad_line(error)}: not UTF-8; save the file as UTF-8"
        return
    first: dict[str, int] = {}
    for binding in parse_stream(io.StringIO(text)):
        line = line_of(binding)
        if fault := _fault(binding, binding.original.string.strip("\n")):
            yield f"{line}: {fault}"
        elif binding.key and first.setdefault(binding.key, line) != line:
            yield f"{line}: {binding.key} is already set in line {first[binding.key]}"


def _fault(binding: Binding, text: str) -> str | None:
    name, equals, value = text.partition("=")
    if binding.error or (binding.key and not equals):
        return f"not NAME=value: {name}"
    if binding.key and not NAME.fullmatch(name):
        return f"{name} is not a name in upper case, directly followed by ="
    if binding.key and not (UNQUOTED.fullmatch(value) or QUOTED.fullmatch(value)):
        return f"the value of {name} needs quotes, or has text after it"
    return None
