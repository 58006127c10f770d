"""The check of `.env` files: its findings, and that it never prints a value."""

from pathlib import Path

import pytest

from tasks.checks.dotenv import check
from tasks.core.errors import UserError
from tasks.project import env_file
from tests.support import ROOT

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (f"A={SECRET} {SECRET}", "1: the value of A needs quotes, or has text after it"),
        (f"A={SECRET} # why", "1: the value of A needs quotes, or has text after it"),
        (f"A='{SECRET}' x", "1: not NAME=value: A"),
        (f"A='{SECRET}", "1: not NAME=value: A"),
        (f"A = {SECRET}", "1: A  is not a name in upper case, directly followed by ="),
        (f"export A={SECRET}", "1: export A is not a name in upper case, directly followed by ="),
        (f"a={SECRET}", "1: a is not a name in upper case, directly followed by ="),
        (f"A={SECRET}\n\n# comment\nB=1\nA={SECRET}", "5: A is already set in line 1"),
        ("A", "1: not NAME=value: A"),
    ],
)
def test_ambiguous_lines_are_found(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / ".env.example"
    path.write_text(f"{text}\n")
    found = list(check(path))
    assert found == [fault]
    assert SECRET not in "".join(found)


@pytest.mark.parametrize("text", ["A=", "A=1", "A='it\\'s'", 'A="two parts"', "A=a,b:c/d@e.f", "# A=b c\n\nA_1=x"])
def test_valid_settings_pass(tmp_path: Path, text: str) -> None:
    path = tmp_path / ".env.example"
    path.write_text(f"{text}\n")
    assert list(check(path)) == []


def test_the_example_passes() -> None:
    assert list(check(ROOT / "template" / ".env.example")) == []


def test_a_file_that_is_not_utf_8_is_reported_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / ".env.example"
    path.write_bytes(b"A=1\nB=\xff\xfe\n")
    assert list(check(path)) == ["2: not UTF-8; save the file as UTF-8"]
    with pytest.raises(UserError, match=r"\.env\.example, line 2: not UTF-8"):
        env_file.required(tmp_path)
