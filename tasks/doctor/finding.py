"""What one look at the machine found."""

import subprocess
from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """A thing, what there is of it, and when something is amiss the command that helps."""

    subject: str
    found: str
    remedy: str = ""
    is_required: bool = False

    @property
    def is_amiss(self) -> bool:
        """Whether there is something to do."""
        return bool(self.remedy)

    @property
    def is_obstacle(self) -> bool:
        """Whether the application cannot run before that is done."""
        return self.is_amiss and self.is_required


def said(*command: str) -> str | None:
    """The first line that the command printed; None when it is missing, fails or hangs."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    lines = done.stdout.strip().splitlines()
    return lines[0] if done.returncode == 0 and lines else None
