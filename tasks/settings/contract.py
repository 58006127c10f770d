"""The settings of the application, read from its own classes: names, types, secrecy, and which service needs what."""

import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import get_args

from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.services import BACKEND, names

COMMON = "shared.settings"
# What runs beside the services: its name, where its class of settings is, and what that is called.
MIGRATIONS = ("migrations", "shared.database.engine", "DatabaseSettings")


@dataclass(frozen=True)
class Setting:
    """One setting; `default` is shown as an environment would give it, and empty where there is none."""

    name: str
    is_secret: bool
    is_required: bool
    default: str
    readers: tuple[str, ...]


@dataclass(frozen=True)
class Contract:
    """The environments, what reads settings with which class, and the settings by name."""

    environments: tuple[str, ...]
    readers: dict[str, type[BaseSettings]]
    settings: dict[str, Setting]


def read(project: Path) -> Contract:
    """The contract of the application in `project`, whose backend is on Python's path; ordered as `.env.example` is."""
    common = _module(COMMON)
    readers = {name: _class_of(name, common) for name in names(project)}
    name, module, kind = MIGRATIONS
    if find_spec(module.partition(".")[0]) and find_spec(module.rpartition(".")[0]):
        readers[name] = getattr(_module(module), kind)
    environments = tuple(each.value for each in common.Environment)
    order = _explained(project)
    settings = sorted(_settings(readers), key=lambda each: order.get(each.name, len(order)))
    return Contract(environments, readers, {each.name: each for each in settings})


def name_of(field: str) -> str:
    """What the environment calls a field."""
    return field.upper()


def _explained(project: Path) -> dict[str, int]:
    """The settings that `.env.example` explains, with their places in it."""
    known = {**env_file.required(project), **env_file.defaults(project)}
    lines = (project / env_file.EXAMPLE).read_text(encoding="utf-8").splitlines()
    names = [line.removeprefix("# ").partition("=")[0] for line in lines]
    return {name: names.index(name) for name in known}


def _settings(readers: dict[str, type[BaseSettings]]) -> Iterator[Setting]:
    """Every setting once; what one reader requires or keeps secret is so for all."""
    known = [(name, field, info) for name, kind in readers.items() for field, info in kind.model_fields.items()]
    for field in dict.fromkeys(field for _, field, _ in known):
        infos = [info for _, name, info in known if name == field]
        yield Setting(
            name_of(field),
            is_secret=any(map(_is_secret, infos)),
            is_required=any(info.is_required() for info in infos),
            default=_text(infos[0]),
            readers=tuple(reader for reader, name, _ in known if name == field),
        )


def _class_of(service: str, common: ModuleType) -> type[BaseSettings]:
    """The one class of settings that the service's own module defines."""
    module = _module(f"{service}.settings")
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    found = [each for each in own if issubclass(each, common.ServiceSettings)]
    if len(found) != 1:
        path = BACKEND / service / "settings.py"
        raise UserError(f"{path} has {len(found)} classes derived from ServiceSettings; a service needs exactly one.")
    return found[0]


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError) as error:
        raise UserError(f"{BACKEND / name.replace('.', '/')}.py cannot be imported: {error}") from None


def _is_secret(info: FieldInfo) -> bool:
    return SecretStr in (info.annotation, *get_args(info.annotation))


def _text(info: FieldInfo) -> str:
    """The default as the environment would give it."""
    default = info.get_default(call_default_factory=True, validated_data={})
    if info.is_required() or default in (None, ()):
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)
