"""The line that tells what came of one of several checks."""


def tell(name: str, scope: str, complaint: str | None) -> None:
    """Print a check's name, what it looked at, and ok; or what it found instead."""
    print(f"{name:<14}{scope:>14}   {'ok' if complaint is None else 'FAILED'}", flush=True)
    if complaint is not None:
        print(complaint, end="\n\n", flush=True)


def count(number: int, noun: str) -> str:
    """The number with its noun, which takes an s where it must."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
