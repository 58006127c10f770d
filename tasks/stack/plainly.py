"""Ends a command in plain words, whatever ends it."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from docker.errors import DockerException
from requests import RequestException

from tasks.trouble import Trouble

INTERRUPTED = 130


@contextmanager
def plainly() -> Iterator[None]:
    """For the whole of a command: a trouble, an engine that goes away, and signals end it without a traceback."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    except Trouble as trouble:
        sys.exit(str(trouble))
    except (DockerException, RequestException) as error:
        sys.exit(f"The Docker Engine went away or failed: {error}\nSee what there is of it: nox -s doctor")
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
