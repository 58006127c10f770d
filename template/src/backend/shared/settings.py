"""Reads settings from the environment, secrets also from files, in development all from `.env.local` as well."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

ENV_FILE = Path(".env.local")
# Where containers get their secrets: a file for each, named like its setting.
SECRETS = Path("/run/secrets")
EXIT_CODE = 2

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class Environment(StrEnum):
    """Where the application runs."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


DEPLOYED = (Environment.STAGING, Environment.PRODUCTION)

# What a value should be, where it should be another; it is told the fields before it as well.
Rule = Callable[[Any, Mapping[str, Any]], str | None]


def refuse(rule: Rule, *environments: Environment) -> AfterValidator:
    """A validator for what is good enough in development only; without environments, for all that are deployed."""

    def check(value: Any, info: ValidationInfo) -> Any:
        environment = info.data.get("environment")
        wrong = rule(value, info.data) if environment in (environments or DEPLOYED) else None
        if wrong:
            raise PydanticCustomError(
                "development_value", "{wrong} in {environment}", {"wrong": wrong, "environment": environment}
            )
        return value

    return AfterValidator(check)


def url_of(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    """A validator for secret URLs, which may hold a password and so must not show up in an error."""

    def check(url: SecretStr) -> SecretStr:
        if url.get_secret_value().partition("://")[0] not in schemes:
            raise ValueError(f"should start with {schemes[0]}://")
        return url

    return check


def _check_http_url(url: str) -> str:
    if not re.fullmatch(r"https?://[^/?#\s]+(/[^?#\s]*)?", url):
        raise ValueError("should be http://host:port or https://host")
    return url.rstrip("/")


HttpUrl = Annotated[str, AfterValidator(_check_http_url)]


def is_this_machine(url: str) -> bool:
    """Whether the URL leads back to where it is used."""
    host = urlsplit(url).hostname or ""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _elsewhere(url: str, _others: Mapping[str, Any]) -> str | None:
    return "should not lead to this machine" if is_this_machine(url) else None


ServiceUrl = Annotated[HttpUrl, refuse(_elsewhere)]


def _quiet(level: str | None, _others: Mapping[str, Any]) -> str | None:
    return "should not be DEBUG" if level == "DEBUG" else None


class Settings(BaseSettings):
    """Base of all settings: frozen, an empty value counts as none, and no error repeats a value."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    # The first field of all, as the rules of others look at it.
    environment: Environment
    """Decides the log level, whether the interactive API pages are served, and which values are refused."""


class ServiceSettings(Settings):
    """What every service is told."""

    app_name: str = Field(min_length=1)
    """The application's name, as people see it."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None, refuse(_quiet, Environment.PRODUCTION)
    ] = None
    """Without it: DEBUG in development, INFO in staging, WARNING in production."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    shutdown_timeout: Seconds = 10
    """Seconds that requests under way have to end when the service is told to stop."""


Loaded = TypeVar("Loaded", bound=Settings)


def load(kind: type[Loaded], env_file: Path = ENV_FILE, secrets: Path = SECRETS) -> Loaded:
    """The settings from the environment, which wins, the file and the secrets; plain words end it if they are wrong.

    The file is for development: it is not read where the environment says that this is staging or production.
    """
    try:
        if os.environ.get("ENVIRONMENT") not in DEPLOYED:
            os.environ.update({name: value for name, value in _read(env_file).items() if name not in os.environ})
        return kind(_secrets_dir=secrets if secrets.is_dir() else None)
    except SettingsError as error:
        _refuse(f"{_unreadable(error.__cause__, secrets)}.", env_file)
    except ValidationError as error:
        wrong = "; ".join(f"{_name(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False))
        _refuse(f"Settings that are missing or wrong: {wrong}.", env_file)


def _read(env_file: Path) -> dict[str, str]:
    """What the file sets; dotenv would only log a line that it cannot parse and go on without it."""
    try:
        with env_file.open(encoding="utf-8") as lines:
            broken = [_line(binding) for binding in parse_stream(lines) if binding.error]
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        _refuse(f"{_unreadable(error, env_file)}.", env_file)
    if broken:
        _refuse(f"{env_file} has a line that is not NAME=value: line {', '.join(broken)}.", env_file)
    return {name: value for name, value in dotenv_values(env_file, interpolate=False).items() if value}


def _unreadable(error: BaseException | None, place: Path) -> str:
    """Why a file cannot be read, at or below the place."""
    if isinstance(error, OSError):
        return f"{error.filename or place} cannot be read: {error.strerror}"
    return f"{place} is not UTF-8 text" if place.is_file() else f"A file in {place} is not UTF-8 text"


def _line(binding: Binding) -> str:
    """The line where the text of the binding begins; dotenv counts from the empty lines before it."""
    text = binding.original.string
    return str(binding.original.line + text[: len(text) - len(text.lstrip())].count("\n"))


def _name(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper() if location else "settings"


def _refuse(problem: str, env_file: Path) -> NoReturn:
    sys.stderr.write(f"{problem}\n{_advice(env_file)}; .env.example explains each.\n")
    raise SystemExit(EXIT_CODE)


def _advice(env_file: Path) -> str:
    environment = os.environ.get("ENVIRONMENT")
    if environment in DEPLOYED:
        return f"`nox -s config -- {environment}` shows where each comes from"
    action = f"Correct {env_file}" if env_file.exists() else f"Run `nox -s setup` to write {env_file}"
    return f"{action}, or set them in the environment"
