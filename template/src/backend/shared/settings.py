"""Settings from the environment, from secret files, and in development from `.env.local`."""

import os
import re
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import StrEnum
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, NoReturn, TypeVar
from urllib.parse import urlsplit

from dotenv import dotenv_values
from dotenv.parser import Binding, parse_stream
from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

ENV_FILE = Path(".env.local")
# Secrets of a container: a file per setting, with the same name.
SECRETS = Path("/run/secrets")
EXIT_CODE = 2

Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]


class Environment(StrEnum):
    """The environment that the application runs in."""

    DEVELOPMENT = "development"
    STAGING = "staging"
    PRODUCTION = "production"


DEPLOYED = (Environment.STAGING, Environment.PRODUCTION)

# Returns what is wrong with a value, or None; the second argument has the preceding fields.
Rule = Callable[[Any, Mapping[str, Any]], str | None]


def refuse(rule: Rule, *environments: Environment) -> AfterValidator:
    """Validator that rejects values acceptable in development only; by default in staging and production."""

    def check(value: Any, info: ValidationInfo) -> Any:
        environment = info.data.get("environment")
        wrong = rule(value, info.data) if environment in (environments or DEPLOYED) else None
        if wrong:
            raise PydanticCustomError(
                "development_value", "{wrong} in {environment}", {"wrong": wrong, "environment": environment}
            )
        return value

    return AfterValidator(check)


def url_scheme(*schemes: str) -> Callable[[SecretStr], SecretStr]:
    """Validator of the scheme of a secret URL; the error does not contain the URL, which may have a password."""

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


def is_loopback(url: str) -> bool:
    """Whether the host of the URL is this machine."""
    try:
        host = urlsplit(url).hostname
    except ValueError:
        return False
    return is_local_host(host or "")


def is_local_host(host: str) -> bool:
    """Whether the host is this machine."""
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified


def _loopback(url: str, _others: Mapping[str, Any]) -> str | None:
    return "should not be an address of this machine" if is_loopback(url) else None


ServiceUrl = Annotated[HttpUrl, refuse(_loopback)]


def _debug(level: str | None, _others: Mapping[str, Any]) -> str | None:
    return "should not be DEBUG" if level == "DEBUG" else None


class Settings(BaseSettings):
    """Base of all settings: frozen; empty values count as unset; errors do not contain values."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    # The first field, because the rules of other fields depend on it.
    environment: Environment
    """Determines the default log level, whether /docs is served, and which values are rejected."""


class ServiceSettings(Settings):
    """Settings of every service."""

    # A service that clients reach has them on another port.
    has_metrics: ClassVar[bool] = True

    app_name: str = Field(min_length=1)
    """The display name of the application."""

    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR"] | None, refuse(_debug, Environment.PRODUCTION)
    ] = None
    """The log level; by default DEBUG in development, INFO in staging, WARNING in production."""

    app_version: str = "unknown"
    """The running release, in metrics and traces; images have it."""

    host: str = "127.0.0.1"
    """The address to listen on."""

    shutdown_timeout: Seconds = 10
    """Seconds that running requests have to finish on shutdown."""

    otel_exporter_otlp_endpoint: HttpUrl | None = None
    """URL of the receiver of traces, by OTLP over HTTP; there are none without it."""

    otel_traces_sampler_arg: float = Field(default=0.1, ge=0, le=1)
    """The share of the traces that is recorded."""


SettingsType = TypeVar("SettingsType", bound=Settings)


def load(kind: type[SettingsType], env_file: Path = ENV_FILE, secrets: Path = SECRETS) -> SettingsType:
    """Load settings from the environment, the file and the secrets, in this order of precedence.

    Invalid settings end the process with an error message. The file is not read in staging and production.
    """
    try:
        if os.environ.get("ENVIRONMENT") not in DEPLOYED:
            os.environ.update({name: value for name, value in _read(env_file).items() if name not in os.environ})
        return kind(_secrets_dir=secrets if secrets.is_dir() else None)
    except SettingsError as error:
        _fail(f"{_read_error(error.__cause__, secrets)}.", env_file)
    except ValidationError as error:
        problems = "; ".join(f"{_name(each['loc'])}: {each['msg']}" for each in error.errors(include_input=False))
        _fail(f"Missing or invalid settings: {problems}.", env_file)


def current_secret(name: str, loaded: SecretStr) -> str:
    """The value that the secret's file has now, as a rotation changes it; `loaded` if the environment sets it."""
    with suppress(OSError):
        if not os.environ.get(name.upper()):
            return (SECRETS / name).read_text(encoding="utf-8").strip()
    return loaded.get_secret_value()


def _read(env_file: Path) -> dict[str, str]:
    """The values in the file; unlike dotenv, which skips a malformed line, this is an error."""
    try:
        with env_file.open(encoding="utf-8") as lines:
            malformed = [_line(binding) for binding in parse_stream(lines) if binding.error]
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        _fail(f"{_read_error(error, env_file)}.", env_file)
    if malformed:
        _fail(f"{env_file} has a line that is not NAME=value: line {', '.join(malformed)}.", env_file)
    return {name: value for name, value in dotenv_values(env_file, interpolate=False).items() if value}


def _read_error(error: BaseException | None, path: Path) -> str:
    """The reason that the file, or a file in the folder, cannot be read."""
    if isinstance(error, OSError):
        return f"{error.filename or path} cannot be read: {error.strerror}"
    return f"{path} is not UTF-8 text" if path.is_file() else f"A file in {path} is not UTF-8 text"


def _line(binding: Binding) -> str:
    """The line number of the binding; dotenv counts from the empty lines before it."""
    text = binding.original.string
    return str(binding.original.line + text[: len(text) - len(text.lstrip())].count("\n"))


def _name(location: tuple[int | str, ...]) -> str:
    return str(location[0]).upper() if location else "settings"


def _fail(problem: str, env_file: Path) -> NoReturn:
    sys.stderr.write(f"{problem}\n{_advice(env_file)}; see .env.example.\n")
    raise SystemExit(EXIT_CODE)


def _advice(env_file: Path) -> str:
    environment = os.environ.get("ENVIRONMENT")
    if environment in DEPLOYED:
        return f"`nox -s config -- {environment}` shows the source of each"
    action = f"Correct {env_file}" if env_file.exists() else f"Run `nox -s setup` to write {env_file}"
    return f"{action}, or set them in the environment"
