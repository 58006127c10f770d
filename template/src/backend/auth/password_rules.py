"""Rules of new passwords: one spelling of each, and none that can be guessed."""

from precis_i18n import get_profile
from zxcvbn_rs_py import zxcvbn

# Guesses that an attacker needs, as a power of ten; with fewer, zxcvbn calls a password weak.
MIN_GUESSES = 8
OPAQUE_STRING = get_profile("OpaqueString")


class GuessablePasswordError(Exception):
    """The new password can be guessed; `field` is that of the request."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def prepare(password: str) -> str:
    """The password as an OpaqueString of RFC 8265, which is the same for all keyboards; ValueError if it has none."""
    return OPAQUE_STRING.enforce(password)


def require_strong(field: str, password: str, *names: str) -> None:
    """Raise GuessablePasswordError for a common password, a pattern such as `aaaa`, or one made of these names."""
    if zxcvbn(password, list(names)).guesses_log10 < MIN_GUESSES:
        raise GuessablePasswordError(field)
