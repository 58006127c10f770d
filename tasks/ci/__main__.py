"""The command behind `nox -s ci`."""

import argparse
import sys

from tasks.ci.run import Outcome, run
from tasks.ci.workflow import Job, read_jobs
from tasks.report import count
from tasks.trouble import Trouble
from tasks.workflows.shape import MAIN

INTERRUPTED = 130


def main() -> None:
    """Run the jobs of CI's workflow, each after those that it needs, and show how they ended."""
    parser = argparse.ArgumentParser(prog="nox -s ci --", description=main.__doc__)
    parser.add_argument("jobs", nargs="*", metavar="JOB", help="these alone, whatever they need")
    try:
        jobs = read_jobs(MAIN)
        outcomes = run(chosen(jobs, parser.parse_args().jobs))
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    show(outcomes)
    sys.exit(any(outcome.result == "failure" for outcome in outcomes))


def chosen(jobs: list[Job], names: list[str]) -> list[Job]:
    """The jobs of these names; without names, all."""
    if unknown := [name for name in names if name not in {job.id for job in jobs}]:
        known = dict.fromkeys(job.id for job in jobs)
        raise Trouble(f"{MAIN} has no job {', '.join(unknown)}; it has {', '.join(known)}.")
    return [job for job in jobs if not names or job.id in names]


def show(outcomes: list[Outcome]) -> None:
    """Print the table, and what was not run."""
    width = max(len(outcome.job.title) for outcome in outcomes)
    print("\n=== CI")
    for outcome in outcomes:
        print(f"{outcome.job.title:<{width}}  {outcome.result:<8}{outcome.seconds:>6.0f} s  {outcome.reason}".rstrip())
    results = [outcome.result for outcome in outcomes]
    numbers = {result: results.count(result) for result in ("success", "failure", "skipped") if result in results}
    words = {"success": "succeeded", "failure": "failed", "skipped": "not run here"}
    print(
        f"{count(len(results), 'job')}: {', '.join(f'{number} {words[result]}' for result, number in numbers.items())}"
    )


if __name__ == "__main__":
    main()
