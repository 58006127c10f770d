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


class BusyError(Exception):
    """So many passwords wait to be hashed that this one's turn has not come in time."""


class Passwords:
    """Hashes and verifies; each takes a core for a moment and `memory_kib` of memory, so only so many run at once.

    Another one waits for its turn, for at most `timeout` seconds; then BusyError refuses it. What is worked on is
    therefore never older, and when a flood ends, whoever comes next is served within that time.
    """

    def __init__(self, memory_kib: int, rounds: int, timeout: float) -> None:
        cores = os.cpu_count() or 1
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="argon2")
        self._free = asyncio.Semaphore(cores)
        self._timeout = timeout
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
        try:
            async with asyncio.timeout(self._timeout):
                await self._free.acquire()
        except TimeoutError:
            raise BusyError from None
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        running.add_done_callback(lambda _: self._free.release())
        # A thread goes on when its caller is cancelled, and so does what counts it.
        return await asyncio.shield(running)

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, password)
        except VerifyMismatchError:
            return False
