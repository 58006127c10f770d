"""The Compose files of the project and of its parts."""

from pathlib import Path

COMPOSE_FILE = "compose.yaml"
# Where a part of the application may bring a Compose file of its own.
PARTS = ("src/*", "src/backend/*", "infra/*")


def compose_files(project: Path) -> list[Path]:
    """The project's Compose file and those of its parts; paths in all of them are relative to the project."""
    parts = [path for part in PARTS for path in sorted(project.glob(f"{part}/{COMPOSE_FILE}"))]
    return [project / COMPOSE_FILE, *parts]
