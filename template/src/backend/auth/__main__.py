"""Entry point of the auth service."""

from auth.app import create_app
from auth.settings import AuthSettings
from shared.server import run
from shared.settings import load

if __name__ == "__main__":
    settings = load(AuthSettings)
    run("auth", create_app(settings), settings, settings.auth_port)
