"""Logging configuration: JSON lines on standard output, for our own logs and those of libraries."""

import logging
import logging.config
import sys
from typing import Any

import structlog
from structlog.processors import ExceptionRenderer, JSONRenderer
from structlog.stdlib import ProcessorFormatter, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.request_id import current_client, current_request_id
from shared.settings import Environment, ServiceSettings

LEVELS = {Environment.DEVELOPMENT: "DEBUG", Environment.STAGING: "INFO", Environment.PRODUCTION: "WARNING"}


def configure(service: str, settings: ServiceSettings) -> None:
    """Configure logging of this process; `service` is added to each event."""
    level = logging.getLevelNamesMapping()[settings.log_level or LEVELS[settings.environment]]
    structlog.configure(
        processors=[*_processors(service), JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(sys.stdout),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(_library_config(service, level))


def _processors(service: str) -> list[Processor]:
    def add_context(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        event["service"] = service
        if request_id := current_request_id():
            event["request_id"] = request_id
        if client := current_client():
            event["client"] = client
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
        "processors": [ProcessorFormatter.remove_processors_meta, JSONRenderer()],
        "foreign_pre_chain": [add_logger_name, *_processors(service)],
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stdout": {"class": "logging.StreamHandler", "stream": sys.stdout, "formatter": "json"}},
        "root": {"handlers": ["stdout"], "level": max(level, logging.INFO)},
    }
