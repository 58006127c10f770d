"""Free TCP ports on the loopback address, each claimed by one process at a time."""

import random
import socket

from tasks.core.closing import Closing

LOOPBACK = "127.0.0.1"
# Below the range from which systems give ports to outgoing connections.
ELSEWHERE = range(20000, 32768)


class Ports(Closing):
    """Ports that no other process of this kind chooses while this one lives.

    A port is claimed by holding the UDP port of the same number: the TCP port itself must stay free for the server, and
    Granian would share it in silence with another Granian.
    """

    def __init__(self) -> None:
        self._claims: list[socket.socket] = []

    def take(self, usual: int | None = None) -> int:
        """The usual port if it is free, else any other that is."""
        if usual is not None and self._claim(usual):
            return usual
        return next(port for port in random.SystemRandom().sample(ELSEWHERE, len(ELSEWHERE)) if self._claim(port))

    def close(self) -> None:
        """Give the claims back."""
        for claim in self._claims:
            claim.close()
        self._claims.clear()

    def _claim(self, port: int) -> bool:
        claim = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            claim.bind((LOOPBACK, port))
        except OSError:
            claim.close()
            return False
        if not is_free(port):
            claim.close()
            return False
        self._claims.append(claim)
        return True


def is_free(port: int) -> bool:
    """Whether a server could listen on this port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do it: connections of an earlier server that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
