"""Entry point of the projects service."""

from projects.app import create_app
from projects.settings import ProjectsSettings
from shared.server import run
from shared.settings import load

if __name__ == "__main__":
    settings = load(ProjectsSettings)
    run("projects", create_app(settings), settings, settings.projects_port)
