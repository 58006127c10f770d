"""Changes the rules of alerts one at a time: a change that no unit test finds is a survivor."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tasks.core import processes

COUNT = 2


@dataclass(frozen=True)
class Mutation:
    """What `pattern` finds in rules, and its replacements."""

    name: str
    pattern: re.Pattern[str]
    replacements: Callable[[re.Match[str]], list[str]]


def scaled(found: re.Match[str]) -> list[str]:
    """A number, or a duration such as 5m, twice and half as large; 0 becomes 2."""
    number, unit = float(found["number"]), found.groupdict().get("unit") or ""
    values = [number * COUNT, number / COUNT] if number else [float(COUNT)]
    # Prometheus has no fractions of durations.
    return [f"{value:g}{unit}" for value in values if not unit or value.is_integer()]


def swapped(pairs: dict[str, str]) -> Callable[[re.Match[str]], list[str]]:
    """The other one of a pair."""
    both = pairs | {value: key for key, value in pairs.items()}
    return lambda found: [both[found[0]]]


MUTATIONS = (
    Mutation("threshold", re.compile(r"((?<=[>=*] )|(?<=vector\())(?P<number>\d+(\.\d+)?)\b"), scaled),
    Mutation("window", re.compile(r"(?<=\[)(?P<number>\d+)(?P<unit>[mhd])(?=\])"), scaled),
    Mutation("pending", re.compile(r"(?<=for: )(?P<number>\d+)(?P<unit>[mhd])"), lambda each: ["0s", scaled(each)[0]]),
    Mutation("comparison", re.compile(r"(?<= )([<>]|==|!=)(?= )"), swapped({">": "<", "==": "!="})),
    Mutation("condition", re.compile(r"\b(and|or)\b(?= (on \(|\w+[:({]))"), swapped({"and": "or"})),
    Mutation("matcher", re.compile(r"(?<=\w)(=~|!~|!=|=)(?=\")"), swapped({"=": "!=", "=~": "!~"})),
    Mutation("grouping", re.compile(r"(?<=by )\(\w+(, \w+)*\)"), lambda _: ["()"]),
    Mutation("severity", re.compile(r"(?<=severity: )(page|ticket)"), swapped({"page": "ticket"})),
)


def mutants(text: str) -> Iterator[tuple[str, str]]:
    """What has changed, with its line, and the rules with this change; comments and annotations stay."""
    for mutation in MUTATIONS:
        for found in mutation.pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            changed_line = text.splitlines()[line - 1].strip()
            if changed_line.startswith(("#", "summary:", "runbook:")) or "humanize" in changed_line:
                continue
            for new in mutation.replacements(found):
                changed = f"{text[: found.start()]}{new}{text[found.end() :]}"
                yield f"line {line}, {mutation.name} {found[0]} -> {new}: {changed_line}", changed


def survivors(rules: Path) -> tuple[int, list[str]]:
    """The number of mutants of the rules in a folder, and those that all unit tests in it pass with."""
    files = [path for path in sorted(rules.glob("*.yaml")) if not path.stem.endswith("_test")]
    made = [(path, what, text) for path in files for what, text in mutants(path.read_text(encoding="utf-8"))]
    with ThreadPoolExecutor() as pool:
        results = pool.map(partial(_survives, rules), made)
        return len(made), [
            f"{path.name}, {what}" for (path, what, _), alive in zip(made, results, strict=True) if alive
        ]


def _survives(rules: Path, mutant: tuple[Path, str, str]) -> bool:
    """Whether each test that reads the file passes with the mutant, the quickest first."""
    path, _, text = mutant
    # Those of long times come last.
    tests = sorted(test for test in rules.glob("*_test.yaml") if f"[{path.name}]" in test.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / path.name).write_text(text, encoding="utf-8")
        for test in reversed(tests):
            shutil.copy(test, folder)
            if processes.run(["promtool", "test", "rules", test.name], cwd=folder).returncode != 0:
                return False
    return True
