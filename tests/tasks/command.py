"""Runs a command of `tasks` in this process, which is quicker than a process of its own."""

import importlib
import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, chdir, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest.mock import patch

import pytest

from tasks.core import cli
from tests.tasks.small_project import environment

APPLICATION = ("auth", "gateway", "projects", "shared", "worker")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def call(
    main: Callable[[], int | str | None], project: Path, *arguments: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run a command's `main` in a project as `python -m` would; output of programs that it starts is not captured."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(stdout))
        stack.enter_context(redirect_stderr(stderr))
        stack.enter_context(inside(project, **settings))
        stack.enter_context(patch.object(sys, "argv", ["command", *arguments]))
        for number in SIGNALS:
            stack.callback(signal.signal, number, signal.getsignal(number))
        with pytest.raises(SystemExit) as ended:
            cli.run(main)
    code = ended.value.code
    message = f"{code}\n" if isinstance(code, str) else ""
    exit_code = 1 if message else int(code or 0)
    return subprocess.CompletedProcess(arguments, exit_code, stdout.getvalue(), stderr.getvalue() + message)


@contextmanager
def inside(project: Path, **settings: str) -> Iterator[None]:
    """Work in a project, with its application importable and these settings in the environment."""
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    with (
        chdir(project),
        patch.dict(os.environ, environment(**{"PATH": programs, **settings}), clear=True),
        patch.object(sys, "path", [str(project / "src/backend"), *sys.path]),
        # A module that changes twice in a second may have the time and size of its bytecode.
        patch.object(sys, "dont_write_bytecode", True),
    ):
        importlib.invalidate_caches()
        try:
            yield
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] in APPLICATION]:
                del sys.modules[name]
