"""The settings of the application, read from its own classes: names, secrecy, and the programs that read them."""

import importlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import get_args
from urllib.parse import urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.services import BACKEND, names

# Anything else in the place of a URL's user may be a token, as in redis://TOKEN@host.
USER = re.compile(r"[a-z][a-z_-]{0,30}[0-9]{0,2}")


@dataclass(frozen=True)
class Setting:
    """One setting; `default` is empty if it has none; `readers` are the programs that read it."""

    name: str
    is_secret: bool
    is_required: bool
    default: str
    readers: list[str]

    def holds_secret(self, text: str) -> bool:
        """Whether this value is secret: any value of a secret setting but a URL without a password or token."""
        return self.is_secret and bool(text) and not _is_public_url(text)


@dataclass(frozen=True)
class Contract:
    """The environments, the class of settings of each program, and the settings by name."""

    environments: list[str]
    readers: dict[str, type[BaseSettings]]
    settings: dict[str, Setting]


def read(project: Path) -> Contract:
    """The contract of a project whose backend is on Python's path; required settings first, as in `.env.example`."""
    common = _module("shared.settings")
    readers = {name: _settings_class(name, common.ServiceSettings) for name in names(project)}
    if (project / BACKEND / "shared/database/engine.py").exists():
        readers["migrations"] = _module("shared.database.engine").DatabaseSettings
    explained = [name.lower() for name in (*env_file.required(project), *env_file.defaults(project))]
    fields = dict.fromkeys(field for kind in readers.values() for field in kind.model_fields)
    ordered = sorted(fields, key=lambda field: explained.index(field) if field in explained else len(explained))
    settings = {field.upper(): _setting(field, readers) for field in ordered}
    return Contract([each.value for each in common.Environment], readers, settings)


def refusals(kind: type[BaseSettings], texts: Mapping[str, str]) -> dict[str, str]:
    """The reason for each setting that a class would refuse if these were all environment variables."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(texts)
    try:
        kind()
    except ValidationError as error:
        return dict(map(_refusal, error.errors()))
    except SettingsError as error:
        return {kind.__name__: str(error)}
    finally:
        os.environ.clear()
        os.environ.update(before)
    return {}


def _refusal(error: ErrorDetails) -> tuple[str, str]:
    name = str(error["loc"][0]).upper() if error["loc"] else "settings"
    return name, "missing" if error["type"] == "missing" else error["msg"].removeprefix("Value error, ")


def _setting(field: str, readers: Mapping[str, type[BaseSettings]]) -> Setting:
    """A setting, required or secret if it is for any of its readers."""
    infos = {name: kind.model_fields[field] for name, kind in readers.items() if field in kind.model_fields}
    is_secret = any(SecretStr in (info.annotation, *get_args(info.annotation)) for info in infos.values())
    is_required = any(info.is_required() for info in infos.values())
    default = next(iter(infos.values())).get_default(call_default_factory=True, validated_data={})
    text = f"{default:g}" if isinstance(default, float) else str(default)
    has_default = not is_required and default not in (None, ())
    return Setting(field.upper(), is_secret, is_required, text if has_default else "", list(infos))


def _settings_class(service: str, base: type[BaseSettings]) -> type[BaseSettings]:
    """The one class of settings that a service's own module defines."""
    module = _module(f"{service}.settings")
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    found = [each for each in own if issubclass(each, base)]
    if len(found) != 1:
        path = BACKEND / service / "settings.py"
        raise UserError(f"{path} has {len(found)} classes derived from ServiceSettings. Define exactly one.")
    return found[0]


def _module(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError) as error:
        raise UserError(f"{BACKEND / name.replace('.', '/')}.py cannot be imported: {error}") from None


def _is_public_url(text: str) -> bool:
    """Whether it is a URL without a password or token; a query or fragment may hold one too."""
    try:
        url = urlsplit(text)
        is_complete = bool(url.scheme and url.netloc) and url.password is None and not (url.query or url.fragment)
    except ValueError:
        return False
    return is_complete and (not url.username or bool(USER.fullmatch(url.username)))
