"""Fails on lines of `.env` files that some readers would take in another way than the application does."""

import io
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from dotenv.parser import Binding, parse_stream

from tasks.project.env_file import bad_line

NAME = re.compile(r"[A-Z][A-Z0-9_]*")
NEEDS_NO_QUOTES = re.compile(r"[\w.,:/@%+=?&*~-]*")
QUOTED = re.compile(r"""'.*'|".*\"""", re.DOTALL)


def main() -> None:
    """Check the given files; tells the line and the setting's name, never its value."""
    complaints = [f"{path}:{complaint}" for path in sys.argv[1:] for complaint in check(Path(path))]
    if complaints:
        sys.exit("\n".join(complaints))


def check(path: Path) -> Iterator[str]:
    """The settings that are not `NAME=value`, once, in upper case and quoted where they need it, with their lines."""
    first: dict[str, int] = {}
    try:
        bindings = list(parse_stream(io.StringIO(path.read_bytes().decode("utf-8"))))
    except UnicodeDecodeError as error:
        yield f"{bad_line(error)}: not UTF-8; save the file as UTF-8"
        return
    for binding in bindings:
        text = binding.original.string.lstrip("\n")
        line = binding.original.line + len(binding.original.string) - len(text)
        fault = _fault(binding, text.rstrip("\n"))
        if fault:
            yield f"{line}: {fault}"
        elif binding.key in first:
            yield f"{line}: {binding.key} is set in line {first[binding.key]} already"
        elif binding.key:
            first[binding.key] = line


def _fault(binding: Binding, text: str) -> str | None:
    name, equals, value = text.partition("=")
    if binding.error or (binding.key and not equals):
        return f"not NAME=value: {name}"
    if binding.key and not NAME.fullmatch(name):
        return f"{name} is not a name in upper case, directly followed by ="
    if binding.key and not (NEEDS_NO_QUOTES.fullmatch(value) or QUOTED.fullmatch(value)):
        return f"the value of {name} needs quotes, or has something behind it"
    return None


if __name__ == "__main__":
    main()
