"""Reads settings from the environment, secrets also from files, in development all from `.env.local` as well."""

import os
import re
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, NoReturn, TypeVar

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError
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


class Settings(BaseSettings):
    """Base of all settings: frozen, an empty value counts as none, and no error repeats a value."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )


class ServiceSettings(Settings):
    """What every service is told."""

    app_name: str = Field(min_length=1)
    """The application's name, as people see it."""

    environment: Environment
    """Decides the log level and whether the interactive API pages are served."""

    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None = None
    """Without it: DEBUG in development, INFO in staging, WARNING in production."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    shutdown_timeout: Seconds = 10
    """Seconds that requests under way have to end when the service is told to stop."""


Loaded = TypeVar("Loaded", bound=Settings)


def load(kind: type[Loaded], env_file: Path = ENV_FILE, secrets: Path = SECRETS) -> Loaded:
    """The settings from the environment, which wins, the file and the secrets; plain words end it if they are wrong."""
    try:
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
    advice = f"Correct {env_file}" if env_file.exists() else f"Run `nox -s setup` to write {env_file}"
    sys.stderr.write(f"{problem}\n{advice}, or set them in the environment; .env.example explains each.\n")
    raise SystemExit(EXIT_CODE)
