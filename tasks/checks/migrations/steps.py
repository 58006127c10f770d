"""Walks a database through every migration: up, down, and up again."""

from alembic import command

from tasks.checks.migrations.schema import schema
from tasks.core.errors import UserError
from tasks.database.migrations.runner import configuration, plainly, scripts, title


def walk(url: str) -> None:
    """Raise a UserError where a downgrade leaves another schema than there was before its upgrade, or a step fails."""
    config = configuration(url)
    before = schema(url)
    for script in reversed(list(scripts(config).walk_revisions())):
        with plainly():
            command.upgrade(config, script.revision)
            command.downgrade(config, f"{script.revision}@-1")
        undone = schema(url)
        if undone != before:
            raise UserError(
                f"{title(script)}: its downgrade does not undo it{_differences(before, undone)}\n  {script.path}"
            )
        with plainly():
            command.upgrade(config, script.revision)
        before = schema(url)


def _differences(before: set[str], after: set[str]) -> str:
    lines = [f"\n  left behind: {statement}" for statement in sorted(after - before)]
    lines += [f"\n  lost: {statement}" for statement in sorted(before - after)]
    return "".join(lines)
