"""Errors that are told to people in plain lines, without a traceback."""


class Trouble(Exception):
    """What is wrong and what to do about it, in one or two lines."""
