"""Holds the project's files that give settings against the contract: the committed values, Compose, workflows."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tasks.core.errors import UserError
from tasks.project import env_file
from tasks.project.parts import COMPOSE_FILE, compose_files
from tasks.project.secret_files import fresh_secret
from tasks.settings.contract import Contract
from tasks.settings.secrecy import holds_secret
from tasks.settings.sources import DEVELOPMENT, committed
from tasks.settings.validation import refusals

VARIABLE = re.compile(r"\$\{?(?P<name>\w+)(?::?(?P<kind>[-?])(?P<word>[^}]*))?\}?")
# What Python itself reads.
PYTHON = "PYTHON"
WORKFLOWS = Path(".github/workflows")
ASKS = re.compile(r"-s config -- \S+")


@dataclass(frozen=True)
class Fault:
    """What a file does with a setting that it should not."""

    file: str
    setting: str
    reason: str

    def __str__(self) -> str:
        return f"{self.file}: {self.setting}: {self.reason}"


def faults(project: Path, contract: Contract) -> list[str]:
    """Every disagreement, with the file that it is in."""
    deployed = [each for each in contract.environments if each != DEVELOPMENT]
    found = [fault for each in deployed for fault in committed_faults(project, contract, each)]
    found += [*compose_faults(project, contract), *workflow_faults(project, contract)]
    return [str(each) for each in dict.fromkeys(found)]


def committed_faults(project: Path, contract: Contract, environment: str) -> Iterator[Fault]:
    """What must not stand in the committed files of an environment."""
    for path in committed(environment):
        for name, text in env_file.values(project / path).items():
            setting = contract.settings.get(name)
            if setting is None:
                yield Fault(str(path), name, "no service reads it")
            elif holds_secret(setting, text):
                yield Fault(str(path), name, "a secret in a committed file; take it out, make a new one")


def compose_faults(project: Path, contract: Contract) -> Iterator[Fault]:
    """Settings that a container is given and does not read, or needs and is not given; secrets that are no files."""
    services = _services(project)
    example = env_file.required(project)
    for reader, kind in contract.readers.items() if services else ():
        if reader not in services:
            yield Fault(COMPOSE_FILE, reader, "there is no service of this name")
            continue
        given, secrets = _environment(services[reader]), _secrets(services[reader])
        yield from _needless(contract, reader, given, secrets)
        texts = {name: _filled(text, example) for name, text in given.items()}
        texts |= {name.upper(): fresh_secret() for name in secrets}
        for name, reason in refusals(kind, texts).items():
            yield Fault(COMPOSE_FILE, name, f"{reader} would not start: {reason}")


def workflow_faults(project: Path, contract: Contract) -> Iterator[Fault]:
    """Secrets that a workflow has in its text, and those that a step lacks which asks for an environment's settings."""
    secrets = {name: each for name, each in contract.settings.items() if each.is_secret}
    for path in sorted((project / WORKFLOWS).glob("*.y*ml")):
        for step, given in _steps(_written(path)):
            asked = ASKS.search(str(step.get("run", "")))
            for name, setting in secrets.items():
                expected = f"${{{{ secrets.{name} }}}}"
                if holds_secret(setting, given.get(name, "")) and given[name] != expected:
                    yield Fault(path.name, name, f"a secret that does not come from GitHub; write {expected}")
                elif asked and name not in given:
                    yield Fault(path.name, name, f"{asked[0]} is not given it; write {expected}")


def _needless(contract: Contract, reader: str, given: Mapping[str, str], secrets: list[str]) -> Iterator[Fault]:
    read = {name: each for name, each in contract.settings.items() if reader in each.readers}
    for name, text in given.items():
        if name in read and holds_secret(read[name], text):
            yield Fault(COMPOSE_FILE, name, f"a secret in the environment of {reader}; give it as a file")
        elif name not in read and not name.startswith(PYTHON):
            yield Fault(COMPOSE_FILE, name, f"{reader} is given it, and does not read it")
    for name in secrets:
        if name.upper() not in read or not read[name.upper()].is_secret:
            yield Fault(COMPOSE_FILE, name, f"{reader} is given this secret, and does not read it")


def _services(project: Path) -> dict[str, dict[str, Any]]:
    """The services of every Compose file that there is."""
    found: dict[str, dict[str, Any]] = {}
    for path in compose_files(project):
        found |= _written(path).get("services") or {}
    return found


def _steps(workflow: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    """The steps of all jobs, each with the environment that it gets."""
    for job in (workflow.get("jobs") or {}).values():
        for step in job.get("steps") or []:
            levels = [each.get("env") or {} for each in (workflow, job, step)]
            yield step, {name: str(text) for level in levels for name, text in level.items()}


def _written(path: Path) -> dict[str, Any]:
    """What a YAML file says; nothing where there is none."""
    try:
        written = yaml.safe_load(path.read_text(encoding="utf-8")) if path.exists() else None
    except yaml.YAMLError:
        raise UserError(f"{path.name} is not valid YAML; nox -s lint -- {path.name} shows where.") from None
    return written if isinstance(written, dict) else {}


def _environment(service: Mapping[str, Any]) -> dict[str, str]:
    """The service's environment, which may be written as a list."""
    written = service.get("environment") or {}
    pairs = (item.partition("=")[::2] for item in written) if isinstance(written, list) else written.items()
    return {name: "" if text is None else str(text) for name, text in pairs}


def _secrets(service: Mapping[str, Any]) -> list[str]:
    """The names of the secret files in the container, long form or short."""
    return [
        str(each.get("target") or each["source"]) if isinstance(each, dict) else str(each)
        for each in service.get("secrets") or []
    ]


def _filled(text: str, example: Mapping[str, str]) -> str:
    """The text as Compose fills it in where `.env.local` has what setup writes."""
    return VARIABLE.sub(lambda found: example.get(found["name"]) or _default(found), text)


def _default(found: re.Match[str]) -> str:
    return (found["word"] or "") if found["kind"] == "-" else ""
