"""The inbox of development: an SMTP server of this process, which keeps the last mail in Redis for the gateway."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.message import Message

import structlog
from aiosmtpd.handlers import AsyncMessage
from aiosmtpd.smtp import SMTP
from redis.asyncio import Redis

from shared.mail import INBOX

# Of all mail, and of the mail to one address.
KEPT, KEPT_OF_ADDRESS = 100, 10
KEPT_SECONDS = 24 * 3600
LINK = re.compile(r"https?://\S+")

log = structlog.get_logger()


class Inbox(AsyncMessage):
    """A handler of aiosmtpd."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        super().__init__()
        self._redis = redis
        self._key = f"{prefix}{INBOX}"

    async def handle_message(self, message: Message) -> None:
        """Keep a mail; its recipient and its links are not for logs."""
        recipients = str(message["X-RcptTo"]).split(", ")
        parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
        body = parsed.get_body(("plain",))
        text = body.get_content() if body else ""
        mail = {
            "id": str(parsed["message-id"]),
            "to": recipients,
            "subject": str(parsed["subject"]),
            "text": text,
            "links": LINK.findall(text),
            "received_at": datetime.now(UTC).isoformat(),
        }
        async with self._redis.pipeline(transaction=True) as commands:
            for key, kept in ((self._key, KEPT), *((f"{self._key}:{each}", KEPT_OF_ADDRESS) for each in mail["to"])):
                commands.lpush(key, json.dumps(mail))
                commands.ltrim(key, 0, kept - 1)
                commands.expire(key, KEPT_SECONDS)
            await commands.execute()
        log.info("mail received", number=len(recipients))


@asynccontextmanager
async def serve(redis: Redis, prefix: str) -> AsyncIterator[str]:
    """Receive mail on a free port of this machine; yields the URL."""
    loop = asyncio.get_running_loop()
    inbox = Inbox(redis, prefix)
    async with await loop.create_server(lambda: SMTP(inbox, hostname="localhost", loop=loop), "127.0.0.1") as server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
