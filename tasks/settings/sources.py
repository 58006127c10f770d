"""The value of each setting in an environment, its source, and what is wrong with it.

As a command, it prints what is wrong in development as JSON: see `wrong_values`.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tasks.core import cli
from tasks.core.errors import UserError
from tasks.project import env_file, secret_files
from tasks.settings import contract
from tasks.settings.contract import Contract, Setting

DEVELOPMENT = "development"
FOLDER = Path("environments")
COMMON = FOLDER / "common.env"
ENVIRONMENT = "ENVIRONMENT"


@dataclass(frozen=True)
class Value:
    """The text of a setting, and where it is set."""

    text: str
    source: str


def main() -> None:
    """Print the wrong settings of development as JSON, each with a line that has its source and the reason."""
    agreed = contract.read(Path.cwd())
    found = values(Path.cwd(), agreed, DEVELOPMENT, None)
    reasons = _refusals(agreed, found)
    places = {name: f" ({found[name].source})" if name in found else "" for name in reasons}
    print(json.dumps({name: f"{name}{places[name]}: {reason}" for name, reason in reasons.items()}))


def committed(environment: str) -> tuple[Path, ...]:
    """The committed files of a deployed environment, the one that takes precedence first."""
    return (FOLDER / f"{environment}.env", COMMON)


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
        layers.append(_secrets(project, agreed, secrets or Path(secret_files.FOLDER)))
        layers += [_file(project, Path(env_file.LOCAL))] if (project / env_file.LOCAL).exists() else []
    else:
        layers += [_file(project, path) for path in reversed(committed(environment))]
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


def _refusals(agreed: Contract, found: Mapping[str, Value]) -> dict[str, str]:
    texts = {name: value.text for name, value in found.items()}
    return {name: why for kind in agreed.readers.values() for name, why in contract.refusals(kind, texts).items()}


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


if __name__ == "__main__":
    cli.run(main)
