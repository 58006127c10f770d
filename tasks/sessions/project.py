"""Every session of a project, registered in the order of `nox -l`; a noxfile imports only this module."""

from importlib import import_module

SUBJECTS = ("start", "source", "check", "stack", "ship", "parts")

for subject in SUBJECTS:
    import_module(f"tasks.sessions.{subject}")
