"""Free TCP ports on the loopback address, each claimed by one process at a time."""

import random
import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"
# Below the range that operating systems use for outgoing connections.
CANDIDATES = range(20000, 32768)


class Ports(ExitStack):
    """Ports that no other `Ports` on this machine chooses before the `with` block ends.

    A port is claimed by holding the UDP port of the same number: the TCP port itself must stay free for the server, and
    Granian would share it silently with another Granian.
    """

    def take(self, usual: int | None = None) -> int:
        """Claim the usual port if it is free, else any other free port."""
        if usual is not None and self._claim(usual):
            return usual
        return next(port for port in random.SystemRandom().sample(CANDIDATES, len(CANDIDATES)) if self._claim(port))

    def _claim(self, port: int) -> bool:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if _can_bind(claim, port) and is_free(port):
            self.enter_context(claim)
            return True
        claim.close()
        return False


def is_free(port: int) -> bool:
    """Whether a server can listen on this TCP port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do, so that connections of an earlier server in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return _can_bind(probe, port)


def _can_bind(probe: socket.socket, port: int) -> bool:
    try:
        probe.bind((LOOPBACK, port))
    except OSError:
        return False
    return True
