"""The reasons for `dev` to end; the first one counts."""

import asyncio
import os
import signal

from tasks.core.errors import UserError

# The process number of the session that started this one: nox passes no signals on, and its end must be ours.
SESSION = "SLIPWAY_SESSION"
LOOK_SECONDS = 0.1


class Ending:
    """Waits for a signal, the session's end, or what `crash` and `ask` are told."""

    def __init__(self) -> None:
        self._reason: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def ask(self, reason: str) -> None:
        """End in order."""
        if not self._reason.done():
            self._reason.set_result(reason)

    def crash(self, trouble: UserError) -> None:
        """End in order, and fail with this."""
        if not self._reason.done():
            self._reason.set_exception(trouble)

    async def wait(self) -> str:
        """The reason, once there is one; raises the UserError of a crash."""
        watch = asyncio.create_task(self._watch_session())
        try:
            return await asyncio.shield(self._reason)
        finally:
            watch.cancel()

    def listen(self) -> None:
        """End on the signals that ask for it, except a SIGHUP that `nohup` wants ignored."""
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGINT, self._interrupt)
        loop.add_signal_handler(signal.SIGTERM, self.ask, "SIGTERM")
        if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
            loop.add_signal_handler(signal.SIGHUP, self.ask, "the terminal went away")

    def _interrupt(self) -> None:
        if self._reason.done():
            # A second Ctrl-C: leave at once, the guardian ends the rest.
            os._exit(1)
        self.ask("Ctrl-C")

    async def _watch_session(self) -> None:
        session = os.environ.get(SESSION)
        while session is not None:
            if str(os.getppid()) != session:
                self.ask("nox has ended")
                return
            await asyncio.sleep(LOOK_SECONDS)
