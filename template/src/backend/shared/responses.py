"""Error responses, in the form that FastAPI uses, for code that is outside FastAPI."""

import json
from collections.abc import Sequence

from starlette.types import Send

Headers = Sequence[tuple[bytes, bytes]]


async def send_error(send: Send, status: int, detail: str, headers: Headers = ()) -> None:
    """Send a whole response whose body is `{"detail": …}`."""
    body = json.dumps({"detail": detail}).encode()
    own = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": [*own, *headers]})
    await send({"type": "http.response.body", "body": body})
