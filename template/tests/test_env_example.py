import ast
import importlib
import re
from pathlib import Path
from typing import get_args

from pydantic import SecretStr

from shared.settings import Settings

BACKEND = Path("src/backend")
LINE = re.compile(r"(?P<optional># )?(?P<name>[A-Z][A-Z0-9_]*)=(?P<value>.*)")


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
    assert set(example()) == set(fields())


def test_settings_with_a_default_are_optional_in_the_example() -> None:
    assert {name for name, required in fields().items() if not required} <= {
        name for name, match in example().items() if match["optional"]
    }


def test_secrets_have_no_value_in_the_example() -> None:
    secrets = {
        name.upper()
        for each in settings_classes()
        for name, field in each.model_fields.items()
        if SecretStr in (field.annotation, *get_args(field.annotation)) and not name.endswith("_url")
    }
    assert {name for name, match in example().items() if not match["value"]} == secrets


def test_defaults_in_the_example_match_the_code() -> None:
    shown = {name: match["value"] for name, match in example().items() if match["optional"]}
    for each in settings_classes():
        for name, field in each.model_fields.items():
            default = field.default
            if not field.is_required() and default not in (None, ()):
                assert shown[name.upper()] == (f"{default:g}" if isinstance(default, float) else str(default)), name


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
