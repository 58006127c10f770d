"""Components of OpenAPI documents: what they refer to, and new names for those that clash with another document's."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

Document = dict[str, Any]
# The kind of a component, such as `schemas`, and its name.
Key = tuple[str, str]

_REFERENCE = re.compile(r"#/components/([^/]+)/([^/]+)(.*)")


def rename_clashes(document: Document, known: Document, prefix: str) -> Document:
    """The document with a new name for each component whose name has another meaning in the components `known`."""
    components = document.get("components", {})
    taken = dict([*_entries(known), *_entries(components)])
    names: dict[Key, str] = {}
    for kind, name in clashes(known, components):
        new = f"{prefix}{name}"
        while (kind, new) in taken:
            new += "_"
        names[kind, name] = new
        taken[kind, new] = None
    renamed: Document = _map_names(document, lambda key: names.get(key, key[1]))
    return renamed | {
        "components": {
            kind: {names.get((kind, name), name): each for name, each in entries.items()}
            for kind, entries in renamed.get("components", {}).items()
        }
    }


def clashes(known: Document, new: Document) -> list[Key]:
    """The components of `new` that differ from the one with this name in `known`, or refer to one that does."""
    others = dict(_entries(known))
    common = {key: each for key, each in _entries(new) if key in others}
    found = {key for key, each in common.items() if _text(each) != _text(others[key])}
    while more := {key for key in common.keys() - found if found & references(common[key])}:
        found |= more
    return [key for key in common if key in found]


def references(node: Any) -> set[Key]:
    """The components to which a part of a document refers."""
    found = set()

    def record(key: Key) -> str:
        found.add(key)
        return key[1]

    _map_names(node, record)
    return found


def _entries(components: Document) -> Iterator[tuple[Key, Any]]:
    return (((kind, name), each) for kind, entries in components.items() for name, each in entries.items())


def _text(component: Any) -> str:
    """In JSON, unlike in Python, 1 and true are different."""
    return json.dumps(component, sort_keys=True)


def _map_names(node: Any, name_of: Callable[[Key], str]) -> Any:
    """A copy with the name that the function returns in each reference to a component."""
    if isinstance(node, list):
        return [_map_names(each, name_of) for each in node]
    if isinstance(node, dict):
        return {key: _map_value(key, value, name_of) for key, value in node.items()}
    return node


def _map_value(key: str, value: Any, name_of: Callable[[Key], str]) -> Any:
    match key, value:
        case "$ref", str():
            return _map_reference(value, name_of)
        case "security", [*requirements] if all(isinstance(each, dict) for each in requirements):
            return [{name_of(("securitySchemes", name)): each[name] for name in each} for each in requirements]
        case "discriminator", {"mapping": dict(mapping)}:
            return value | {"mapping": {text: _map_target(target, name_of) for text, target in mapping.items()}}
    return _map_names(value, name_of)


def _map_reference(reference: str, name_of: Callable[[Key], str]) -> str:
    found = _REFERENCE.fullmatch(reference)
    return f"#/components/{found[1]}/{name_of((found[1], found[2]))}{found[3]}" if found else reference


def _map_target(target: str, name_of: Callable[[Key], str]) -> str:
    """A discriminator maps to a reference, or to the mere name of a schema."""
    return _map_reference(target, name_of) if "/" in target else name_of(("schemas", target))
