"""The settings of the application, read from its own classes, and their values in each environment.

As a command, it prints what is wrong in development as JSON: see `wrong_values`.
"""

import importlib
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import NamedTuple, get_args
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr, ValidationError
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsError

from tasks.core.errors import UserError
from tasks.project import env_file, parts, setup
from tasks.project.services import BACKEND, names

DEVELOPMENT = "development"
ENVIRONMENT = "ENVIRONMENT"
FOLDER = Path("environments")
COMMON = FOLDER / "common.env"
# Anything else in the place of a URL's user may be a token, as in redis://TOKEN@host.
USER = re.compile(r"[a-z][a-z_-]{0,30}[0-9]{0,2}")
# Options of a URL that are no secrets.
ENCRYPTION = {"sslmode", "sslrootcert", "ssl_ca_certs"}


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


class Value(NamedTuple):
    """The text of a setting, and where it is set."""

    text: str
    source: str


class Fault(NamedTuple):
    """A setting that a file should set in another way, or not at all."""

    file: str
    setting: str
    reason: str


def main() -> None:
    """Print the wrong settings of development as JSON, each with a line that has its source and the reason."""
    agreed = read(Path.cwd())
    found = values(Path.cwd(), agreed, DEVELOPMENT, None)
    reasons = _refusals(agreed, found)
    places = {name: f" ({found[name].source})" if name in found else "" for name in reasons}
    print(json.dumps({name: f"{name}{places[name]}: {reason}" for name, reason in reasons.items()}))


def read(project: Path) -> Contract:
    """The contract of a project whose backend is on Python's path; required settings first, as in `.env.example`."""
    common = load_module("shared.settings")
    readers = {name: _settings_class(name, common.ServiceSettings) for name in names(project)}
    if (project / BACKEND / "shared/database/engine.py").exists():
        readers["migrations"] = load_module("shared.database.engine").MigrationSettings
    readers |= {each.NAME: each.read(project) for each in parts.hooks(project, "settings")}
    explained = [name.lower() for name in (*env_file.required(project), *env_file.defaults(project))]
    fields = dict.fromkeys(field for kind in readers.values() for field in kind.model_fields)
    ordered = sorted(fields, key=lambda field: explained.index(field) if field in explained else len(explained))
    settings = {field.upper(): _setting(field, readers) for field in ordered}
    return Contract([each.value for each in common.Environment], readers, settings)


def committed(project: Path, environment: str) -> tuple[Path, ...]:
    """The committed files of a deployed environment and of parts, the one that takes precedence first."""
    of_parts = sorted(path.relative_to(project) for path in project.glob(f"src/*/{COMMON.name}"))
    return (FOLDER / f"{environment}.env", COMMON, *of_parts)


def committed_faults(project: Path, agreed: Contract, environment: str) -> Iterator[Fault]:
    """Secrets and unknown settings in the committed files of an environment."""
    for path in committed(project, environment):
        for name, text in env_file.values(project / path).items():
            setting = agreed.settings.get(name)
            if setting is None:
                yield Fault(str(path), name, "no service reads it")
            elif setting.holds_secret(text):
                yield Fault(str(path), name, "a secret in a committed file; remove it and create a new one")


def values(project: Path, agreed: Contract, environment: str, secrets: Path | None) -> dict[str, Value]:
    """The value of each setting that has one; `secrets` is a folder with a file for each secret."""
    if secrets and not (project / secrets).is_dir():
        raise UserError(f"{secrets} is not a folder. Give one with a file for each secret.")
    layers = [{name: Value(setting.default, "default") for name, setting in agreed.settings.items()}]
    if environment == DEVELOPMENT:
        # Such as the URLs of the embedded servers.
        examples = {name: Value(text, "provided by the sessions") for name, text in env_file.defaults(project).items()}
        required = {name for name, setting in agreed.settings.items() if setting.is_required}
        layers.append({name: value for name, value in examples.items() if name in required})
        layers.append(_secrets(project, agreed, secrets or Path(setup.SECRETS)))
        layers += [_file(project, Path(env_file.LOCAL))] if (project / env_file.LOCAL).exists() else []
    else:
        layers += [_file(project, path) for path in reversed(committed(project, environment))]
        layers += [_secrets(project, agreed, secrets)] if secrets else []
    layers.append({name: Value(text, "environment") for name, text in os.environ.items()})
    found: dict[str, Value] = {}
    for layer in layers:
        found |= {name: value for name, value in layer.items() if value.text and name in agreed.settings}
    return found


def problems(agreed: Contract, environment: str, found: Mapping[str, Value]) -> dict[str, str]:
    """The reason for each setting that is missing or wrong, with the remedy for a missing one."""
    reasons = _refusals(agreed, found)
    given = found.get(ENVIRONMENT)
    if given and given.text != environment:
        reasons[ENVIRONMENT] = f"is {given.text} ({given.source}), not {environment}"
    missing = [name for name, reason in reasons.items() if reason == "missing" and name in agreed.settings]
    return reasons | {name: f"missing; {_remedy(agreed.settings[name], environment)}" for name in missing}


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


def _refusals(agreed: Contract, found: Mapping[str, Value]) -> dict[str, str]:
    texts = {name: value.text for name, value in found.items()}
    return {name: why for kind in agreed.readers.values() for name, why in refusals(kind, texts).items()}


def _file(project: Path, path: Path) -> dict[str, Value]:
    return {name: Value(text, str(path)) for name, text in env_file.values(project / path).items()}


def _secrets(project: Path, agreed: Contract, folder: Path) -> dict[str, Value]:
    paths = {each.name: folder / each.name.lower() for each in agreed.settings.values() if each.is_secret}
    try:
        return {
            name: Value((project / path).read_text(encoding="utf-8").strip(), str(path))
            for name, path in paths.items()
            if (project / path).exists()
        }
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"Cannot read the secrets in {folder}: {error}") from None


def _remedy(setting: Setting, environment: str) -> str:
    if environment == DEVELOPMENT:
        return f"nox -s setup writes it to {env_file.LOCAL}"
    file = f"{FOLDER / environment}.env"
    if not setting.is_secret:
        return f"set it in {file}"
    place = f", or without a password in {file}" if setting.name.endswith("_URL") else ""
    return f"set it as a secret of GitHub's environment {environment}, or as the file {setting.name.lower()}{place}"


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
    module = load_module(f"{service}.settings")
    own = [each for each in vars(module).values() if isinstance(each, type) and each.__module__ == module.__name__]
    found = [each for each in own if issubclass(each, base)]
    if len(found) != 1:
        path = BACKEND / service / "settings.py"
        raise UserError(f"{path} has {len(found)} classes derived from ServiceSettings. Define exactly one.")
    return found[0]


def load_module(name: str) -> ModuleType:
    """A module of the backend; UserError if it cannot be imported."""
    try:
        return importlib.import_module(name)
    except (ImportError, SyntaxError) as error:
        raise UserError(f"{BACKEND / name.replace('.', '/')}.py cannot be imported: {error}") from None


def _is_public_url(text: str) -> bool:
    """Whether it is a URL without a password or token; other options or a fragment may hold one too."""
    try:
        url = urlsplit(text)
        options = parse_qs(url.query, keep_blank_values=True).keys()
        is_complete = url.scheme and url.netloc and url.password is None and not (options - ENCRYPTION or url.fragment)
    except ValueError:
        return False
    return bool(is_complete) and (not url.username or bool(USER.fullmatch(url.username)))
