"""The mail of a running application in development, which its gateway serves as JSON."""

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from tasks.core.errors import UserError

PAGE = "/inbox"
MESSAGES = f"{PAGE}/messages"
WAIT_SECONDS = 25
PARAMETER = "?token="


def path(address: str, number: int = 1) -> str:
    """The path of the mail to an address; the response waits for this number of them."""
    return f"{MESSAGES}?{urlencode({'to': address, 'number': number, 'wait': WAIT_SECONDS}, quote_via=quote)}"


def token(mails: Iterable[Mapping[str, Any]]) -> str:
    """The token in the newest link of these mails, which are the content of the response."""
    for link in (each for mail in mails for each in mail["links"]):
        if PARAMETER in link:
            return str(link.partition(PARAMETER)[2])
    raise UserError("No mail with a link has arrived. Look at the log of the worker.")
