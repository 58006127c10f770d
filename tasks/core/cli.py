"""The entry point of every command of `tasks`."""

import errno
import signal
import sys
from collections.abc import Callable
from typing import NoReturn

from tasks.core.errors import UserError


def run(main: Callable[[], int | str | None]) -> NoReturn:
    """Run a command and exit with its result, the message of a UserError, or 130 after Ctrl-C.

    SIGTERM and SIGHUP end it as Ctrl-C does, so that it cleans up; a SIGHUP that `nohup` ignores stays ignored.
    """
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main())
    except UserError as error:
        sys.exit(str(error))
    except OSError as error:
        if error.errno not in {errno.EACCES, errno.EPERM, errno.EROFS}:
            raise
        sys.exit(f"Cannot access {error.filename}: {error.strerror}. Change its mode or owner, or remove it.")
    except KeyboardInterrupt:
        sys.exit(130)
