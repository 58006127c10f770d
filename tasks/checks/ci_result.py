"""Fails unless all jobs that the last job of CI needs succeeded."""

import json
import os

from tasks.core.console import print_result
from tasks.core.errors import UserError


def main() -> int | str:
    """Print the result of each job in NEEDS, GitHub's `needs`; skipped and cancelled jobs have failed."""
    try:
        results = {job: need["result"] for job, need in json.loads(os.environ.get("NEEDS", "")).items()}
    except (ValueError, AttributeError, KeyError, TypeError):
        results = {}
    if not results:
        raise UserError("NEEDS has no results of jobs. Set it in the last job: NEEDS: ${{ toJSON(needs) }}")
    for job, result in results.items():
        print_result(job, result, None if result == "success" else f"{job} did not succeed: {result}")
    failed = [job for job, result in results.items() if result != "success"]
    return f"Failed jobs: {', '.join(failed)}." if failed else 0
