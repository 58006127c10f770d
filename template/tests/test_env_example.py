import ast
import importlib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import get_args

import pytest
from pydantic import SecretStr

from shared.settings import Settings

BACKEND = Path("src/backend")
LINE = re.compile(r"(?P<optional># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")
# Where the port of a service is written.
PORTS = (
    r"{name}_URL=http://127\.0\.0\.1:(\d+)",
    r"http://{service}:(\d+)",
    r'SERVICE: {service}\n +PORT: "(\d+)"',
    r"\$\{{{name}_PORT:-(\d+)\}}:(\d+)",
    r"EXPOSE (\d+)",
)


def report(lines: Iterable[str]) -> None:
    """Fail with these lines, if there are any."""
    if found := "\n".join(lines):
        pytest.fail(found, pytrace=False)


def settings_classes() -> set[type[Settings]]:
    """All classes of settings; imports every module that defines one."""
    for path in BACKEND.rglob("*.py"):
        if "Settings)" in path.read_text(encoding="utf-8") and "class " in path.read_text(encoding="utf-8"):
            importlib.import_module(".".join(path.relative_to(BACKEND).with_suffix("").parts))
    found: set[type[Settings]] = set()
    todo = [Settings]
    while todo:
        todo += (below := todo.pop().__subclasses__())
        found.update(below)
    return {each for each in found if not each.__module__.startswith("tests")}


def fields() -> dict[str, bool]:
    """The name of each setting, and whether it is required."""
    return {
        name.upper(): field.is_required() for each in settings_classes() for name, field in each.model_fields.items()
    }


def example() -> dict[str, re.Match[str]]:
    lines = Path(".env.example").read_text(encoding="utf-8").splitlines()
    found = [match for line in lines if (match := LINE.fullmatch(line))]
    names = [match["name"] for match in found]
    assert len(names) == len(set(names))
    return {match["name"]: match for match in found}


def test_the_example_lists_exactly_the_settings() -> None:
    report(f".env.example lacks {name}" for name in fields().keys() - example().keys())
    report(f".env.example has {name}, which no service reads" for name in example().keys() - fields().keys())


def test_settings_with_a_default_are_optional_in_the_example() -> None:
    report(
        f".env.example requires {name}, which has a default; write: # {match[0]}"
        for name, match in example().items()
        if not (match["optional"] or fields()[name])
    )


def test_secrets_have_no_value_in_the_example() -> None:
    secrets = {
        name.upper()
        for each in settings_classes()
        for name, field in each.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation)) and not name.endswith("_url")
    }
    # A value of empty quotes is a secret that `setup` does not generate.
    empty = {name for name, match in example().items() if match["value"] in {"", '""'}}
    report(f".env.example has a value of the secret {name}" for name in secrets - empty)
    report(f".env.example has no value of {name}, which is no secret" for name in empty - secrets)


def test_defaults_in_the_example_match_the_code() -> None:
    shown = {name: match["value"] for name, match in example().items() if match["optional"]}
    defaults = {
        name.upper(): f"{field.default:g}" if isinstance(field.default, float) else str(field.default)
        for each in settings_classes()
        for name, field in each.model_fields.items()
        if not field.is_required() and field.default not in (None, ())
    }
    report(
        f".env.example has {name}={shown.get(name)}, the code has the default {default}"
        for name, default in defaults.items()
        if shown.get(name) != default
    )


def test_the_ports_of_a_service_are_the_same_in_all_files() -> None:
    known = {name: match["value"] for name, match in example().items()}
    assert known["JWKS_URL"].startswith(f"{known['AUTH_URL']}/")
    files = (".env.example", "compose.yaml", *map(str, Path("environments").glob("*.env")))
    report(
        f".env.example has {name}={port}, {file} has {' '.join(found[0].split())}"
        for name, port in known.items()
        if name.endswith("_PORT")
        for file in (*files, *map(str, BACKEND.glob(f"docker/{name.removesuffix('_PORT').lower()}.Dockerfile")))
        for pattern in PORTS
        for found in re.finditer(
            pattern.format(name=name.removesuffix("_PORT"), service=name.removesuffix("_PORT").lower()),
            Path(file).read_text(encoding="utf-8"),
        )
        if port not in found.groups() or len({*found.groups()}) > 1
    )


def test_only_shared_settings_reads_the_environment() -> None:
    for path in BACKEND.rglob("*.py"):
        names = {
            f"{node.value.id}.{node.attr}"
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
        }
        if names & {"os.environ", "os.getenv"}:
            assert path == BACKEND / "shared" / "settings.py"


def test_services_import_only_themselves_and_shared() -> None:
    packages = {path.name for path in BACKEND.iterdir() if path.is_dir() and path.name != "__pycache__"}
    for package in packages:
        for path in (BACKEND / package).rglob("*.py"):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            imported = {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
            assert imported & packages <= {package, "shared"}, path
