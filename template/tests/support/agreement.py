"""Compares the files that set settings with the contract: committed values and Compose."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.services import COMPOSE_FILE, compose_files
from tasks.project.setup import fresh_secret
from tasks.settings.contract import DEVELOPMENT, Contract, Fault, committed_faults, refusals

# In Compose: ${NAME}, ${NAME:-default}, ${NAME:?message}.
VARIABLE = re.compile(r"\$\{?(?P<name>\w+)(:?-(?P<default>[^}]*))?([^}]*\})?")
# Variables of Python itself.
PYTHON = "PYTHON"
# A secret that another setting names, such as a certificate.
SECRET_FILE = re.compile(r"/run/secrets/(\w+)")


def faults(project: Path, contract: Contract) -> list[str]:
    """A line for each fault of the project."""
    deployed = [each for each in contract.environments if each != DEVELOPMENT]
    found = [fault for each in deployed for fault in committed_faults(project, contract, each)]
    return [": ".join(each) for each in dict.fromkeys([*found, *compose_faults(project, contract)])]


def compose_faults(project: Path, contract: Contract) -> Iterator[Fault]:
    """Settings that a container lacks or does not read, and secrets in its environment."""
    services: dict[str, dict[str, Any]] = {}
    for path in compose_files(project):
        for name, service in (_load(path).get("services") or {}).items():
            services[name] = _merged(services.get(name, {}), service)
    example, foreign = env_file.required(project), env_file.foreign_secrets(project)
    for reader, kind in contract.readers.items() if services else ():
        if reader not in services:
            yield Fault(COMPOSE_FILE, reader, "there is no service of this name")
            continue
        given, secrets = _environment(services[reader]), _secrets(services[reader])
        read = {name: each for name, each in contract.settings.items() if reader in each.readers}
        named = {each.upper() for text in given.values() for each in SECRET_FILE.findall(text)}
        yield from (Fault(COMPOSE_FILE, name, f"{reader} has no secret of this name") for name in named - {*secrets})
        secrets = [name for name in secrets if name not in named]
        for name in (*given, *secrets):
            if name in read and read[name].holds_secret(given.get(name, "")):
                yield Fault(COMPOSE_FILE, name, f"a secret in the environment of {reader}; pass it as a file")
            elif name not in read and not name.startswith(PYTHON):
                yield Fault(COMPOSE_FILE, name, f"{reader} gets it but does not read it")
        # As Compose does it, with the values of `.env.example`.
        texts = {
            name: VARIABLE.sub(lambda found: example.get(found["name"]) or found["default"] or "", text)
            for name, text in given.items()
        }
        own = {name: fresh_secret() for name in secrets if name not in foreign}
        for name, reason in refusals(kind, texts | own).items():
            yield Fault(COMPOSE_FILE, name, f"{reader} would not start: {reason}")


def _load(path: Path) -> dict[str, Any]:
    """A YAML file; empty if it is missing."""
    try:
        loaded = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    except yaml.YAMLError:
        raise UserError(f"{path.name} is not valid YAML. To see the line: nox -s lint -- {path.name}") from None
    return loaded if isinstance(loaded, dict) else {}


def _merged(service: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """A service with the additions of another file: its environment and its secrets."""
    environment = {**_environment(service), **_environment(other)}
    return {**service, "environment": environment, "secrets": [*_secrets(service), *_secrets(other)]}


def _environment(service: Mapping[str, Any]) -> dict[str, str]:
    """The environment of a Compose service, which may be a mapping or a list of NAME=value."""
    written = service.get("environment") or {}
    pairs = (item.partition("=")[::2] for item in written) if isinstance(written, list) else written.items()
    return {name: "" if value is None else str(value) for name, value in pairs}


def _secrets(service: Mapping[str, Any]) -> list[str]:
    """The settings that a Compose service gets as files, in long or short form."""
    written = service.get("secrets") or []
    files = [each.get("target") or each["source"] if isinstance(each, dict) else each for each in written]
    return [str(name).upper() for name in files]
