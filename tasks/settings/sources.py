"""Where the value of a setting comes from, environment by environment."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tasks.core.errors import UserError
from tasks.project import env_file, secret_files
from tasks.settings.contract import Contract, Setting

DEVELOPMENT = "development"
FOLDER = Path("environments")
COMMON = FOLDER / "common.env"
ENVIRONMENT = "environment"
PROVIDED = "provided by the sessions"
DEFAULT = "default"


@dataclass(frozen=True)
class Value:
    """The text of a setting, as it is given, and what gives it."""

    text: str
    source: str


def committed(environment: str) -> tuple[Path, ...]:
    """The project's files with what is no secret in a deployed environment; the first that sets a name counts."""
    return (FOLDER / f"{environment}.env", COMMON)


def values(project: Path, contract: Contract, environment: str, secrets: Path | None) -> dict[str, Value]:
    """What each setting gets that gets anything; `secrets` is a folder of files, in development there is one anyway."""
    layers = list(
        _development(project, contract, secrets or Path(secret_files.FOLDER))
        if environment == DEVELOPMENT
        else _deployed(project, contract, environment, secrets)
    )
    defaults = {name: Value(setting.default, DEFAULT) for name, setting in contract.settings.items()}
    found: dict[str, Value] = {}
    for layer in [defaults, *reversed(layers)]:
        found |= {name: value for name, value in layer.items() if value.text and name in contract.settings}
    return found


def _development(project: Path, contract: Contract, secrets: Path) -> Iterator[dict[str, Value]]:
    yield _environment(contract)
    yield _file(project, Path(env_file.LOCAL)) if (project / env_file.LOCAL).exists() else {}
    yield _secrets(project, contract, secrets)
    shown = env_file.defaults(project)
    yield {
        name: Value(shown[name], PROVIDED)
        for name, setting in contract.settings.items()
        if setting.is_required and name in shown
    }


def _deployed(project: Path, contract: Contract, environment: str, secrets: Path | None) -> Iterator[dict[str, Value]]:
    yield _environment(contract)
    if secrets:
        if not (project / secrets).is_dir():
            raise UserError(f"{secrets} is no folder; give the one that holds a file for each secret.")
        yield _secrets(project, contract, secrets)
    for path in committed(environment):
        yield _file(project, path)


def _environment(contract: Contract) -> dict[str, Value]:
    return {name: Value(os.environ[name], ENVIRONMENT) for name in contract.settings if name in os.environ}


def _file(project: Path, path: Path) -> dict[str, Value]:
    return {name: Value(text, str(path)) for name, text in env_file.values(project / path).items()}


def _secrets(project: Path, contract: Contract, folder: Path) -> dict[str, Value]:
    paths = {each.name: folder / each.name.lower() for each in contract.settings.values() if each.is_secret}
    return {name: Value(_text(project / path), str(path)) for name, path in paths.items() if (project / path).exists()}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UserError(f"Cannot read {path}: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UserError(f"{path} is not UTF-8 text.") from None


def remedy(setting: Setting, environment: str) -> str:
    """How to give a setting that is missing."""
    if environment == DEVELOPMENT:
        return f"nox -s setup writes it to {env_file.LOCAL}"
    file = f"{FOLDER / environment}.env"
    if not setting.is_secret:
        return f"set it in {file}"
    place = f", or without a password in {file}" if setting.name.endswith("_URL") else ""
    return f"set it as a secret of GitHub's environment {environment}, or as the file {setting.name.lower()}{place}"
