from types import SimpleNamespace

import pytest

from auth import password_rules
from auth.password_rules import GuessablePasswordError, prepare, require_strong

NAME = "Wolfeschlegelsteinhausenbergerdorff the Elder of Philadelphia"


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        # The examples of RFC 8265, section 4.3.
        ("correct horse battery staple", "correct horse battery staple"),
        ("Correct Horse Battery Staple", "Correct Horse Battery Staple"),
        ("\u03c0\u00df\u00e5", "\u03c0\u00df\u00e5"),
        ("Jack of \u2666s", "Jack of \u2666s"),
        ("foo\u1680bar", "foo bar"),
        # Composed, but not compatible characters.
        ("a\u030a", "\u00e5"),
        ("\ufb01n", "\ufb01n"),
    ],
)
def test_password_is_prepared_as_an_opaque_string(password: str, prepared: str) -> None:
    assert prepare(password) == prepared
    assert prepare(prepared) == prepared


@pytest.mark.parametrize("password", ["", "my cat is a \tby", "zero\u200bwidth", "\ud800", "unassigned \U000e0fff"])
def test_password_without_a_form_is_refused(password: str) -> None:
    with pytest.raises(ValueError, match="'OpaqueString' codec can't encode"):
        prepare(password)


@pytest.mark.parametrize("password", ["correct horse", NAME, NAME[:30], "aaaa" * 64, "password" * 30])
async def test_names_and_patterns_are_guessable(password: str) -> None:
    with pytest.raises(GuessablePasswordError, match="new_password"):
        await require_strong("new_password", password, "correct horse", NAME)


async def test_password_is_not_judged_for_long_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def judge(part: str, _known: list[str]) -> SimpleNamespace:
        lengths.append(len(part))
        return SimpleNamespace(guesses_log10=0)

    monkeypatch.setattr(password_rules, "zxcvbn", judge)
    with pytest.raises(GuessablePasswordError):
        await require_strong("password", "4@8({[<369|0$5+27%2" * 13)
    assert max(lengths) == password_rules.PART
    assert sum(lengths) == 19 * 13


async def test_long_unusual_passwords_are_not_guessable() -> None:
    for password in (
        "correct horse battery staple",
        "ångström ♦ größer",
        "x7!Qm2#pLk9v",
        "長い秘密の合言葉をここに書く",
    ):
        await require_strong("new_password", password, "ada@example.com", "Ada")
