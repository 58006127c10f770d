"""Logging configuration: JSON lines on standard output, for our own logs and those of libraries."""

import logging
import logging.config
import re
import sys
from typing import Any

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from shared import tracing
from shared.request_id import current_client, current_request_id
from shared.settings import Environment, ServiceSettings

# The names of OpenTelemetry's semantic conventions for what code names by a word; the README lists all fields.
NAMES = {
    "client": "client.address",
    "method": "http.request.method",
    "path": "url.path",
    "route": "http.route",
    "service": "service.name",
    "status": "http.response.status_code",
}
# What no line may have, also of libraries: mail addresses, the query and the login of a URL, and tokens, by their
# form or as many random characters.
SECRETS = re.compile(
    r"""
    (?P<query>[/\w]\?)[^\s"']+
    | (?P<scheme>\b(?i:bearer|basic)\ )[\w.~+/=-]+
    | (?P<url>://)[^\s/@]+@
    | eyJ[\w-]+\.[\w-]+\.[\w-]*
    | [\w.%+-]+@[\w-]+(?:\.[\w-]+)*
    | (?<![\w-])(?=[\w-]*[a-z])(?=[\w-]*[A-Z])(?=[\w-]*\d)[\w-]{40,}
    """,
    re.VERBOSE,
)
SECRET_NAME = re.compile(r"password|secret|token|authorization|cookie", re.IGNORECASE)
REMOVED = "[removed]"
LEVELS = {Environment.DEVELOPMENT: "DEBUG", Environment.STAGING: "INFO", Environment.PRODUCTION: "WARNING"}


def configure(service: str, settings: ServiceSettings) -> None:
    """Configure logging of this process; `service` is added to each event."""
    level = logging.getLevelNamesMapping()[settings.log_level or LEVELS[settings.environment]]
    structlog.configure(
        processors=[*_processors(service), finish, JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_library_config(service, level))


def finish(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """The event without secrets, with the documented names of its fields."""
    return {NAMES.get(name, name): REMOVED if SECRET_NAME.search(name) else clean(event[name]) for name in event}


def clean(value: Any) -> Any:
    """The value without secrets, as far as they can be recognized."""
    match value:
        case None | bool() | int() | float():
            return value
        case dict():
            return {name: REMOVED if SECRET_NAME.search(str(name)) else clean(each) for name, each in value.items()}
        case list() | tuple():
            return [clean(each) for each in value]
        case _:
            return SECRETS.sub(lambda found: f"{''.join(filter(None, found.groups()))}{REMOVED}", str(value))


def _processors(service: str) -> list[Processor]:
    def add_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        if request_id := current_request_id():
            event["request_id"] = request_id
        if client := current_client():
            event["client"] = client
        if trace := tracing.current():
            event["trace_id"], event["span_id"] = trace.trace_id, trace.span_id
        return event

    return [
        add_context,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso"),
        # Without local variables, which may be passwords and tokens.
        ExceptionRenderer(ExceptionDictTransformer(show_locals=False, max_frames=20)),
    ]


def _library_config(service: str, level: int) -> dict[str, Any]:
    """Configuration of the standard library's logging; DEBUG logs of libraries are always dropped."""
    formatter = {
        "()": ProcessorFormatter,
        "processors": [ProcessorFormatter.remove_processors_meta, finish, JSONRenderer()],
        "foreign_pre_chain": [add_logger_name, *_processors(service)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": max(level, logging.INFO)},
    }
