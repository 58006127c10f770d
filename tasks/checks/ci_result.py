"""Fails unless every job that CI's last one needs has succeeded."""

import json
import os
import sys

from tasks.core.console import print_result
from tasks.core.errors import UserError

NEEDS = "NEEDS"


def main() -> None:
    """Print how each job ended, as the workflow says in NEEDS; a skipped or cancelled one has not succeeded."""
    try:
        results = read(os.environ.get(NEEDS, ""))
    except UserError as error:
        sys.exit(str(error))
    for job, result in results.items():
        print_result(job, result, None if result == "success" else f"{job} has not succeeded: {result}")
    failed = [job for job, result in results.items() if result != "success"]
    sys.exit(f"Not succeeded: {', '.join(failed)}." if failed else 0)


def read(needs: str) -> dict[str, str]:
    """The result of each job, from GitHub's `needs` context as JSON."""
    try:
        results = {job: need["result"] for job, need in json.loads(needs).items()}
    except (ValueError, AttributeError, KeyError, TypeError):
        raise UserError(
            f"{NEEDS} does not hold CI's jobs; in the workflow: {NEEDS}: ${{{{ toJSON(needs) }}}}"
        ) from None
    if not results:
        raise UserError(f"{NEEDS} names no job; the last job has to need all the others.")
    return results


if __name__ == "__main__":
    main()
