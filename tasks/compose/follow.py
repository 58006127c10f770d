"""Follows the services of a stack while they start, until all are ready or one is not going to be."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from docker import DockerClient

from tasks.compose import containers, health
from tasks.compose.compose import Call, words
from tasks.compose.health import Verdict
from tasks.compose.plan import Service
from tasks.core.errors import UserError
from tasks.core.screen import Screen

LOOK_SECONDS = 0.2
# Compose notices by itself that a service failed on which others wait.
GRACE_SECONDS = 2.0
DEPENDENCY = "dependency failed to start"


class NotReady(Exception):
    """A service that is not going to be ready."""

    def __init__(self, service: Service, verdict: Verdict) -> None:
        super().__init__(f"{service.name} {verdict.text}")
        self.service = service
        self.verdict = verdict


class Follower:
    """Shows each change of the services' state; `timeout` is how many seconds one may take to be ready."""

    def __init__(
        self, client: DockerClient, project: str, services: list[Service], screen: Screen, timeout: float
    ) -> None:
        self._client = client
        self._project = project
        self._services = services
        self._screen = screen
        self._patience = timeout
        self._since = containers.now(client)
        self._past = health.past_restarts(containers.of_project(client, project))
        self._origin = time.monotonic()
        self._began: dict[str, float] = {}
        self._shown: dict[str, tuple[str, str]] = {}
        self.seconds: dict[str, float] = {}

    def until_ready(self, call: Call, explain: Callable[[str], str] = words) -> None:
        """Return when the call has ended and all are ready; NotReady or a UserError when that will not be.

        `explain` makes plain words of what a failed call has said.
        """
        while (code := call.code) is None:
            self._look(self._since, lambda: call.wait(GRACE_SECONDS))
            time.sleep(LOOK_SECONDS)
        # The call may have failed because a service did: that tells more than its own words.
        is_about_old = not code or DEPENDENCY in call.text
        settled = self._look(None if is_about_old else self._since)
        if code:
            raise UserError(explain(call.text))
        while not settled:
            time.sleep(LOOK_SECONDS)
            settled = self._look(None)

    def _look(self, since: datetime | None, before_failing: Callable[[], object] = lambda: None) -> bool:
        """Whether all are ready."""
        found = containers.of_project(self._client, self._project)
        now = self._now()
        verdicts = [(each, health.judge(each, found, now, since, self._past)) for each in self._services]
        for service, verdict in verdicts:
            self._show(service, verdict)
        for service, verdict in verdicts:
            if verdict.state == "failed":
                before_failing()
                raise NotReady(service, verdict)
            self._check_timeout(service, verdict)
        return all(verdict.state == "ready" for _, verdict in verdicts)

    def _show(self, service: Service, verdict: Verdict) -> None:
        text = verdict.text
        if verdict.state == "starting":
            self._began.setdefault(service.name, time.monotonic())
        if verdict.state == "ready" and self._is_new(verdict):
            text += f" in {self._taken(service.name, verdict)} s"
        if self._shown.get(service.name) != (verdict.state, verdict.text) and verdict.state != "waiting":
            self._shown[service.name] = (verdict.state, verdict.text)
            self._screen.status(service.name, verdict.state, text)

    def _now(self) -> datetime:
        """The engine's time, without asking it again."""
        return self._since + timedelta(seconds=time.monotonic() - self._origin)

    def _is_new(self, verdict: Verdict) -> bool:
        started = verdict.container.started if verdict.container else None
        return started is not None and started >= self._since

    def _taken(self, name: str, verdict: Verdict) -> float:
        """Seconds from the container's start to its being ready, as the engine's clock has it."""
        started = verdict.container.started if verdict.container else None
        if name not in self.seconds and started is not None:
            self.seconds[name] = round((self._now() - started).total_seconds(), 1)
        return self.seconds.get(name, 0.0)

    def _check_timeout(self, service: Service, verdict: Verdict) -> None:
        began = self._began.get(service.name)
        if verdict.state == "starting" and began is not None and time.monotonic() - began > self._patience:
            late = Verdict("failed", f"is not ready after {self._patience:.0f} s: {verdict.text}", verdict.container)
            self._screen.status(service.name, "failed", late.text)
            raise NotReady(service, late)
