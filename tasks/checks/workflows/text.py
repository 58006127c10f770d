"""A workflow's text as values that know their line."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from tasks.core.errors import UserError


@dataclass(frozen=True)
class Value:
    """A scalar, or an empty list or mapping: the keys and numbers that lead to it, its text, its place, its comment."""

    route: tuple[str, ...]
    text: str
    path: Path
    line: int
    comment: str

    @property
    def key(self) -> str:
        """The last key, or the number in a list."""
        return self.route[-1]

    def finding(self, complaint: str) -> str:
        """The complaint with the place that it is about."""
        return f"{self.path}:{self.line}: {complaint}"


def values_in(path: Path) -> list[Value]:
    """Every value of a YAML file that holds no others, from top to bottom."""
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{path}:{line}: not valid YAML: {error.problem}") from None
    if not isinstance(root, yaml.MappingNode | None):
        raise UserError(f"{path}:1: no mapping of keys, as GitHub reads it")
    lines = text.splitlines()
    return [
        Value(route, node.value or "", path, node.start_mark.line + 1, lines[node.start_mark.line].partition(" # ")[2])
        for route, node in _leaves(root, ())
    ]


def _leaves(node: yaml.Node | None, route: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], yaml.Node]]:
    if node and route and (isinstance(node, yaml.ScalarNode) or not node.value):
        yield route, node
    elif isinstance(node, yaml.SequenceNode):
        for number, item in enumerate(node.value):
            yield from _leaves(item, (*route, str(number)))
    elif isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            yield from _leaves(item, (*route, str(key.value)))
