"""Says why there is no connection to a database: nobody answers there, or the server refuses."""

import re

import psycopg
from psycopg.conninfo import conninfo_to_dict


def why(url: str, error: Exception) -> str:
    """The reason and the place in plain words, and never the password."""
    text = str(error).strip()
    if refusals := re.findall(r"FATAL:\s+(.+)", text):
        return f"The database at {place(url)} refuses: {refusals[-1]}"
    reasons = re.findall(r" failed: (?!.* failed: )(.+)", text) or text.splitlines() or [type(error).__name__]
    return f"Cannot reach the database at {place(url)}: {reasons[-1].strip()}"


def place(url: str) -> str:
    """The host and port of a database's URL."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError:
        return "an address that is no URL"
    host = parts.get("host") or parts.get("hostaddr")
    return f"{host}:{parts.get('port') or 5432}" if host else "its local socket"
