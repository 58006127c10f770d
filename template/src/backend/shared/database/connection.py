"""Connections to the database that survive neither a frozen nor a read-only server, and whose errors have no values."""

from asyncio import CancelledError
from collections.abc import Callable
from typing import Any, TypeVar

from psycopg import AsyncConnection, Error, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import ReadOnlySqlTransaction
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow
from psycopg.waiting import wait_async

POLL_SECONDS = 0.1

Result = TypeVar("Result")


class LimitedConnection(AsyncConnection[TupleRow]):
    """A connection with limits in seconds for a ping and for a statement.

    The limits of the server do not apply while its process is frozen, and the kernel still acknowledges packets for it.
    After a timeout, a cancellation, or an error because the server is read-only, the connection is closed, so that the
    pool replaces it.
    """

    ping_limit = statement_limit = 60.0

    async def wait(self, gen: PQGen[Result], *_arguments: Any, **options: Any) -> Result:
        """Wait for the server; raises OperationalError after the limit."""
        # Only the ping of the pool is not in a transaction.
        limit = options.get("timeout") or (self.ping_limit if self.autocommit else self.statement_limit)
        try:
            return await wait_async(gen, self.pgconn.socket, POLL_SECONDS, limit)
        except CancelledError:
            self.pgconn.finish()
            raise
        except ReadOnlySqlTransaction as error:
            # After a failover, connections to the old primary are still open.
            self.pgconn.finish()
            raise OperationalError("the server is read-only") from error
        except Error as error:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.pgconn.finish()
                raise OperationalError(f"the server has not responded in {limit:g} s") from None
            # Without DETAIL and CONTEXT: they have the values of the row, and would be logged.
            if error.diag.message_primary:
                error.args = (error.diag.message_primary,)
            raise


def connector(login: Callable[[], dict[str, str]], ping_limit: float, statement_limit: float) -> Any:
    """The function with which SQLAlchemy opens connections with these limits; `login` returns user and password."""

    async def connect(*arguments: Any, **options: Any) -> LimitedConnection:
        connection = await LimitedConnection.connect(*arguments, **{**options, **login()})
        connection.ping_limit, connection.statement_limit = ping_limit, statement_limit
        return connection

    return connect
