"""Password hashing with Argon2, in threads and with limited concurrency."""

import asyncio
import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError

# The minimum of Argon2.
MIN_MEMORY_KIB = 8

Result = TypeVar("Result")


class BusyError(Exception):
    """A password could not be hashed within the timeout because too many others were queued."""


class PasswordHashing:
    """Hashes and verifies passwords, one per core at a time, as each takes a core and `memory_kib` of memory.

    Others are queued for at most `timeout` seconds, then they fail with BusyError. The queue therefore never has older
    entries, and new ones are handled within that time as soon as a burst ends.

    After a change of the parameters, the stored hashes take more or less work than new ones. A password that does not
    match takes as much as the slowest of them that this process has seen, so that timing does not reveal known users.
    """

    def __init__(self, memory_kib: int, rounds: int, timeout: float) -> None:
        cores = os.cpu_count() or 1
        self._hasher = self._hasher_with(memory_kib, rounds)
        self._memory_kib = memory_kib
        self._most_work = memory_kib * rounds
        self._threads = ThreadPoolExecutor(cores, thread_name_prefix="argon2")
        self._slots = asyncio.Semaphore(cores)
        self._timeout = timeout

    async def hash(self, password: str) -> str:
        """The hash to store."""
        return await self._run(self._hasher.hash, password)

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password matches; if not, it takes as long with as without a hash."""
        return await self._run(self._verify, password_hash, password)

    def needs_rehash(self, password_hash: str) -> bool:
        """Whether the hash has other Argon2 parameters than the current ones."""
        return self._hasher.check_needs_rehash(password_hash)

    def close(self) -> None:
        """Stop the threads."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _run(self, work: Callable[..., Result], *arguments: str | None) -> Result:
        try:
            async with asyncio.timeout(self._timeout):
                await self._slots.acquire()
        except TimeoutError:
            raise BusyError from None
        running = asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)
        running.add_done_callback(lambda _: self._slots.release())
        # The thread keeps running if the caller is cancelled, so the future that releases its slot must, too.
        return await asyncio.shield(running)

    def _verify(self, password_hash: str | None, password: str) -> bool:
        work = 0
        if password_hash is not None:
            parameters = extract_parameters(password_hash)
            work = parameters.memory_cost * parameters.time_cost
            with suppress(VerifyMismatchError):
                return self._hasher.verify(password_hash, password)
        self._most_work = max(self._most_work, work)
        if missing := self._most_work - work:
            rounds = math.ceil(missing / self._memory_kib)
            self._hasher_with(missing // rounds, rounds).hash(password)
        return False

    @staticmethod
    def _hasher_with(memory_kib: int, rounds: int) -> PasswordHasher:
        return PasswordHasher(time_cost=rounds, memory_cost=max(memory_kib, MIN_MEMORY_KIB), parallelism=1)
