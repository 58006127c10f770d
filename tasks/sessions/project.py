"""Every session of a project, registered in the order of `nox -l`; a noxfile imports only this module."""

from importlib import import_module
from pathlib import Path

from tasks.project import parts

SUBJECTS = ("start", "source", "check", "stack", "ship")

for subject in SUBJECTS:
    import_module(f"tasks.sessions.{subject}")
parts.hooks(Path(), "sessions")
