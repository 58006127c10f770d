"""Hashes passwords with Argon2, off the event loop and only so many at a time."""

import asyncio
import os
import secrets
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

Result = TypeVar("Result")


class QueueFullError(Exception):
    """So many passwords wait to be hashed that the answer to another would come too late."""


class Passwords:
    """Hashes and verifies; each takes a core for a moment and `memory_kib` of memory, so only so many run at once.

    At most `queue` are under way or wait; QueueFullError refuses another.
    """

    def __init__(self, memory_kib: int, rounds: int, queue: int) -> None:
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="argon2")
        self._queue = queue
        self._queued = 0
        self._decoy = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(self._hasher.hash, password)

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether the password is the hash's; as slow when there is no hash, so that nobody learns who exists."""
        right = await self._run(self._verify, stored or self._decoy, password)
        return right and stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(stored)

    def close(self) -> None:
        """End the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., Result], *arguments: str) -> Result:
        if self._queued >= self._queue:
            raise QueueFullError
        self._queued += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        finally:
            self._queued -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False
