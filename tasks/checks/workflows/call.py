"""The one form that a command of a workflow may have: a call of sessions."""

import re
from dataclasses import dataclass
from pathlib import Path

CALL = re.compile(r"python3 (?P<noxfile>(?:[\w-]+/)*noxfile\.py) -(?P<kind>[st]) (?P<rest>[\w.,:/=@ -]+)")


@dataclass(frozen=True)
class Call:
    """What a command runs: sessions by name, or all those of a tag; `arguments` are for the sessions."""

    noxfile: Path
    sessions: tuple[str, ...] = ()
    tag: str = ""
    arguments: tuple[str, ...] = ()


def read_call(command: str) -> Call | None:
    """The call that a command is; None when it is more than that, or something else."""
    found = CALL.fullmatch(command)
    if found is None:
        return None
    names, separator, arguments = found["rest"].partition(" -- ")
    words = names.removesuffix(" -j auto").split()
    if not words or any(word.startswith("-") for word in words) or (separator and not arguments.split()):
        return None
    noxfile = Path(found["noxfile"])
    if found["kind"] == "s":
        return Call(noxfile, sessions=tuple(words), arguments=tuple(arguments.split()))
    return Call(noxfile, tag=words[0], arguments=tuple(arguments.split())) if len(words) == 1 else None
