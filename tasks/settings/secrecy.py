"""Which texts hold a secret, and what is shown in their place."""

import re
from urllib.parse import urlsplit

from tasks.settings.contract import Setting

MASK = "********"
# A token may stand where the name does, as in redis://TOKEN@host: what is no plain word is taken for one.
NAME = re.compile(r"[a-z][a-z_-]{0,30}[0-9]{0,2}")


def shown(setting: Setting, text: str) -> str:
    """The text as it may be read by everybody; nothing in it tells a secret's length."""
    return MASK if holds_secret(setting, text) else text


def holds_secret(setting: Setting, text: str) -> bool:
    """Whether this is a secret: a setting that is one, unless its text is a URL that says no more than a place."""
    return setting.is_secret and bool(text) and not is_place(text)


def is_place(text: str) -> bool:
    """Whether it is a URL without a password or a token; what follows a ? may be one too."""
    try:
        url = urlsplit(text)
        is_open = url.password is None and not url.query and not url.fragment
    except ValueError:
        return False
    return bool(url.scheme and url.netloc) and is_open and (not url.username or bool(NAME.fullmatch(url.username)))
