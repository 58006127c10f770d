"""Which texts hold a secret, and what is shown in their place."""

from urllib.parse import urlsplit

from tasks.config.contract import Setting

MASK = "********"


def shown(setting: Setting, text: str) -> str:
    """The text as it may be read by everybody; nothing in it tells a secret's length."""
    return MASK if holds_secret(setting, text) else text


def holds_secret(setting: Setting, text: str) -> bool:
    """Whether this is a secret: a setting that is one, unless its text is a URL that says no more than a place."""
    return setting.is_secret and bool(text) and not is_place(text)


def is_place(text: str) -> bool:
    """Whether it is a URL without a password; what follows a ? may be one too."""
    try:
        url = urlsplit(text)
        return bool(url.scheme and url.netloc) and url.password is None and not url.query and not url.fragment
    except ValueError:
        return False
