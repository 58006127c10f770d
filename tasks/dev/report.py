"""Says where everything is once it runs: on the screen, and in `.data/dev.json` for other sessions."""

import os
import time
from typing import Any

import psutil

from tasks.core.screen import Screen
from tasks.dev.running_service import RunningService
from tasks.project.data_folder import DataFolder
from tasks.project.services import GATEWAY

DOCS = "/docs"


class Report:
    """What is known of the application while it runs."""

    def __init__(self, data: DataFolder) -> None:
        self._data = data
        self._servers: dict[str, Any] = {}
        self._seconds = 0.0

    def add_server(self, title: str, version: str, pid: int | None, port: int | None) -> None:
        """Note a server; one that was given has neither process nor port of ours."""
        self._servers[title] = {"version": version, "pid": pid, "port": port}

    def announce(self, running: list[RunningService], screen: Screen) -> None:
        """Show the URLs and the seconds since this process began."""
        self._seconds = round(time.time() - psutil.Process().create_time(), 2)
        screen.say(f"Ready in {self._seconds} s", "bold green")
        for each in running:
            if each.service.name == GATEWAY:
                screen.say(f"  gateway   {each.service.url}")
                screen.say(f"  API pages {each.service.url}{DOCS}")
        screen.say("Code changes take effect by themselves; Ctrl-C stops everything.")

    def write(self, running: list[RunningService]) -> None:
        """Write the file, whose services' processes change with each reload."""
        services = {
            each.service.name: {"url": each.service.url, "port": each.service.port, "pid": each.part.pid}
            for each in running
        }
        gateway = services.get(GATEWAY, {}).get("url")
        about = {"pid": os.getpid(), "url": gateway, "docs": f"{gateway}{DOCS}", "seconds": self._seconds}
        self._data.write("dev", {**about, "servers": self._servers, "services": services})
