"""Entry point of the worker."""

from shared.server import run
from shared.settings import load
from worker.app import create_app
from worker.settings import WorkerSettings

if __name__ == "__main__":
    settings = load(WorkerSettings)
    run("worker", create_app(settings), settings, settings.worker_port)
