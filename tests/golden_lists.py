"""Rewrites the golden lists of files: `python -m tests.golden_lists`."""

from __future__ import annotations

import tempfile
from pathlib import Path

from tests.support import ANSWER_SETS, ANSWERS, GOLDEN, files, render


def main() -> None:
    """Render every set of answers and write the list of its files."""
    for name in ANSWER_SETS:
        with tempfile.TemporaryDirectory() as scratch:
            project = render(Path(scratch) / "my-app", ANSWERS / f"{name}.yml")
            (GOLDEN / f"{name}.txt").write_text("".join(f"{path}\n" for path in files(project)), encoding="utf-8")


if __name__ == "__main__":
    main()
