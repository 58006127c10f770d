"""The pages of the frontend, and their pictures."""

from pathlib import Path

from tasks.frontend.node import FOLDER

APP = FOLDER / "src/app"
PICTURES = FOLDER / "pictures"
VARIANTS = ("light", "dark", "phone")
# A redirect, and a page that only development has.
WITHOUT = ("", "design-system")
COMMAND = "nox -s screenshots"


def pages(project: Path) -> dict[str, str]:
    """The path of each page by its name: `projects-id` for /projects/[id]. Folders in brackets are not in paths."""
    found = [path.relative_to(project / APP).parent.parts for path in (project / APP).rglob("page.tsx")]
    paths = sorted("/".join(part for part in parts if not part.startswith("(")) for parts in found)
    return {path.translate(str.maketrans("/", "-", "[]")): f"/{path}" for path in paths if path not in WITHOUT}


def missing(project: Path) -> list[str]:
    """The pictures that pages lack, and those of no page."""
    wanted = {f"{name}-{variant}.png" for name in pages(project) for variant in VARIANTS}
    return sorted(str(PICTURES / name) for name in wanted ^ {path.name for path in (project / PICTURES).glob("*.png")})
