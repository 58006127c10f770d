"""The error that ends a command with a message instead of a traceback."""


class UserError(Exception):
    """What is wrong and the command that fixes it, in one or two lines."""
