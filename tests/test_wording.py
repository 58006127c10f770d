"""Plain English: no tracked file has a term that readers would have to look up."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support import ROOT, run

# Terms to avoid, each with the standard term.
TERMS = {
    r"troubles?": "UserError, error",
    r"doors?": "bootstrap, entry point",
    r"users? who calls?": "the current user",
    r"one who joined": "oldest first",
    r"takes and gives": "request and response models",
    r"whole or not at all": "atomically",
    r"plainly": "in one line, without a traceback",
    r"words": "output, message, arguments",
    r"told": "given, reported",
    r"said": "output, reported",
    r"workplaces?": "ComposeProject",
    r"(beside|to)_the_point": "is_relevant",
    r"lend(s|ing)?|lent|take_back": "suspend, resume",
    r"class Way": "PortForward",
    r"old_secrets": "stale_secrets",
    r"patience": "timeout",
    r"by (it|them)sel(f|ves)": "unexpectedly, automatically",
    r"mend(s|ed|ing)?": "fix",
    r"PYTEST'S ARGUMENTS": "PYTEST_ARGS",
    r"what was built": "images, artifacts",
    r"bills?": "SBOM",
    r"cannot be had": "not found",
    r"not succeeded": "failed",
    r"process numbers?": "PID",
    r"(end|stop)(s|ed|ping|ing)? (\w+ )?in order(?! to)": "gracefully",
    r"whoever": "the user, the caller",
    r"as (it|they) lies?": "in place",
    r"what there is": "the noun that it is",
    r"stray": "stale",
}
AVOIDED = re.compile(rf"(?<![a-z])(?:{'|'.join(TERMS)})(?![a-z])", re.IGNORECASE)
# A key of typos, and in the changelog the names that were replaced.
EXCEPTIONS = re.compile(
    r"extend-words|unrelated words|from tasks import door\b|\bdoor\.enter\(|(?<=replaces `)--patience\b"
)
THIS = "tests/test_wording.py"


def findings(text: str) -> list[str]:
    """The terms to avoid in a text, with their lines and the standard term."""
    return [
        f"{number}: {found[0]!r}; write: {standard(found[0])}"
        for number, line in enumerate(text.splitlines(), start=1)
        for found in AVOIDED.finditer(EXCEPTIONS.sub("", line))
    ]


def standard(term: str) -> str:
    """The standard term for one to avoid."""
    return next(plain for avoided, plain in TERMS.items() if re.fullmatch(avoided, term, re.IGNORECASE))


def tracked(folder: Path) -> list[str]:
    """The tracked text files, without links, whose targets are tracked themselves."""
    listed = run("git", "grep", "-I", "--name-only", "-z", "-e", "", cwd=folder).stdout.split("\0")
    return [name for name in listed if name and name != THIS and not (folder / name).is_symlink()]


def test_no_file_has_a_term_to_avoid() -> None:
    found = {name: texts for name in tracked(ROOT) if (texts := findings((ROOT / name).read_text(encoding="utf-8")))}
    assert found == {}


@pytest.mark.parametrize(
    "planted", ["It is Told.", "took the bill", "def _plainly(text):", "the_trouble = 1", "stops it in order."]
)
def test_term_to_avoid_is_found(tmp_path: Path, planted: str) -> None:
    (tmp_path / "notes.md").write_text(f"Plain text.\n{planted}\n")
    (tmp_path / "link.md").symlink_to("notes.md")
    run("git", "init", cwd=tmp_path)
    run("git", "add", ".", cwd=tmp_path)
    assert tracked(tmp_path) == ["notes.md"]
    assert [text.partition(":")[0] for text in findings((tmp_path / "notes.md").read_text())] == ["2"]


@pytest.mark.parametrize("plain", ["[default.extend-words]", "amend, indoors", "stop in order to start", "passwords"])
def test_other_terms_are_not_found(plain: str) -> None:
    assert findings(plain) == []
