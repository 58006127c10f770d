"""Password hashing with Argon2, in threads and with limited concurrency."""

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
    """A password could not be hashed within the timeout because too many others were queued."""


class PasswordHashing:
    """Hashes and verifies passwords, one per core at a time, as each takes a core and `memory_kib` of memory.

    Others are queued for at most `timeout` seconds, then they fail with BusyError. The queue therefore never has older
    entries, and new ones are handled within that time as soon as a burst ends.
    """

    def __init__(self, memory_kib: int, rounds: int, timeout: float) -> None:
        cores = os.cpu_count() or 1
        self._hasher = PasswordHasher(time_cost=rounds, memory_cost=memory_kib, parallelism=1)
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="argon2")
        self._slots = asyncio.Semaphore(cores)
        self._timeout = timeout
        self._dummy_hash = self._hasher.hash(secrets.token_urlsafe())

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password matches; takes as long without a hash, so that timing does not reveal known users."""
        matches = await self._run(self._verify, password_hash or self._dummy_hash, password)
        return matches and password_hash is not None

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash has other Argon2 parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., Result], *arguments: str) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise BusyError from None
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        running.add_done_callback(lambda _: self._slots.release())
        # The thread keeps running if the caller is cancelled, so the future that releases its slot must, too.
        return await asyncio.shield(running)

    def _verify(self, password_hash: str, password: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except VerifyMismatchError:
            return False
