"""Sizes of the images, and how they differ from those of the last build."""

import json
from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from tasks.checks.images.rules import megabytes
from tasks.compose.images import BuiltImage
from tasks.core import atomic_file
from tasks.core.errors import UserError
from tasks.project.data_folder import FOLDER

FILE = "images.json"
COLUMNS = ("image", "MB", "over base", "since last build", "seconds")


@dataclass(frozen=True)
class Size:
    """An image's bytes, those that it has over its base where that is known, and the seconds that its build took."""

    total: int
    over_base: int | None
    seconds: float


def read(project: Path) -> dict[str, int]:
    """The bytes of each image at the last build; nothing where that is not known."""
    try:
        found = json.loads((project / FOLDER / FILE).read_text(encoding="utf-8"))
        return {str(name): int(size) for name, size in found.items()}
    except (OSError, ValueError, AttributeError):
        return {}


def write(project: Path, sizes: dict[str, Size]) -> None:
    """Remember them for the next time."""
    folder = project / FOLDER
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise UserError(f"Cannot make the folder {folder}: {error.strerror}.") from None
    totals = {name: size.total for name, size in sizes.items()}
    atomic_file.write(folder / FILE, json.dumps(totals, indent=2) + "\n")


def table(images: list[BuiltImage], sizes: dict[str, Size], last: dict[str, int]) -> Table:
    """For people."""
    found = Table(*COLUMNS, box=None, pad_edge=False)
    for column in found.columns[1:]:
        column.justify = "right"
    for image in images:
        size = sizes[image.name]
        over = "unknown" if size.over_base is None else f"{size.over_base / 1_000_000:+.1f}"
        found.add_row(
            image.title,
            megabytes(size.total),
            over,
            _change(size.total, last.get(image.name)),
            f"{size.seconds:.1f}",
        )
    return found


def _change(now: int, before: int | None) -> str:
    if before is None:
        return "first build"
    return f"{(now - before) / 1_000_000:+.1f}" if now != before else "same"
