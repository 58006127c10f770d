"""Reads what the hashed requirement files pin."""

import re
from dataclasses import dataclass
from pathlib import Path

PIN = re.compile(r"^([A-Za-z0-9][\w.-]*)(?:\[[^]]*\])?==([^\s;\\]+)")


@dataclass(frozen=True)
class Pin:
    """A version of a package, and where a lock pins it."""

    name: str
    version: str
    path: str
    line: int
    text: str


def pins(path: str) -> list[Pin]:
    """The pins of one lock; `text` has the whole requirement with its hashes."""
    blocks = re.split(r"(?m)^(?=\S)", Path(path).read_text(encoding="utf-8"))
    found, line = [], 1
    for block in blocks:
        if pinned := PIN.match(block):
            found.append(Pin(normal(pinned[1]), pinned[2], path, line, block))
        line += block.count("\n")
    return found


def normal(name: str) -> str:
    """The name of a package in the form that compares."""
    return re.sub(r"[-_.]+", "-", name).lower()
