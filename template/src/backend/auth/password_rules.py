"""Rules of new passwords: one spelling of each, and none that can be guessed."""

import asyncio

from precis_i18n import get_profile
from zxcvbn_rs_py import zxcvbn

# Guesses that an attacker needs, as a power of ten; with fewer, zxcvbn calls a password weak.
MIN_GUESSES = 8
# Characters that are judged at once, as zxcvbn holds Python's lock: for 10 ms at most, but 200 ms for 64 characters.
PART = 24
OPAQUE_STRING = get_profile("OpaqueString")


class GuessablePasswordError(Exception):
    """The new password can be guessed; `field` is that of the request."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def prepare(password: str) -> str:
    """The password as an OpaqueString of RFC 8265, which is the same for all keyboards; ValueError if it has none."""
    return OPAQUE_STRING.enforce(password)


async def require_strong(field: str, password: str, *names: str) -> None:
    """Raise GuessablePasswordError for a common password, a pattern such as `aaaa`, or one made of these names.

    One part that cannot be guessed is enough. Others are served between two parts.
    """
    known = [*names, *(part for name in names for part in parts_of(name))]
    for part in parts_of(password):
        if zxcvbn(part, known).guesses_log10 >= MIN_GUESSES:
            return
        await asyncio.sleep(0)
    raise GuessablePasswordError(field)


def parts_of(text: str) -> list[str]:
    """The text in parts of PART characters."""
    return [text[start : start + PART] for start in range(0, len(text), PART)]
