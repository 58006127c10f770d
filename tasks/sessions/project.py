"""Every session of a project; a noxfile imports this alone, so that sessions of a later Slipway need no edit of it."""

from tasks.sessions import check, data, ship, source, stack, start

__all__ = ["check", "data", "ship", "source", "stack", "start"]
